"""Pairs of texts that people scored (semantic similarity): whether a system's scores rank the pairs as people do.

Such data (STS-B, JSTS) say how alike two texts are, not which document answers a query, so they are judged by the correlation of the scores
over all pairs, those scored 0 among them (Cer et al., SemEval 2017, arXiv 1708.00055).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from awase.tasks.correlation import Correlation
from awase.tasks.items import compare
from awase.tasks.report import Table, words
from awase.tasks.report.value import test_row
from awase.tasks.retrieval import Pair

LEAST = 10  # pairs
_LEVELS = 3  # different scores from which on they are more than yes and no


@dataclass(frozen=True)
class Pearson:
    """Pearson's correlation of scores and the judgements of the same n pairs; 0 where one of the two is constant.

    >>> round(Pearson(np.array([0.0, 1.0, 2.0]), np.array([0.0, 2.0, 5.0])).value, 3)
    0.993
    """

    predicted: np.ndarray
    gold: np.ndarray

    def __len__(self) -> int:
        return len(self.gold)

    @property
    def value(self) -> float:
        return float(self.resampled(np.ones((1, len(self)), np.int64))[0])

    def resampled(self, counts: np.ndarray) -> np.ndarray:
        """float64 (m,): of m samples, each given by how often every pair was drawn, (m, n)."""
        n = counts.sum(axis=1)
        x, y = (np.asarray(values, np.float64) - np.mean(values, dtype=np.float64) for values in (self.predicted, self.gold))
        sums = counts @ np.column_stack([x, y, x * x, y * y, x * y])
        mean = sums / n[:, None]
        above = mean[:, 4] - mean[:, 0] * mean[:, 1]
        spread = np.maximum(mean[:, 2:4] - mean[:, :2] ** 2, 0)
        below = np.sqrt(spread[:, 0] * spread[:, 1])
        return np.divide(
            above, below, out=np.zeros_like(above), where=below > 1e-12 * (np.abs(x).max() * np.abs(y).max() + 1e-300)
        )


class Scored(NamedTuple):
    """systems: name -> {spearman, spearman_ci, pearson, pearson_ci}; tests: as in ``Report.tests``; a table, and a sentence for each test."""

    systems: dict[str, dict[str, Any]]
    tests: list[dict[str, Any]]
    table: Table
    sentences: list[str]


def are_scored(gold: np.ndarray | None) -> bool:
    """Whether these are scores of people, not one number for all, and no mere yes and no."""
    return gold is not None and len(gold) >= LEAST and len(np.unique(gold)) >= _LEVELS


def scored_pairs(predicted: Mapping[str, np.ndarray], gold: np.ndarray, *, pairs: Sequence[Pair], seed: int = 0) -> Scored:
    """How well scores (n,) of systems agree with ``gold`` (n,), with 95 % bootstrap intervals; ``pairs`` of systems are tested against each
    other by Spearman's rho.

    >>> found = scored_pairs({"model": np.arange(12.0)}, np.arange(12.0) ** 2, pairs=[])
    >>> found.systems["model"]["spearman"], round(found.systems["model"]["pearson"], 2)
    (1.0, 0.96)
    """
    of = {name: {"spearman": Correlation(scores, gold), "pearson": Pearson(scores, gold)} for name, scores in predicted.items()}
    found = compare(of, pairs=pairs, seed=seed)
    systems: dict[str, dict[str, Any]] = {
        name: {key: value for metric, e in one.items() for key, value in ((metric, e.value), (f"{metric}_ci", list(e[1:])))}
        for name, one in found.systems.items()
    }
    tests = [test_row(test) for test in found.tests]
    rows = [
        (
            words.system(name),
            one["spearman"],
            words.interval(one["spearman_ci"]),
            one["pearson"],
            words.interval(one["pearson_ci"]),
        )
        for name, one in systems.items()
    ]
    heads = ("system", words.metric("spearman"), "95 % CI", words.metric("pearson"), "95 % CI")
    told = f"{len(gold):,} pairs, scored {gold.min():g} to {gold.max():g}: correlation of cosines, or of BM25's scores, with these."
    judged = {"items": "pairs", "n_items": len(gold)}
    on = f"Of the scores of {len(gold):,} pairs: "
    return Scored(
        systems, tests, Table("Scores of pairs", heads, rows, told), [on + words.finding(test, judged) for test in tests]
    )
