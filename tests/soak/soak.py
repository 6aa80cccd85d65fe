"""Trouble at random moments: soak.py UNCLIP PLUGIN [MINUTES [SEED]]

Rounds of one job each, on the command line and now and then in GIMP, while something goes wrong: signals, a full disk, a limit of
file size, memory or threads, a model or picture that is cut while it is read, two jobs with one output. Afterwards
  * older outputs are what they were, or all of them new, whole and right: what the job gives undisturbed;
  * nothing else is left (what is killed outright may leave a file whose name begins with .unclip-, and the next run
    must not mind);
  * exit status 0 says that all is there; any other comes with exactly one line (none when a signal asked for it), and never by
    a signal that was not sent;
  * it ends.
Prints a seed that repeats a row of rounds, as far as moments repeat; a line for each round lost, whose folder is kept; and at
the end how many were tried and lost.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import collections
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import in_gimp

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
TOYBOX, SMALL = PROJECT / "data/models/toybox", PROJECT / "tests/golden/seeded/model"
PATIENCE = 60       # seconds; a job takes half of one on an idle machine
GIMP_EVERY = 50     # rounds
NOBODY = 65534      # root knows no limit of threads


class Lost(Exception):
    """An invariant that did not hold."""


# ---- jobs ---------------------------------------------------------------------------------------------

Job = collections.namedtuple("Job", "name model args inputs outputs")
FEW = ["--steps", "2", "--size", "64"]
JOBS = [
    Job("generate", SMALL, ["--prompt", "x", "--steps", "3", "--prior-steps", "2", "--super-res-steps", "2", "--out", "out/a.png"], [], ["a.png"]),
    Job("generate", TOYBOX, ["--prompt", "a red ball", "--prior-steps", "1", *FEW, "--out", "out/a.png"], [], ["a.png"]),
    Job("variations", TOYBOX, ["--image", "in.png", "--count", "2", *FEW, "--out", "out"], ["in.png"], ["in-1.png", "in-2.png"]),
    Job("text-edit", TOYBOX, ["--image", "in.png", "--from", "a red ball", "--to", "a blue ball", *FEW, "--out", "out/b.png"], ["in.png"], ["b.png"]),
    Job("invert", TOYBOX, ["--image", "in.png", *FEW, "--out", "out/l.safetensors"], ["in.png"], ["l.safetensors"]),
    Job("decode", TOYBOX, ["--latents", "l.safetensors", "--out", "out/c.png"], ["l.safetensors"], ["c.png"]),
    Job("upscale", TOYBOX, ["--image", "in.png", "--super-res-steps", "1", "--size", "256", "--out", "out/d.png"], ["in.png"], ["d.png"]),
]


def same(name, data, right):
    """Of latents the values: what they say of their model follows it when it is cut."""
    if data is None or not name.endswith(".safetensors"):
        return data == right
    values = [whole[8 + int.from_bytes(whole[:8], "little"):] for whole in (data, right)]
    return values[0] == values[1] and len(values[0]) > 0


class Soak:
    def __init__(self, unclip, folder):
        self.unclip, self.folder = unclip, folder
        self.inputs = folder / "inputs"
        self.right = {}
        self.disk = None

    def command(self, job, model, n_threads=1):
        return [self.unclip, job.name, "--model", str(model), "--threads", str(n_threads), "--quiet", *job.args]

    def prepare(self):
        """Inputs, and what each job gives when nothing disturbs it."""
        self.inputs.mkdir()
        (self.folder / "first").mkdir()
        for job in [JOBS[1], JOBS[4], *JOBS]:
            place = self.folder / "first" / f"{len(self.right)}"
            shutil.rmtree(place, ignore_errors=True)
            (place / "out").mkdir(parents=True)
            for name in job.inputs:
                shutil.copy(self.inputs / name, place / name)
            done = subprocess.run(self.command(job, job.model), cwd=place, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            self.right[JOBS.index(job)] = {name: (place / "out" / name).read_bytes() for name in job.outputs}
            if job is JOBS[1]:
                shutil.copy(place / "out/a.png", self.inputs / "in.png")
            if job is JOBS[4]:
                shutil.copy(place / "out/l.safetensors", self.inputs / "l.safetensors")
        # A disk of its own that can be full, where the system lets us.
        disk = self.folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "none", disk], capture_output=True).returncode == 0:
            self.disk = disk

    def finish(self):
        if self.disk:
            subprocess.run(["umount", "-l", self.disk], capture_output=True)


class Round:
    """A job in a folder of its own: inputs, the folder out, in half of them with older outputs."""

    def __init__(self, soak, number, rng):
        self.soak, self.rng = soak, rng
        self.job = rng.choice(JOBS)
        self.right = soak.right[JOBS.index(self.job)]
        self.place = soak.folder / f"round-{number}"
        self.place.mkdir()
        self.out = self.place / "out"
        self.older = {}
        self.model = self.job.model
        self.killed = False
        self.what = ""

    def make(self):
        for name in self.job.inputs:
            shutil.copy(self.soak.inputs / name, self.place / name)
        self.out.mkdir(exist_ok=True)
        if self.rng.random() < 0.5:
            self.older = {name: f"older {name}".encode() * self.rng.randrange(1, 3000) for name in self.job.outputs}
            for name, data in self.older.items():
                (self.out / name).write_bytes(data)

    def start(self, limits=None):
        # Its messages go to files, which nobody has to read while it runs.
        self.said = [open(self.place / name, "w+") for name in ("stdout", "stderr")]
        command = self.soak.command(self.job, self.model, self.rng.choice([1, 2]))
        self.began = time.monotonic()
        return subprocess.Popen(command, cwd=self.place, stdin=subprocess.DEVNULL, stdout=self.said[0], stderr=self.said[1],
                                preexec_fn=limits, env={**os.environ, "LC_ALL": "C.UTF-8"})

    def end(self, process):
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Lost(f"still there after {PATIENCE} s") from None

    def some_moment(self):
        """Mostly within the second that a job takes, at times right at its start or its end."""
        time.sleep(self.rng.choice([0.02, 0.2, 0.6, 1.5]) * self.rng.random())

    def whole(self):
        """The outputs that are there: which are old, which right, which anything else."""
        kinds = {}
        for name in self.job.outputs:
            path = self.out / name
            data = path.read_bytes() if path.exists() else None
            kinds[name] = "right" if same(name, data, self.right[name]) else "old" if data == self.older.get(name) else "wrong"
        return kinds

    def check(self, status, expected_signals=()):
        line = (self.place / "stderr").read_text(errors="replace")
        kinds = self.whole()
        what = f"exit status {status}, outputs {kinds}, said {line[:300]!r}"
        if "wrong" in kinds.values():
            raise Lost(f"an output is neither old nor right: {what}")
        if status == 0 and set(kinds.values()) != {"right"}:
            raise Lost(f"status 0 without the output: {what}")
        if status == 0 and line:
            raise Lost(f"status 0 and a complaint: {what}")
        if status < 0 and -status not in expected_signals:
            raise Lost(f"died of signal {-status}: {what}")
        if status not in (0, 1, 2, 130) and status >= 0:
            raise Lost(f"status {status}: {what}")
        if status in (1, 2) and not (line.startswith("unclip: ") and line.count("\n") == 1):
            raise Lost(f"not one line: {what}")
        if status == 130 and line:
            raise Lost(f"a signal was asked for, and yet: {what}")
        if len(set(kinds.values())) > 1 and not self.killed:
            raise Lost(f"some outputs are new and some are not: {what}")
        self.check_leftovers()

    def check_leftovers(self):
        for folder, mine in ((self.out, self.job.outputs), (self.place, [*self.job.inputs, "out", "stdout", "stderr", "model"])):
            if not folder.exists():
                continue
            left = [name for name in os.listdir(folder) if name not in mine and name != "filler"]
            if self.killed:
                left = [name for name in left if not name.startswith(".unclip-")]
            if left:
                raise Lost(f"left behind: {left}")

    def run_again(self):
        """After a kill: the next run does not mind what lies about."""
        self.what += ", then again"
        status = self.end(self.start())
        if status != 0 or set(self.whole().values()) != {"right"}:
            raise Lost(f"the run after it: status {status}, outputs {self.whole()}: {(self.place / 'stderr').read_text()}")


# ---- troubles ---------------------------------------------------------------------------------------------

def kill(round):
    round.make()
    number = round.rng.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    twice = round.rng.random() < 0.3
    round.what = f"{number.name}{' twice' if twice else ''}"
    process = round.start()
    for _ in range(2 if twice else 1):
        round.some_moment()
        if process.poll() is None:
            process.send_signal(number)
            round.killed = number == signal.SIGKILL
    # Before the program has its handlers a signal ends it as any other.
    round.check(round.end(process), {number})
    if round.killed:
        round.run_again()


def file_size(round):
    round.make()
    # What it says lies in a file, too, where one line has to fit.
    size = 1000 + round.rng.choice([0, 1000, 20000, 100000]) + round.rng.randrange(100)
    round.what = f"files of at most {size} bytes"

    def limits():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)   # Python ignores it, and hands that on
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    round.check(round.end(round.start(limits)))


def full_disk(round):
    if round.soak.disk is None:
        return file_size(round)
    for entry in round.soak.disk.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    round.out = round.soak.disk / "out"
    round.out.mkdir()
    (round.place / "out").symlink_to(round.out)
    round.make()
    free = os.statvfs(round.soak.disk).f_bavail
    left = round.rng.choice([0, 0, 1, 2, 4, 10, 60])
    with open(round.soak.disk / "filler", "wb") as filler:
        filler.write(bytes(max(free - left, 0) * 4096))
    round.what = f"{left} pages free on the disk"
    round.check(round.end(round.start()))


def memory(round):
    round.make()
    size = round.rng.randrange(60, 1200)
    round.what = f"{size} MB of addresses"
    round.check(round.end(round.start(lambda: resource.setrlimit(resource.RLIMIT_AS, (size << 20, size << 20)))))


def threads(round):
    if os.geteuid() != 0:
        return memory(round)
    round.make()
    for path in (round.place, round.out, *round.place.iterdir(), *round.out.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    n = round.rng.randrange(1, 6)
    round.what = f"{n} threads"

    def limits():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        resource.setrlimit(resource.RLIMIT_NPROC, (n, n))
    round.check(round.end(round.start(limits)))


def cut(round):
    round.make()
    round.model = round.place / "model" / round.job.model.name   # which latents remember
    shutil.copytree(round.job.model, round.model)
    files = [path for path in round.model.rglob("*") if path.is_file()] + [round.place / name for name in round.job.inputs]
    weights = [path for path in files if path.suffix == ".safetensors"]
    victim = round.rng.choice(round.rng.choice([files, weights]))
    process = round.start()
    round.some_moment()
    size = int(victim.stat().st_size * round.rng.random())
    os.truncate(victim, size)
    round.what = f"{victim.relative_to(round.place)} cut to {size}"
    round.check(round.end(process))
    shutil.rmtree(round.place / "model")


def two_at_once(round):
    round.make()
    round.what = "two at once"
    first = round.start()
    time.sleep(0.3 * round.rng.random())
    said = round.said
    second = subprocess.Popen(round.soak.command(round.job, round.model), cwd=round.place, stdin=subprocess.DEVNULL, stdout=said[0], stderr=said[1])
    one, two = round.end(first), round.end(second)
    if (one, two) != (0, 0):
        raise Lost(f"exit statuses {one} and {two}: {(round.place / 'stderr').read_text()}")
    round.check(0)


TROUBLES = [kill, kill, kill, file_size, full_disk, memory, memory, threads, cut, cut, two_at_once]


# ---- rounds ----------------------------------------------------------------------------------------------

def play(soak, number, rng, gimp):
    """One round: (what it was, why it was lost, or None)."""
    if number % GIMP_EVERY == 0 and gimp.is_there:
        return gimp.play(soak.folder / f"round-{number}", rng, TOYBOX)
    round = Round(soak, number, rng)
    trouble = rng.choice(TROUBLES)
    why = None
    try:
        trouble(round)
    except Lost as lost:
        why = str(lost)
    else:
        shutil.rmtree(round.place)
    return f"{trouble.__name__}, {round.job.name}, {round.what}", why


def main():
    unclip, plugin = (os.path.abspath(path) for path in sys.argv[1:3])
    minutes = float(sys.argv[3]) if len(sys.argv) > 3 else 5
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(1 << 32)
    print(f"soak: seed {seed}, {minutes:g} minutes", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="unclip-soak-"))
    folder.chmod(0o755)
    soak, gimp, tried, lost = Soak(unclip, folder), in_gimp.Gimp(plugin), collections.Counter(), 0
    end = time.monotonic() + 60 * minutes
    try:
        soak.prepare()
        number = 0
        while time.monotonic() < end:
            number += 1
            what, why = play(soak, number, random.Random(f"{seed} {number}"), gimp)
            tried[what.split(",")[0]] += 1
            if why:
                lost += 1
                print(f"LOST   round {number}: {what}: {why}", flush=True)
    finally:
        soak.finish()
        gimp.finish()
        if lost == 0:
            shutil.rmtree(folder, ignore_errors=True)
    print("soak: " + ", ".join(f"{n} {what}" for what, n in sorted(tried.items())))
    print(f"soak: {sum(tried.values())} tried, {lost} lost" + (f"; their folders lie in {folder}" if lost else ""))
    return lost > 0


if __name__ == "__main__":
    sys.exit(main())
