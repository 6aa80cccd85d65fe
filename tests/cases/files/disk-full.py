"""A picture that fits the disk, but no longer when its metadata are put in: the command must not say that all is well.
The disk's end is played by a limit on a file's size whose signal is ignored: writing fails as on a full disk.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
png("in.png")
sizes = {}
for kind in ("none", "xmp"):
    run("generate", *GENERATE, "--metadata", kind, "--out", kind + ".png")
    sizes[kind] = P(kind + ".png").stat().st_size
limit = (sizes["none"] + sizes["xmp"]) // 2


def full():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


r = run("generate", *GENERATE, "--out", "new.png", preexec=full)
check("a new picture: whole, or an error", r[0] != 0 and not P("new.png").exists() or whole("new.png"), "exit %s, %s" % (r[0], r[2]))
shutil.copy("xmp.png", "old.png")
r = run("generate", *GENERATE, "--seed", "5", "--out", "old.png", preexec=full)
check("over an older good one: that one stays", whole("old.png"), "exit %s, %s" % (r[0], r[2]))
check("nothing half-written is left", not list(P().glob(".unclip*")), list(P().glob(".unclip*")))
done()
