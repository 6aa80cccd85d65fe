"""What Toybox's report counts: intervals with known bounds, and judgements on scenes whose truth is known.

    python3 report.py data/toybox

SPDX-License-Identifier: GPL-3.0-or-later
"""

import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

try:
    import torch
    from PIL import Image   # which the sheets need
except ImportError as lacking:
    print(f"1..0 # SKIP {lacking.name} is not installed; ./run evaluate installs it")
    sys.exit()

from captions import captions, edit_captions
from judge import HEADS, truth
from report import binding, held_out, interpolation, measure
from report.detail import octaves
from report.edits import KINDS, Edits, edited as edited_kinds
from report.lab import Lab
from world import EDITABLE, edited, told_alike
from worlds import WORLDS

torch.set_num_threads(1)


HELD_OUT = {name: held_out.HeldOut(WORLDS[name]) for name in ("solids", "things")}
SOLIDS = HELD_OUT["solids"]


class Oracle(held_out.Reader):
    """A judge that makes no mistakes."""

    def __init__(self, held=SOLIDS):
        self.held_out, self._calibration = held, None

    def calibration(self):
        s = self.held_out.scenes(1, 200)
        return s, seen(s, self.held_out.world.heads)


def lab(name):
    return Lab(None, HELD_OUT[name], Oracle(HELD_OUT[name]), None, 1.0)


def seen(s, heads=HEADS):
    return {name: held_out.pose(s) if name == "pose" else truth(s, name) for name, _ in heads}


def near(a, b, tolerance=5e-4):
    assert abs(a - b) < tolerance, f"{a} is not {b}"


def test_intervals():
    low, high = measure.Share(90, 100).bounds
    near(low, 0.8256)
    near(high, 0.9448)
    assert measure.Share(64, 64).half_width < 0.04, "64 of 64 are not known to 4 points"
    # Newcombe (1998), table II, example (a), method 10.
    d, low, high = measure.difference(measure.Share(56, 70), measure.Share(48, 80))
    near(d, 0.2)
    near(low, 0.0524)
    near(high, 0.3339)
    # Pictures of a caption that are all right or all wrong are as one picture.
    near(measure.clustered([1, 1, 0, 0] * 5, 4).n, 20, 2)
    assert measure.clustered([0.5, 0.5, 0.5], 4).n == 12
    assert measure.mean([1, 1, 1]).point() == (1, 1, 1)


def test_sampling_stops():
    lab = Lab(None, None, None, None, 1.0)
    sure = lab.sample(lambda first, last: {"x": torch.ones(last - first, dtype=torch.bool)}, 400, ["x"])["x"]
    assert (sure.hits, sure.n) == (64, 64), sure
    even = lab.sample(lambda first, last: {"x": torch.arange(first, last) % 2 == 0}, 400, ["x"])["x"]
    assert (even.hits, even.n) == (200, 400), even


def test_changed():
    reader, s = Oracle(), SOLIDS.scenes(3, 300)
    assert reader.limits()[0] == [0.1, 0.08, 0.17]
    assert not reader.changed(seen(s), s).any()
    for moved in ({"x": s.x + 0.11}, {"y": s.y - 0.11}, {"radius": s.radius * 1.09}, {"size": (s.size + 1) % 3}):
        assert reader.changed(seen(s.replace(**moved)), s).all(), moved
    turned = reader.changed(seen(s.replace(tilt=s.tilt + 0.2)), s)
    assert (turned == ~SOLIDS.is_level(s)).all() and turned.any() and not turned.all()


def test_binding():
    s = SOLIDS.scenes(18, 40, binding.two)
    crossed = {"shape": s.shape2, "shape2": s.shape}
    swapped = {"colour": s.colour2, "colour2": s.colour}
    for changes, what in (({}, "bound"), (swapped, "swapped"), ({**crossed, **swapped}, "bound"), (crossed, "swapped")):
        found = binding.of_two(seen(s.replace(**changes)), s)
        assert found["shapes"].all() and found[what].all(), (changes, what)
        assert not found["one"].any() and not (found["bound"] & found["swapped"]).any()
    assert binding.of_two(seen(s.replace(second=torch.zeros_like(s.second))), s)["one"].all()


def test_scenes_are_what_sections_need():
    for name, held in HELD_OUT.items():
        a, b = interpolation.pairs(lab(name), 208)
        assert len(a) == 208 and ((a.shape != b.shape) & (a.colour != b.colour) & (a.background == b.background)).all()
        words = held.scenes(19, 40, binding.written)
        assert len(words) == 40 and ((words.word > 0) & (words.word != words.shape + 1)).all()
        two = held.scenes(18, 40, binding.two)
        told = list(zip(held.world.pair_briefs(two), two.colour2.tolist()))
        assert len(told) == 40 and all(held.world.values["colour"][c] in text for text, c in told)
        few, many = held.scenes(2, 10), held.scenes(2, 20)
        assert (few.x == many.x[:10]).all(), "a scene depends on how many are taken"
        assert len(held.scenes(2, 560)) == 560


def test_edits_change_what_they_say():
    assert edited_kinds(lab("solids")) == list(KINDS[:3]) and edited_kinds(lab("things")) == list(KINDS)
    for name, held in HELD_OUT.items():
        for kind in edited_kinds(lab(name)):
            edits = Edits(lab(name), kind)
            assert len(edits.scenes) >= 200, (name, kind, len(edits.scenes))
            before, after = edits.scenes, edits.after
            assert (getattr(after, kind) == edits.target).all() and (getattr(before, kind) != edits.target).all()
            others = [other for other in edited_kinds(lab(name)) if other != kind]
            assert all((getattr(before, other) == getattr(after, other)).all() for other in others), (name, kind)
            texts = list(zip(held.world.briefs(before), held.world.briefs(after)))
            assert all(b != a for b, a in texts), next(pair for pair in texts if pair[0] == pair[1])
    # A judge that sees what it is given says so.
    edits = Edits(lab("things"), "colour")
    n = len(edits.scenes)
    pictures = {1: edits.after, 2: edits.scenes}
    edits.lab.held_out.pictures = lambda s: 2
    edits.lab.reader.read = lambda x: seen(pictures[x], edits.lab.world.heads)
    try:
        assert edits.judged(1, 0, n)["both"].all() and not edits.judged(2, 0, n)["reached"].any()
    finally:
        del edits.lab.held_out.pictures


def test_told_alike():
    s = SOLIDS.scenes(3, 200)
    other = told_alike(s, 5)
    assert captions(s, 1) == captions(other, 1) and all((seen(s)[name] == seen(other)[name]).all() for name, _ in HEADS if name != "pose")
    assert ((s.x - other.x).abs().max() > 0.1) and Oracle().changed(seen(other), s).float().mean() > 0.6
    assert (other.x.abs() + other.radius < 1.2).all() and (told_alike(s, 5).tilt == other.tilt).all()


def test_edited():
    s = SOLIDS.scenes(3, 200)
    after = edited(s, 5)
    differ = torch.stack([getattr(s, name) != getattr(after, name) for name in EDITABLE])
    assert (differ.sum(0) == 1).all() and differ.any(1).all(), "one attribute each, and every one of them somewhere"
    assert all((v == vars(after)[name]).all() for name, v in vars(s).items() if name not in EDITABLE)
    assert all(getattr(after, name).max() < n for name, n in EDITABLE.items())
    before_words, after_words = edit_captions(s, after, 1)
    assert all(b != a for b, a in zip(before_words, after_words)) and edit_captions(s, s, 1)[0] == edit_captions(s, s, 1)[1]


def test_nearer_to_b():
    reader = Oracle()
    # A judge that is surest of shape 2, and of the other shapes the more the higher they are.
    reader.judge = lambda x: [torch.tensor([[0.0, 1, 9, 3, 4, 5, 6, 7]]).expand(len(x), -1) if name == "shape" else torch.zeros(len(x), n) for name, n in HEADS]
    a, b = torch.tensor([0, 1, 2, 4]), torch.tensor([1, 0, 7, 5])
    assert reader.nearer_to_b(torch.zeros(4, 3, 64, 64), "shape", a, b).tolist() == [True, False, False, True]


def test_pictures_against_each_other():
    x, y = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    near(measure.psnr(x, x), 120)
    near(measure.psnr(torch.zeros(3, 4, 4), torch.full((3, 4, 4), 0.2)), 20)
    near(measure.spread(torch.eye(4)), 1)
    near(measure.spread(torch.ones(4, 4)), 0)
    assert measure.sharpness(x) > 2 * measure.sharpness(0.4 * x) > 0
    energy, likeness = octaves(x, x)
    assert len(energy) == 4 and all(abs(v - 1) < 1e-4 for v in energy + likeness)
    assert abs(octaves(x, y)[1][-1]) < 0.2 and abs(octaves(2 * x, x)[0][0] - 4) < 1e-3


def main():
    tests = [(name[5:].replace("_", "-"), test) for name, test in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = False
    for i, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {i} /report/{name}", flush=True)
        except Exception as error:
            failed = True
            print(f"not ok {i} /report/{name}\n# {type(error).__name__}: {error}", flush=True)
    return failed


sys.exit(main())
