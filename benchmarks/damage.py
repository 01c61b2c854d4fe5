"""One flipped byte anywhere in a collection, without its caches: is what is then answered right, or refused, or silently something else?

    python benchmarks/damage.py [--faults 500] [--seed 0]

Each fault changes one byte of a fresh copy, at a place drawn evenly over the whole file, and everything is asked for once: counts, fields, all
items with their vectors (an export), searches by words, by vectors and by both, with and without filters. "same": every answer is
that of the undamaged file; "refused": one of our errors; "raw": another exception; "silent": an answer differs without an error.
Results go to results/damage.jsonl; tests/crash/test_damage.py does a smaller number.
"""

import argparse
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from awase.core.errors import AwaseError
from awase.index.collection import Collection

WORDS = [
    "red",
    "white",
    "wine",
    "the",
    "south",
    "night",
    "train",
    "Kyoto",
    "green",
    "tea",
    "beer",
    "monks",
    "赤ワイン",
    "京都",
    "緑茶",
]
ITEMS = 300


class Letters:
    """A model without files: counts of letters."""

    name, fingerprint, dim = "letters", "letters", 16

    def encode(self, texts, *, role="document", dim=None):
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            for character in text:
                vectors[row, ord(character) % self.dim] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def made(folder: Path, model: Letters | None) -> Path:
    """A collection with updates and deletes behind it, and with texts that need pages of their own."""
    draw = np.random.default_rng(0)
    path = folder / ("vectors.awase" if model else "words.awase")
    with Collection.create(path, model) as made:
        made.add(
            {
                "id": f"order-{i}",
                "text": " ".join(draw.choice(WORDS, 6 if i % 50 else 3000)),
                "metadata": {"year": 2000 + i % 20, "kind": WORDS[i % 7], **({"note": "x" * 5000} if i % 60 == 0 else {})},
            }
            for i in range(ITEMS)
        )
        made.delete([f"order-{i}" for i in range(0, ITEMS, 11)])
        made.upsert((f"order-{i}", "replaced by another text about wine") for i in range(5, ITEMS, 17))
    shutil.rmtree(path.with_name(f"{path.name}.cache"), ignore_errors=True)
    return path


def questions(model: Letters | None) -> list:
    """What is asked of a collection; each answer as JSON."""
    searches = [
        {"queries": ["red wine", "京都 緑茶", "replaced"], "k": 20, "mode": mode, "where": where}
        for mode in (["bm25", "dense", "hybrid"] if model else ["bm25"])
        for where in (
            None,
            "year >= 2010",
            "kind = 'wine' and not year in (2001, 2008)",
            "note contains 'xx' or id = 'order-7'",
        )
    ]
    ids = [f"order-{i}" for i in range(ITEMS)]

    def info(collection: Collection):
        known = collection.info()
        return [
            known[name]
            for name in ("items", "generation", "model", "fingerprint", "dim", "analyzer", "fusion_weight", "fields")
        ]

    def export(collection: Collection):
        return [item and (item.id, item.text, item.metadata, np.asarray(item.vector).tolist()) for item in collection.get(ids)]

    def search(options: dict):
        return lambda collection: [
            [(found.id, found.score, found.text, found.metadata, found.sources) for found in results]
            for results in collection.search(**options)
        ]

    return [len, info, export, *map(search, searches), lambda collection: [item is None for item in collection.get(ids)]]


def asked(path: Path, model: Letters | None, question) -> tuple[str, str]:
    """("answer", JSON), or ("refused" or "raw", what was raised)."""
    try:
        with Collection.open(path, model, readonly=True) as opened:
            return "answer", json.dumps(question(opened), ensure_ascii=False)
    except AwaseError as error:
        return "refused", error.code
    except Exception as error:  # noqa: BLE001 - counted
        return "raw", f"{type(error).__name__}: {error}"


def faults(path: Path, model: Letters | None, n: int, seed: int) -> Iterator[tuple[int, str, set[str]]]:
    """(place, outcome, what was raised) of n flipped bytes. Each question is asked of the file as if it were the first."""
    whole, draw = path.read_bytes(), np.random.default_rng(seed)
    right = [asked(path, model, question) for question in questions(model)]
    assert all(kind == "answer" for kind, _ in right)
    copy = path.with_name("copy.awase")
    for _ in range(n):
        place, change = int(draw.integers(len(whole))), int(draw.integers(1, 256))
        damaged = bytearray(whole)
        damaged[place] ^= change
        found = []
        for question in questions(model):
            copy.write_bytes(damaged)
            found.append(asked(copy, model, question))
        raised = {what for kind, what in found if kind != "answer"}
        if any(kind == "answer" and (kind, what) != was for (kind, what), was in zip(found, right, strict=True)):
            yield place, "silent", raised
        elif any(kind == "raw" for kind, _ in found):
            yield place, "raw", raised
        else:
            yield place, "refused" if raised else "same", raised


def main() -> None:
    from record import machine, record

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faults", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        for name, model in (("words", None), ("vectors", Letters())):
            path = made(Path(folder), model)
            outcomes: Counter[str] = Counter()
            codes: Counter[str] = Counter()
            for place, outcome, raised in faults(path, model, options.faults, options.seed):
                outcomes[outcome] += 1
                codes.update(raised)
                if outcome in ("silent", "raw"):
                    print(f"{name}: byte {place}: {outcome} {sorted(raised)}")
            row = {"collection": name, "bytes": path.stat().st_size, "faults": options.faults, "seed": options.seed}
            record(
                "damage",
                {**row, **{kind: outcomes[kind] for kind in ("same", "refused", "raw", "silent")}, "errors": dict(codes)},
            )


if __name__ == "__main__":
    main()
