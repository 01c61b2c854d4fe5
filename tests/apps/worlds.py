"""Small data for every kind of fit, divided into parts, which tests of several files use."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import awase

PARTS = ("train", "valid", "test")
SMALL = {"dim": 8, "epochs": 2}


@dataclass(frozen=True)
class World:
    """Rows of a kind of data, by part. The last column is what a row is asked for; exchanged are the last columns of two halves of a part."""

    recipe: str
    columns: tuple[str, ...]
    rows: dict[str, list[tuple[str, ...]]]
    options: dict
    baseline: str  # a system that no choice changes
    asked: Callable[[list], int] = len  # how many items a part of so many rows is judged by
    filtered: bool = False  # whether answers known from validation rows are left out of the test

    def write(self, folder: Path, exchanged: str | None = None) -> Path:
        path = folder / f"{exchanged}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow((*self.columns, "split"))
            for part in PARTS:
                rows = self._exchanged(part) if part == exchanged else self.rows[part]
                writer.writerows((*row, part) for row in rows)
        return path

    def _exchanged(self, part: str) -> list[tuple[str, ...]]:
        """The same values in every column, but rows have the last ones of others, so that none of them stands in the data already."""
        rows, taken = self.rows[part], {row for rows in self.rows.values() for row in rows}
        for by in range(1, len(rows)):
            moved = [(*row[:-1], rows[(i + by) % len(rows)][-1]) for i, row in enumerate(rows)]
            if len({*moved} - taken) >= len(rows) / 2:
                kept = [new if new not in taken else old for new, old in zip(moved, rows)]
                return list(dict.fromkeys(kept))
        raise AssertionError(f"nothing to exchange in {part} of {self.recipe}")


def _dealt(rows, n_valid, n_test, seed=0):
    order = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    held = n_valid + n_test
    return {"train": order[held:], "valid": order[:n_valid], "test": order[n_valid:held]}


def distinct(rows):
    return len({row[0] for row in rows})


def texts(**options):
    rng = np.random.default_rng(1)
    names = [f"{a}{b}" for a in ("ka", "mo", "ti", "su", "re") for b in ("no", "ra", "ke", "lu", "si", "ta")]
    rows = [
        (f"{names[i % 30]} {names[i // 30]} {rng.choice(names)}", f"{names[i % 30].upper()} of {names[i // 30]}s {i}")
        for i in range(240)
    ]
    return World(
        "static",
        ("anchor", "positive"),
        _dealt(rows, 40, 60),
        {**SMALL, "vocab_size": 300, "batch": 32, **options},
        "untrained",
        distinct,
    )


def labels():
    rng = np.random.default_rng(2)
    rows = [
        (" ".join(f"{name}{i}" for i in rng.integers(0, 12, 4)) + f" {n}", name)
        for n, name in enumerate(rng.choice(["sea", "sky"], 200))
    ]
    return World("starspace", ("text", "label"), _dealt(rows, 40, 50), {**SMALL, "vocab_size": 200}, "untrained")


def triples(recipe="transe", **options):
    rows = [(f"p{i}", f"r{j}", f"o{(i + j) % 6}") for i in range(40) for j in range(4)]
    return World(
        recipe,
        ("head", "relation", "tail"),
        _dealt(rows, 20, 24),
        {**SMALL, "batch": 16, **options},
        "untrained",
        filtered=True,
    )


def interactions():
    rng = np.random.default_rng(3)
    rows = [(f"u{u}", f"i{i}") for u in range(40) for i in range(90) if rng.random() < (0.4 if i % 3 == u % 3 else 0.03)]
    return World("cml", ("user", "item"), _dealt(rows, 60, 80), {**SMALL, "batch": 32}, "popularity", distinct, filtered=True)


def edges(recipe):
    rows = [(f"n{i}", f"n{(i - 1) // 2}") for i in range(1, 120)] + [(f"n{i}", f"n{(i - 3) // 4}") for i in range(3, 120)]
    return World(
        recipe,
        ("child", "parent"),
        _dealt(list(dict.fromkeys(rows)), 20, 24),
        {**SMALL, "closure": False},
        "closure",
        lambda rows: 2 * len(rows),
    )


def names():
    rng = np.random.default_rng(4)
    rows = list(dict.fromkeys((f"a{p}", f"k{p % 3}t{i}") for p, i in zip(rng.integers(0, 30, 300), rng.integers(0, 20, 300))))
    dealt = _dealt(rows, 0, 40)
    return World("ns", ("anchor", "target"), dealt, SMALL, "frequency")


def graph():
    rows = [(f"n{i}", f"n{(i + step) % 60}") for i in range(60) for step in (1, 2, 3)]
    return World("edrep", ("source", "target"), _dealt(rows, 0, 20), {"dim": 8, "epochs": 3}, "untrained")


WORLDS = {
    "static": texts(),
    "static, mined": texts(negatives="mined"),
    "static, tuned": texts(),
    "starspace": labels(),
    "transe": triples(),
    "transd": triples("transd"),
    "ace": triples("ace", on="transe"),
    "cml": interactions(),
    "order": edges("order"),
    "poincare": edges("poincare"),
    "ns": names(),
    "edrep": graph(),
}


def run(name, world, data, sizes=None, **options):
    more = {"tune_minutes": 0.1} if name.endswith("tuned") else {}
    more |= sizes or {}
    return awase.fit(data, world.recipe, options=world.options | options, threads=1, **more)
