"""Kandinsky 2.2, whose decoder works on latents and comes in another repository than its prior: kandinsky.py UNCLIP ENTRIES REFERENCE

Runs on the small reference model beside the project, where there is one.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

UNCLIP, ENTRIES, REFERENCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), pathlib.Path(sys.argv[3]).absolute()
MODEL, GOLDENS, FULL = REFERENCE / "kandinsky-tiny", REFERENCE / "goldens-kandinsky", REFERENCE / "kandinsky-2-2-config"
LARGE, WIDE = GOLDENS / "images" / "large.png", GOLDENS / "images" / "wide.png"


def run(*args):
    return subprocess.run([UNCLIP, *map(str, args)], capture_output=True, text=True, timeout=200,
                          env={**os.environ, "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8", "XDG_CACHE_HOME": os.path.abspath("cache")})


def works(*args):
    done = run(*args)
    assert done.returncode == 0 and not done.stderr, f"{args}: exit {done.returncode}: {done.stderr}"
    return done.stdout


def fails(*args, says):
    done = run(*args)
    assert done.returncode != 0 and done.stderr.count("\n") == 1, f"{args}: exit {done.returncode}: {done.stderr!r}"
    for text in says:
        assert text in done.stderr, f"{args}: no {text!r} in {done.stderr!r}"


# ---- files -------------------------------------------------------------------------------------------

def tensors(path):
    """Names to (dtype, shape, bytes)."""
    data = pathlib.Path(path).read_bytes()
    size, = struct.unpack("<Q", data[:8])
    entries = json.loads(data[8:8 + size])
    return {name: (entry["dtype"], entry["shape"], data[8 + size + entry["data_offsets"][0]:8 + size + entry["data_offsets"][1]])
            for name, entry in entries.items() if name != "__metadata__"}


def write_tensors(path, values):
    """The same, back to a file."""
    entries, data = {}, b""
    for name, (dtype, shape, content) in values.items():
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(entries).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def read_png(path):
    """(width, height, rgb)"""
    size = subprocess.run(["magick", "identify", "-format", "%w %h", path], capture_output=True, text=True, check=True).stdout.split()
    return int(size[0]), int(size[1]), subprocess.run(["magick", path, "-depth", "8", "-alpha", "off", "rgb:-"], capture_output=True, check=True).stdout


def square(path, side):
    """A picture in many colours."""
    rows = b"".join(b"\0" + bytes(value for x in range(side) for value in (x * 255 // side, y * 255 // side, (x * y) % 256)) for y in range(side))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pathlib.Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
                                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    return path


def furthest(a, b):
    assert a[:2] == b[:2], f"{a[:2]} and {b[:2]} are two sizes"
    return max(abs(x - y) for x, y in zip(a[2], b[2]))


def copied():
    shutil.copytree(MODEL, "model", dirs_exist_ok=True, copy_function=shutil.copyfile)
    for path in [pathlib.Path("model"), *pathlib.Path("model").rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return pathlib.Path("model")


def job(command, *args, model=MODEL):
    return works(command, "--model", model, "--steps", 3, "--quiet", *args)


# ---- what it makes --------------------------------------------------------------------------------------

def golden_picture(task, side=128):
    values = struct.unpack(f"<{side * side * 3}f", tensors(GOLDENS / f"{task}.safetensors")["image"][2])
    return side, side, bytes(round(min(max(value, 0), 1) * 255) for value in values)


def test_seed_gives_the_picture_of_diffusers():
    seed, = struct.unpack("<q", tensors(GOLDENS / "text2image.safetensors")["seed"][2])
    for threads in (1, 2):
        works("generate", "--model", MODEL, "--prompt", "a photo of a cat sitting on a mat", "--rng", "torch", "--seed", seed, "--prior-steps", 10, "--steps", 8,
              "--guidance", 4, "--precision", "f32", "--threads", threads, "--quiet", "--out", f"{threads}.png")
    assert furthest(read_png("1.png"), golden_picture("text2image")) <= 1
    assert read_png("1.png") == read_png("2.png"), "two threads give other bits than one"


def test_unchanged_is_the_layer():
    """What the codec loses is kept beside it."""
    square("in.png", 128)
    job("variations", "--image", "in.png", "--eta", 0, "--count", 1, "--out", "v")
    job("text-edit", "--image", "in.png", "--from", "a cat", "--to", "a dog", "--strength", 0, "--out", "t.png")
    job("invert", "--image", "in.png", "--out", "l.safetensors")
    works("decode", "--model", MODEL, "--latents", "l.safetensors", "--quiet", "--out", "d.png")
    job("interpolate", "--image", "in.png", "--image", WIDE, "--frames", 3, "--out", "i")
    first = sorted(pathlib.Path("i").glob("*.png"))[0]
    for path in ("v/in-1.png", "t.png", "d.png", first):
        far = furthest(read_png(path), read_png("in.png"))
        assert far == 0, f"{path} is another picture, by up to {far}"
    shapes = {name: shape for name, (_, shape, _) in tensors("l.safetensors").items()}
    assert shapes["x_T"] == [1, 4, 16, 16] and shapes["z_i"] == [1, 64], shapes


def test_every_edit():
    job("variations", "--image", LARGE, "--count", 2, "--out", "v")
    job("text-edit", "--image", LARGE, "--from", "a cat", "--to", "a dog", "--strength", 0.5, "--out", "t.png")
    job("interpolate", "--image", LARGE, "--image", WIDE, "--frames", 3, "--out", "i")
    job("mix", "--image", LARGE, "--text", "a cat=0.5", "--out", "m.png")
    job("mix", "--image", LARGE, "--image", f"{WIDE}=0.5", "--keep-structure", "--out", "k.png")
    job("text-edit", "--image", LARGE, "--from", "a cat", "--to", "a dog", "--strength", 0, "--out", "before.png")
    before = read_png("before.png")
    for path in ("v/large-1.png", "v/large-2.png", "t.png"):
        assert furthest(read_png(path), before) > 0, f"{path} is unchanged"
    assert read_png("v/large-1.png") != read_png("v/large-2.png")
    assert len(list(pathlib.Path("i").glob("*.png"))) == 3
    assert len(works("probe", "--model", MODEL, "--image", LARGE, "--label", "a cat", "--label", "a dog").splitlines()) == 2


def test_sizes_go_up_to_the_next():
    job("generate", "--prompt", "x", "--prior", "text", "--size", 65, "--out", "s.png")
    assert read_png("s.png")[:2] == (128, 128)


def test_no_captions_for_the_decoder():
    fails("generate", "--model", MODEL, "--prompt", "x", "--prior", "none", "--out", "n.png", says=["caption", "--prior diffusion"])
    fails("upscale", "--model", MODEL, "--image", LARGE, "--out", "u.png", says=["super_res_first"])


# ---- where it lies ------------------------------------------------------------------------------------------

def test_two_repositories():
    job("generate", "--prompt", "x", "--prior-model", MODEL / "prior", "--out", "two.png", model=MODEL / "decoder")
    job("generate", "--prompt", "x", "--out", "one.png")
    assert read_png("one.png") == read_png("two.png")
    pathlib.Path("parts").mkdir()
    pathlib.Path("parts/model_index.json").write_text(json.dumps({"_unclip_parts": {"decoder": str(MODEL / "decoder"), "prior": "../prior"}}))
    pathlib.Path("prior").symlink_to(MODEL / "prior")
    job("generate", "--prompt", "x", "--out", "parts.png", model="./parts")
    assert read_png("one.png") == read_png("parts.png")
    fails("variations", "--model", MODEL / "decoder", "--image", LARGE, "--out", "v", says=["image_encoder", "--prior-model"])
    fails("generate", "--model", MODEL / "decoder", "--prior-model", MODEL / "decoder", "--prompt", "x", "--out", "x.png", says=["KandinskyV22Pipeline", "prior"])
    pathlib.Path("parts/model_index.json").write_text(json.dumps({"_unclip_parts": {"Decoder": "x"}}))
    fails("info", "./parts", says=["_unclip_parts", "decoder"])


def test_what_it_does():
    """Every edit but enlarging; of one repository alone, what it lacks."""
    edits = json.loads(works("info", MODEL, "--json"))["edits"]
    assert [name for name, lack in edits.items() if lack is not None] == ["upscale"], edits
    lacks = json.loads(run("info", MODEL / "decoder", "--json").stdout)["edits"]
    assert all(lacks.values()) and "--prior-model" in lacks["variations"], lacks
    assert "not upscale: " in works("info", MODEL)


def test_pictures_need_no_text():
    """An image variation needs of the prior's repository its image encoder, and that picture by picture."""
    model = copied()
    for folder in ("prior/prior", "prior/text_encoder", "prior/tokenizer"):
        shutil.rmtree(model / folder)
    job("variations", "--image", LARGE, "--count", 1, "--out", "v", model="./model")
    fails("generate", "--model", "./model", "--prompt", "x", "--out", "x.png", says=["lacks", "--prior-model"])


def test_tower_is_needed_once():
    """The embedding that is guided away from is kept."""
    job("generate", "--prompt", "x", "--out", "first.png")
    model = copied()
    (model / "prior/image_encoder/model.safetensors").rename("away")
    (model / "prior/image_encoder/model.safetensors").write_bytes(pathlib.Path("away").read_bytes()[:-4] + b"\xff\xff\xff\x7f")
    job("generate", "--prompt", "x", "--out", "second.png", model="./model")
    assert read_png("first.png") == read_png("second.png"), "the image encoder was asked again"


def test_formats():
    """Half precision, shards and links into a hub's cache give the same model; a pointer of Git LFS is called one."""
    half, sharded, hub = copied(), pathlib.Path("sharded"), pathlib.Path("hub")
    shutil.copytree(half, sharded)
    shutil.copytree(half, hub)
    for path in half.rglob("*.safetensors"):
        values = {name: ("F16", shape, struct.pack(f"<{len(data) // 4}e", *struct.unpack(f"<{len(data) // 4}f", data)))
                  if dtype == "F32" else (dtype, shape, data) for name, (dtype, shape, data) in tensors(path).items()}
        write_tensors(path.with_suffix(".fp16.safetensors"), values)
        path.unlink()
    for path in sharded.rglob("*.safetensors"):
        values = tensors(path)
        names = sorted(values)
        stem, where = path.name.removesuffix(".safetensors"), {}
        for number, part in ((1, names[::2]), (2, names[1::2])):
            file = f"{stem}-0000{number}-of-00002.safetensors"
            write_tensors(path.parent / file, {name: values[name] for name in part})
            where |= dict.fromkeys(part, file)
        (path.parent / f"{path.name}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
        path.unlink()
    blobs = pathlib.Path("blobs")
    blobs.mkdir()
    for number, path in enumerate(path for path in hub.rglob("*") if path.is_file()):
        path.rename(blobs / f"{number:064x}")
        path.symlink_to(os.path.relpath(blobs / f"{number:064x}", path.parent))
    for model in (MODEL, *map("./{}".format, (half, sharded, hub))):
        job("generate", "--prompt", "a cat", "--seed", 5, "--precision", "f32", "--out", f"{pathlib.Path(model).name}.png", model=model)
    wanted = read_png("kandinsky-tiny.png")
    assert read_png("sharded.png") == wanted and read_png("hub.png") == wanted
    assert furthest(read_png("model.png"), wanted) < 64, "half precision is another model"
    (sharded / "decoder/unet/diffusion_pytorch_model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n")
    fails("generate", "--model", "./sharded", "--prompt", "x", "--out", "x.png", says=["Git LFS", "git lfs pull"])


def test_unknown_values_are_named():
    for file, member, value in (("decoder/scheduler/scheduler_config.json", "beta_schedule", "sigmoid"),
                                ("decoder/scheduler/scheduler_config.json", "_class_name", "EulerDiscreteScheduler"),
                                ("decoder/scheduler/scheduler_config.json", "timestep_spacing", "karras"),
                                ("decoder/unet/config.json", "addition_embed_type", "text_time"),
                                ("decoder/unet/config.json", "encoder_hid_dim_type", "ip_image_proj"),
                                ("decoder/movq/config.json", "norm_type", "layer"),
                                ("decoder/model_index.json", "_class_name", "KandinskyV22ControlnetPipeline")):
        config = copied() / file
        config.write_text(json.dumps(json.loads(config.read_text()) | {member: value}))
        fails("generate", "--model", "./model", "--prompt", "x", "--out", "x.png", says=[value])


# ---- random weights ------------------------------------------------------------------------------------------

def test_synth():
    works("synth", MODEL, "--out", "synth", "--quiet")
    for path in MODEL.glob("[dp]*r/*/*.safetensors"):
        made = {name: value[:2] for name, value in tensors("synth" / path.relative_to(MODEL)).items()}
        wanted = {name: value[:2] for name, value in tensors(path).items() if not name.endswith("position_ids")}
        assert made == wanted, f"{path.parent.name} differs"
    job("generate", "--prompt", "x", "--out", "s.png", model="./synth")


def test_tensors_of_full_size():
    wanted, made = json.loads((FULL / "keys.json").read_text()), {}
    folders = {"text_encoder": "prior/text_encoder", "image_encoder": "prior/image_encoder", "prior": "prior/prior", "decoder": "decoder/unet", "movq": "decoder/movq"}
    printed = subprocess.run([ENTRIES, FULL, *map("=".join, folders.items())], capture_output=True, text=True, check=True).stdout
    for line in printed.splitlines():
        component, name, *dims = line.split()
        made.setdefault({"decoder": "unet"}.get(component, component), {})[name] = [int(dim) for dim in dims]
    for component in made:
        assert made[component] == wanted[component], f"{component}: other tensors than the published checkpoint's"
    assert len(made) == len(folders)


def test_bench():
    """Without a text projection the decoder's condition is its own affair; the autoencoder is measured as it decodes."""
    for component, size in (("decoder", 16), ("movq", 64)):
        measured = json.loads(works("bench", MODEL, component, "--size", size, "--repeat", 1, "--json"))
        assert measured["component"] == component and measured["size"] == size and measured["median_s"] > 0, measured


def main():
    if not MODEL.exists():
        print(f"1..0 # SKIP {MODEL.resolve()} is not there")
        return 0
    if not shutil.which("magick"):
        print("1..0 # SKIP ImageMagick is not installed")
        return 0
    tests = [(name[5:].replace("_", " "), value) for name, value in globals().items() if name.startswith("test_")]
    failed, here = False, os.getcwd()
    print(f"1..{len(tests)}")
    for i, (name, test) in enumerate(tests, 1):
        with tempfile.TemporaryDirectory(prefix="unclip-kandinsky-") as folder:
            os.chdir(folder)
            try:
                test()
                print(f"ok {i} {name}", flush=True)
            except Exception as error:
                failed = True
                print(f"not ok {i} {name}")
                print("\n".join(f"# {line}" for line in f"{type(error).__name__}: {error}".splitlines()), flush=True)
            finally:
                os.chdir(here)
    return failed


sys.exit(main())
