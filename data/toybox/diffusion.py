"""The noise schedule, and the losses and samplers that training and evaluation need.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import math

import torch


def alphas_bar(n=1000):
    """squaredcos_cap_v2, as checkpoints of this family are trained on."""
    bar = lambda u: math.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2
    betas = torch.tensor([min(1 - bar((i + 1) / n) / bar(i / n), 0.999) for i in range(n)], dtype=torch.float32)
    return betas, torch.cumprod(1 - betas, 0)


BETAS, AB = alphas_bar()
# What the posterior's variance would be if x_0 were known; the first step's is that of the second.
AB_PREV = torch.cat([torch.ones(1), AB[:-1]])
LOG_BETA_TILDE = (BETAS * (1 - AB_PREV) / (1 - AB)).clamp(min=1e-20)
LOG_BETA_TILDE[0] = LOG_BETA_TILDE[1]
LOG_BETA_TILDE, LOG_BETA = LOG_BETA_TILDE.log(), BETAS.log()


def col(v, t):
    return v.to(t.device)[t].view(-1, 1, 1, 1)


def noised(x, t, eps):
    return col(AB.sqrt(), t) * x + col((1 - AB).sqrt(), t) * eps


def min_snr(t, gamma=5.0):
    """Weight of the eps loss (arXiv 2303.09556): min (snr, gamma) / snr."""
    snr = (AB / (1 - AB)).to(t.device)[t]
    return snr.clamp(max=gamma) / snr


def variance_loss(x, x_t, t, eps, eps_model, v):
    """KL between the true posterior and the model's, whose mean is held fixed: trains v alone
    (arXiv 2102.09672). In units of its usual size, so that it rides along."""
    ab, prev, beta = col(AB, t), col(AB_PREV, t), col(BETAS, t)
    c0, ct = prev.sqrt() * beta / (1 - ab), (1 - ab).new_tensor(0) + (1 - beta).sqrt() * (1 - prev) / (1 - ab)
    x0 = ((x_t - (1 - ab).sqrt() * eps_model.detach()) / ab.sqrt()).clamp(-1, 1)
    gap = (c0 * (x - x0)) ** 2
    f = (v + 1) / 2
    log_model = f * col(LOG_BETA, t) + (1 - f) * col(LOG_BETA_TILDE, t)
    log_true = col(LOG_BETA_TILDE, t)
    return 0.5 * (log_model - log_true - 1 + torch.exp(log_true - log_model) + gap * torch.exp(-log_model)).clamp(max=50).mean()


def ddim_times(n):
    return [k * (1000 // n) for k in range(n)]


@torch.no_grad()
def ddim_sample(eps_fn, x, n, eta=0.0, clip=False, generator=None):
    ratio = 1000 // n
    for t in reversed(ddim_times(n)):
        ab, prev = AB[t], AB[t - ratio] if t >= ratio else torch.tensor(1.0)
        eps = eps_fn(x, t)
        x0 = (x - (1 - ab).sqrt() * eps) / ab.sqrt()
        if clip:
            x0 = x0.clamp(-1, 1)
            eps = (x - ab.sqrt() * x0) / (1 - ab).sqrt()
        s2 = eta ** 2 * (1 - prev) / (1 - ab) * (1 - ab / prev)
        x = prev.sqrt() * x0 + (1 - prev - s2).clamp(min=0).sqrt() * eps
        if eta > 0:
            x = x + s2.sqrt() * torch.randn(x.shape, generator=generator)
    return x


@torch.no_grad()
def ddim_invert(eps_fn, x, n):
    """The network is asked at the target's time, as diffusers' inverse scheduler does."""
    ratio = 1000 // n
    for t in ddim_times(n):
        ab, src = AB[t], AB[t - ratio] if t >= ratio else torch.tensor(1.0)
        eps = eps_fn(x, t)
        x = ab.sqrt() * (x - (1 - src).sqrt() * eps) / src.sqrt() + (1 - ab).sqrt() * eps
    return x


def unclip_times(n):
    return [round(k * 999 / (n - 1)) for k in range(n - 1, -1, -1)]


@torch.no_grad()
def unclip_sample(model_fn, x, n, clip, sample_prediction=False, learned_range=False):
    """UnCLIPScheduler: ancestral sampling. model_fn (x, t) gives eps or x_0, and v where it is learned."""
    times = unclip_times(n)
    for i, t in enumerate(times):
        out, v = model_fn(x, t)
        ab, last = AB[t], i == len(times) - 1
        prev = torch.tensor(1.0) if last else AB[times[i + 1]]
        beta = 1 - ab / prev
        x0 = (out if sample_prediction else (x - (1 - ab).sqrt() * out) / ab.sqrt()).clamp(-clip, clip)
        mean = prev.sqrt() * beta / (1 - ab) * x0 + (1 - beta).sqrt() * (1 - prev) / (1 - ab) * x
        if last:
            return mean
        log_tilde = (beta * (1 - prev) / (1 - ab)).clamp(min=1e-20).log()
        log_var = log_tilde if not learned_range else (v + 1) / 2 * beta.log() + (1 - (v + 1) / 2) * log_tilde
        x = mean + (0.5 * log_var).exp() * torch.randn_like(x)
