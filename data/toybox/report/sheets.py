"""Pictures in files, contact sheets and plots.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import math

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

INK, FAINT, PAPER = (30, 30, 30), (215, 215, 215), (255, 255, 255)
# Told apart by those who see no red or green, too (Okabe and Ito).
LINES = [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233)]


def read_picture(path):
    """[3, h, w] in [-1, 1]."""
    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1).float() / 127.5 - 1


def to_image(x):
    return Image.fromarray(((x.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy())


def save_picture(x, path):
    to_image(x).save(path)


def font(size):
    return ImageFont.load_default(size)


def contact_sheet(path, rows, names=None, heads=None, side=96):
    """Pictures in rows, each a list of [3, h, w]; names stand left of the rows, heads above the columns."""
    n = max(map(len, rows))
    left, top = 0, 0
    if names:
        left = 8 + max(int(font(12).getlength(line)) for name in names for line in name.split("\n"))
    if heads:
        top = 8 + 14 * max(len(head.split("\n")) for head in heads)
    sheet = Image.new("RGB", (left + n * (side + 2), top + len(rows) * (side + 2)), PAPER)
    draw = ImageDraw.Draw(sheet)
    for j, head in enumerate(heads or []):
        draw.multiline_text((left + j * (side + 2) + 2, 3), head, INK, font(11))
    for i, row in enumerate(rows):
        if names:
            draw.multiline_text((3, top + i * (side + 2) + side // 3), names[i], INK, font(12))
        for j, x in enumerate(row):
            image = to_image(x)
            # What is small is shown as it is, in larger pixels.
            how = Image.Resampling.NEAREST if image.width <= side else Image.Resampling.LANCZOS
            sheet.paste(image.resize((side, side), how), (left + j * (side + 2), top + i * (side + 2)))
    sheet.save(path)


def ticks(low, high, n=5):
    """Round numbers from low to high."""
    if high <= low:
        return [low]
    step = 10 ** math.floor(math.log10((high - low) / n))
    step *= next(k for k in (1, 2, 5, 10) if (high - low) / (k * step) <= n)
    return [round(k * step, 10) for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def plot(path, x, lines, x_name, y_name, log_x=False, y_range=None):
    """Lines over x. lines: name -> list of (y, low, high), with None where a value is missing."""
    w, h, left, right, top, bottom = 760, 390, 64, 180, 28, 46
    scale = 2   # drawn twice as large and shrunk, as PIL has no smooth lines
    image = Image.new("RGB", (w * scale, h * scale), PAPER)
    draw = ImageDraw.Draw(image)
    at = [math.log(v) if log_x else v for v in x]
    values = [v for line in lines.values() for p in line if p for v in p]
    low, high = y_range or (min(values), max(values))
    span_x, span_y = (max(at) - min(at)) or 1, (high - low) or 1
    px = lambda v: (left + (v - min(at)) / span_x * (w - left - right)) * scale
    py = lambda v: (h - bottom - (min(max(v, low), high) - low) / span_y * (h - top - bottom)) * scale
    text = lambda xy, s, anchor, fill=INK: draw.text(xy, s, fill, font(12 * scale), anchor=anchor)

    for v in ticks(low, high):
        draw.line([px(min(at)), py(v), px(max(at)), py(v)], FAINT, scale)
        text((px(min(at)) - 8 * scale, py(v)), f"{v:g}", "rm")
    for v, label in zip(at, x):
        text((px(v), (h - bottom + 6) * scale), f"{label:g}", "mt")
    text(((left + w - right) / 2 * scale, (h - 6) * scale), x_name, "mb")
    text((4 * scale, 2 * scale), y_name, "lt")
    name_y = top + 10
    for k, (name, line) in enumerate(lines.items()):
        colour = LINES[k % len(LINES)]
        shift = (k - (len(lines) - 1) / 2) * 2 * scale   # error bars side by side
        points = [(px(v) + shift, p) for v, p in zip(at, line) if p]
        draw.line([(u, py(p[0])) for u, p in points], colour, 2 * scale, joint="curve")
        for u, (y, y_low, y_high) in points:
            draw.line([u, py(y_low), u, py(y_high)], colour, scale)
            draw.ellipse([u - 3 * scale, py(y) - 3 * scale, u + 3 * scale, py(y) + 3 * scale], colour)
        draw.multiline_text(((w - right + 14) * scale, name_y * scale), name, colour, font(12 * scale))
        name_y += 8 + 15 * len(name.split("\n"))
    image.resize((w, h), Image.Resampling.LANCZOS).save(path)
