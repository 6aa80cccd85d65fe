"""A written word on a strip of paper: an alphabet of 5 by 7 dots, smoothed so that it has an edge at any resolution.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import torch
import torch.nn.functional as F

HEIGHT = 0.30    # of a letter, half sides
ADVANCE = 0.205  # from one letter to the next
MARGIN = 0.05    # of paper around the word

# The letters that the world's words need; a row of five dots is a number in base 2.
DOTS = {
    "A": (14, 17, 17, 31, 17, 17, 17), "B": (30, 17, 17, 30, 17, 17, 30), "C": (14, 17, 16, 16, 16, 17, 14),
    "D": (30, 17, 17, 17, 17, 17, 30), "E": (31, 16, 16, 30, 16, 16, 31), "F": (31, 16, 16, 30, 16, 16, 16),
    "G": (14, 17, 16, 23, 17, 17, 14), "H": (17, 17, 17, 31, 17, 17, 17), "I": (14, 4, 4, 4, 4, 4, 14),
    "K": (17, 18, 20, 24, 20, 18, 17), "L": (16, 16, 16, 16, 16, 16, 31), "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 25, 25, 21, 19, 19, 17), "O": (14, 17, 17, 17, 17, 17, 14), "P": (30, 17, 17, 30, 16, 16, 16),
    "Q": (14, 17, 17, 17, 21, 18, 13), "R": (30, 17, 17, 30, 20, 18, 17), "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4), "U": (17, 17, 17, 17, 17, 17, 14), "V": (17, 17, 17, 17, 17, 10, 4),
    "W": (17, 17, 17, 21, 21, 27, 17), "X": (17, 10, 4, 4, 4, 10, 17), "Y": (17, 17, 10, 4, 4, 4, 4),
}


def texture(word):
    """[9, 6 letters + 2] of ones where there is ink, with an empty rim."""
    rows = [[d >> (4 - j) & 1 for j in range(5)] for c in word.upper() for d in DOTS[c]]
    letters = F.pad(torch.tensor(rows, dtype=torch.float32).view(len(word), 7, 5), (0, 1))
    return F.pad(letters.permute(1, 0, 2).reshape(7, -1), (1, 0, 1, 1))


def put(words, picture, x, y, centre, size):
    """Strips of paper with words on pictures [n, h, w, 3] at positions x, y; centre [n] is the strips' height."""
    out = picture.clone()
    for i, word in enumerate(words):
        ink = texture(word).to(picture.device)
        half_width, half_height = len(word) * ADVANCE / 2, HEIGHT / 2
        u, v = x[i] / half_width, (y[i] - centre[i]) / half_height
        # The texture's rim lies outside the letters.
        grid = torch.stack([u * (ink.shape[1] - 2) / ink.shape[1], v * 7 / 9], -1)
        t = F.grid_sample(ink[None, None], grid[None], align_corners=False, padding_mode="zeros")[0, 0]
        sharp = (0.5 + (t - 0.45) * size / 24).clamp(0, 1)[..., None]
        edge = torch.minimum(half_width + MARGIN - x[i].abs(), half_height + MARGIN - (y[i] - centre[i]).abs())
        paper = (0.5 + edge * size / 2).clamp(0, 1)[..., None]
        strip = 0.97 - 0.90 * sharp
        out[i] = picture[i] + (strip - picture[i]) * paper
    return out
