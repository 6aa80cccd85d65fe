"""Golden tensors of a second upsampler whose sizes are like nobody's, and the small random model that they belong to.

    python3 make_upsampler_golden.py ../../tests/golden/upsampler

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import sys
from pathlib import Path

import torch

import configs
import safetensors
from make_goldens import Goldens
from networks import Unet

CONFIG = {**configs.SUPER_RES_1024, "block_out_channels": [6, 10, 14], "layers_per_block": 2, "norm_num_groups": 2,
          "resnet_time_scale_shift": "scale_shift", "sample_size": 160}


@torch.no_grad()
def main():
    torch.manual_seed(19)
    out, net = Path(sys.argv[1]), Unet(CONFIG)
    for parameter in net.parameters():   # norms, too, shall differ from channel to channel
        parameter.add_(0.1 * torch.randn_like(parameter))
    folder = out / "model" / "super_res_1024"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    (out / "model" / "model_index.json").write_text(json.dumps({"_class_name": "UnCLIPPipeline"}) + "\n")
    safetensors.write(folder / "diffusion_pytorch_model.safetensors", {k: v.clone() for k, v in sorted(net.state_dict().items())})
    goldens = Goldens(out)
    goldens.add("super_res", {"sample": torch.randn(1, 6, 36, 52), "timesteps": torch.tensor([500, 3])},
                lambda i, t: {"super_res_1024": torch.stack([net.to(t)(i["sample"], s.repeat(1)) for s in i["timesteps"]])})
    (out / "tolerances.json").write_text(json.dumps(goldens.tolerances, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
