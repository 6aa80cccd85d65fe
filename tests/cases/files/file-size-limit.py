"""ulimit -f as shells and batch systems set it: one clear line and nothing left, not a death by SIGXFSZ beside a part.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
png("in.png")


def limit():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


refused("generate", run("generate", *GENERATE, "--out", "o.png", preexec=limit), made=["o.png"])
refused("variations", run("variations", *SMALL, "--image", "in.png", "--out", "d", preexec=limit), made=["d"])
refused("invert", run("invert", *SMALL, "--image", "in.png", "--out", "l.safetensors", preexec=limit), made=["l.safetensors"])
left = [str(p) for p in P().rglob("*") if p.name.startswith(".unclip") or p.name.endswith(".part")]
check("nothing half-written is left", not left, left)
done()
