"""Weights only as pickles, under the names that are in use: always the advice to take the .safetensors file.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
for i, name in enumerate(("diffusion_pytorch_model.bin", "diffusion_pytorch_model.fp16.bin", "diffusion_pytorch_model.bin.index.json")):
    m = model("m%d" % i)
    (m / DECODER).unlink()
    (m / "decoder" / name).write_text("{}")
    refused(name, generate("m%d" % i, "o.png"), ".bin")
done()
