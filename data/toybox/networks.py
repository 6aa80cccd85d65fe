"""The five networks of unCLIP in PyTorch, built from config.json, with the tensor names of the
published checkpoints. Written to be trained at toy size, and to be a second reference for the C engine.

Pictures are NCHW here (channels_last in memory). Attention is written out: PyTorch's fused
backward is very slow on a CPU.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

ACTIVATIONS = {"quick_gelu": lambda x: x * torch.sigmoid(1.702 * x), "gelu": F.gelu, "silu": F.silu}


def attend(q, k, v, n_heads, mask=None):
    """Softmax attention over tokens [n, t, c]; mask is added to the scores."""
    split = lambda x: x.view(x.shape[0], x.shape[1], n_heads, -1).transpose(1, 2)
    q, k, v = split(q), split(k), split(v)
    scores = (q * (1 / math.sqrt(q.shape[-1]))) @ k.transpose(-1, -2)
    if mask is not None:
        scores = scores + mask
    return (torch.softmax(scores, -1) @ v).transpose(1, 2).flatten(2)


# ---- CLIP ---------------------------------------------------------------------------------------


class ClipLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, self.n_heads = c["hidden_size"], c["num_attention_heads"]
        self.self_attn = nn.ModuleDict({k: nn.Linear(d, d) for k in ("k_proj", "v_proj", "q_proj", "out_proj")})
        self.layer_norm1, self.layer_norm2 = (nn.LayerNorm(d, c["layer_norm_eps"]) for _ in range(2))
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(d, c["intermediate_size"]), "fc2": nn.Linear(c["intermediate_size"], d)})
        self.act = ACTIVATIONS[c["hidden_act"]]

    def forward(self, x, mask=None):
        h, a = self.layer_norm1(x), self.self_attn
        x = x + a["out_proj"](attend(a["q_proj"](h), a["k_proj"](h), a["v_proj"](h), self.n_heads, mask))
        return x + self.mlp["fc2"](self.act(self.mlp["fc1"](self.layer_norm2(x))))


class TextTower(nn.Module):
    """CLIPTextModelWithProjection."""

    def __init__(self, c):
        super().__init__()
        d, self.config = c["hidden_size"], c
        self.text_model = nn.ModuleDict({
            "embeddings": nn.ModuleDict({"token_embedding": nn.Embedding(c["vocab_size"], d),
                                         "position_embedding": nn.Embedding(c["max_position_embeddings"], d)}),
            "encoder": nn.ModuleDict({"layers": nn.ModuleList(ClipLayer(c) for _ in range(c["num_hidden_layers"]))}),
            "final_layer_norm": nn.LayerNorm(d, c["layer_norm_eps"])})
        self.text_projection = nn.Linear(d, c["projection_dim"], bias=False)

    def forward(self, ids):
        """ids [n, t] to (last_hidden_state [n, t, width], text_embeds [n, dim])."""
        m, t = self.text_model, ids.shape[1]
        x = m["embeddings"]["token_embedding"](ids) + m["embeddings"]["position_embedding"].weight[:t]
        causal = torch.full((t, t), float("-inf"), device=x.device, dtype=x.dtype).triu(1)
        for layer in m["encoder"]["layers"]:
            x = layer(x, causal)
        x = m["final_layer_norm"](x)
        # eos_token_id 2 marks old configs, whose end token is the highest id.
        eos = self.config["eos_token_id"]
        end = ids.argmax(1) if eos == 2 else (ids == eos).int().argmax(1)
        return x, self.text_projection(x[torch.arange(len(x), device=x.device), end])


class ImageTower(nn.Module):
    """CLIPVisionModelWithProjection."""

    def __init__(self, c):
        super().__init__()
        d, p, self.config = c["hidden_size"], c["patch_size"], c
        tokens = (c["image_size"] // p) ** 2 + 1
        embeddings = nn.ModuleDict({"patch_embedding": nn.Conv2d(c["num_channels"], d, p, p, bias=False),
                                    "position_embedding": nn.Embedding(tokens, d)})
        embeddings.register_parameter("class_embedding", nn.Parameter(torch.randn(d) * d ** -0.5))
        self.vision_model = nn.ModuleDict({
            "embeddings": embeddings, "pre_layrnorm": nn.LayerNorm(d, c["layer_norm_eps"]),
            "encoder": nn.ModuleDict({"layers": nn.ModuleList(ClipLayer(c) for _ in range(c["num_hidden_layers"]))}),
            "post_layernorm": nn.LayerNorm(d, c["layer_norm_eps"])})
        self.visual_projection = nn.Linear(d, c["projection_dim"], bias=False)

    def forward(self, x):
        """pixel_values [n, 3, size, size] to (last_hidden_state, image_embeds)."""
        m = self.vision_model
        e = m["embeddings"]
        x = e["patch_embedding"](x).flatten(2).transpose(1, 2)
        x = torch.cat([e.class_embedding.expand(len(x), 1, -1), x], 1) + e["position_embedding"].weight
        x = m["pre_layrnorm"](x)
        for layer in m["encoder"]["layers"]:
            x = layer(x)
        return x, self.visual_projection(m["post_layernorm"](x[:, 0]))


# ---- the prior -------------------------------------------------------------------------------------


def timestep_embedding(t, dim):
    """[n] to [n, dim]: cosines, then sines."""
    freqs = torch.exp(-math.log(10000) * torch.arange(dim // 2, dtype=torch.float32, device=t.device) / (dim // 2))
    a = t[:, None].float() * freqs
    return torch.cat([a.cos(), a.sin()], -1)


class TimeEmbedding(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(n_in, n_out), nn.Linear(n_out, n_out)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)))


class PriorBlock(nn.Module):
    def __init__(self, d, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.norm1, self.norm3 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attn1 = nn.ModuleDict({**{k: nn.Linear(d, d) for k in ("to_q", "to_k", "to_v")},
                                    "to_out": nn.ModuleList([nn.Linear(d, d)])})
        gelu = nn.Module()
        gelu.proj = nn.Linear(d, 4 * d)
        self.ff = nn.ModuleDict({"net": nn.ModuleList([gelu, nn.Identity(), nn.Linear(4 * d, d)])})

    def forward(self, x, mask):
        h, a = self.norm1(x), self.attn1
        x = x + a["to_out"][0](attend(a["to_q"](h), a["to_k"](h), a["to_v"](h), self.n_heads, mask))
        net = self.ff["net"]
        return x + net[2](F.gelu(net[0].proj(self.norm3(x))))


class Prior(nn.Module):
    """PriorTransformer: [text states, z_t, timestep, noised z_i, learned token] to the un-noised z_i."""

    def __init__(self, c):
        super().__init__()
        d, z, self.config = c["num_attention_heads"] * c["attention_head_dim"], c["embedding_dim"], c
        self.time_embedding = TimeEmbedding(d, d)
        self.proj_in, self.embedding_proj, self.encoder_hidden_states_proj = (nn.Linear(z, d) for _ in range(3))
        self.positional_embedding = nn.Parameter(torch.randn(1, c["num_embeddings"] + c["additional_embeddings"], d) * 0.02)
        self.prd_embedding = nn.Parameter(torch.randn(1, 1, d) * 0.02)
        self.transformer_blocks = nn.ModuleList(PriorBlock(d, c["num_attention_heads"]) for _ in range(c["num_layers"]))
        self.norm_out, self.proj_to_clip_embeddings = nn.LayerNorm(d), nn.Linear(d, z)
        self.clip_mean, self.clip_std = (nn.Parameter(torch.full((1, z), v), requires_grad=False) for v in (0.0, 1.0))

    def forward(self, x_t, t, z_t, text_states, text_mask):
        n = len(x_t)
        time = self.time_embedding(timestep_embedding(t, self.time_embedding.linear_1.in_features).to(x_t.dtype))
        x = torch.cat([self.encoder_hidden_states_proj(text_states), self.embedding_proj(z_t)[:, None], time[:, None],
                       self.proj_in(x_t)[:, None], self.prd_embedding.expand(n, -1, -1)], 1) + self.positional_embedding
        mask = F.pad((1 - text_mask.to(x.dtype)) * -10000.0, (0, self.config["additional_embeddings"]))
        causal = torch.full((x.shape[1],) * 2, -10000.0, device=x.device, dtype=x.dtype).triu(1)
        mask = mask[:, None, None] + causal
        for block in self.transformer_blocks:
            x = block(x, mask)
        return self.proj_to_clip_embeddings(self.norm_out(x)[:, -1])


# ---- text projection ----------------------------------------------------------------------------------


class TextProj(nn.Module):
    """UnCLIPTextProjModel: z_i, z_t and the text states as the decoder's context and time addition."""

    def __init__(self, c):
        super().__init__()
        z, d, e, self.config = c["clip_embeddings_dim"], c["cross_attention_dim"], c["clip_extra_context_tokens"], c
        self.learned_classifier_free_guidance_embeddings = nn.Parameter(torch.zeros(z))
        self.embedding_proj = nn.Linear(z, c["time_embed_dim"])
        self.clip_image_embeddings_project_to_time_embeddings = nn.Linear(z, c["time_embed_dim"])
        self.clip_extra_context_tokens_proj = nn.Linear(z, e * d)
        self.encoder_hidden_states_proj = nn.Linear(c.get("text_hidden_dim", z), d)
        self.text_encoder_hidden_states_norm = nn.LayerNorm(d)

    def forward(self, z_i, z_t, text_states):
        time = self.clip_image_embeddings_project_to_time_embeddings(z_i) + self.embedding_proj(z_t)
        extra = self.clip_extra_context_tokens_proj(z_i).view(len(z_i), -1, self.config["clip_extra_context_tokens"]).transpose(1, 2)
        text = self.text_encoder_hidden_states_norm(self.encoder_hidden_states_proj(text_states))
        return torch.cat([extra, text], 1), time


# ---- UNets --------------------------------------------------------------------------------------------


class Norm(nn.GroupNorm):
    def forward(self, x, silu=False):
        y = super().forward(x)
        return F.silu(y) if silu else y


class Resnet(nn.Module):
    def __init__(self, c, n_in, n_out, n_emb, resample=None):
        super().__init__()
        groups, eps = c["norm_num_groups"], c["norm_eps"]
        self.scale_shift, self.resample = c["resnet_time_scale_shift"] == "scale_shift", resample
        self.norm1, self.norm2 = Norm(groups, n_in, eps), Norm(groups, n_out, eps)
        self.conv1, self.conv2 = nn.Conv2d(n_in, n_out, 3, padding=1), nn.Conv2d(n_out, n_out, 3, padding=1)
        self.time_emb_proj = nn.Linear(n_emb, n_out * (2 if self.scale_shift else 1))
        self.conv_shortcut = nn.Conv2d(n_in, n_out, 1) if n_in != n_out else None

    def forward(self, x, emb):
        h = self.norm1(x, silu=True)
        if self.resample == "down":
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        if self.resample == "up":
            h, x = (F.interpolate(v, scale_factor=2.0, mode="nearest") for v in (h, x))
        h = self.conv1(h)
        e = self.time_emb_proj(F.silu(emb))[:, :, None, None]
        if self.scale_shift:
            scale, shift = e.chunk(2, 1)
            h = F.silu(torch.addcmul(shift, self.norm2(h), 1 + scale))
        else:
            h = self.norm2(h + e, silu=True)
        return self.conv2(h) + (self.conv_shortcut(x) if self.conv_shortcut else x)


class CrossAttention(nn.Module):
    """Keys and values are [context, picture]."""

    def __init__(self, c, channels, level):
        super().__init__()
        head = c["attention_head_dim"]
        self.n_heads = channels // (head[level] if isinstance(head, list) else head)
        d = c["cross_attention_dim"]
        self.group_norm = Norm(c["norm_num_groups"], channels, 1e-5)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.add_k_proj, self.add_v_proj = nn.Linear(d, channels), nn.Linear(d, channels)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x, context, mask):
        n, c, height, width = x.shape
        h = self.group_norm(x).flatten(2).transpose(1, 2)
        k = torch.cat([self.add_k_proj(context), self.to_k(h)], 1)
        v = torch.cat([self.add_v_proj(context), self.to_v(h)], 1)
        h = self.to_out[0](attend(self.to_q(h), k, v, self.n_heads, F.pad(mask, (0, h.shape[1]))[:, None, None]))
        return x + h.transpose(1, 2).reshape(n, c, height, width)


class Block(nn.Module):
    """One level of a UNet, down or up: resnets, attentions, a resampler."""

    def __init__(self, c, kind, sizes, n_out, n_emb, level, way, resample):
        super().__init__()
        self.resnets = nn.ModuleList(Resnet(c, s, n_out, n_emb) for s in sizes)
        self.attentions = nn.ModuleList(CrossAttention(c, n_out, level) for _ in sizes) if "CrossAttn" in kind else None
        # The published names say which way a resampler goes: downsamplers, upsamplers.
        self.resamplers_name = way + "samplers"
        if resample:
            self.add_module(self.resamplers_name, nn.ModuleList([Resnet(c, n_out, n_out, n_emb, way)]))

    def layer(self, i, x, emb, context, mask):
        x = self.resnets[i](x, emb)
        return self.attentions[i](x, context, mask) if self.attentions is not None else x

    def resample(self):
        return getattr(self, self.resamplers_name, [None])[0]


class Unet(nn.Module):
    """UNet2DConditionModel (decoder) or UNet2DModel (upsampler)."""

    def __init__(self, c):
        super().__init__()
        ch, layers, self.config = c["block_out_channels"], c["layers_per_block"], c
        last, emb = len(ch) - 1, ch[0] * 4
        self.conv_in = nn.Conv2d(c["in_channels"], ch[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(ch[0], emb)
        self.down_blocks = nn.ModuleList(
            Block(c, kind, [ch[max(i - 1, 0)]] + [ch[i]] * (layers - 1), ch[i], emb, i, "down", i < last)
            for i, kind in enumerate(c["down_block_types"]))
        self.mid_block = nn.Module()
        self.mid_block.resnets = nn.ModuleList(Resnet(c, ch[-1], ch[-1], emb) for _ in range(2))
        self.mid_block.attentions = nn.ModuleList([CrossAttention(c, ch[-1], last)] if "cross_attention_dim" in c else [])
        rev, up = ch[::-1], []
        for i, kind in enumerate(c["up_block_types"]):
            skips = [rev[i]] * layers + [rev[min(i + 1, last)]]
            sizes = [(rev[max(i - 1, 0)] if j == 0 else rev[i]) + s for j, s in enumerate(skips)]
            up.append(Block(c, kind, sizes, rev[i], emb, last - i, "up", i < last))
        self.up_blocks = nn.ModuleList(up)
        self.conv_norm_out = Norm(c["norm_num_groups"], ch[0], c["norm_eps"])
        self.conv_out = nn.Conv2d(ch[0], c["out_channels"], 3, padding=1)

    def forward(self, x, t, context=None, time=None, mask=None):
        """x [n, c, h, w], t [n]; context [n, tokens, d], time [n, 4 ch0], mask [n, tokens] of ones and zeros."""
        emb = self.time_embedding(timestep_embedding(t, self.config["block_out_channels"][0]).to(x.dtype))
        emb = emb if time is None else emb + time
        mask = None if mask is None else (1 - mask.to(x.dtype)) * -10000.0
        x = self.conv_in(x)
        skips = [x]
        for block in self.down_blocks:
            for i in range(len(block.resnets)):
                x = block.layer(i, x, emb, context, mask)
                skips.append(x)
            if block.resample():
                x = block.resample()(x, emb)
                skips.append(x)
        x = self.mid_block.resnets[0](x, emb)
        if len(self.mid_block.attentions):
            x = self.mid_block.attentions[0](x, context, mask)
        x = self.mid_block.resnets[1](x, emb)
        for block in self.up_blocks:
            for i in range(len(block.resnets)):
                x = block.layer(i, torch.cat([x, skips.pop()], 1), emb, context, mask)
            if block.resample():
                x = block.resample()(x, emb)
        return self.conv_out(self.conv_norm_out(x, silu=True))
