"""A picture whose name is as long as names may be: that its variations cannot be called so is known before the work, not after. What is
known before the work is said even if the model is not there.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
name = "x" * 251 + ".png"
png(name)
r = run("variations", *SMALL, "--image", name, "--out", "d")
check("works, or says so", r[0] == 0 or "long" in r[2], "exit %s" % r[0])
if r[0] != 0:
    r = run("variations", "--model", "no-such-model", *SMALL, "--image", name, "--out", "d")
    check("and at once", "long" in r[2], r[2])
done()
