"""Two pictures, of which the second cannot get its name: none of them appears.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
png("in.png")
os.makedirs("d/in-2.png")
r = run("variations", *SMALL, "--count", "2", "--image", "in.png", "--out", "d")
refused("an error", r, "in-2.png")
check("not one of two", sorted(os.listdir("d")) == ["in-2.png"], sorted(os.listdir("d")))
done()
