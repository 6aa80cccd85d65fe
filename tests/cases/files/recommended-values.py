"""What a model recommends is checked as what is asked for on the command line.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
index = json.loads((TOYBOX / "model_index.json").read_text())
m = model("m")
png("in.png")
for name, value in (("decoder_steps", -1), ("generate_steps", 0), ("prior_steps", 1e9), ("sampler_order", 7), ("super_res_steps", "2"),
                    ("decoder_guidance_scale", -4), ("variation_eta", 5), ("text_edit_strength", [1])):
    replace(m / "model_index.json", json.dumps({**index, "_unclip_defaults": {**index["_unclip_defaults"], name: value}}))
    refused("generate, %s %s" % (name, value), run("generate", "--model", "./m", "--prompt", "a red ball", "--size", "64", "--out", "o.png"), name, made=["o.png"])
    refused("info, %s %s" % (name, value), run("info", "./m"), name)
for text in ('{"decoder_guidance_scale": 1e400}', '{"variation_eta": NaN}', "[]"):
    replace(m / "model_index.json", '{"_unclip_defaults": %s}' % text)
    refused(text, run("variations", "--model", "./m", "--image", "in.png", "--size", "64", "--out", "d"), "model_index.json", made=["d"])
done()
