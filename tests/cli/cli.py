"""The unclip command as users and scripts call it: cli.py UNCLIP ENTRIES

Runs on Toybox, else on the small reference model beside the project, else on neither: then what needs
a model is skipped. Everything happens in a folder of its own that is removed at the end.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import os
import pathlib
import pty
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

UNCLIP, ENTRIES = (os.path.abspath(path) for path in sys.argv[1:3])
REFERENCE = pathlib.Path(os.environ.get("UNCLIP_REFERENCE", "/nowhere")).absolute()
TOYBOX = pathlib.Path(os.environ.get("UNCLIP_MODEL_PATH", "/nowhere").split(":")[0]).absolute() / "toybox"
TINY = REFERENCE / "karlo-tiny"
MODEL = next((path for path in (TOYBOX, TINY) if (path / "model_index.json").exists()), None)
GENERATED = "digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE = "digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
COMMANDS = ["info", "generate", "variations", "text-edit", "interpolate", "mix", "invert", "decode", "upscale", "probe",
            "get", "doctor", "eval", "bench", "synth"]


class Skip(Exception):
    pass


# ---- the command -----------------------------------------------------------------------------------

def run(*args, **env):
    """What the command says and returns; one thread, as other tests run beside this one."""
    return subprocess.run([UNCLIP, *map(str, args)], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8", **env})


def works(*args, noted=False, **env):
    """@noted: the picture is like none of the model's, which is said."""
    result = run(*args, **env)
    said = [line for line in result.stderr.splitlines() if not (noted and line.startswith("unclip: note: "))]
    assert result.returncode == 0, f"{args}: exit {result.returncode}: {result.stderr}"
    assert not said, f"{args} said on stderr: {result.stderr}"
    return result.stdout


def fails(code, *args, says=(), **env):
    """Exit status @code and one line on stderr that holds all of @says."""
    result = run(*args, **env)
    assert result.returncode == code, f"{args}: exit {result.returncode}, not {code}: {result.stderr}"
    assert result.stderr.startswith("unclip: ") and result.stderr.count("\n") == 1, f"{args}: {result.stderr!r}"
    for text in says:
        assert text in result.stderr, f"{args}: no {text!r} in {result.stderr!r}"
    return result.stderr


def model(*args):
    """The options that every job on the model has here: small and short."""
    if MODEL is None:
        raise Skip("there is no model: neither Toybox nor the reference beside the project")
    return ["--model", MODEL, "--size", LOW, "--steps", 3, "--prior-steps", 3, *args]


def side(component):
    path = MODEL and MODEL / component / "config.json"
    return json.loads(path.read_text()).get("sample_size", 64) if path and path.exists() else None


LOW, HIGH, VAST = side("decoder"), side("super_res_first"), side("super_res_1024")


# ---- pictures --------------------------------------------------------------------------------------

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path, width, height, color_type=2, depth=8, pixel=None, extra=b""):
    """Writes a gradient, or what pixel (x, y) says, as a list of channels."""
    n = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color_type]
    top = (1 << depth) - 1 if color_type != 3 else 1
    rows = []
    for y in range(height):
        values = []
        for x in range(width):
            color = pixel(x, y) if pixel else [top * (x + 1) // (width + 1), top * (y + 1) // (height + 1), top // 3, top // 2]
            values += color[:n]
        if depth == 16:
            rows.append(b"\0" + struct.pack(f">{len(values)}H", *values))
        elif depth == 8:
            rows.append(b"\0" + bytes(values))
        else:
            bits = "".join(f"{value:0{depth}b}" for value in values)
            bits += "0" * (-len(bits) % 8)
            rows.append(b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big"))
    palette = chunk(b"PLTE", bytes([200, 30, 30, 30, 200, 30])) if color_type == 3 else b""
    path = pathlib.Path(path)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0))
                     + palette + extra + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b""))
    return path


def unfilter(raw, height, stride, n):
    """PNG's five predictors, undone."""
    out, above = bytearray(), bytearray(stride)
    for y in range(height):
        kind, *row = raw[y * (stride + 1):(y + 1) * (stride + 1)]
        for i in range(stride):
            a, b, c = row[i - n] if i >= n else 0, above[i], above[i - n] if i >= n else 0
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            row[i] = (row[i] + [0, a, b, (a + b) // 2, nearest][kind]) & 255
        out += bytes(row)
        above = row
    return bytes(out)


def read_png(path):
    """Width, height, channels, pixels, and the text that goes along."""
    data, position, idat, text = pathlib.Path(path).read_bytes(), 8, b"", b""
    while position < len(data):
        size, kind = struct.unpack(">I4s", data[position:position + 8])
        body = data[position + 8:position + 8 + size]
        if kind == b"IHDR":
            width, height, depth, color_type = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            idat += body
        elif kind in (b"iTXt", b"tEXt", b"zTXt"):
            text += body
        position += size + 12
    assert depth == 8 and color_type in (2, 6), f"{path}: depth {depth}, colour type {color_type}"
    n = 3 if color_type == 2 else 4
    return width, height, n, unfilter(zlib.decompress(idat), height, width * n, n), text.decode(errors="replace")


def pixels(path):
    return read_png(path)[:4]


def mean_difference(a, b):
    return sum(abs(x - y) for x, y in zip(a[3], b[3])) / len(a[3])


def exif(orientation):
    """A TIFF header with one entry."""
    return b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", 0x112, 3, 1, orientation, 0) + b"\0\0\0\0"


# ---- safetensors -------------------------------------------------------------------------------------

def header(path):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        entries = json.loads(file.read(size))
    entries.pop("__metadata__", None)
    return {name: (entry["dtype"], entry["shape"]) for name, entry in entries.items()}


def leftovers():
    """What nobody asked for in the working folder."""
    return [str(path) for path in pathlib.Path().rglob("*") if path.name.startswith(".unclip") or path.name.endswith(".part")]


# ---- tests: usage --------------------------------------------------------------------------------------

def test_help_and_version():
    assert works("--version").startswith("unclip "), "no version"
    top = works("--help")
    for command in COMMANDS:
        assert f"  {command}" in top, f"{command} is not in --help"
        text = works(command, "--help")
        assert "Usage:" in text and "Examples:" in text and f"unclip {command}" in text, f"{command} --help: {text}"
        takes_stdout = command in ("generate", "text-edit", "mix", "decode", "upscale")
        assert ("- is stdout" in text) == takes_stdout, f"{command} --help on --out -: {text}"
    for option in ("model", "component", "seed", "rng", "steps", "prior-steps", "guidance", "prior-guidance", "precision",
                   "threads", "size", "framing", "quiet", "json", "metadata"):
        assert f"--{option}" in works("generate", "--help"), f"generate --help lacks --{option}"


def test_usage_errors():
    fails(2, says=["see unclip --help"])
    fails(2, "paint", says=["paint"])
    fails(2, "generate", "--out", "x.png", says=["--prompt", "see unclip generate --help"])
    fails(2, "generate", "--prompt", "x", says=["--out"])
    fails(2, "generate", "--prompt", says=["--prompt"])
    fails(2, "generate", "--frobnicate", says=["--frobnicate"])
    fails(2, "generate", "--prompt", "x", "--out", "x.png", "more", says=["more"])
    fails(2, "variations", "--image", "a.png", says=["--out"])
    fails(2, "text-edit", "--image", "a.png", "--from", "x", "--out", "b.png", says=["--to"])
    fails(2, "interpolate", "--image", "a.png", "--out", "d", says=["--image"])
    fails(2, "mix", "--image", "a.png", "--image", "b.png", says=["--out"])
    fails(2, "mix", "--image", "a.png", "--out", "m.png", says=["from 2 to 8", "not 1"])
    fails(2, "mix", *["--text", "x"] * 9, "--out", "m.png", says=["from 2 to 8", "not 9"])
    fails(2, "mix", "--text", "x", "--text", "y", "--fit", "--out", "m.png", says=["--fit", "--keep-structure"])
    fails(2, "invert", "--image", "a.png", says=["--out"])
    fails(2, "decode", "--out", "a.png", says=["--latents"])
    fails(2, "upscale", "--out", "a.png", says=["--image"])
    fails(2, "probe", "--image", "a.png", says=["--label"])
    fails(2, "probe", "--image", "a.png", "--pca", "8,16", says=["--out"])
    fails(2, "probe", "--image", "a.png", "--label", "x", "--out", "probed", says=["--pca"])
    for numbers in ("", "8,", "8;9", "-1", "1.5", "8,x", "65537", ",".join(map(str, range(65)))):
        fails(2, "probe", "--image", "a.png", "--pca", numbers, "--out", "probed", says=["--pca"])
    fails(2, "eval", says=["MODEL"])
    fails(2, "eval", "toybox", says=["TASK"])
    fails(2, "eval", "toybox", "dance", "--in", "a", "--out", "b", says=["dance", "text_encoder", "preprocess"])
    fails(2, "eval", "toybox", "decoder", "--out", "b.safetensors", says=["--in"])
    fails(2, "eval", "toybox", "decoder", "--in", "a", "--out", "b.safetensors", "--set", "guidance", says=["--set", "key=value"])
    fails(2, "bench", "toybox", says=["COMPONENT"])
    fails(2, "bench", "toybox", "tokenizer", says=["tokenizer", "super_res_last"])
    fails(2, "synth", "configs", says=["--out"])


def test_bad_values():
    job = ["generate", "--prompt", "x", "--out", "x.png"]
    for option, values in {
        "--seed": ["-1", "1.5", "x", "", "99999999999999999999"],
        "--steps": ["0", "-3", "12x", "1001", "1e2", " 5", ""],
        "--prior-steps": ["0", "many"],
        "--guidance": ["-1", "101", "nan", "inf", "0x8", "1,5", "3 ", ""],
        "--prior-guidance": ["-0.5", "x"],
        "--threads": ["-1", "two", "5000"],
        "--size": ["0", "-64", "64px"],
        "--rng": ["numpy", "Philox", ""],
        "--sampler": ["ddim", "DPM", ""],
        "--precision": ["f64", "fp16"],
        "--framing": ["fit"],
        "--metadata": ["exif"],
        "--prior": ["gaussian"],
    }.items():
        for value in values:
            fails(2, *job, option, value, says=[option, f'"{value}"'])
    edit = ["text-edit", "--image", "x.png", "--from", "a", "--to", "b", "--out", "y.png"]
    fails(2, *edit, "--strength", "1.01", says=["--strength", "from 0 to 1"])
    fails(2, *edit, "--stages", "0", says=["--stages"])
    fails(2, *edit, "--method", "magic", says=["--method", "bdia"])
    fails(2, "variations", "--image", "x.png", "--out", "d", "--count", "65", says=["--count", "64"])
    fails(2, "variations", "--image", "x.png", "--out", "d", "--eta", "2", says=["--eta"])
    fails(2, "interpolate", "--image", "a.png", "--image", "b.png", "--out", "d", "--frames", "1", says=["--frames", "256"])
    fails(2, "interpolate", "--image", "a.png", "--image", "b.png", "--out", "d", "--hold", "x_t", says=["--hold", "z_i, x_T"])
    for weight in ("nan", "inf", "101", "-1e9", "0x8", "", " 1"):
        fails(2, "mix", "--image", f"a.png={weight}", "--text", "x", "--out", "m.png", says=["--image", "-100 to 100"])
    fails(2, "mix", "--text", "a ball=1000", "--text", "x", "--out", "m.png", says=["--text", "1000"])
    fails(2, "bench", "toybox", "decoder", "--repeat", "0", says=["--repeat"])
    fails(2, "synth", "configs", "--out", "d", "--dtype", "f8", says=["--dtype", "bf16"])
    fails(2, *job[:-1], "x.jpg", says=["--out", ".png"])


def test_odd_characters_stay_on_one_line():
    fails(1, "upscale", "--image", "no\nsuch\tfile.png", "--out", "x.png", says=["no such file.png"])


# ---- tests: models ---------------------------------------------------------------------------------------

def copy_model():
    """A copy of the model that may be broken."""
    model()
    if not pathlib.Path("copy").exists():
        shutil.copytree(MODEL, "copy")
    return pathlib.Path("copy")


def test_info():
    model()
    table = works("info", MODEL)
    assert "decoder" in table and "UNet2DConditionModel" in table and "fingerprint" in table, table
    info = json.loads(works("info", MODEL, "--json"))
    decoder = next(part for part in info["components"] if part["name"] == "decoder")
    assert decoder["dtype"] in ("F32", "F16", "BF16") and decoder["parameters"] > 1000 and decoder["problem"] is None, decoder
    assert len(info["fingerprint"]) == 16, info
    memory = info["memory"]
    assert memory["size"] > 1e6 and memory["picture"] == (HIGH or LOW) and memory["component"] in table, memory
    fails(2, "info", MODEL, "--component", "decoder", says=["decoder"])
    fails(1, "info", MODEL, "--component", "decoder=/nowhere", says=["/nowhere"])
    listed = works("info", UNCLIP_MODEL_PATH=str(MODEL.parent)).splitlines()
    assert str(MODEL) in listed, listed
    assert run("info", UNCLIP_MODEL_PATH="/nowhere", XDG_DATA_HOME="/nowhere", XDG_DATA_DIRS="/nowhere").returncode == 0


def test_doctor():
    """A page about everything; what has to be mended is said at its end, and by the exit status."""
    model()
    home = pathlib.Path("home").absolute()
    plain = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data"), "XDG_DATA_DIRS": str(home), "GIMP3_DIRECTORY": "",
             "HF_TOKEN": "hf_secret"}
    folders = [home / "config" / "GIMP" / v for v in ("3.0", "3.2")]
    for folder in folders:
        folder.mkdir(parents=True)
    page = run("doctor", MODEL, **plain)
    assert page.returncode == 0, page.stderr
    for text in ("processor", "threads of a job", "memory for a job", "UNet2DConditionModel", "HF_TOKEN", str(folders[1]), "no plug-in"):
        assert text in page.stdout, (text, page.stdout)
    assert "hf_secret" not in page.stdout + page.stderr and "to be mended" not in page.stdout
    report = json.loads(works("doctor", MODEL, "--json", **plain))
    assert report["faults"] == [] and int(report["computer"]["threads of a job"]) >= 1 and str(MODEL) in report, report
    # The user's plug-in stays behind when GIMP goes to its next version.
    plugin = folders[0] / "plug-ins" / "unclip" / "unclip"
    plugin.parent.mkdir(parents=True)
    plugin.write_text("#!/bin/sh\n")
    (folders[0] / "pluginrc").write_text("(plug-in-def)\n")
    faults = json.loads(run("doctor", MODEL, "--json", **plain).stdout)["faults"]
    assert "chmod" in faults[0] and (len(faults) == 1 or "3.2" in faults[1]), faults
    plugin.chmod(0o755)
    assert any("restart" in fault for fault in json.loads(run("doctor", MODEL, "--json", **plain).stdout)["faults"])
    shutil.rmtree(home)
    # Models: one that cannot be opened, one with a file cut short, none.
    fails(1, "doctor", "/nowhere", "--quiet", says=["1 thing"], **plain)
    cut = pathlib.Path(shutil.copytree(MODEL, "cut"))
    weights = next((cut / "decoder").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-100])
    page = run("doctor", cut, **plain)
    assert page.returncode == 1 and "* " in page.stdout and "decoder: " in page.stdout.split("to be mended")[1], page.stdout
    page = run("doctor", UNCLIP_MODEL_PATH="/nowhere", **plain)
    assert page.returncode == 1 and "unclip get" in page.stdout, page.stdout
    shutil.rmtree(cut)


def test_memory():
    """A job that does not fit is refused before it starts; one megabyte is not enough for any model."""
    fails(1, "generate", *model("--prompt", "x", "--out", "x.png"), says=["memory", "are free"], UNCLIP_MEMORY_LIMIT="1")
    assert not pathlib.Path("x.png").exists()
    works("generate", *model("--prompt", "x", "--out", "x.png"), UNCLIP_MEMORY_LIMIT="100000")
    pathlib.Path("x.png").unlink()
    # The job gets what the picture leaves: 3 bytes a pixel of the file's, and 12 of what is computed with.
    png("large.png", 1200, 900)
    fails(1, "text-edit", *model("--image", "large.png", "--from", "a", "--to", "b", "--fit", "--out", "x.png"), says=["memory", "5.8\u00a0MB are free"],
          UNCLIP_MEMORY_LIMIT="22")
    pathlib.Path("large.png").unlink()


def test_missing_model():
    fails(1, "info", "no-such-model", says=["no-such-model"])
    fails(1, "info", "./no-such-folder", says=["no-such-folder"])
    fails(1, "generate", "--model", "no-such-model", "--prompt", "x", "--out", "x.png", says=["no-such-model"])
    pathlib.Path("empty").mkdir()
    fails(1, "info", "./empty", says=["model_index.json"])
    assert not pathlib.Path("x.png").exists()


def test_missing_component():
    broken = copy_model()
    (broken / "image_encoder").rename("elsewhere")
    try:
        png("picture.png", 20, 20)
        args = ["probe", "--image", "picture.png", "--label", "a", "--model", "./copy"]
        fails(1, *args, says=["image_encoder", "--component"])
        works(*args, "--component", "image_encoder=elsewhere")
        assert "image_encoder" in works("info", "./copy"), "not in info"
    finally:
        pathlib.Path("elsewhere").rename(broken / "image_encoder")


def test_truncated_weights():
    broken = copy_model()
    path = next((broken / "decoder").glob("*.safetensors"))
    whole = path.read_bytes()
    try:
        for size in (0, 4, 100, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:size])
            result = run("info", "./copy")
            assert result.returncode == 1 and result.stderr.count("\n") == 1 and "decoder" in result.stderr, result.stderr
            fails(1, "generate", *model("--model", "./copy"), "--prompt", "x", "--prior", "none", "--out", "cut.png", says=["safetensors"])
            assert not pathlib.Path("cut.png").exists()
    finally:
        path.write_bytes(whole)


def test_tower_of_another_clip():
    if MODEL is None:
        raise Skip("there is no model")
    png("picture.png", 20, 20)
    config = json.loads((MODEL / "image_encoder" / "config.json").read_text())
    pathlib.Path("other/image_encoder").mkdir(parents=True)
    pathlib.Path("other/image_encoder/config.json").write_text(json.dumps({**config, "projection_dim": config["projection_dim"] + 8}))
    works("synth", "other", "--out", "wider", "--quiet")
    other = model("--component", "image_encoder=wider/image_encoder")
    says = ["text_encoder", "image_encoder", "same CLIP"]
    fails(1, "variations", "--image", "picture.png", "--out", "wider-variations", *other, says=says)
    fails(1, "text-edit", "--image", "picture.png", "--from", "a", "--to", "b", "--out", "wider.png", *other, says=says)
    fails(1, "probe", "--image", "picture.png", "--label", "a", "--model", MODEL, "--component", "image_encoder=wider/image_encoder", says=says)


def test_synth_of_the_reference():
    if not TINY.exists():
        raise Skip("the reference is not beside the project")
    works("synth", TINY, "--out", "synth", "--seed", 5)
    for path in TINY.glob("*/*.safetensors"):
        wanted = {name: value for name, value in header(path).items() if not name.endswith("position_ids")}
        assert header(pathlib.Path("synth") / path.relative_to(TINY)) == wanted, f"{path.parent.name} differs"
    for path in TINY.rglob("*.json"):
        assert (pathlib.Path("synth") / path.relative_to(TINY)).read_bytes() == path.read_bytes(), f"{path} differs"
    fails(1, "synth", TINY, "--out", "synth", says=["synth", "already"])
    works("synth", TINY, "--out", "synth-again", "--seed", 5, "--quiet")
    works("synth", TINY, "--out", "synth-half", "--dtype", "f16", "--quiet")
    weights = "decoder/diffusion_pytorch_model.safetensors"
    assert (pathlib.Path("synth") / weights).read_bytes() == (pathlib.Path("synth-again") / weights).read_bytes(), "a seed gives two models"
    assert {dtype for dtype, _ in header(pathlib.Path("synth-half") / weights).values()} == {"F16"}
    for name in ("synth", "synth-half"):
        works("generate", "--model", f"./{name}", "--prompt", "x", "--steps", 3, "--prior-steps", 3, "--size", 16, "--out", f"{name}.png")
        colors = set(pixels(f"{name}.png")[3])
        assert len(colors) > 20, f"a picture of {len(colors)} values: activations vanish or explode"
    fails(1, "synth", "/nowhere", "--out", "synth-none", says=["/nowhere"])
    assert not pathlib.Path("synth-none").exists()


def test_synth_of_full_size():
    keys = REFERENCE / "karlo-v1-config" / "keys.json"
    if not keys.exists():
        raise Skip("the full-size configs are not beside the project")
    wanted = json.loads(keys.read_text())
    made = {}
    for line in subprocess.run([ENTRIES, keys.parent], capture_output=True, text=True, check=True).stdout.splitlines():
        component, name, *dims = line.split()
        made.setdefault(component, {})[name] = [int(dim) for dim in dims]
    for component in wanted.keys() | made.keys():
        assert made.get(component) == wanted.get(component), f"{component}: other tensors than the published checkpoint's"


# ---- tests: pictures ---------------------------------------------------------------------------------------

def test_pictures_of_all_kinds():
    pictures = [png("one.png", 1, 1), png("wide.png", 3000, 40), png("high.png", 3, 500), png("rgba.png", 30, 20, 6),
                png("gray.png", 20, 30, 0), png("gray-alpha.png", 20, 30, 4), png("gray16.png", 20, 20, 0, 16),
                png("rgb16.png", 20, 20, 2, 16), png("rgba16.png", 20, 20, 6, 16), png("bits.png", 17, 9, 0, 1),
                png("palette.png", 20, 20, 3, 8), png("clear.png", 20, 20, 6, pixel=lambda x, y: [0, 0, 0, 0])]
    for picture in pictures:
        for framing in ("pad", "crop", "stretch"):
            works("variations", "--image", picture, "--out", "kinds", "--fit", "--framing", framing, "--eta", 0.5, *model())
            width, height, n, _ = pixels(f"kinds/{picture.stem}-1.png")
            assert (width, height) == struct.unpack(">II", picture.read_bytes()[16:24]), f"{picture}: {width} x {height}"
            assert n == (4 if picture.stem in ("rgba", "rgba16", "gray-alpha", "clear") else 3), f"{picture}: {n} channels"


def seen(picture):
    """What the model is shown of a picture."""
    works("eval", MODEL, "preprocess", "--in", picture, "--out", "seen.safetensors")
    return pathlib.Path("seen.safetensors").read_bytes()


def test_depths_and_palettes_agree():
    model()
    color = [120, 40, 200]
    plain = seen(png("plain.png", 50, 50, pixel=lambda x, y: color))
    assert seen(png("deep.png", 50, 50, 2, 16, pixel=lambda x, y: [257 * value for value in color])) == plain, "16 bits"
    assert seen(png("gamma.png", 50, 50, pixel=lambda x, y: color, extra=chunk(b"gAMA", struct.pack(">I", 100000)))) == plain, "gAMA"


def test_orientation():
    model()
    turned = seen(png("turned.png", 60, 40, pixel=lambda x, y: [4 * x, 6 * y, 0]))
    # As a camera held sideways would store the same: its rows are our columns.
    sensor = {1: (60, 40, lambda x, y: (x, y)), 2: (60, 40, lambda x, y: (59 - x, y)), 3: (60, 40, lambda x, y: (59 - x, 39 - y)),
              4: (60, 40, lambda x, y: (x, 39 - y)), 5: (40, 60, lambda x, y: (y, x)), 6: (40, 60, lambda x, y: (59 - y, x)),
              7: (40, 60, lambda x, y: (59 - y, 39 - x)), 8: (40, 60, lambda x, y: (y, 39 - x))}
    for orientation, (width, height, place) in sensor.items():
        def pixel(x, y):
            x, y = place(x, y)
            return [4 * x, 6 * y, 0]
        stored = png("stored.png", width, height, pixel=pixel, extra=chunk(b"eXIf", exif(orientation)))
        assert seen(stored) == turned, f"orientation {orientation}"


def test_hostile_pictures():
    whole = png("whole.png", 200, 100, pixel=lambda x, y: [x * y % 251, x * 7 % 256, y * 3 % 256]).read_bytes()
    jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    files = {"cut.png": whole[:len(whole) // 2], "cut-head.png": whole[:20], "nothing.png": b"", "text.png": b"hello\n" * 100,
             "flipped.png": whole[:60] + b"\xff" + whole[61:], "cut.jpg": jpeg, "half.jpg": jpeg + b"\0" * 50,
             "huge.png": whole[:16] + struct.pack(">II", 0x7fffffff, 0x7fffffff) + whole[24:]}
    ihdr = b"IHDR" + struct.pack(">II", 1 << 30, 1 << 30) + whole[24:29]
    files["bomb.png"] = whole[:12] + ihdr + struct.pack(">I", zlib.crc32(ihdr)) + whole[33:]
    for name, data in files.items():
        pathlib.Path(name).write_bytes(data)
        fails(1, "upscale", "--image", name, "--out", "hostile.png", says=[name])
    os.mkfifo("pipe.png")
    for name in ("absent.png", ".", "/dev/zero", "pipe.png"):
        fails(1, "upscale", "--image", name, "--out", "hostile.png", says=[name])
    assert not pathlib.Path("hostile.png").exists()


# ---- tests: jobs -------------------------------------------------------------------------------------------

def generate(out, *args):
    return works("generate", "--prompt", "a red apple", "--out", out, *model(*args))


def test_generate_is_reproducible():
    assert generate("a.png") == "a.png\n"
    generate("b.png")
    generate("c.png", "--seed", 1)
    generate("d.png", "--rng", "torch")
    assert pixels("a.png")[:3] == (LOW, LOW, 3), pixels("a.png")[:3]
    assert pixels("a.png") == pixels("b.png"), "one seed, two pictures"
    assert pixels("a.png") != pixels("c.png"), "two seeds, one picture"
    assert pixels("a.png") != pixels("d.png"), "two generators, one picture"


def test_samplers():
    for sampler in ("default", "ddpm", "dpm", "pndm"):
        generate(f"sampler-{sampler}.png", "--sampler", sampler, "--prior", "text")
    assert len({bytes(pixels(f"sampler-{name}.png")[3]) for name in ("ddpm", "dpm", "pndm")}) == 3, "two samplers, one picture"
    assert pixels("sampler-default.png") in (pixels("sampler-ddpm.png"), pixels("sampler-dpm.png"))
    generate("dpm-again.png", "--sampler", "dpm", "--prior", "text")
    assert pixels("dpm-again.png") == pixels("sampler-dpm.png"), "one seed, two pictures"


def test_threads_do_not_matter():
    generate("one-thread.png", "--threads", 1)
    generate("two-threads.png", "--threads", 2)
    assert pathlib.Path("one-thread.png").read_bytes() == pathlib.Path("two-threads.png").read_bytes()


def test_upsampled_size():
    if model() and HIGH is None:
        raise Skip("the model has no upsampler")
    generate("high.png", "--size", HIGH, "--super-res-steps", 2)
    assert pixels("high.png")[:2] == (HIGH, HIGH), pixels("high.png")[:2]
    fails(2, "generate", "--prompt", "x", "--out", "x.png", *model("--size", 100), says=["100", str(LOW), str(HIGH)])


def test_priors():
    for prior in ("diffusion", "none", "text"):
        generate(f"prior-{prior}.png", "--prior", prior)
    assert pixels("prior-diffusion.png") != pixels("prior-none.png") != pixels("prior-text.png")


def autoregressive():
    """The options for the model with an autoregressive prior of random weights, whatever the model has itself."""
    model()
    if not pathlib.Path("autoregressive").exists():
        text = json.loads((MODEL / "text_encoder" / "config.json").read_text())
        config = pathlib.Path("configs", "prior_autoregressive", "config.json")
        config.parent.mkdir(parents=True)
        config.write_text(json.dumps({
            "_class_name": "PriorAutoregressive", "num_attention_heads": 2, "attention_head_dim": 8, "num_layers": 2,
            "embedding_dim": text["projection_dim"], "num_embeddings": text["max_position_embeddings"],
            "n_components": 9, "n_buckets": 64, "n_dot_buckets": 16}))
        works("synth", "configs", "--out", "autoregressive")
    return model("--component", "prior_autoregressive=autoregressive/prior_autoregressive")


def test_autoregressive_prior():
    args = ["generate", "--prompt", "a red ball", "--prior", "autoregressive"]
    reports = [json.loads(works(*args, *autoregressive(), "--json", "--seed", seed, "--threads", threads, "--out", out))
               for seed, threads, out in ((1, 1, "ar-a.png"), (1, 2, "ar-b.png"), (2, 1, "ar-c.png"))]
    assert reports[0]["settings"]["prior"] == "autoregressive", reports[0]
    a, b, c = (pathlib.Path(f"ar-{name}.png").read_bytes() for name in "abc")
    assert a == b and a != c, "not as the seed says"
    works(*args, *autoregressive(), "--prior-guidance", 1, "--rng", "torch", "--out", "ar-torch.png")
    assert "PriorAutoregressive" in works("info", MODEL, "--component", "prior_autoregressive=autoregressive/prior_autoregressive"), "not in info"
    bare = copy_model()
    shutil.rmtree(bare / "prior_autoregressive", ignore_errors=True)
    fails(1, *args, *model("--model", "./copy"), "--out", "x.png", says=["prior_autoregressive", "--prior diffusion"])


def test_principal_components():
    args = ["probe", "--image", png("parts.png", 30, 30), *autoregressive(), "--out", "parts"]
    report = json.loads(works(*args, "--json", "--pca", "0,9,4,9", "--label", "a red ball"))
    assert report["pca"] == [0, 9, 4] and len(report["labels"]) == 1, report
    assert [pathlib.Path(path).name for path in report["files"]] == [f"parts-pca-{k}.png" for k in (0, 9, 4)], report
    assert len({pathlib.Path(path).read_bytes() for path in report["files"]}) == 3, "the same pictures"
    whole = pathlib.Path("parts/parts-pca-9.png").read_bytes()
    works(*args, "--pca", "9")
    assert pathlib.Path("parts/parts-pca-9.png").read_bytes() == whole, "another picture"
    fails(2, *args, "--pca", "4,10", says=["10", "0 to 9"])


def test_json():
    made = json.loads(works("generate", "--prompt", "schön \"rot\": a ball", "--seed", 7, "--json", "--out", "json.png", *model()))
    assert made["files"] == ["json.png"] and made["seed"] == 7 and made["settings"]["prompt"] == "schön \"rot\": a ball", made
    assert made["settings"]["steps"] == 3 and made["seconds"] > 0 and len(made["fingerprint"]) == 16, made
    assert made["model"] == MODEL.name, made
    assert works("generate", "--prompt", "x", "--quiet", "--out", "quiet.png", *model()) == ""


def test_variations():
    source = png("source.png", 30, 20)
    out = works("variations", "--image", source, "--count", 3, "--out", "varied", *model())
    assert out.split() == [f"varied/source-{i}.png" for i in (1, 2, 3)], out
    results = [pixels(path) for path in out.split()]
    assert results[0] != results[1] != results[2] and results[0][:2] == (LOW, LOW)
    works("variations", "--image", source, "--count", 1, "--seed", 1, "--out", "varied-1", *model())
    assert pixels("varied-1/source-1.png") == results[1], "picture k is not that of seed + k"


def test_candidates():
    """Small ones first, of which those that are picked become what they are without that detour."""
    if model() and HIGH is None:
        raise Skip("the model has no upsampler")
    args = ["variations", "--image", png("chosen.png", 30, 20), "--model", MODEL, "--steps", 3, "--super-res-steps", 7]
    works(*args, "--count", 3, "--out", "whole")
    out = works(*args, "--candidates", 3, "--out", "small").split()
    assert out == [f"small/chosen-{i}.png" for i in (1, 2, 3)] and all(pixels(path)[:2] == (LOW, LOW) for path in out), out
    out = works(*args, "--candidates", 3, "--pick", "3,1", "--out", "picked").split()
    assert out == ["picked/chosen-3.png", "picked/chosen-1.png"], out
    for i in (1, 3):
        assert pixels(f"picked/chosen-{i}.png") == pixels(f"whole/chosen-{i}.png"), f"candidate {i} became another picture"
    fails(2, *args, "--candidates", 3, "--pick", "4", "--out", "no", says=["--pick", "from 1 to 3"])
    fails(2, *args, "--pick", "1", "--out", "no", says=["--candidates"])
    fails(2, *args, "--count", 2, "--candidates", 3, "--out", "no", says=["--count", "--candidates"])
    assert not pathlib.Path("no").exists()


def test_noise_level():
    args = ["variations", "--image", png("noisy.png", 30, 20), "--eta", 0, *model()]
    for level in (0, 300):
        works(*args, "--noise-level", level, "--out", f"level-{level}")
    works(*args, "--out", "level")
    assert pixels("level/noisy-1.png") == pixels("level-0/noisy-1.png") != pixels("level-300/noisy-1.png"), "--noise-level"
    fails(2, *args, "--noise-level", 1000, "--out", "no", says=["--noise-level", "from 0 to 999"])
    fails(2, "text-edit", "--noise-level", 3, says=["--noise-level"])


def test_text_edit():
    source = png("edited.png", 30, 20)
    args = ["text-edit", "--image", source, "--from", "a red apple", "--to", "a green apple", "--strength", 0.5]
    assert works(*args, "--out", "edit.png", *model()) == "edit.png\n"
    out = works(*args, "--stages", 3, "--out", "edits/edit.png", *model())
    assert out.split() == [f"edits/edit-{i}.png" for i in (1, 2, 3)], out
    assert pixels("edits/edit-3.png") == pixels("edit.png"), "the last stage is not the edit"
    works(*args, "--fit", "--out", "fitted.png", *model())
    assert pixels("fitted.png")[:2] == (30, 20)


def test_interpolate():
    a, b = png("a-end.png", 20, 20), png("b-end.png", 20, 20, pixel=lambda x, y: [200, 200 - 5 * y, 10 * x])
    out = works("interpolate", "--image", a, "--image", b, "--frames", 3, "--out", "frames", *model())
    assert out.split() == [f"frames/frame-0{i}.png" for i in (0, 1, 2)], out
    for hold in ("z_i", "x_T"):
        works("interpolate", "--image", a, "--image", b, "--frames", 2, "--hold", hold, "--out", hold, *model())
        assert pixels(f"{hold}/frame-00.png") == pixels("frames/frame-00.png"), f"holding {hold} changes the first frame"
        assert pixels(f"{hold}/frame-01.png") != pixels("frames/frame-02.png"), f"--hold {hold} holds nothing"


def test_mix():
    """Weights are behind the last "=", and names may hold that and colons."""
    a, b = png("a:1=b.png", 20, 20), png("b=1", 30, 20, pixel=lambda x, y: [200, 5 * y, 10 * x % 256])
    members = ["--image", a, "--image", f"{b}=0.5", "--text", "a = red apple=-0.25", "--text", "a ball"]
    made = json.loads(works("mix", *members, "--count", 2, "--json", "--out", "mixes/mix.png", *model(), noted=True))
    assert made["files"] == ["mixes/mix-1.png", "mixes/mix-2.png"], made
    assert made["settings"]["weights"] == [1, 0.5, -0.25, 1] and made["settings"]["texts"] == ["a = red apple", "a ball"], made
    assert pixels("mixes/mix-1.png")[:2] == (LOW, LOW) and COMPOSITE in read_png("mixes/mix-1.png")[4]
    works("mix", *members, "--seed", 1, "--out", "mix.png", *model(), noted=True)
    assert pixels("mix.png") == pixels("mixes/mix-2.png") != pixels("mixes/mix-1.png"), "picture k is not that of seed + k"

    source = png("own.png", LOW, LOW, pixel=lambda x, y: [200 - 3 * x % 200, 3 * y % 256, 90])
    works("mix", "--image", source, "--image", f"{b}=0", "--keep-structure", "--out", "kept.png", *model(), noted=True)
    difference = mean_difference(pixels(source), pixels("kept.png"))
    assert difference < 1.5, f"the picture with nothing mixed in is {difference:.2f} of 255 away"
    works("mix", "--image", f"{b}=1", "--text", "a ball", "--keep-structure", "--fit", "--out", "fitted-mix.png", *model(), noted=True)
    assert pixels("fitted-mix.png")[:2] == (30, 20)
    works("mix", "--text", "a ball", "--text", "a red apple=2", "--out", "words.png", *model(), noted=True)
    assert GENERATED in read_png("words.png")[4] and COMPOSITE not in read_png("words.png")[4], "no picture of anybody's is in it"

    for weights, says in {(0, 0): "All weights", (1, -1): "more than 0", (1, -3): "add up to -2"}.items():
        fails(2, "mix", *[part for w in weights for part in ("--image", f"{source}={w}")], "--out", "no.png", *model(), says=[says])
    fails(2, "mix", "--text", "=1", "--text", "x", "--out", "no.png", *model(), says=["ingredient 1"])
    fails(2, "mix", "--text", "y", "--text", "x", "--keep-structure", "--out", "no.png", *model(), says=["no picture"])
    fails(1, "mix", "--image", source, "--image", "none.png=2x", "--out", "no.png", *model(), says=["none.png=2x"])
    fails(1, "mix", "--image", source, "--text", "x", "--out", "no.png", *model(), says=["memory"], UNCLIP_MEMORY_LIMIT="1")
    assert not pathlib.Path("no.png").exists()
    broken = copy_model()
    shutil.rmtree(broken / "prior")
    args = ["--model", "./copy", *model()[2:]]
    fails(1, "mix", "--image", source, "--text", "x", "--out", "no.png", *args, says=["prior"])
    works("mix", "--image", source, "--image", f"{b}=1", "--out", "pictures.png", *args, noted=True)


def test_invert_and_decode():
    source = png("inverted.png", LOW or 16, LOW or 16, pixel=lambda x, y: [200 - 5 * x % 200, 3 * y % 256, 90])
    for method in ("default", "bdia", "residuals"):
        works("invert", "--image", source, "--method", method, "--out", f"{method}.safetensors", *model(), noted=True)
        works("decode", "--latents", f"{method}.safetensors", "--out", f"{method}.png", *model())
        difference = mean_difference(pixels(source), pixels(f"{method}.png"))
        assert difference < 1.5, f"{method} returns the picture {difference:.2f} of 255 away"
    pathlib.Path("cut.safetensors").write_bytes(pathlib.Path("bdia.safetensors").read_bytes()[:-100])
    fails(1, "decode", "--latents", "cut.safetensors", "--out", "cut-latents.png", *model(), says=["cut.safetensors"])
    fails(1, "decode", "--latents", source, "--out", "cut-latents.png", *model(), says=["inverted.png"])
    assert not pathlib.Path("cut-latents.png").exists()
    # What has no part in decoding may be away, or have been elsewhere.
    bare = pathlib.Path(shutil.copytree(MODEL, "bare"))
    for part in ("image_encoder", "feature_extractor", "prior", "prior_autoregressive"):
        if (bare / part).exists():
            (bare / part).rename(f"away-{part}")
    elsewhere = [option for part in ("image_encoder", "feature_extractor") for option in ("--component", f"{part}=away-{part}")]
    works("invert", "--image", source, "--out", "apart.safetensors", *model("--model", "./bare", *elsewhere), noted=True)
    for latents, folder in (("residuals", "./bare"), ("apart", "./bare"), ("apart", MODEL)):
        works("decode", "--latents", f"{latents}.safetensors", "--out", "apart.png", *model("--model", folder))
        assert pixels("apart.png") == pixels("residuals.png"), f"{latents} by {folder}"


def test_upscale():
    if model() and HIGH is None:
        raise Skip("the model has no upsampler")
    works("upscale", "--image", png("low.png", 12, 20), "--out", "upscaled.png", "--super-res-steps", 2, "--model", MODEL)
    factor = VAST // HIGH if VAST else HIGH // LOW
    assert pixels("upscaled.png")[:2] == (12 * factor, 20 * factor), pixels("upscaled.png")[:2]
    fails(2, "upscale", "--image", png("wide.png", 4097, 1), "--out", "no.png", "--model", MODEL, says=["4097", "a side"])
    fails(2, "upscale", "--image", "wide.png", "--out", "no.png", "--tile", "8", says=["--tile", "16"])


def with_second_upsampler():
    """A model of random weights, small but for the configs that it has from the model at hand; and its largest size."""
    model()
    if HIGH is None:
        raise Skip("the model has no upsampler")
    folder = pathlib.Path("second")
    if not folder.exists():
        shutil.copytree(MODEL, "second-configs", ignore=shutil.ignore_patterns("*.safetensors", "model_index.json", "super_res_1024*"))
        config = json.loads((MODEL / "super_res_first" / "config.json").read_text())
        n = 2
        config.update(sample_size=2 * HIGH, block_out_channels=[8, 8], norm_num_groups=4, layers_per_block=1,
                      down_block_types=["ResnetDownsampleBlock2D"] * n, up_block_types=["ResnetUpsampleBlock2D"] * n)
        os.mkdir("second-configs/super_res_1024")
        pathlib.Path("second-configs/super_res_1024/config.json").write_text(json.dumps(config))
        scheduler = pathlib.Path("second-configs/super_res_1024_scheduler")
        scheduler.mkdir()
        (scheduler / "scheduler_config.json").write_text(json.dumps({"prediction_type": "residual", "residual_scale": 0.1}))
        works("synth", "second-configs", "--out", folder)
    return ["--model", folder, "--steps", 2, "--prior-steps", 2, "--super-res-steps", 2], 2 * HIGH


def test_second_upsampler():
    args, size = with_second_upsampler()
    source = png("vast-source.png", 50, 40)
    works("generate", "--prompt", "x", "--out", "vast.png", *args, "--size", size)
    assert pixels("vast.png")[:2] == (size, size), pixels("vast.png")[:2]
    works("generate", "--prompt", "x", "--out", "usual.png", *args)
    assert pixels("usual.png")[:2] == (HIGH, HIGH), "the second upsampler is for those who ask for it"
    works("variations", "--image", source, "--count", 1, "--out", "vast", *args, "--size", size)
    assert pixels("vast/vast-source-1.png")[:2] == (size, size)
    works("upscale", "--image", source, "--out", "vast-upscaled.png", *args[:2], *args[-2:], "--tile", 64)
    assert pixels("vast-upscaled.png")[:2] == (100, 80), pixels("vast-upscaled.png")[:2]
    fails(2, "generate", "--prompt", "x", "--out", "no.png", *args, "--size", size + 1, says=[str(size + 1), str(size), str(HIGH)])


def test_second_upsampler_returns_the_picture():
    args, size = with_second_upsampler()
    source = png("vast-own.png", size, size)
    works("invert", "--image", source, "--out", "vast.safetensors", *args, "--size", size)
    works("decode", "--latents", "vast.safetensors", "--out", "vast-back.png", *args[:2])
    difference = mean_difference(pixels(source), pixels("vast-back.png"))
    assert difference < 0.5, f"decode returns the picture {difference:.2f} of 255 away"
    works("decode", "--latents", "vast.safetensors", "--out", "vast-small.png", *args[:2], "--size", HIGH)
    assert pixels("vast-small.png")[:2] == (HIGH, HIGH)


def test_probe():
    labels = ["a red apple", "a green car", "a blue house"]
    args = ["probe", "--image", png("probed.png", 30, 30), *model(), *[arg for label in labels for arg in ("--label", label)]]
    probed = json.loads(works(*args, "--json"))["labels"]
    assert sorted(entry["label"] for entry in probed) == sorted(labels), probed
    assert abs(sum(entry["probability"] for entry in probed) - 1) < 1e-4, probed
    assert [entry["probability"] for entry in probed] == sorted((entry["probability"] for entry in probed), reverse=True), probed
    lines = works(*args).splitlines()
    assert len(lines) == 3 and lines[0].endswith(probed[0]["label"]), lines


def test_bench():
    model()
    for component in ("text_encoder", "image_encoder", "prior", "text_proj", "decoder", "super_res_first", "super_res_last",
                      "super_res_1024"):
        if not (MODEL / component).exists():
            continue
        measured = json.loads(works("bench", MODEL, component, "--threads", 1, "--repeat", 2, "--json"))
        assert list(measured) == ["component", "precision", "cpu_level", "threads", "batch", "size", "repeat", "median_s", "min_s",
                                  "gflop", "gflop_per_s", "non_gemm_share", "peak_rss_mb"], list(measured)
        assert measured["component"] == component and measured["threads"] == 1 and measured["repeat"] == 2, measured
        # auto is whichever is faster here.
        assert measured["precision"] == ("bf16" if measured["cpu_level"] in ("avx512bf16", "amx") else "f32"), measured
        assert measured["median_s"] >= measured["min_s"] > 0 and measured["gflop"] > 0 and measured["peak_rss_mb"] > 1, measured
        assert 0 <= measured["non_gemm_share"] <= 1, measured
    small = json.loads(works("bench", MODEL, "decoder", "--batch", 1, "--repeat", 1, "--json"))
    large = json.loads(works("bench", MODEL, "decoder", "--batch", 3, "--repeat", 1, "--json"))
    assert abs(large["gflop"] / small["gflop"] - 3) < 0.05, (small["gflop"], large["gflop"])
    for precision in ("f32", "bf16"):
        measured = json.loads(works("bench", MODEL, "decoder", "--repeat", 1, "--precision", precision, "--json"))
        assert measured["precision"] == precision, measured
    fails(2, "bench", MODEL, "prior", "--size", 64, says=["prior", "size"])


def test_eval_tokenizer():
    golden = REFERENCE / "goldens" / "tokenizer.json"
    if not golden.exists() or not TINY.exists():
        raise Skip("the reference is not beside the project")
    works("eval", TINY, "tokenizer", "--in", golden, "--out", "ids.json")
    assert json.loads(pathlib.Path("ids.json").read_text()), "nothing came out"


# ---- tests: metadata ---------------------------------------------------------------------------------------

def test_metadata():
    generate("plain.png")
    text = read_png("plain.png")[4]
    assert GENERATED in text and COMPOSITE not in text and "apple" not in text, text
    generate("none.png", "--metadata", "none")
    assert read_png("none.png")[4] == "", "--metadata none"
    generate("full.png", "--metadata", "full", "--seed", 1234)
    text = read_png("full.png")[4]
    assert GENERATED in text and "a red apple" in text and "1234" in text, text
    works("variations", "--image", png("mine.png", 20, 20), "--out", "composite", *model())
    text = read_png("composite/mine-1.png")[4]
    assert COMPOSITE in text, text
    works("variations", "--image", "plain.png", "--out", "composite", *model(), noted=True)
    assert GENERATED in read_png("composite/plain-1.png")[4] and COMPOSITE not in read_png("composite/plain-1.png")[4], "all of it is a model's"
    assert pixels("plain.png") == pixels("none.png"), "metadata changes the picture"


# ---- tests: files ----------------------------------------------------------------------------------------------

def test_targets_that_cannot_be():
    pathlib.Path("file").write_text("")
    pathlib.Path("folder.png").mkdir()
    args = ["generate", "--prompt", "x", *model()]
    for target, named in {"file/x.png": "file", "no/such/x.png": "no/such", "folder.png": "folder.png", "/dev/null": "/dev/null",
                          "/proc/x.png": "/proc", "new/": "new/"}.items():
        fails(1, *args, "--out", target, says=[named])
    fails(1, "variations", "--image", png("a.png", 9, 9), *model(), "--out", "file", says=["file"])
    assert pathlib.Path("file").read_text() == "" and not pathlib.Path("no").exists() and not pathlib.Path("new").exists()
    if os.geteuid() != 0:
        pathlib.Path("readonly").mkdir(mode=0o555)
        fails(1, *args, "--out", "readonly/x.png", says=["readonly"])


def test_overwriting():
    target = pathlib.Path("target.png")
    target.write_text("mine")
    fails(2, "generate", "--prompt", "x", *model("--size", 999), "--out", target, says=["999"])
    assert target.read_text() == "mine", "a failure took the old file away"
    pathlib.Path("link.png").symlink_to("target.png")
    generate("link.png")
    assert pathlib.Path("link.png").is_symlink() and pixels("target.png"), "the link was replaced"
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask, oct(target.stat().st_mode)


def test_failure_leaves_nothing():
    png("b.png", 9, 9)
    fails(2, "variations", "--image", "b.png", *model("--size", 999), "--out", "made", says=["999"])
    assert not pathlib.Path("made").exists() and leftovers() == [], leftovers()


def interrupted(number, *args):
    """Sends a signal once the job is under way, which the new folder shows."""
    folder = pathlib.Path("interrupted")
    process = subprocess.Popen([UNCLIP, *map(str, args), "--out", str(folder / "x.png")], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "OMP_NUM_THREADS": "1"})
    for _ in range(600):
        if folder.exists() or process.poll() is not None:
            break
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(number)
    start = time.monotonic()
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, f"exit {process.returncode}: {err}"
    assert time.monotonic() - start < 60, "it did not stop"
    assert out == b"" and err == b"", (out, err)
    assert not folder.exists() and leftovers() == [], leftovers()


def test_interrupts():
    job = ["generate", "--prompt", "x", "--prior", "text", *model("--steps", 1000)]
    interrupted(signal.SIGINT, *job)
    interrupted(signal.SIGTERM, *job)


def on_terminal(*args):
    """What the command draws on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([UNCLIP, *map(str, args)], stdout=subprocess.DEVNULL, stderr=theirs,
                               env={**os.environ, "OMP_NUM_THREADS": "1", "TERM": "xterm"})
    os.close(theirs)
    drawn = b""
    try:
        while data := os.read(ours, 4096):
            drawn += data
    except OSError:   # what Linux says at the end of a terminal
        pass
    os.close(ours)
    assert process.wait() == 0, drawn
    return drawn.decode()


def test_progress():
    job = ["generate", "--prompt", "x", "--out", "progress.png", *model()]
    drawn = on_terminal(*job)
    assert "%" in drawn and "[" in drawn and drawn.endswith("\r\x1b[K"), repr(drawn)
    assert on_terminal(*job, "--quiet") == "", "--quiet draws"


# ---- running them ----------------------------------------------------------------------------------------------

def main():
    tests = [(name[5:].replace("_", " "), value) for name, value in globals().items() if name.startswith("test_")]
    failed = False
    print(f"1..{len(tests)}")
    here = os.getcwd()
    for i, (name, test) in enumerate(tests, 1):
        folder = tempfile.mkdtemp(prefix="unclip-cli-")
        os.chdir(folder)
        try:
            test()
            print(f"ok {i} {name}", flush=True)
        except Skip as reason:
            print(f"ok {i} {name} # SKIP {reason}", flush=True)
        except Exception as error:
            failed = True
            print(f"not ok {i} {name}")
            print("\n".join(f"# {line}" for line in f"{type(error).__name__}: {error}".splitlines()), flush=True)
        finally:
            os.chdir(here)
            shutil.rmtree(folder, ignore_errors=True)
    return failed


sys.exit(main())
