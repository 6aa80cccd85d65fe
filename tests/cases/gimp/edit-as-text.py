"""Changes to an edit, the log, and an edit as text that makes it again.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import pathlib
import subprocess
import tempfile
from common import *
from remembered import *

folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ["UNCLIP_TEST_SCRATCH"]))
# Changes, the log, texts.
image, layer = new()
result = call(TEXT_EDIT, image, [layer], **WORDS)[0]
said = values(AGAIN, image, [result], changes=" strength=0.9 ; to=a moon;seed=8;")
used = json.loads(said["used-arguments"])
say((used["strength"], used["to"], used["seed"], used["from"]) == (0.9, "a moon", 8, "a red ball"), "changes are made", used)
say(same(said["layers"][0], call(TEXT_EDIT, image, [layer], **{**WORDS, "strength": 0.9, "to": "a moon", "seed": 8})[0]), "and nothing else")
say(is_refused(["colour"], image, [result], changes="colour=red") and is_refused(["strength", "much"], image, [result], changes="strength=much")
    and is_refused(["5"], image, [result], changes="strength=5") and is_refused(["size", "65"], image, [result], changes="size=65"),
    "what the edit does not take is refused")
say(is_refused(["remembers"], image, [layer]) and is_refused(["log"], image, [layer], entry=99), "so is what there is not")
entries = log(image)
say([e["procedure"] for e in entries] == 3 * [TEXT_EDIT] and entries[0]["results"] == [result.get_tattoo()], "the log has every edit", entries)
say(same(values(AGAIN, image, [layer], entry=1)["layers"][0], result), "an entry of it makes the edit again")
shown = values(AGAIN, image, [result], action="show")
say(not shown["layers"] and len(json.loads(shown["log"])) == 4, "show makes nothing")
scope = {"Gimp": Gimp, "Gio": Gio, "image": image}
exec(shown["python-fu"], scope)
say(same(scope["values"].get_core_object_array(1)[0], result), "the text for Python-Fu makes the same", shown["python-fu"])
before = {l.get_id() for l in image.get_layers()}
script = shown["script-fu"].replace("#:image image", f"#:image {image.get_id()}").replace("by-tattoo image", f"by-tattoo {image.get_id()}")
interpreter = Gimp.get_pdb().lookup_procedure("plug-in-script-fu-eval")
config = interpreter.create_config()
config.set_property("script", script)
interpreter.run(config)
new_ones = [l for l in image.get_layers() if l.get_id() not in before]
say(len(new_ones) == 1 and same(new_ones[0], result), "the text for Script-Fu makes the same", script)
single, own = new()
Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, single, Gio.File.new_for_path(str(folder / "layer.png")), None)
unclip = pathlib.Path(os.environ["GIMP3_DIRECTORY"], "plug-ins", "unclip", "unclip").resolve().parents[1] / "cli" / "unclip"
for kind, arguments, name in ((TEXT_EDIT, {**WORDS, "to": "it's a \"blue\" ball"}, "result.png"), (VARIATIONS, {"count": 1, "eta": 0.3, "seed": 4, **QUICK}, "result")):
    result = call(kind, single, [own], **arguments)[0]
    text = values(AGAIN, single, [result], action="show")["command-line"]
    done = subprocess.run(["sh", "-c", text.replace("unclip ", f"'{unclip}' ", 1)], cwd=folder, capture_output=True, text=True)
    path = folder / name
    path = next(path.glob("*.png")) if path.is_dir() else path
    picture = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(path))).get_layers()[0] if path.exists() else None
    apart = distance(floats(picture), floats(result)) if picture else None
    say(apart == 0, f"the command makes the same as {kind}", (apart, text, done.stderr))
