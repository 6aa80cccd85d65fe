"""ulimit -v, as batch systems set it: a clear error, or death at once, but never a loop without an end.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
for mb in (120, 200, 300):
    r = run("--version", preexec=lambda: resource.setrlimit(resource.RLIMIT_AS, (mb << 20, mb << 20)), timeout=10)
    check("%d MB" % mb, r[0] != "hangs", "exit %s" % r[0])
done()
