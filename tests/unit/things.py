"""The new Toybox world: its scenes, their renderings at any resolution, and what captions say of them.

    python3 things.py data/toybox

SPDX-License-Identifier: GPL-3.0-or-later
"""

import itertools
import random
import sys
from dataclasses import replace

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

try:
    import numpy as np
    import torch
except ImportError as lacking:
    print(f"1..0 # SKIP {lacking.name} is not installed; ./run evaluate installs it")
    sys.exit()

import about
import configs
import lettering
import world
from captions import PATTERN_WORDS
from drawing import Canvas
from judge import truth
from scenes import COLOURS, GROUNDS, STYLES, Placed, Scene, draw_scene, edited, render, settle
from sentences import EXPRESSION_WORDS, GROUND_WORDS, MERGES, RELATION_WORDS, alike, brief, sentence, vocabulary_texts
from things import EXPRESSIONS, N_GATE, NAMES, THINGS
from tokenizer import PIECES, Tokenizer, learn
from worlds import WORLDS, altered, pictures

torch.set_num_threads(1)

GREY_GROUND = np.float32(0.5)


def layer(name, side=64, **how):
    """A thing that fills its picture, alone: premultiplied colours [4, side, side]."""
    axis = ((np.arange(side, dtype=np.float32) + 0.5) * (2 / side) - 1).astype(np.float32)
    how = {"main": COLOURS["red"], "style": "flat", "radius": 0.8, **how}
    canvas = Canvas(axis, axis, side, **how)
    THINGS[name].draw(canvas)
    canvas.lit(1.0)
    picture = np.zeros((4, side, side), np.float32)
    picture[:, slice(*canvas.rows), slice(*canvas.columns)] = canvas.layer
    return picture


def on_grey(picture):
    return picture[:3] + GREY_GROUND * (1 - picture[3])


def apart(a, b):
    return float(np.abs(a - b).mean())


def test_same_seed_same_scene():
    for seed in range(40):
        scene = draw_scene(seed)
        assert scene == draw_scene(seed)
        assert (render(scene, 64) == render(draw_scene(seed), 64)).all()
    assert len({draw_scene(seed) for seed in range(500)}) == 500


def test_any_resolution_shows_the_same():
    for seed in range(60):
        scene = draw_scene(seed)
        small, large = render(scene, 64), render(scene, 256)
        assert small.shape == (64, 64, 3) and small.dtype == np.float32 and small.min() >= 0 and small.max() <= 1
        assert apart(small, large.reshape(64, 4, 64, 4, 3).mean((1, 3))) < 0.012, seed


def test_a_window_is_part_of_the_picture():
    for seed in range(12):
        scene, r = draw_scene(seed), random.Random(seed)
        top, left = r.randrange(192), r.randrange(192)
        whole = render(scene, 256)[top:top + 64, left:left + 64]
        assert np.abs(render(scene, 256, (top, left, 64)) - whole).max() < 1e-3, seed


def test_things_fill_their_room_and_keep_within_it():
    side, radius = 96, 0.6
    away = np.abs(np.meshgrid(*[(np.arange(side) + 0.5) * 2 / side - 1] * 2)).max(0) / radius
    for name, kind in THINGS.items():
        for free, turn, style in itertools.product(((-1.0, -1.0), (1.0, 1.0)), (-1, 1), ("outlined", "shaded")):
            alpha = layer(name, side, radius=radius, free=free, stretch=1 + turn * kind.stretch, style=style, tilt=kind.lean + turn * kind.tilt)[3]
            assert alpha[away < 1].mean() > 0.12, f"{name} is nearly empty"
            # The largest has a margin of 0.04 of the half side, 0.06 of its own radius, and outlines may lie on it.
            reach = away[alpha > 0.05].max()
            assert reach < (1.16 if style == "outlined" else 1.12), f"{name} reaches {reach}"


def test_scenes_keep_things_inside():
    for seed in range(4000):
        for thing in draw_scene(seed).things:
            assert max(abs(thing.x), abs(thing.y)) + thing.radius < 1.1, seed


def test_no_two_things_alike():
    pictures = {name: on_grey(layer(name)) for name in NAMES}
    for one, other in itertools.combinations(NAMES, 2):
        assert apart(pictures[one], pictures[other]) > 0.02, f"{one} and {other}"


def test_main_colour_is_seen():
    for name in NAMES:
        for colour in ("red", "turquoise", "black"):
            picture = layer(name, main=COLOURS[colour])
            near = np.abs(picture[:3] - np.float32(COLOURS[colour])[:, None, None]).max(0) < 0.02
            share = near[picture[3] > 0.99].mean()
            assert share > 0.2, f"{name}: {share}"


def test_parts_keep_their_colours():
    def others(name, colour):
        picture = layer(name, main=COLOURS[colour])
        seen = picture[:3, picture[3] > 0.99].T
        return {tuple(v) for v in seen.round(2)[np.abs(seen - np.float32(COLOURS[colour])).max(1) > 0.05]}
    for name in ("apple", "house", "car", "tree", "rocket", "cup", "duck"):
        kept = others(name, "turquoise") & others(name, "pink")
        assert kept, name


def test_expressions_patterns_and_sides_are_seen():
    for name, kind in THINGS.items():
        if kind.faces:
            faces = [on_grey(layer(name, expression=e)) for e in EXPRESSIONS]
            for a, b in itertools.combinations(faces, 2):
                assert apart(a, b) > 0.003, f"{name}: two expressions are alike"
        if kind.patterned:
            looks = [on_grey(layer(name, pattern=p)) for p in world.PATTERNS]
            for a, b in itertools.combinations(looks, 2):
                assert apart(a, b) > 0.004, f"{name}: two patterns are alike"
        if kind.faced:
            assert apart(on_grey(layer(name)), on_grey(layer(name, mirror=True))) > 0.02, f"{name}: has no side"
        mirrored = layer(name, mirror=True, tilt=-0.3, free=(0.5, -0.5))
        assert np.abs(mirrored - layer(name, tilt=0.3, free=(0.5, -0.5))[:, :, ::-1]).max() < 2e-3, name


def test_styles_differ():
    for name in NAMES:
        looks = [on_grey(layer(name, style=style)) for style in STYLES]
        for a, b in itertools.combinations(looks, 2):
            assert apart(a, b) > 0.005, name


def test_rims_have_no_fringe():
    """Where the ground shines through, what covers it has the thing's own colours."""
    for name in ("heart", "star", "ball", "ring", "square", "moon"):
        for pattern in world.PATTERNS:
            picture = layer(name, 256, pattern=pattern, tilt=0.2)
            rim = (picture[3] > 0.02) & (picture[3] < 0.98)
            colours = picture[:3, rim] / picture[3, rim]
            assert np.abs(colours - np.float32(COLOURS["red"])[:, None]).max() < 1e-3, (name, pattern)
    outlined = layer("star", 256, style="outlined", main=COLOURS["white"])
    rim = (outlined[3] > 0.02) & (outlined[3] < 0.98)
    assert (outlined[:3, rim] / outlined[3, rim]).max() < 0.15, "an outline is dark up to its end"


def test_captions_name_what_is_there():
    for seed in range(2000):
        scene = draw_scene(seed)
        text = " " + sentence(scene, random.Random(seed), full=True) + " "
        says = lambda words: any(f" {w} " in text.replace(",", " ") for w in words)
        for thing in scene.things:
            kind = THINGS[thing.name]
            assert says((kind.plurals if alike(scene) else kind.words).split()), (text, thing.name)
            assert says([thing.colour]), (text, thing.colour)
            assert not thing.expression or says(EXPRESSION_WORDS[thing.expression]), (text, thing.expression)
            assert thing.pattern == "plain" or says(PATTERN_WORDS[thing.pattern]), (text, thing.pattern)
        assert any(words in text for words in GROUND_WORDS[scene.ground]), (text, scene.ground)
        assert not scene.word or says([scene.word]), (text, scene.word)
        if len(scene.things) == 2 and not alike(scene):
            assert any(f" {words} " in text for lists in RELATION_WORDS.values() for words in lists), text
        assert not (alike(scene) and " there is " in text), text


def test_relations_are_true():
    thing = lambda name, x, y: Placed(name, "red", "plain", "", x, y, 0.4, 0.0, False, 1.0, (0.0, 0.0))
    scene = Scene((thing("car", -0.5, 0.0), thing("tree", 0.5, 0.0)), "left", "", "centre", "middle", "sand", "shaded", "", 1.0, (0.0,) * 4)
    said = {sentence(scene, random.Random(i), full=True) for i in range(200)}
    for text in said:
        first_is_car = min(text.find(w) for w in ("car", "automobile") if w in text) < text.find("tree")
        assert "right of" not in text if first_is_car else "left of" not in text, text
        assert "above" not in text and "under" not in text, text
    for seed in range(2000):
        s = draw_scene(seed)
        if len(s.things) == 2:
            one, other = s.things
            assert {"left": one.x < other.x - 0.5, "right": one.x > other.x + 0.5,
                    "above": one.y < other.y - 0.5, "below": one.y > other.y + 0.5}[s.relation], seed


def test_everything_comes_up():
    scenes = [draw_scene(seed) for seed in range(15000)]
    things = [thing for s in scenes for thing in s.things]
    for have, wanted in (({t.name for t in things}, NAMES), ({t.colour for t in things}, COLOURS), ({s.ground for s in scenes}, GROUNDS),
                         ({s.style for s in scenes}, STYLES), ({t.expression for t in things}, ["", *EXPRESSIONS]),
                         ({s.word for s in scenes}, ["", *NAMES]), ({t.mirror for t in things}, (False, True)),
                         ({alike(s) for s in scenes}, (False, True))):
        assert have == set(wanted), set(wanted) - have
    gate = [draw_scene(seed, N_GATE) for seed in range(2000)]
    assert {t.name for s in gate for t in s.things} == set(NAMES[:N_GATE]) and {s.word for s in gate} <= {"", *NAMES[:N_GATE]}
    assert all(t.expression for t in things if t.name == "face") and not any(t.expression for t in things if not THINGS[t.name].faces)


def test_captions_fit():
    texts = vocabulary_texts(2000)
    assert texts == vocabulary_texts(2000)
    tok = Tokenizer(learn(texts, MERGES), configs.LENGTH)
    for text in texts:
        assert sum(len(tok.word(w)) for w in PIECES.findall(text)) + 2 <= configs.LENGTH, text


def test_edits_change_one_thing():
    changed = set()
    for seed in range(1500):
        before = draw_scene(seed)
        after = edited(before, random.Random(seed))
        a, b = before.things[0], after.things[0]
        fields = [k for k in vars(a) if k not in ("tilt",) and getattr(a, k) != getattr(b, k)]
        fields += ["ground"] * (before.ground != after.ground)
        assert len(fields) == 1 and before.things[1:] == after.things[1:], (seed, fields)
        changed.update(fields)
        assert brief(before) != brief(after) and (b.expression or b.name != "face"), seed
    assert changed == {"name", "colour", "ground", "pattern", "expression"}, changed


def test_captions_say_the_same_of_what_is_settled_anew():
    for seed in range(500):
        scene = draw_scene(seed)
        other = settle(scene, random.Random(seed + 1))
        assert scene != other and brief(scene, placed=True) == brief(other, placed=True)
        assert sentence(scene, random.Random(seed), full=True) == sentence(other, random.Random(seed), full=True)


def test_the_trainer_sees_both_worlds_alike():
    for name, of in WORLDS.items():
        batch = of.draw(20, 3)
        s, told, after = altered(name, batch, 3)
        for attribute, n_values in of.heads:
            values = truth(of.join([s, told, after]), attribute)
            assert len(values) == 60 and (attribute == "pose" or 0 <= values.min() and values.max() < n_values), (name, attribute)
        assert (s.pick(torch.tensor([7, 2])).shape == s.shape[[7, 2]]).all()
        drawing = pictures(name, (3, 20, True))
        assert drawing.shape == (60, 64, 64, 3) and drawing.dtype == np.uint8 and (drawing[:20] == pictures(name, (3, 20, False))).all()
        window = of.render(s.pick(torch.tensor([4])), 256, (64, 32, 128))
        assert (window - of.render(s.pick(torch.tensor([4])), 256)[:, 64:192, 32:160]).abs().max() < 2e-3, name
        texts = [*of.captions(s, 3), *of.edit_captions(s, after, 3)[0]]
        assert len(texts) == 40 and all(texts), name


def test_words_can_be_written():
    assert 40 <= len(NAMES) <= 48
    for name in NAMES:
        assert set(name.upper()) <= set(lettering.DOTS), name
        assert len(name) * lettering.ADVANCE + 2 * lettering.MARGIN < 2, f"{name} does not fit on a picture"


def test_the_old_world_is_in_the_new():
    assert set(world.SHAPES) <= set(NAMES) and set(world.BACKGROUNDS) <= set(GROUNDS) and set(world.COLOUR_NAMES) <= set(COLOURS)


def test_words_that_name_something():
    known, others = about.words(WORLDS["things"])
    assert {"cat", "kittens", "cacti", "red", "furious", "outlined", "dotted", "sand", "left"} <= set(known), known
    assert {"a", "the", "of", "with"} <= set(others) and not set(known) & set(others)
    # Whatever captions say of a thing names something: a caption of other words alone gets the note.
    assert not [name for kind in THINGS.values() for name in (kind.words + " " + kind.plurals).split() if name not in known]
    assert "zeppelin" not in known + others
    words, rest = about.words(WORLDS["solids"])
    assert {"ball", "red"} <= set(words) and "a" in rest and "cat" not in words


def main():
    tests = [(name[5:].replace("_", "-"), test) for name, test in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = False
    for i, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {i} /things/{name}", flush=True)
        except Exception as error:
            failed = True
            print(f"not ok {i} /things/{name}\n# {type(error).__name__}: {error}", flush=True)
    return failed


sys.exit(main())
