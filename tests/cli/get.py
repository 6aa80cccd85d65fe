"""unclip get against a hub on the loopback address: what people's networks and hubs do to downloads.  get.py UNCLIP

SPDX-License-Identifier: GPL-3.0-or-later
"""

import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import pty
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

UNCLIP = os.path.abspath(sys.argv[1])
TINY = pathlib.Path(os.environ.get("UNCLIP_REFERENCE", "/nowhere")).absolute() / "karlo-tiny"
REVISION = "0123456789abcdef0123456789abcdef01234567"
CLIP = "openai/clip-vit-large-patch14"
WEIGHTS = bytes(i * 7 % 251 for i in range(300_000))
FILES = {"config.json": b"{}", "model.safetensors": WEIGHTS, "preprocessor_config.json": b"{ }", "pytorch_model.bin": b"never", "README.md": b"never",
         "vocab.json": b"{}", "LICENSE": b"MIT"}
WANTED = {"config.json", "model.safetensors", "preprocessor_config.json", "vocab.json", "LICENSE"}


def git_sha1(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Hub:
    """@repositories: name -> path -> bytes. Behaviours are attributes, which a test sets."""

    def __init__(self, repositories):
        self.repositories, self.asked, self.tokens = repositories, [], []
        self.refusals = {}       # path's end -> list of (status, headers) that come first
        self.cut = []            # bytes after which the next answers to weights end
        self.ignores_range = False
        self.delay = 0.0         # seconds between pieces of weights
        self.redirect = None     # another hub's address for files
        self.listing = None      # (repository, folder) -> JSON text, instead of the truth
        self.lie = {}            # path -> bytes that are sent instead
        self.needs_token = False
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                hub.asked.append((self.path, self.headers.get("Range")))
                hub.tokens.append(self.headers.get("Authorization"))
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    hub.answer(self)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *args: None   # of connections that the client closed
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.server.shutdown()
        self.server.server_close()

    def say(self, to, status, body=b"", **headers):
        to.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            to.send_header(name.replace("_", "-"), str(value))
        to.end_headers()
        to.wfile.write(body)

    def answer(self, to):
        path = urllib.parse.unquote(to.path)
        for end, waiting in self.refusals.items():
            if path.endswith(end) and waiting:
                status, headers = waiting.pop(0)
                return self.say(to, status, b"<html>", **headers)
        if self.needs_token and to.headers.get("Authorization") != "Bearer secret":
            return self.say(to, 401)
        if path.startswith("/api/models/"):
            return self.list(to, path.removeprefix("/api/models/"))
        repository, _, rest = path[1:].partition("/resolve/")
        name = rest.removeprefix(REVISION + "/")
        data = self.lie.get(name, self.repositories.get(repository, {}).get(name))
        if data is None:
            return self.say(to, 404)
        if self.redirect:
            return self.say(to, 302, Location=self.redirect + to.path)
        return self.send(to, data)

    def list(self, to, path):
        repository, has_tree, rest = path.partition("/tree/")
        folder = rest.removeprefix(REVISION).strip("/")
        files = self.repositories.get(repository)
        if files is None:
            return self.say(to, 404)
        if not has_tree:
            return self.say(to, 200, json.dumps({"id": repository, "sha": REVISION}).encode())
        if self.listing and self.listing(repository, folder) is not None:
            return self.say(to, 200, self.listing(repository, folder).encode())
        rows, folders = [], set()
        for name, data in files.items():
            parent, _, last = name.rpartition("/")
            if parent == folder:
                row = {"type": "file", "path": name, "size": len(data), "oid": git_sha1(data)}
                if len(data) > 1000:   # large files are not git's own
                    row.update(oid="f" * 40, lfs={"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134})
                rows.append(row)
            elif name.startswith(folder):
                folders.add(parent)
        rows += [{"type": "directory", "path": name, "size": 0, "oid": "0" * 40} for name in folders]
        return self.say(to, 200, json.dumps(rows).encode()) if rows else self.say(to, 404)

    def send(self, to, data):
        begin, status, headers = 0, 200, {}
        wish = to.headers.get("Range")
        if wish and not self.ignores_range:
            begin, status = int(wish.removeprefix("bytes=").split("-")[0]), 206
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        body = data[begin:]
        to.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            to.send_header(name, str(value))
        to.end_headers()
        if len(data) > 1000 and self.cut:
            to.wfile.write(body[:self.cut.pop(0)])
            to.wfile.flush()
            to.close_connection = True
            to.connection.shutdown(2)
            return
        for i in range(0, len(body), 30_000):
            to.wfile.write(body[i:i + 30_000])
            if len(data) > 1000:
                time.sleep(self.delay)


def environment(hub, **env):
    clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and k != "HF_TOKEN"}
    return {**clean, "UNCLIP_HUB": hub.address, "LC_ALL": "C.UTF-8", **env}


def get(hub, into, name="clip-vit-large-patch14", *more, before=None, **env):
    return subprocess.run([UNCLIP, "get", name, "--into", str(into), "--yes", *more], capture_output=True, text=True, timeout=120,
                          env=environment(hub, **env), preexec_fn=before, stdin=subprocess.DEVNULL)


def works(hub, into, *args, **env):
    result = get(hub, into, *args, **env)
    assert result.returncode == 0, result.stderr
    return result


def fails(hub, into, *says, name="clip-vit-large-patch14", code=1, **env):
    result = get(hub, into, name, "--quiet", **env)
    assert result.returncode == code, (result.returncode, result.stderr)
    assert result.stderr.startswith("unclip: ") and result.stderr.count("\n") == 1, result.stderr
    assert all(text in result.stderr for text in says), (says, result.stderr)


def model(into, name="clip-vit-large-patch14"):
    """What has its name, and what does not yet."""
    files = [p for p in (into / name).rglob("*") if p.is_file()] if (into / name).exists() else []
    parts = [p for p in files if p.name.endswith(".part")]
    return {str(p.relative_to(into / name)) for p in files if p not in parts}, parts


def is_whole(into):
    there, parts = model(into)
    assert there == WANTED and not parts, (there, parts)
    assert all((into / "clip-vit-large-patch14" / name).read_bytes() == FILES[name] for name in there)


def hub():
    return Hub({CLIP: dict(FILES)})


# ---- what goes well ---------------------------------------------------------------------------------


def test_only_what_is_needed(into):
    with hub() as h:
        said = works(h, into).stderr
        is_whole(into)
        assert "licence MIT" in said and "5 files" in said and "free" in said and str(into) in said and REVISION[:12] in said
        # A second call finds everything there, and asks for no file.
        n = len(h.asked)
        assert "to be fetched" not in works(h, into).stderr
        assert not any("/resolve/" in path for path, _ in h.asked[n:])


def test_list(into):
    names = json.loads(subprocess.run([UNCLIP, "get", "--json"], capture_output=True, text=True, check=True).stdout)["models"]
    assert {"karlo-v1-alpha", "karlo-image-variations", "clip-vit-large-patch14", "kandinsky-2-2", "stable-unclip-2-1"} == {m["name"] for m in names}
    assert all(m["licence"] and m["repositories"] for m in names)


def test_forms_of_weights(into):
    """The best form of each component, all its pieces, and no other."""
    part = lambda *names: {f"decoder/{n}": n.encode() for n in names}
    best = {("config.json", "diffusion_pytorch_model.bin", "diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.safetensors"):
            {"config.json", "diffusion_pytorch_model.safetensors"},
            ("config.json", "diffusion_pytorch_model.bin", "diffusion_pytorch_model.fp16.safetensors"): {"config.json", "diffusion_pytorch_model.fp16.safetensors"},
            ("config.json", "diffusion_pytorch_model.bin", "diffusion_flax_model.msgpack"): {"config.json", "diffusion_pytorch_model.bin"},
            ("config.json", "diffusion_pytorch_model-00001-of-00002.safetensors", "diffusion_pytorch_model-00002-of-00002.safetensors",
             "diffusion_pytorch_model.safetensors.index.json", "diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.bin.index.json"):
            {"config.json", "diffusion_pytorch_model-00001-of-00002.safetensors", "diffusion_pytorch_model-00002-of-00002.safetensors",
             "diffusion_pytorch_model.safetensors.index.json"}}
    for i, (there, wanted) in enumerate(best.items()):
        others = {f"{c}/config.json": b"{}" for c in ("tokenizer", "text_encoder", "text_proj", "feature_extractor", "image_encoder", "decoder_scheduler",
                                                      "super_res_first", "super_res_last", "super_res_scheduler")}
        files = {"model_index.json": b"{}", "LICENSE.md": b"rail", **others, **part(*there)}
        with Hub({"kakaobrain/karlo-v1-alpha-image-variations": files}) as h:
            works(h, into / str(i), "karlo-image-variations")
            got, _ = model(into / str(i), "karlo-image-variations")
            assert {n.removeprefix("decoder/") for n in got if n.startswith("decoder/")} == wanted, (there, got)
            assert {"model_index.json", "LICENSE.md"} < got


def test_a_fetched_model_works(into):
    if not TINY.exists():
        raise Skip("the reference's small model is not there")
    files = {str(p.relative_to(TINY)): p.read_bytes() for p in TINY.rglob("*") if p.is_file()}
    tower = {p.removeprefix("image_encoder/"): data for p, data in files.items() if p.startswith("image_encoder/")}
    tower["preprocessor_config.json"] = files["feature_extractor/preprocessor_config.json"]
    karlo = {p: data for p, data in files.items() if not p.startswith(("image_encoder/", "feature_extractor/"))}
    with Hub({"kakaobrain/karlo-v1-alpha": karlo, CLIP: tower}) as h:
        works(h, into, "karlo-v1-alpha")
    path = into / "karlo-v1-alpha"
    subprocess.run([UNCLIP, "info", path, "--quiet"], check=True, capture_output=True)
    out = into / "y.png"
    subprocess.run([UNCLIP, "generate", "--model", path, "--prompt", "a ball", "--steps", "2", "--out", out, "--quiet"], check=True, capture_output=True)
    subprocess.run([UNCLIP, "variations", "--model", path, "--image", out, "--count", "1", "--steps", "2", "--out", into / "v", "--quiet"],
                   check=True, capture_output=True)


# ---- networks -----------------------------------------------------------------------------------------


def test_cut_off_and_resumed_at_once(into):
    with hub() as h:
        h.cut = [100_000, 1, 50_000]
        works(h, into)
        is_whole(into)
        ranges = [r for path, r in h.asked if path.endswith("model.safetensors") and r]
        assert ranges == ["bytes=100000-", "bytes=100001-", "bytes=150001-"], ranges


def test_killed_and_resumed_by_the_next_call(into):
    with hub() as h:
        h.delay = 0.1
        process = subprocess.Popen([UNCLIP, "get", "clip-vit-large-patch14", "--into", into, "--yes", "--quiet"], env=environment(h))
        until = time.monotonic() + 60
        while sum(p.stat().st_size for p in model(into)[1]) < 60_000 and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        there, parts = model(into)
        assert "model.safetensors" not in there and len(parts) == 1 and parts[0].stat().st_size >= 60_000
        size, h.delay = parts[0].stat().st_size, 0
        works(h, into)
        is_whole(into)
        assert h.asked[-1][1] == f"bytes={size}-" or any(r == f"bytes={size}-" for _, r in h.asked), h.asked


def test_interrupted_by_the_user(into):
    with hub() as h:
        h.delay = 0.2
        process = subprocess.Popen([UNCLIP, "get", "clip-vit-large-patch14", "--into", into, "--yes", "--quiet"], env=environment(h), stderr=subprocess.PIPE)
        until = time.monotonic() + 60
        while not any(p.stat().st_size for p in model(into)[1]) and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130 and process.stderr.read() == b""
        assert model(into)[1], "what was there is kept"


def test_range_refused(into):
    with hub() as h:
        h.cut, h.ignores_range = [120_000], True
        works(h, into)
        is_whole(into)
    shutil.rmtree(into / "clip-vit-large-patch14")
    with hub() as h:   # "I have less than that"
        h.cut = [120_000]
        h.refusals["model.safetensors"] = []
        send = h.send

        def send_then_refuse(to, data):
            if data == WEIGHTS and h.cut:
                h.refusals["model.safetensors"].append((416, {}))
            send(to, data)

        h.send = send_then_refuse
        works(h, into)
        is_whole(into)
        assert [r for path, r in h.asked if path.endswith("model.safetensors")] == [None, "bytes=120000-", None], h.asked


def test_slow(into):
    with hub() as h:
        h.delay = 0.3
        works(h, into)
        is_whole(into)


def test_redirect_keeps_the_token_to_itself(into):
    with hub() as store, hub() as h:
        h.redirect, h.needs_token = store.address, True
        # Another host, as hubs keep large files elsewhere: by name and by number they differ.
        h.address, h.redirect = h.address.replace("127.0.0.1", "localhost"), store.address
        works(h, into, HF_TOKEN="secret")
        is_whole(into)
        assert set(h.tokens) == {"Bearer secret"} and set(store.tokens) == {None}, (h.tokens, store.tokens)


def test_busy_hub(into):
    with hub() as h:
        h.refusals = {"model.safetensors": [(503, {"Retry_After": 1}), (429, {"Retry_After": 1})], CLIP: [(503, {})]}
        begin = time.monotonic()
        works(h, into)
        is_whole(into)
        assert time.monotonic() - begin >= 2, "it did not wait as long as it was told to"


# ---- refusals -----------------------------------------------------------------------------------------


def test_refusals(into):
    for status, says in ((401, "HF_TOKEN"), (403, "licence"), (404, "UNCLIP_HUB"), (410, "withdrawn")):
        with hub() as h:
            h.refusals = {CLIP: [(status, {})] * 20}
            fails(h, into, str(status), says, CLIP)
        with hub() as h:
            h.refusals = {"model.safetensors": [(status, {})] * 20}
            fails(h, into, str(status), says, "model.safetensors")
    assert "model.safetensors" not in model(into)[0]


def test_hub_that_stays_busy(into):
    with hub() as h:
        h.refusals = {"model.safetensors": [(429, {"Retry_After": 1})] * 20}
        fails(h, into, "429", "later", "kept")
        assert len(h.refusals["model.safetensors"]) == 15, "five tries"


def test_nobody_there(into):
    with hub() as h:
        pass
    result = get(h, into, before=lambda: None)
    assert result.returncode == 1 and "cannot be fetched" in result.stderr, result.stderr


def test_wrong_hash(into):
    with hub() as h:
        h.lie["model.safetensors"] = WEIGHTS[:-1] + b"x"
        fails(h, into, "model.safetensors", "not what", "again")
        assert "model.safetensors" not in model(into)[0] and not model(into)[1], "what is wrong is not kept"
        h.lie.clear()
        h.lie["config.json"] = b"[]"   # git's own, by its own hash
        shutil.rmtree(into / "clip-vit-large-patch14")
        fails(h, into, "config.json", "not what")
        h.lie.clear()
        works(h, into)
        is_whole(into)


def test_longer_than_it_says(into):
    with hub() as h:
        h.lie["model.safetensors"] = WEIGHTS + b"more"
        fails(h, into, "model.safetensors", "longer")
        h.lie.clear()
        works(h, into)
        is_whole(into)


def test_disk_that_takes_no_more(into):
    def before():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    with hub() as h:
        fails(h, into, "model.safetensors", "cannot be written", "kept", before=before)
        assert "model.safetensors" not in model(into)[0]
        works(h, into)
        is_whole(into)
        assert any(r == "bytes=100000-" for _, r in h.asked), "what fitted is not fetched again"


def test_not_enough_room(into):
    with hub() as h:
        row = {"type": "file", "path": "model.safetensors", "size": 1 << 55, "oid": "0" * 40, "lfs": {"oid": "0" * 64, "size": 1 << 55}}
        h.listing = lambda repository, folder: json.dumps([row])
        fails(h, into, "free", "--into")
        assert not (into / "clip-vit-large-patch14").exists()


def test_folder_that_cannot_be_made(into):
    (into / "file").write_text("")
    with hub() as h:
        fails(h, into / "file", "cannot be written", "--into")


def test_two_at_once(into):
    with hub() as h:
        h.delay = 0.3
        first = subprocess.Popen([UNCLIP, "get", "clip-vit-large-patch14", "--into", into, "--yes", "--quiet"], env=environment(h))
        until = time.monotonic() + 60
        while not any("model" in p.name and p.stat().st_size for p in model(into)[1]) and time.monotonic() < until:
            time.sleep(0.02)
        fails(h, into, "another unclip get")
        assert first.wait(60) == 0
        is_whole(into)


def test_hostile_listings(into):
    def row(path, size=3, **more):
        return {"type": "file", "path": path, "size": size, "oid": "0" * 40, **more}

    outside = into / "outside"
    names = ["../outside", "/etc/model.safetensors", "a/../../outside", "..", ".", "", "x\nconfig.json", ".hidden", "model.safetensors/../../outside", None, 7]
    for listing in (json.dumps([row(n) for n in names]), "[]", "{}", "null", "not json", "", "[" * 100_000, json.dumps([1, None, [], {"type": "file"}]),
                    json.dumps([row("config.json", -5), row("vocab.json", "7"), row("LICENSE", 2.5), row("merges.txt", True)])):
        with hub() as h:
            h.listing = lambda repository, folder, listing=listing: listing
            fails(h, into, "127.0.0.1")
            assert not outside.exists() and not model(into)[0]
    with hub() as h:   # sizes that add up to more than there is
        h.listing = lambda repository, folder: json.dumps([row(n, (1 << 62)) for n in ("config.json", "vocab.json", "merges.txt")])
        fails(h, into, "4.6", "a hub")
    with hub() as h:
        h.repositories = {CLIP: {}}
        h.list = lambda to, path: h.say(to, 200, b'{"sha": "../../.."}')
        fails(h, into, "revision")


def test_arguments(into):
    with hub() as h:
        fails(h, into, "none of the models", name="dall-e-3", code=2)
        fails(h, into, "https://", code=2, UNCLIP_HUB="ftp://hub")
        result = subprocess.run([UNCLIP, "get", "clip-vit-large-patch14", "--into", into], capture_output=True, text=True, env=environment(h), stdin=subprocess.DEVNULL)
        assert result.returncode == 2 and "--yes" in result.stderr and not model(into)[0], result.stderr
    # A hub behind https is never asked in plain text, whatever it points to.
    result = get(h, into, UNCLIP_HUB="https://127.0.0.1:1")
    assert result.returncode == 1


def test_asks(into):
    for answer, done in ((b"n\n", False), (b"\n", False), (b"y\n", True)):
        with hub() as h:
            ours, theirs = pty.openpty()
            process = subprocess.Popen([UNCLIP, "get", "clip-vit-large-patch14", "--into", into], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       env=environment(h))
            os.write(ours, answer)
            _, said = process.communicate(timeout=60)
            os.close(ours), os.close(theirs)
            assert b"Fetch it? [y/N]" in said and (process.returncode == 0) == done, (answer, process.returncode, said)
            assert bool(model(into)[0]) == done
    is_whole(into)


class Skip(Exception):
    pass


def main():
    tests = [(name[5:].replace("_", "-"), test) for name, test in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = False
    for i, (name, test) in enumerate(tests, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(pathlib.Path(folder))
                print(f"ok {i} /get/{name}", flush=True)
            except Skip as why:
                print(f"ok {i} /get/{name} # SKIP {why}", flush=True)
            except Exception as error:
                failed = True
                print(f"not ok {i} /get/{name}\n# {type(error).__name__}: {str(error)[:2000]}".replace("\n#", "\n# "), flush=True)
    return failed


sys.exit(main())
