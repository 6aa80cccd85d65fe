"""L.safetensors.part beside the output is somebody else's (browsers call a download so): it has to stay.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
png("in.png")
P("l.safetensors.part").write_text("somebody else's download")
r = run("invert", *SMALL, "--image", "in.png", "--out", "l.safetensors")
check("the other file is as it was", P("l.safetensors.part").exists() and P("l.safetensors.part").read_text() == "somebody else's download", "exit %s" % r[0])
done()
