"""The autoregressive prior: z_i as a row of tokens, predicted one after the other by a causal transformer.

z_i is projected on its principal components in order of falling eigenvalue; the leading ones, with 99 % of the
variance, are cut into buckets of equal width over the range that the training pictures have, and the rest stays at its mean.
Sequence: the text tower's states, z_t, the bucket of the cosine of z_i and z_t, code 1 ... code K - 1. What comes
out at the place of one is the next one's distribution.

Source: arXiv 2204.06125, section 2.2.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import configs
from networks import PriorBlock
from train import DEVICE, Run, autocast, data, embeddings, encode, load, tokenizer, towers
from worlds import WORLDS

VARIANCE = 0.99      # of z_i, that the kept components hold
SMOOTHING = 6.0      # standard deviation of the targets, in buckets: neighbours mean almost the same
N_FREQUENCIES = 64   # of the sines that tables over buckets begin with
SLOWNESS = 1.0       # their strength falls with this power of the frequency


def principal_components(z_i, n_components=None):
    """z_i [n, z] to (mean [z], basis [K, z], rows of unit length); without a number the fewest that hold VARIANCE."""
    mean = z_i.double().mean(0)
    values, vectors = torch.linalg.eigh(torch.cov((z_i.double() - mean).T))
    values, vectors = values.flip(0), vectors.flip(1)
    n_components = n_components or int((values.cumsum(0) / values.sum() < VARIANCE).sum()) + 1
    return mean.float(), vectors[:, :n_components].T.contiguous().float()


def configuration(n_components):
    """What stands in config.json."""
    return {**configs.PRIOR_AUTOREGRESSIVE, "n_components": n_components}


def shipped(name, tensor):
    """Weights go out in bfloat16; where z_i is read from does not: it is small, and neighbouring edges would fall together."""
    return tensor.float() if name.startswith("pca_") or name.endswith("_edges") else tensor.bfloat16()


def smooth_table(n_rows, width, scale):
    """[n_rows, width] around @scale: random mixtures of sines over the rows, the slow ones stronger, so that neighbours begin alike."""
    place, frequencies = (torch.arange(n_rows) + 0.5) / n_rows, torch.arange(1, N_FREQUENCIES + 1)
    weights = frequencies ** -SLOWNESS
    angles = math.pi * place[:, None] * frequencies
    sines = torch.cat([angles.cos() * weights, angles.sin() * weights], 1)
    return sines @ torch.randn(2 * N_FREQUENCIES, width) * (scale / weights.norm())


class PriorAutoregressive(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, z, n, self.config = c["num_attention_heads"] * c["attention_head_dim"], c["embedding_dim"], c["n_components"], c
        constant = lambda v: nn.Parameter(v, requires_grad=False)
        self.pca_mean, self.pca_basis = constant(torch.zeros(z)), constant(torch.zeros(n, z))
        self.bucket_edges = constant(torch.zeros(n, c["n_buckets"] + 1))
        self.dot_edges = constant(torch.zeros(c["n_dot_buckets"] + 1))
        self.embedding_proj, self.encoder_hidden_states_proj = (nn.Linear(z, d) for _ in range(2))
        # The last row of the dots: there is no caption.
        self.dot_embedding = nn.Embedding.from_pretrained(smooth_table(c["n_dot_buckets"] + 1, d, 0.2), freeze=False)
        # A code's token: what its bucket says in every component, and its value along a direction of its component.
        self.code_embedding = nn.Embedding.from_pretrained(smooth_table(c["n_buckets"], d, 0.2), freeze=False)
        self.component_embedding = nn.Parameter(torch.randn(n - 1, d))
        self.positional_embedding = nn.Parameter(torch.randn(1, c["num_embeddings"] + 1 + n, d) * 0.02)
        self.transformer_blocks = nn.ModuleList(PriorBlock(d, c["num_attention_heads"]) for _ in range(c["num_layers"]))
        self.norm_out, self.to_logits = nn.LayerNorm(d), nn.Linear(d, c["n_buckets"], bias=False)
        self.logits_bias = nn.Parameter(torch.zeros(n, c["n_buckets"]))
        with torch.no_grad():
            self.to_logits.weight.copy_(smooth_table(c["n_buckets"], d, 0.05))

    @torch.no_grad()
    def fit(self, z_i, cosines):
        """Edges from the training pictures' z_i [n, z] and their cosines [m] with captions; then the shares of the buckets."""
        n = self.config["n_buckets"]
        mean, basis = principal_components(z_i, self.config["n_components"])
        self.pca_mean.copy_(mean), self.pca_basis.copy_(basis)
        p = (z_i - mean) @ basis.T
        low, high = p.min(0).values, p.max(0).values
        self.bucket_edges.copy_(low[:, None] + (high - low)[:, None] * torch.linspace(0, 1, n + 1))
        self.dot_edges.copy_(torch.quantile(cosines, torch.linspace(0, 1, len(self.dot_edges))))
        codes = self.codes(z_i)
        share = torch.stack([torch.bincount(codes[:, k], minlength=n) for k in range(codes.shape[1])]).float() @ smoothed_targets(n, 4 * SMOOTHING)
        self.logits_bias.copy_((share / share.sum(1, keepdim=True) + 1e-5).log())

    def codes(self, z_i):
        """z_i [n, z] to its buckets [n, K]; what lies outside goes to the outermost."""
        p = ((z_i - self.pca_mean) @ self.pca_basis.T).T.contiguous()
        return torch.searchsorted(self.bucket_edges[:, 1:-1].contiguous(), p, right=True).T

    def z_i(self, codes):
        """[n, K] to [n, z]: the middle of each bucket; components that were left out are at their mean."""
        middles = (self.bucket_edges[:, 1:] + self.bucket_edges[:, :-1]) / 2
        return self.pca_mean + torch.gather(middles, 1, codes.T).T @ self.pca_basis

    def dots(self, z_i, z_t):
        """The bucket of the cosine, [n]."""
        return torch.searchsorted(self.dot_edges[1:-1].contiguous(), F.cosine_similarity(z_i, z_t), right=True)

    def forward(self, codes, dot, z_t, text_states, text_mask):
        """codes [n, k], k < K; dot [n]: logits [n, k + 1, n_buckets] of codes 1 to k + 1."""
        k = codes.shape[1]
        values = (2 * codes + 1) / self.config["n_buckets"] - 1
        tokens = self.code_embedding(codes) + values[..., None].to(z_t.dtype) * self.component_embedding[:k]
        # Columns that are padding in every row change nothing, and are most of the work.
        text_mask = text_mask[:, :int(text_mask.sum(1).max())]
        length = text_mask.shape[1]
        x = torch.cat([self.encoder_hidden_states_proj(text_states[:, :length]), self.embedding_proj(z_t)[:, None],
                       self.dot_embedding(dot)[:, None], tokens], 1)
        places = [*range(length), *range(self.config["num_embeddings"], self.config["num_embeddings"] + 2 + k)]
        x = x + self.positional_embedding[:, places]
        mask = F.pad((1 - text_mask.to(x.dtype)) * -10000.0, (0, 2 + k))
        causal = torch.full((x.shape[1],) * 2, -10000.0, device=x.device, dtype=x.dtype).triu(1)
        mask = mask[:, None, None] + causal
        for block in self.transformer_blocks:
            x = block(x, mask)
        return self.to_logits(self.norm_out(x[:, -k - 1:])) + self.logits_bias[:k + 1]

    @torch.no_grad()
    def sample(self, uniforms, z_t, text_states, text_mask, guidance):
        """codes [n, K] from uniforms [n, 1 + K] in [0, 1): the first chooses the dot, from the upper half of its buckets.
        Rows of the rest, 2n: without caption, then with."""
        n, half = len(uniforms), self.config["n_dot_buckets"] // 2
        dot = self.config["n_dot_buckets"] - half + (uniforms[:, 0] * half).long()
        dot = torch.cat([torch.full_like(dot, self.config["n_dot_buckets"]), dot])
        codes = dot.new_zeros(n, 0)
        for k in range(self.config["n_components"]):
            empty, full = self(codes.repeat(2, 1), dot, z_t, text_states, text_mask)[:, -1].chunk(2)
            sums = torch.softmax(empty + guidance * (full - empty), -1).double().cumsum(-1)
            code = (sums <= uniforms[:, k + 1:k + 2] * sums[:, -1:]).sum(1).clamp(max=sums.shape[1] - 1)
            codes = torch.cat([codes, code[:, None]], 1)
        return codes


def smoothed_targets(n, deviation):
    """[n, n]: for each bucket a Gaussian over all."""
    place = torch.arange(n, dtype=torch.float32)
    return torch.softmax(-((place[:, None] - place) / deviation) ** 2 / 2, 1)


def train(args):
    world = WORLDS[args.world]
    tok, (_, scenes), z_i = tokenizer(world), data(args), embeddings(args)[0]
    text, _ = towers(tok)
    text.load_state_dict(load(args, "clip")["text"])
    n_components = len(principal_components(z_i)[1])
    prior = PriorAutoregressive(configuration(n_components)).to(DEVICE)
    rng, n = np.random.default_rng(), args.batch or 96

    def some(n):
        """n pictures: their z_i and what their captions become."""
        k = torch.from_numpy(rng.choice(len(z_i), n, replace=False))
        texts = world.captions(scenes.pick(k), int(rng.integers(1 << 30)))
        dropped = torch.from_numpy(rng.random(n) < 0.1).to(DEVICE)
        ids, mask = encode(tok, ["" if d else t for d, t in zip(dropped.tolist(), texts)])
        with torch.no_grad():
            states, z_t = text(ids)
        return z_i[k].to(DEVICE), dropped, states, z_t, mask

    x, dropped, _, z_t, _ = some(min(4096, len(z_i)))
    prior.cpu().fit(z_i, F.cosine_similarity(x, z_t)[~dropped].cpu())
    prior.to(DEVICE)
    left = (prior.z_i(prior.codes(z_i[:4096].to(DEVICE))).cpu() - z_i[:4096]).var(0).sum() / z_i[:4096].var(0).sum()
    print(f"prior_autoregressive: {n_components} components of {z_i.shape[1]}; lost with the rest and the buckets: {left:.2%} of the variance")
    targets = smoothed_targets(configs.PRIOR_AUTOREGRESSIVE["n_buckets"], SMOOTHING).to(DEVICE)
    run = Run(args, "prior_autoregressive", {"prior": prior}, args.lr or 1.5e-3)
    while run.going():
        x, dropped, states, z_t, mask = some(n)
        codes, dot = prior.codes(x), prior.dots(x, z_t).masked_fill(dropped, configs.PRIOR_AUTOREGRESSIVE["n_dot_buckets"])
        with autocast():
            logits = prior(codes[:, :-1], dot, z_t, states, mask)
        likely = torch.log_softmax(logits.float(), -1)
        loss = -(targets[codes] * likely).sum(-1).mean(0)
        run.update(loss.mean(), first=loss[0], last=loss[-1])
    run.save()
