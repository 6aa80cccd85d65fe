"""No more threads to be had (ulimit -u, a container's limit): one clear line, and no folder left. Wants root, to become somebody.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
if os.geteuid() != 0:
    print("skipped: not root")
    sys.exit(0)
png("in.png")
os.chmod(HERE, 0o777)
for n in (1, 2):
    def limit():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NPROC, (n, n))
        os.setgid(65534)
        os.setuid(65534)
    refused("%d" % n, run("variations", "--size", "64", "--steps", "1", "--threads", "4", "--image", "in.png", "--out", "d", preexec=limit), made=["d"])
    shutil.rmtree("d", True)
done()
