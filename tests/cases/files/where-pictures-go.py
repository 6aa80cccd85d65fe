"""Streams, names, modes and links that a picture is written to, and what is left when the command ends before its time.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
import stat, time


def sh(line, **env):
    r = subprocess.run(["sh", "-c", line, "sh", UNCLIP, *GENERATE], capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8", **env}, stdin=subprocess.DEVNULL, timeout=120)
    return r.returncode, r.stdout, r.stderr.decode("utf-8", "replace")


def left():
    return [str(p) for p in P().rglob(".unclip*")]


# stdout
code, out, err = sh('u=$1; shift; "$u" generate "$@" --out -')
P("piped.png").write_bytes(out)
check("--out - is the picture", code == 0 and err == "" and whole("piped.png") and not P("-").exists(), err)
refused("--out - with --json", run("generate", *GENERATE, "--json", "--out", "-"), "--json", made=["-"])
png("in.png")
refused("--out - for a folder", run("variations", *SMALL, "--image", "in.png", "--out", "-"), "one picture", made=["-"])
refused("--out - for several", run("text-edit", *SMALL, "--image", "in.png", "--from", "a", "--to", "b", "--stages", "2", "--out", "-"), "one picture", made=["-"])
refused("--out - for latents", run("invert", *SMALL, "--image", "in.png", "--out", "-"), "pictures", made=["-"])
for what, end in {"stdout closed": ">&-", "stdout full": ">/dev/full"}.items():
    for command in ("generate", "invert --image in.png"):
        name = "o.png" if command == "generate" else "o.safetensors"
        options = '"$@"' if command == "generate" else "--size 64 --steps 1 --threads 1"
        P(name).write_text("old")
        code, _, err = sh('u=$1; shift; "$u" %s %s --out %s %s' % (command, options, name, end))
        check("%s, %s: one line, and nothing was made" % (command, what), code == 1 and err.count("\n") == 1 and "stdout" in err and P(name).read_text() == "old", err)
        P(name).unlink()
        code, _, err = sh('u=$1; shift; "$u" %s %s --out %s %s' % (command, options, name, end))
        check("the same without an old file", code == 1 and not P(name).exists(), err)
check("all closed, but quiet: works", sh('u=$1; shift; "$u" generate "$@" -q --out closed.png <&- >&- 2>&-')[0] == 0 and whole("closed.png"))
check("no HOME", sh('u=$1; shift; unset HOME XDG_CACHE_HOME XDG_DATA_HOME; "$u" generate "$@" --out nohome.png')[0] == 0 and whole("nohome.png"))
check("nothing is left of these", not left(), left())

# names
for name in ("ä ö.png", "a b.png", "two\nlines.png", b"\xff\xfe.png"):
    code, _, err = run("generate", *GENERATE, "--out", name)
    check("%r as a name" % (name,), code == 0 and err == "" and whole(os.fsdecode(name)), err)
code, _, err = run("generate", *GENERATE, "--out", "./-x.png")
check("a leading minus", code == 0 and whole("-x.png"), err)
png("-in.png")
accepted("one to read", run("probe", "--image", "-in.png", "--label", "a"))
for name in ("no\nsuch.png", b"no-\xff.png", "x" * 300 + ".png"):
    refused("%r is not there" % (name[:12],), run("probe", "--image", name, "--label", "a"))
refused("too long a name", run("generate", "--model", "no-such", *GENERATE, "--out", "y" * 252 + ".png"), "long")
accepted("as long as can be", run("generate", *GENERATE, "--out", "y" * 251 + ".png"))
os.mkfifo("pipe")
refused("a pipe", run("probe", "--image", "pipe", "--label", "a", timeout=20), "pipe")
refused("a device", run("probe", "--image", "/dev/zero", "--label", "a", timeout=20), "/dev/zero")

# modes and links
P("secret.png").write_text("old")
os.chmod("secret.png", 0o600)
accepted("over a secret one", run("generate", *GENERATE, "--out", "secret.png"))
check("it stays secret", whole("secret.png") and stat.S_IMODE(os.stat("secret.png").st_mode) == 0o600, oct(os.stat("secret.png").st_mode))
os.mkdir("far")
os.symlink("far/there.png", "link.png")
accepted("to a link that leads nowhere yet", run("generate", *GENERATE, "--out", "link.png"))
check("it was followed", P("link.png").is_symlink() and whole("far/there.png"))
os.chmod("far/there.png", 0o640)
accepted("and again", run("generate", *GENERATE, "--out", "link.png"))
check("there as well", P("link.png").is_symlink() and stat.S_IMODE(os.stat("far/there.png").st_mode) == 0o640)
os.symlink("round.png", "round.png")
refused("a link to itself", run("generate", *GENERATE, "--out", "round.png"), "round.png")


# ends
def ended(what, *signals, code=None, args=("generate", "--prompt", "a", "--size", "64", "--steps", "1000", "--sampler", "ddpm", "--threads", "1"), out="dir/x.png"):
    process = subprocess.Popen([UNCLIP, *args, "--out", out], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    for _ in range(100):
        time.sleep(0.1)
        if P("dir").exists() or left() or process.poll() is not None:
            break
    time.sleep(0.3)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.02)
    _, err = process.communicate(timeout=60)
    check(what, process.returncode == code and not P("dir").exists() and not left() and not err, "exit %s, %s %s" % (process.returncode, left(), err))


ended("SIGHUP", signal.SIGHUP, code=130)
ended("SIGTERM twice", signal.SIGTERM, signal.SIGTERM, code=130)
ended("SIGQUIT", signal.SIGQUIT, code=-signal.SIGQUIT)
ended("SIGUSR1", signal.SIGUSR1, code=-signal.SIGUSR1)
os.makedirs("configs/decoder")
shutil.copy(TOYBOX / "decoder/config.json", "configs/decoder/config.json")
config = json.loads(P("configs/decoder/config.json").read_text())
P("configs/decoder/config.json").write_text(json.dumps({**config, "block_out_channels": [8 * n for n in config["block_out_channels"]]}))
for signals in ([signal.SIGTERM], [signal.SIGTERM, signal.SIGTERM], [signal.SIGHUP]):
    ended("synth, %s" % signals, *signals, code=130, args=("synth", "configs"), out="dir")
done()
