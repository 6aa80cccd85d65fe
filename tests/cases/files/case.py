"""What every case in this folder needs. Run one as: ./run exec python3 NAME.py (copy the folder to where the
project's environment shows it). A case prints one line per check and exits 1 if any of them shows a fault.
UNCLIP may name another command; the model is the one that `unclip info` lists as toybox.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import atexit, json, os, pathlib, resource, shutil, signal, struct, subprocess, sys, tempfile, zlib

UNCLIP = os.environ.get("UNCLIP", "unclip")
P = pathlib.Path
TOYBOX = P(next(m for m in json.loads(subprocess.run([UNCLIP, "info", "--json"], capture_output=True).stdout)["models"] if P(m).name == "toybox"))
HERE = tempfile.mkdtemp(prefix="case-")
os.chdir(HERE)
atexit.register(shutil.rmtree, HERE, True)
SMALL = ["--size", "64", "--steps", "1", "--threads", "1"]
GENERATE = ["--prompt", "a red ball", "--prior-steps", "1", *SMALL]
DECODER = "decoder/diffusion_pytorch_model.safetensors"
faults = 0


def check(what, good, said=""):
    global faults
    faults += not good
    print(("ok     " if good else "FAULT  ") + what + (": " + str(said).strip().replace("\n", " // ")[:300] if said else ""))


def done():
    sys.exit(faults > 0)


def run(*args, env=None, preexec=None, timeout=120):
    environ = {**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}
    try:
        r = subprocess.run([UNCLIP, *[a if isinstance(a, bytes) else str(a) for a in args]], capture_output=True, env=environ, preexec_fn=preexec, timeout=timeout, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return "hangs", "", ""
    return r.returncode, r.stdout.decode("utf-8", "replace"), r.stderr.decode("utf-8", "replace")


def refused(what, r, *says, made=()):
    """One clear line, exit status 1 or 2, nothing made."""
    code, _, err = r
    good = code in (1, 2) and err.startswith("unclip: ") and err.count("\n") == 1 and all(s in err for s in says) and not any(P(m).exists() for m in made)
    check(what, good, "exit %s, %s" % (code, err))


def accepted(what, r, same=None, as_=None):
    code, _, err = r
    good = code == 0 and err == ""
    if good and same is not None:
        good = pixels(same) == pixels(as_)
        err = "" if good else "another picture"
    check(what, good, "exit %s, %s" % (code, err))


# ---- pictures
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(path, w=40, h=30, kind=2, depth=8, pixel=lambda x, y: [120, 40, 200, 255], before=b"", after=b"", idat=None, interlace=0):
    n = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
    if idat is None:
        raw = b"".join(b"\0" + (struct.pack(">%dH" % (n * w), *[v for x in range(w) for v in pixel(x, y)[:n]]) if depth == 16 else bytes(v for x in range(w) for v in pixel(x, y)[:n])) for y in range(h))
        idat = chunk(b"IDAT", zlib.compress(raw))
    P(path).write_bytes(SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, interlace)) + before + idat + after + chunk(b"IEND", b""))
    return path


def pixels(path):
    """The compressed picture's bytes before the predictors are undone: enough to compare. None if it is not whole."""
    data, at, raw = P(path).read_bytes(), 8, b""
    while at + 12 <= len(data):
        n, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IDAT":
            raw += data[at + 8:at + 8 + n]
        if kind == b"IEND":
            try:
                return zlib.decompress(raw)
            except zlib.error:
                return None
        at += n + 12
    return None


def whole(path):
    return P(path).exists() and pixels(path) is not None


# ---- models
def read(path):
    data = P(path).read_bytes()
    n, = struct.unpack("<Q", data[:8])
    return json.loads(data[8:8 + n]), data[8 + n:]


def write(path, header, body, text=None, pad=b" "):
    text = json.dumps(header).encode() if text is None else text
    text += pad * (-len(text) % 8) if pad else b""
    replace(path, struct.pack("<Q", len(text)) + text + body)


def replace(path, data):
    path = P(path)
    if path.is_symlink() or path.exists():
        path.unlink()
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def model(name):
    """Toybox by links, so that one file of it can be another."""
    for f in TOYBOX.rglob("*"):
        if f.is_file():
            to = P(name) / f.relative_to(TOYBOX)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.symlink_to(f)
    return P(name)


def generate(m, out, *more, **kw):
    return run("generate", "--model", "./%s" % m, *GENERATE, "--out", out, *more, **kw)


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 123456789\n"
