"""Byte-level BPE in CLIP's format: learning the vocabulary from the grammar, and encoding.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import collections
import json
import re

START, END = "<|startoftext|>", "<|endoftext|>"
# ASCII version of CLIP's pattern: contractions, words, single digits, runs of the rest.
PIECES = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[a-z]+|[0-9]|[^\sa-z0-9]+")


def byte_symbols():
    """A printable character for every byte, those that print as themselves first; "!" is number 0."""
    own = [*range(33, 127), *range(161, 173), *range(174, 256)]
    symbols = {b: chr(b) for b in own}
    for b in range(256):
        if b not in symbols:
            symbols[b] = chr(256 + len(symbols) - len(own))
    return symbols


def learn(texts, n_merges):
    """Merges, most frequent pair first, learned within words."""
    symbols = byte_symbols()
    counts = collections.Counter(p for t in texts for p in PIECES.findall(t.lower()))
    words = {w: [symbols[b] for b in w.encode()] for w in counts}
    for w in words.values():
        w[-1] += "</w>"
    merges = []
    while len(merges) < n_merges:
        pairs = collections.Counter()
        for w, parts in words.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += counts[w]
        if not pairs:
            break
        best = max(pairs, key=lambda p: (pairs[p], p))
        merges.append(best)
        for w, parts in words.items():
            words[w] = merge(parts, best)
    return merges


def merge(parts, pair):
    out, i = [], 0
    while i < len(parts):
        if tuple(parts[i:i + 2]) == pair:
            out.append(parts[i] + parts[i + 1])
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return out


class Tokenizer:
    def __init__(self, merges, length):
        symbols = list(byte_symbols().values())
        self.merges, self.length = merges, length
        self.vocab = {s: i for i, s in enumerate(
            symbols + [s + "</w>" for s in symbols] + ["".join(m) for m in merges] + [START, END])}
        self.ranks = {m: i for i, m in enumerate(merges)}
        self.symbols, self.cache = byte_symbols(), {}

    def word(self, w):
        if w not in self.cache:
            parts = [self.symbols[b] for b in w.encode()]
            parts[-1] += "</w>"
            while len(parts) > 1:
                best = min(zip(parts, parts[1:]), key=lambda p: self.ranks.get(p, 1 << 30))
                if best not in self.ranks:
                    break
                parts = merge(parts, best)
            self.cache[w] = [self.vocab[p] for p in parts]
        return self.cache[w]

    def encode(self, text):
        """Token ids padded with 0, and the mask: 1 for a token."""
        ids = [i for p in PIECES.findall(text.lower()) for i in self.word(p)][:self.length - 2]
        ids = [self.vocab[START], *ids, self.vocab[END]]
        return ids + [0] * (self.length - len(ids)), [1] * len(ids) + [0] * (self.length - len(ids))

    def save(self, folder):
        token = lambda s: {"content": s, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
        (folder / "vocab.json").write_text(json.dumps(self.vocab, ensure_ascii=False))
        (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in self.merges))
        (folder / "special_tokens_map.json").write_text(json.dumps(
            {"bos_token": token(START), "eos_token": token(END), "pad_token": "!", "unk_token": token(END)}, indent=2))
        (folder / "tokenizer_config.json").write_text(json.dumps(
            {"add_prefix_space": False, "bos_token": {"__type": "AddedToken", **token(START)}, "do_lower_case": True,
             "eos_token": {"__type": "AddedToken", **token(END)}, "errors": "replace", "model_max_length": self.length,
             "pad_token": "!", "tokenizer_class": "CLIPTokenizer", "unk_token": {"__type": "AddedToken", **token(END)}}, indent=2))


if __name__ == "__main__":
    from captions import captions
    from world import draw_scenes
    t = captions(draw_scenes(20000, 5), 1)
    m = learn(t, 400)
    tok = Tokenizer(m, 32)
    print(len(m), len(tok.vocab), max(sum(tok.encode(x)[1]) for x in t))
    print("\n".join(t[:20])); print(tok.encode(t[0]))
