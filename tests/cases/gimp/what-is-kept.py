"""What is left behind of edits and taken away on request, and what a stranger's file may hold in its place.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *
from remembered import *

# What is kept.
for metadata, left in (("none", []), ("mark", []), ("full", ["unclip-edit", "unclip-latents-1", "unclip-log"])):
    image, layer = new()
    said = values(TEXT_EDIT, image, [layer], metadata=metadata, **WORDS)
    say(said["used-metadata"] == metadata and remembered(image) == left, f"metadata {metadata}", remembered(image))
    tags = image.get_metadata()
    say((tags is not None and "Xmp.iptcExt.DigitalSourceType" in GExiv2.Metadata.get_xmp_tags(tags)) == (metadata != "none"), f"the mark with {metadata}")
further = call(VARIATIONS, image, said["layers"], count=1, metadata="none", seed=2, **QUICK)[0]
say([n for n in further.get_parasite_list() if n != "unclip-origin"] == [], "a result of a result has nothing of that", further.get_parasite_list())
values(AGAIN, image, [layer], action="strip")
say(remembered(image) == [], "stripped", remembered(image))

# Whatever a stranger's file has there.
image, layer = new()
result = call(TEXT_EDIT, image, [layer], **WORDS)[0]
kept = record(result)
for text in (b"", b"{", b"[]", b"null", b"{}", json.dumps({**kept, "arguments": 3}).encode(), json.dumps({**kept, "layers": [3, {"tattoo": "x"}]}).encode(),
             json.dumps({**kept, "layers": {}, "selection": 7}).encode(), json.dumps({**kept, "procedure": AGAIN}).encode(),
             json.dumps({**kept, "selection": {"width": 1 << 40, "height": -1, "format": "Y u8"}}).encode()):
    result.attach_parasite(Gimp.Parasite.new("unclip-edit", 1, text + b"\0"))
    result.attach_parasite(Gimp.Parasite.new("unclip-latents-1", 1, text + b"\0"))
    image.attach_parasite(Gimp.Parasite.new("unclip-log", 1, b"[" + text + b"]\0"))
    try:
        values(AGAIN, image, [result], action="show")
        values(AGAIN, image, [result])
        values(TEXT_EDIT, image, [layer], **WORDS)
    except Refused:
        pass
    say(len(values(TEXT_EDIT, image, [layer], **WORDS)["layers"]) == 1, "a damaged record harms nothing", text[:40])
