"""Hybrid search: the best rows of a dense and of a lexical search, ranked by a weighted sum of their scores.

    score = weight * f(dense) + (1 - weight) * f(lexical / best lexical score of the query)
    f(x)  = x if x >= t else t + 0.2 (x - t),  t = the 20th best score of that search for the query

Dense scores are cosines, which compare between queries as they are; BM25 scores grow with the query and are divided by the
best. Below the 20th result a score says "not this one" and hardly how much not, so differences there count a fifth. Measured
(``benchmarks/fusion.py``: package titles asking for their descriptions, nDCG@10, weights chosen on other titles): BM25 .699, vectors
.750, joined so .817; both divided by their best .800, z-scores .800, minimum to maximum .787, reciprocal ranks .760.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from awase.core.errors import ConfigError
from awase.core.protocols import Hits

WEIGHT = 0.7  # about the best on validation in the measurement above
DEPTH = 200
_TURN, _SLOPE = 20, 0.2
_WEIGHTS = tuple(round(0.05 * i, 2) for i in range(21))

ScoresOf = Callable[[np.ndarray], np.ndarray]  # rows (n_queries, m), -1 for none -> their scores, same shape


@dataclass(frozen=True)
class Fusion:
    """How two searches are joined. weight: of the dense one, 0 to 1; depth: how many rows to take of each.

    >>> dense = Hits(np.array([[3, 1]]), np.float32([[0.9, 0.5]]))
    >>> lexical = Hits(np.array([[1, 2]]), np.float32([[8.0, 4.0]]))
    >>> Fusion(weight=0.5).fuse(dense, lexical, k=3).rows
    array([[1, 3, 2]])
    """

    weight: float = WEIGHT
    depth: int = DEPTH

    def __post_init__(self):
        if not 0 <= self.weight <= 1:
            raise ConfigError("E0704", "the weight of the dense search must be 0 to 1", value=self.weight)
        if self.depth < 1:
            raise ConfigError("E0704", "the depth of a hybrid search must be at least 1", value=self.depth)

    @classmethod
    def chosen_for(cls, model: object) -> "Fusion":
        """The fusion that was chosen on validation queries when the model was fitted; the default for any other model."""
        chosen = getattr(model, "info", {}).get("fusion") or {}
        return cls(chosen.get("weight", WEIGHT), chosen.get("depth", DEPTH))

    def fuse(
        self, dense: Hits, lexical: Hits, k: int, *, dense_of: ScoresOf | None = None, lexical_of: ScoresOf | None = None
    ) -> Hits:
        """The k best rows of the two results together; ties go to the lower row.

        dense_of, lexical_of: the exact score of a row that only the other search found. Without them it is taken to be the
        lowest score that its search returned (0 for a lexical search that returned fewer rows than it was asked for).
        """
        return _ranked(_joined(dense, lexical, dense_of, lexical_of), self.weight, k)


def choose_weight(
    dense: Hits,
    lexical: Hits,
    quality: Callable[[Hits], float],
    *,
    k: int = 10,
    dense_of: ScoresOf | None = None,
    lexical_of: ScoresOf | None = None,
) -> Fusion:
    """The fusion whose results have the highest quality, over weights 0, 0.05 ... 1; of equals the one nearest to the default.

    quality: of the fused hits (n_queries, k), for example the mean nDCG@10 on validation queries.

    >>> dense, lexical = Hits(np.array([[0, 1]]), np.float32([[2, 1]])), Hits(np.array([[1, 0]]), np.float32([[2, 1]]))
    >>> choose_weight(dense, lexical, lambda hits: hits.rows[0, 0] == 1, k=1).weight < 0.5
    True
    """
    union = _joined(dense, lexical, dense_of, lexical_of)
    found = {weight: quality(_ranked(union, weight, k)) for weight in _WEIGHTS}
    best = max(_WEIGHTS, key=lambda weight: (found[weight], -abs(weight - WEIGHT)))
    return Fusion(best, max(dense.rows.shape[1], lexical.rows.shape[1]))


class _Union(NamedTuple):
    """The rows of both results, rising, each once (-1 for none), and both scores of each on the scale they are added in."""

    rows: np.ndarray
    dense: np.ndarray
    lexical: np.ndarray


def _joined(dense: Hits, lexical: Hits, dense_of: ScoresOf | None, lexical_of: ScoresOf | None) -> _Union:
    rows = np.concatenate([dense.rows, lexical.rows], axis=1)
    order = np.argsort(rows, axis=1, kind="stable")  # of a row that both found, the dense entry comes first
    rows = np.take_along_axis(rows, order, 1)
    again = np.zeros(rows.shape, bool)
    again[:, 1:] = rows[:, 1:] == rows[:, :-1]
    rows[again] = -1
    dense_least, lexical_least = _least(dense, None), _least(lexical, 0.0)
    if dense_of is None:
        known = np.concatenate([dense.scores, np.broadcast_to(dense_least, lexical.scores.shape)], axis=1)
        dense_scores = np.take_along_axis(known, order, 1)
    else:
        dense_scores = dense_of(rows)
    if lexical_of is None:
        known = np.concatenate([np.broadcast_to(lexical_least, dense.scores.shape), lexical.scores], axis=1)
        lexical_scores = np.take_along_axis(known, order, 1)
        lexical_scores[:, :-1] = np.where(again[:, 1:], lexical_scores[:, 1:], lexical_scores[:, :-1])
    else:
        lexical_scores = lexical_of(rows)
    best = np.max(lexical.scores, axis=1, keepdims=True, initial=0.0)
    scale = 1 / np.where(best > 0, best, 1)
    return _Union(
        rows,
        _bent(dense_scores, _turn(dense, dense_least)),
        _bent(lexical_scores, _turn(lexical, lexical_least)) * scale,
    )


def _least(hits: Hits, when_short: float | None) -> np.ndarray:
    """(n_queries, 1): the score of a row that was not found: the last one that was, or `when_short` when there were too few."""
    found = hits.rows >= 0
    lowest = np.min(np.where(found, hits.scores, np.inf), axis=1, keepdims=True, initial=np.inf)
    if when_short is not None:
        lowest = np.where(found.all(axis=1, keepdims=True), lowest, when_short)
    return np.where(np.isfinite(lowest), lowest, 0.0).astype(np.float32)


def _turn(hits: Hits, least: np.ndarray) -> np.ndarray:
    """(n_queries, 1): the score below which differences count less."""
    at = min(_TURN, hits.rows.shape[1]) - 1
    return least if at < 0 else np.where(hits.rows[:, at : at + 1] >= 0, hits.scores[:, at : at + 1], least)


def _bent(scores: np.ndarray, turn: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # -inf where there is no row
        return np.where(scores < turn, turn + _SLOPE * (scores - turn), scores)


def _ranked(union: _Union, weight: float, k: int) -> Hits:
    with np.errstate(invalid="ignore"):
        total = (weight * union.dense + (1 - weight) * union.lexical).astype(np.float32)
    total[union.rows < 0] = -np.inf
    order = np.argsort(-total, axis=1, kind="stable")[:, :k]
    rows, scores = np.full((len(total), k), -1, np.int64), np.full((len(total), k), -np.inf, np.float32)
    rows[:, : order.shape[1]] = np.take_along_axis(union.rows, order, 1)
    scores[:, : order.shape[1]] = np.take_along_axis(total, order, 1)
    return Hits(rows, scores)
