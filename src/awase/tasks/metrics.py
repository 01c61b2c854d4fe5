"""Retrieval metrics, one number per query, equal to trec_eval's. Definitions and the tie rule: ``README.md`` in this folder."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from awase.core.errors import ConfigError, InputError
from awase.core.protocols import Hits
from awase.core.suggest import did_you_mean
from awase.data.judged import Judged


class Metric(NamedTuple):
    """What is measured, and how many results of each query count.

    >>> metric = parse_metric("nDCG@10")
    >>> metric.name, metric.label, metric.k
    ('ndcg@10', 'nDCG@10', 10)
    """

    kind: str
    k: int

    @property
    def name(self) -> str:
        """The key in reports."""
        return f"{self.kind}@{self.k}"

    @property
    def label(self) -> str:
        """The name as the field writes it, for people."""
        return f"{LABELS.get(self.kind, self.kind)}@{self.k}"


def parse_metric(name: str) -> Metric:
    """The metric of a name such as ``ndcg@10``; capitals do not matter. Raises E0801 with the nearest name."""
    kind, at, cutoff = name.strip().lower().partition("@")
    if kind not in _FORMULAS:
        raise ConfigError(
            "E0801", "no metric has this name", value=name, remedy=did_you_mean(kind, _FORMULAS) + "; each with @k"
        )
    if not (at and cutoff.isascii() and cutoff.isdigit() and int(cutoff) > 0):
        raise ConfigError("E0801", "a metric says how many results count", value=name, remedy=f"write {kind}@10, for example")
    return Metric(kind, int(cutoff))


def per_query(hits: Hits, judged: Judged, metrics: Sequence[str]) -> dict[str, np.ndarray]:
    """For each metric name, float64 (n_queries,): its value for each query.

    Results count in the order of ``ranked``; a document is relevant when its grade is above 0, an unjudged one is not.
    Raises E0802 to E0804 when the hits are malformed, unsorted or too few, E0805 when a query has no relevant document.

    >>> judged = Judged(["q"], ["a", "b", "c"], np.array([0, 1]), np.array([2]), np.array([1.0]), ["1"], ["a", "b", "c"], "toy")
    >>> hits = Hits(np.array([[0, 2, 1]]), np.array([[0.9, 0.5, 0.1]], np.float32))
    >>> {name: float(values[0]) for name, values in per_query(hits, judged, ["mrr@3", "precision@2"]).items()}
    {'mrr@3': 0.5, 'precision@2': 0.5}
    """
    asked = [parse_metric(name) for name in metrics]
    k_max = max((metric.k for metric in asked), default=1)
    rows = ranked(hits, judged, k_max).rows
    gains = np.zeros((len(rows), k_max))
    gains[:, : rows.shape[1]] = _grades_of(rows, judged)
    ideal, n_relevant = _ideal(judged, k_max)
    return {m.name: _FORMULAS[m.kind](gains[:, : m.k], ideal[:, : m.k], n_relevant) for m in asked}


def ranked(hits: Hits, judged: Judged, k: int, *, of: str = "search") -> Hits:
    """The first k hits of each query in the order of the tie rule: score descending, row ascending; without the query itself, where it is
    one of the documents (``Judged.own``): ask for one more then (``asked_for``).

    Checks everything that can be wrong with hits from outside; ``of`` says in the errors whose they were.

    >>> judged = Judged(["q"], ["a", "b"], np.array([0, 1]), np.array([0]), np.array([1.0]), ["1"], ["a", "b"], "toy")
    >>> ranked(Hits(np.array([[1, 0]]), np.array([[0.5, 0.5]])), judged, 2).rows.tolist()
    [[0, 1]]
    """
    if not (isinstance(hits, tuple) and len(hits) == 2):
        raise InputError("E0802", "a search returns Hits(rows, scores)", place=of, value=type(hits).__name__)
    n_documents = len(judged.documents)
    rows, scores = np.asarray(hits[0]), np.asarray(hits[1])
    right = rows.ndim == 2 and rows.shape == scores.shape and len(rows) == len(judged.queries)
    if not (right and rows.dtype.kind in "iu" and scores.dtype.kind in "fiu"):
        found = f"rows {rows.dtype} {rows.shape}, scores {scores.dtype} {scores.shape}"
        message = f"hits need integer rows and scores, both of shape ({len(judged.queries)}, k)"
        raise InputError("E0802", message, place=of, value=found)
    own = np.full(len(rows), -1) if judged.own is None else judged.own
    found_itself = ((rows == own[:, None]) & (rows >= 0)).any(axis=1)
    if (rows.shape[1] - found_itself < np.minimum(k, n_documents - (own >= 0))).any():
        remedy = f"return the best {asked_for(judged, k)}; fill with row -1 and score -inf where there are no more"
        raise InputError("E0804", f"{k} results per query were asked for and {rows.shape[1]} came", place=of, remedy=remedy)
    rows = rows.astype(np.int64)
    scores = np.where(rows < 0, -np.inf, scores)

    outside = (rows < -1) | (rows >= n_documents)
    if outside.any():
        query, rank = np.argwhere(outside)[0]
        message = f"a row lies outside the {n_documents:,} documents (-1 stands for none)"
        raise InputError("E0802", message, place=f"{of}, query {query}, rank {rank + 1}", value=int(rows[query, rank]))
    unsorted = np.isnan(scores)
    unsorted[:, 1:] |= scores[:, 1:] > scores[:, :-1]
    if unsorted.any():
        query, rank = np.argwhere(unsorted)[0]
        value, remedy = float(scores[query, rank]), "return the best first, with similarities (higher is closer), not distances"
        place = f"{of}, query {query}, rank {rank + 1}"
        raise InputError("E0803", "scores must not rise from rank to rank, nor be NaN", place=place, value=value, remedy=remedy)
    by_row = np.sort(rows, axis=1)
    repeated = (by_row[:, 1:] == by_row[:, :-1]) & (by_row[:, 1:] >= 0)
    if repeated.any():
        query, rank = np.argwhere(repeated)[0]
        raise InputError("E0802", "a document was returned twice", place=f"{of}, query {query}", value=int(by_row[query, rank]))

    order = np.lexsort((rows, -scores), axis=1)
    return without_own(Hits(np.take_along_axis(rows, order, axis=1), np.take_along_axis(scores, order, axis=1)), judged.own, k)


def asked_for(judged: Judged, k: int) -> int:
    """How many results to ask a search for, so that k are left without the query itself."""
    return min(k + (judged.own is not None), len(judged.documents))


def without_own(hits: Hits, own: np.ndarray | None, k: int) -> Hits:
    """The first k hits of each query without row ``own[query]``; what is left moves up, and behind it are row -1 and score -inf.

    >>> without_own(Hits(np.array([[3, 1], [0, 2]]), np.array([[0.9, 0.5], [0.4, 0.2]])), np.array([3, -1]), 1).rows.tolist()
    [[1], [0]]
    """
    if own is None:
        return Hits(hits.rows[:, :k], hits.scores[:, :k])
    itself = (hits.rows == own[:, None]) & (hits.rows >= 0)
    order = np.argsort(itself, axis=1, kind="stable")[:, :k]
    rows, scores = (np.take_along_axis(array, order, axis=1) for array in hits)
    itself = np.take_along_axis(itself, order, axis=1)
    return Hits(np.where(itself, -1, rows), np.where(itself, -np.inf, scores).astype(scores.dtype))


def _grades_of(rows: np.ndarray, judged: Judged) -> np.ndarray:
    """float64, shape of rows: the grade of each result; 0 where it was not judged, was judged below 0, or is absent."""
    n_documents = len(judged.documents)
    query = np.repeat(np.arange(len(judged.queries)), np.diff(judged.offsets))
    keys = query * n_documents + judged.rows
    order = np.argsort(keys)
    keys, grades = keys[order], np.maximum(judged.grades[order], 0).astype(np.float64)
    wanted = np.arange(len(rows))[:, None] * n_documents + rows
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where((keys[at] == wanted) & (rows >= 0), grades[at], 0.0)


def _ideal(judged: Judged, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k best grades of each query in falling order, (n_queries, k), and how many relevant documents each has."""
    query = np.repeat(np.arange(len(judged.queries)), np.diff(judged.offsets))
    n_relevant = np.bincount(query[judged.grades > 0], minlength=len(judged.queries))
    if not n_relevant.all():
        message = f"{np.count_nonzero(n_relevant == 0):,} queries have no relevant document, so nothing can be measured on them"
        where = judged.query_ids[int(np.argmin(n_relevant))]
        raise InputError("E0805", message, place=f"query {where}", remedy="leave them out: tasks.retrieval.answerable(judged)")
    order = np.lexsort((-judged.grades, query))
    rank = np.arange(len(query)) - judged.offsets[query]
    kept = rank < k
    ideal = np.zeros((len(judged.queries), k))
    ideal[query[kept], rank[kept]] = np.maximum(judged.grades[order][kept], 0)
    return ideal, n_relevant


def _ndcg(gains, ideal, n_relevant):
    discount = 1.0 / np.log2(np.arange(2, gains.shape[1] + 2))
    return (gains @ discount) / (ideal @ discount)


def _recall(gains, ideal, n_relevant):
    return np.count_nonzero(gains, axis=1) / n_relevant


def _precision(gains, ideal, n_relevant):
    return np.count_nonzero(gains, axis=1) / gains.shape[1]


def _mrr(gains, ideal, n_relevant):
    return np.where(gains.any(axis=1), 1.0 / (np.argmax(gains > 0, axis=1) + 1), 0.0)


def _map(gains, ideal, n_relevant):
    found = gains > 0
    precisions = np.cumsum(found, axis=1) / np.arange(1, gains.shape[1] + 1)
    return np.sum(precisions * found, axis=1) / n_relevant


def _accuracy(gains, ideal, n_relevant):
    return gains.any(axis=1).astype(np.float64)


# Each takes the grades of the k results (n, k), the k best grades there are (n, k), and the number of relevant documents (n,).
_FORMULAS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "ndcg": _ndcg,
    "recall": _recall,
    "precision": _precision,
    "mrr": _mrr,
    "map": _map,
    "accuracy": _accuracy,
}
LABELS = {"ndcg": "nDCG", "mrr": "MRR", "map": "MAP"}
