"""24 kB of PNG with 196 megapixels: what it takes in memory is counted like everything else that a job takes.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
z = zlib.compressobj(9)
data = b"".join(z.compress(bytes(1751)) for _ in range(14000)) + z.flush()
png("bomb.png", 14000, 14000, 0, 1, idat=chunk(b"IDAT", data))
r = run("probe", "--image", "bomb.png", "--label", "a", env={"UNCLIP_MEMORY_LIMIT": "500"})
refused("with 500 MB at most", r, "memory")
done()
