"""The peer's networks, on torch: built from config.json, with weights from the model's own files, and random inputs.

They are Toybox's (data/toybox/networks.py), with torch's fused attention in the place of the written-out one.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import mmap
import struct
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "data" / "toybox"))
import networks   # noqa: E402

CLASSES = {"decoder": networks.Unet, "super_res_first": networks.Unet, "super_res_last": networks.Unet, "prior": networks.Prior,
           "image_encoder": networks.ImageTower, "text_encoder": networks.TextTower, "text_proj": networks.TextProj}
DTYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}


def attend(q, k, v, n_heads, mask=None):
    q, k, v = (x.view(x.shape[0], x.shape[1], n_heads, -1).transpose(1, 2) for x in (q, k, v))
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)


networks.attend = attend


def tensors(path):
    """The tensors of a safetensors file where they lie in its map: nothing is read before it is used."""
    with open(path, "rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    size = struct.unpack("<Q", data[:8])[0]
    for name, entry in json.loads(data[8:8 + size]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            dtype = DTYPES[entry["dtype"]]
            count = (end - begin) // dtype.itemsize
            yield name, torch.frombuffer(data, dtype=dtype, offset=8 + size + begin, count=count).view(entry["shape"])


def empty(component, config):
    """The network with shapes and no memory."""
    with torch.device("meta"):
        return CLASSES[component](config).eval()


def load(model, component, dtype):
    """As torch's users would: mapped, and converted only where the type is another."""
    folder = Path(model) / component
    net = empty(component, json.loads((folder / "config.json").read_text()))
    state = {name: value.to(dtype) for name, value in tensors(next(folder.glob("*.safetensors")))}
    net.load_state_dict(state, assign=True)
    return net.requires_grad_(False)


def n_parameters(component, config):
    return sum(p.numel() for p in empty(component, config).parameters())


def inputs(component, config, n, size, dtype):
    """What a forward pass takes, as a tuple, in order."""
    rand = lambda *shape: torch.randn(*shape).to(dtype)
    t = torch.full((n,), 500)
    if component == "decoder":
        tokens = 81
        return (rand(n, 3, size, size), t, rand(n, tokens, config["cross_attention_dim"]),
                rand(n, 4 * config["block_out_channels"][0]), torch.ones(n, tokens))
    if component.startswith("super_res"):
        return rand(n, config["in_channels"], size, size), t
    if component == "prior":
        dim, length = config["embedding_dim"], config["num_embeddings"]
        return rand(n, dim), t, rand(n, dim), rand(n, length, dim), torch.ones(n, length)
    return (rand(n, 3, size, size),)
