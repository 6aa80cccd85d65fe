"""35 bytes of GIF that claim 196 megapixels and hold one: no gigabytes for them where there are none to spare.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
P("bomb.gif").write_bytes(b"GIF89a" + struct.pack("<HH", 14000, 14000) + b"\x80\0\0\0\0\0\xff\xff\xff," + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0\x02\x02\x44\x01\0;")
refused("with 500 MB at most", run("probe", "--image", "bomb.gif", "--label", "a", env={"UNCLIP_MEMORY_LIMIT": "500"}), "memory")
done()
