"""Our side: models of random weights, and the `unclip` command timed on them.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import configs


class Refused(Exception):
    """Why something is not measured: one sentence, for the table."""


class Engine:
    def __init__(self, unclip, threads):
        self.unclip, self.threads = unclip, threads

    def call(self, *args):
        done = subprocess.run([self.unclip, *map(str, args)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Refused(done.stderr.strip().removeprefix("unclip: ") or f"unclip ended with status {done.returncode}")
        return done.stdout

    def synth(self, which, components, folder, tokenizer=False):
        """A model in bf16, half the disk: float32 is computed from it as well, and speed does not depend on values."""
        configs.write(which, components, folder / "configs", tokenizer)
        self.call("synth", folder / "configs", "--out", folder / "model", "--dtype", "bf16", "--quiet")
        return folder / "model"

    def step(self, model, component, n, size, precision, threads=None, passes=1):
        """What `unclip bench --json` says of so many passes after a first."""
        sizes = ["--size", size] if component in ("decoder", "super_res_first") else []
        return json.loads(self.call("bench", model, component, "--batch", n, *sizes, "--precision", precision, "--repeat", passes,
                                    "--threads", threads or self.threads, "--json"))

    def memory(self, model, precision):
        """What `unclip info` forecasts for a picture, in MB; None where it does not say."""
        report = json.loads(self.call("info", model, "--precision", precision, "--json"))
        return report["memory"]["size"] / 1e6 if "memory" in report else None

    # ---- whole jobs ------------------------------------------------------------------------------------

    def variation_command(self, model, image, out, precision, steps):
        """The issue's job: plain DDIM there (25 calls), guided DDIM back, then the upsampler."""
        return [self.unclip, "variations", "--model", model, "--image", image, "--out", out, "--count", "1", "--method", "ddim",
                "--steps", str(steps["decoder"]), "--super-res-steps", str(steps["super_res"]), "--guidance", "3",
                "--precision", precision, "--threads", str(self.threads)]

    def variation(self, *args):
        """Seconds from start to end, and the most memory in MB."""
        begin = time.perf_counter()
        child = subprocess.Popen([*map(str, self.variation_command(*args)), "--quiet"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True)
        try:
            said = child.stderr.read()
        except BaseException:   # whoever stops the bench stops it as well
            child.kill()
            child.wait()
            raise
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise Refused(said.strip().removeprefix("unclip: "))
        return {"seconds": seconds, "peak_rss_mb": usage.ru_maxrss * 1024 / 1e6}

    def first_step(self, *args):
        """Seconds from the start to the beginning of the decoder's first step, read from the progress line on a terminal of
        ours. A step is shown when it ends, so the end of the first less the time of one."""
        command = [str(part) for part in self.variation_command(*args)]
        master, slave = pty.openpty()
        begin = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=slave,
                                 env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "", "TERM": "xterm"})
        os.close(slave)
        seen, text = [], ""   # steps and when they ended; what came on the terminal
        try:
            while len(seen) < 2:
                if not select.select([master], [], [], 600)[0]:
                    raise Refused("the command showed no progress for ten minutes")
                try:
                    chunk = os.read(master, 65536).decode(errors="replace")
                except OSError:   # its end of the terminal is closed
                    break
                now, text = time.perf_counter() - begin, text + chunk
                for found in re.finditer(r"Inversion (\d+)/\d+", text):
                    if int(found[1]) > (seen[-1][0] if seen else 0):
                        seen.append((int(found[1]), now))
        finally:
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
            child.wait()
            os.close(master)
        if len(seen) < 2:
            said = re.search(r"unclip: (.*)", text)
            raise Refused(said[1].strip() if said else "the command ended before the decoder's second step")
        (first, at), (second, later) = seen[:2]
        return {"seconds": at - first * (later - at) / (second - first), "step_s": (later - at) / (second - first)}
