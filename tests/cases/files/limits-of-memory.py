"""What does not fit is refused before it begins: large tiles, many frames, latents that are a hole in a file.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
LIMIT = {"UNCLIP_MEMORY_LIMIT": "500"}
png("a.png", 600, 600)
refused("tiles of 2048", run("upscale", "--image", "a.png", "--tile", "2048", "--out", "b.png", env=LIMIT), "memory", made=["b.png"])
refused("256 frames of 1024", run("interpolate", "--image", "a.png", "--image", "a.png", "--frames", "256", "--size", "1024", "--out", "frames", env=LIMIT), "memory", made=["frames"])
write("sparse.safetensors", {"z_i": {"dtype": "F32", "shape": [1, 10**9], "data_offsets": [0, 4 * 10**9]}}, b"")
os.truncate("sparse.safetensors", P("sparse.safetensors").stat().st_size + 4 * 10**9)
refused("latents of 4 GB that hold nothing", run("decode", "--latents", "sparse.safetensors", "--out", "c.png", timeout=20), "holes", made=["c.png"])


def few():
    resource.setrlimit(resource.RLIMIT_DATA, (450 << 20, 450 << 20))


refused("as the shell's ulimit says", run("upscale", "--image", "a.png", "--tile", "2048", "--out", "b.png", preexec=few), "memory", made=["b.png"])
done()
