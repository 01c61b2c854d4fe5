"""How often a report's word is wrong where nothing differs, and right where something does.

    python benchmarks/verdict.py [--times 1000]

Nothing is fitted: the values of two systems on n queries are drawn, exchangeable or with one better by so many standard errors of the
paired difference, in the shapes that metrics have: graded (nDCG), found or not (accuracy@1), mostly nothing (a hard set), and mostly full.
What counts is the word of the report made of them. Results go to results/verdict.jsonl, a line for each shape, n and effect.
"""

import argparse
from collections import Counter

import numpy as np

from awase.tasks.report import Asked, Report
from record import record

SHAPES = {
    "graded": lambda rng, n: rng.beta(0.6, 0.5, n),
    "found or not": lambda rng, n: rng.random(n).round(),
    "mostly nothing": lambda rng, n: rng.random(n) * (rng.random(n) < 0.15),
    "mostly full": lambda rng, n: 1 - rng.random(n) * (rng.random(n) < 0.15),
}
ALIKE = 0.6  # share of the queries on which both systems score the same
CASES = [(shape, 100, 0.0) for shape in SHAPES] + [
    ("graded", 50, 0.0),
    ("graded", 50, 2.0),
    ("graded", 100, 2.0),
    ("graded", 100, 2.8),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=1_000)
    times = parser.parse_args().times
    for shape, n, effect in CASES:
        words = Counter(word(shape, n, effect, seed) for seed in range(times))
        row = {"shape": shape, "queries": n, "effect, standard errors": effect, "times": times, "words": dict(words)}
        record("verdict", row | {"WIN or REGRESSION": (words["WIN"] + words["REGRESSION"]) / times})


def word(shape: str, n: int, effect: float, seed: int) -> str:
    rng = np.random.default_rng((seed, n))
    a, b = (SHAPES[shape](rng, n) for _ in range(2))
    b = np.where(rng.random(n) < ALIKE, a, b)
    if effect:
        better = effect * np.std(a - b, ddof=1) / np.sqrt(n)
        a, b = (a + better) / 2, b / 2  # within the metric's range: a test does not mind the scale
        b = np.clip(b, 0, 1)
    report = Report.of_items(
        {"trained": {"ndcg@10": np.clip(a, 0, 1)}, "untrained": {"ndcg@10": b}},
        items="queries",
        title="drawn",
        pairs=[("trained", "untrained")],
        seed=seed,
        data={},
        split={},
        cost={},
        outcome=Asked(),
    )
    return report.outcome["word"]


if __name__ == "__main__":
    main()
