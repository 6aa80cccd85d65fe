"""What this machine is, what it can do at most, and whether there is room.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import mmap
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from engine import Refused

HERE = Path(__file__).parent


def peer_environment(threads):
    """torch's BLAS is to be the OpenMP build of OpenBLAS, which Debian installs beside the others: with the default build
    its float32 is two to three times slower, and a weak peer proves nothing."""
    multiarch = sys.implementation._multiarch
    folder = Path("/usr/lib") / multiarch / "openblas-openmp"
    path = [str(folder)] * folder.exists() + [part for part in os.environ.get("LD_LIBRARY_PATH", "").split(":") if part]
    return {**os.environ, "OMP_NUM_THREADS": str(threads), **({"LD_LIBRARY_PATH": ":".join(path)} if path else {})}


def memory_available():
    """Bytes."""
    return int(re.search(r"MemAvailable:\s*(\d+)", Path("/proc/meminfo").read_text())[1]) * 1024


def cpu():
    text = Path("/proc/cpuinfo").read_text()
    found = re.search(r"model name\s*: (.*)", text) or re.search(r"Model\s*: (.*)", text)
    return found[1] if found else platform.machine()


def describe():
    return {
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
        "date": time.strftime("%Y-%m-%d %H:%M"),
    }


def need_disk(folder, size):
    free = shutil.disk_usage(folder).free
    if free < size:
        raise Refused(f"the weights take {size / 1e9:.1f} GB of disk in {folder}, which has {free / 1e9:.1f} GB free; "
                      "make room, or name another folder with --scratch")


def need_memory(size):
    there = memory_available()
    if there < size:
        raise Refused(f"both sides take about {size / 1e9:.0f} GB of memory together, and {there / 1e9:.0f} GB are free")


def touch_memory(size=4e9):
    """Takes memory and frees it at once. A virtual machine may have to wait for its host whenever it touches memory that was idle for
    a few seconds: 3 GB took 0.15 s or 4 s. Whoever starts right after this finds it there, as on a machine of one's own.

    In a process of its own, as the children of one that ever had so much count as if they had it, too (ru_maxrss)."""
    subprocess.run([sys.executable, "-c", f"import machine; machine.touch({int(min(size, memory_available() / 2))})"], cwd=HERE, check=True)


def touch(left):
    with mmap.mmap(-1, left, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_HUGEPAGE)   # as both sides' memory is
        block = bytes(1 << 24)
        while left > 0:
            left -= memory.write(block[:left])


def ceilings(peak, threads, quick):
    """What our own kernels reach on a large product and a large copy: see peak.c."""
    done = subprocess.run([peak, str(threads), "quick" if quick else "full"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class Peer:
    """A peer in a process of its own: see peer.py."""

    def __init__(self, threads, log, *args):
        self.log = open(log, "a", encoding="utf-8")
        self.process = subprocess.Popen([sys.executable, HERE / "peer.py", *map(str, args)], env=peer_environment(threads),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        try:
            self.ready = self.read()
        except BaseException:   # SystemExit of a signal, too: a peer must not outlive us
            self.process.kill()
            self.close()
            raise

    def read(self):
        # Libraries print into stdout, too.
        for line in self.process.stdout:
            if line.startswith("{"):
                said = json.loads(line)
                if "error" in said:
                    raise Refused(f"the peer: {said['error']}")
                return said
        status = self.process.wait()
        raise Refused(f"the peer ended with status {status}" + (", as if memory had run out" if status == -9 else ""))

    def step(self):
        try:
            self.process.stdin.write("step\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass   # read () says how it ended
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
