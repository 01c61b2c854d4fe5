"""The systems that a report compares, over one list of documents."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from awase.core.protocols import Hits, TextEncoder
from awase.data.judged import Judged
from awase.index.exact import Exact
from awase.index.find import without_silent
from awase.index.hybrid import DEPTH, Fusion, ScoresOf, choose_weight
from awase.index.lexical import BM25
from awase.index.weighting import Weighting, choose
from awase.tasks.metrics import asked_for, per_query, without_own
from awase.tasks.retrieval import System

METRIC = "ndcg@10"
_BLOCK = 16_384
_CHOOSE_ON = 1_000  # queries: BM25 answers them a dozen times


class Lexical:
    """BM25 over the documents."""

    def __init__(self, documents: Sequence[str], weighting: Weighting | None = None):
        self.index = BM25(**(weighting or Weighting()).values())
        self.index.add(documents)

    def choose_weighting(self, valid: Judged) -> Weighting:
        """Weighs from now on as gives the best nDCG@10 on the validation queries (some, where there are many), and says how."""
        some = _some(valid, _CHOOSE_ON)

        def quality(weighting: Weighting) -> np.ndarray:
            found = self.index.weighed(weighting).search(some.queries, asked_for(some, 10))
            return per_query(found, some, [METRIC])[METRIC]

        self.index = self.index.weighed(choose(quality))
        return self.index.weighting

    def search(self, queries: list[str], k: int) -> Hits:
        return self.index.search(queries, k)

    @property
    def nbytes(self) -> int:
        """What the index occupies."""
        return sum(array.nbytes for array in self.index.arrays().values())


class Dense:
    """A model's vectors of the documents, searched exactly; ``dim`` cuts vectors to a prefix."""

    def __init__(self, model: TextEncoder, documents: Sequence[str], dim: int | None = None):
        self.model, self.dim = model, dim
        self.vectors = model.encode(documents, role="document", dim=dim)
        self.index = Exact(self.vectors)

    def encode(self, queries: list[str]) -> np.ndarray:
        return self.model.encode(queries, role="query", dim=self.dim)

    def search(self, queries: list[str], k: int) -> Hits:
        return self.nearest(self.encode(queries), k)

    def nearest(self, vectors: np.ndarray, k: int) -> Hits:
        """The k rows nearest to each vector of a query; none for one in which the model knew no token."""
        return without_silent(self.index.search(vectors, k), vectors)


class Passing:
    """A model's vectors of the documents, made block by block for each search and not kept: for what is measured once."""

    def __init__(self, model: TextEncoder, documents: Sequence[str]):
        self.model, self.documents = model, documents

    def search(self, queries: list[str], k: int) -> Hits:
        vectors = self.model.encode(queries, role="query")
        hits = Hits(np.full((len(queries), k), -1, np.int64), np.full((len(queries), k), -np.inf, np.float32))
        for start in range(0, len(self.documents), _BLOCK):
            block = Exact(self.model.encode(self.documents[start : start + _BLOCK], role="document"))
            found = block.search(vectors, k)
            rows = np.concatenate([hits.rows, np.where(found.rows < 0, -1, found.rows + start)], axis=1)
            scores = np.concatenate([hits.scores, found.scores], axis=1)
            best = np.argsort(-scores, axis=1, kind="stable")[:, :k]  # of equal scores the lower row stands first
            hits = Hits(np.take_along_axis(rows, best, 1), np.take_along_axis(scores, best, 1))
        return without_silent(hits, vectors)


class Hybrid:
    """Both, fused. The scores of what only one of them found are computed, not guessed. own: as in ``Judged``, of the queries to come."""

    def __init__(self, lexical: Lexical, dense: Dense, fusion: Fusion, own: np.ndarray | None = None):
        self.lexical, self.dense, self.fusion, self.own = lexical, dense, fusion, own

    def search(self, queries: list[str], k: int) -> Hits:
        halves = _halves(self.lexical, self.dense, queries, self.fusion.depth, self.own)
        return self.fusion.fuse(halves.dense, halves.lexical, k, dense_of=halves.dense_of, lexical_of=halves.lexical_of)


def chosen_fusion(lexical: Lexical, dense: Dense, valid: Judged) -> Fusion:
    """The fusion with the best nDCG@10 on the validation queries."""
    halves = _halves(lexical, dense, valid.queries, DEPTH, valid.own)
    return choose_weight(
        halves.dense,
        halves.lexical,
        lambda hits: float(per_query(hits, valid, [METRIC])[METRIC].mean()),
        dense_of=halves.dense_of,
        lexical_of=halves.lexical_of,
    )


def _some(judged: Judged, n: int) -> Judged:
    """At most n of the queries, evenly spread over all."""
    at = np.unique(np.linspace(0, len(judged.queries) - 1, n).round().astype(int))
    if len(at) == len(judged.queries):
        return judged
    spans = [slice(*judged.offsets[i : i + 2]) for i in at]
    return replace(
        judged,
        queries=[judged.queries[i] for i in at],
        query_ids=[judged.query_ids[i] for i in at],
        offsets=np.concatenate([[0], np.cumsum(np.diff(judged.offsets)[at])]),
        rows=np.concatenate([judged.rows[span] for span in spans]),
        grades=np.concatenate([judged.grades[span] for span in spans]),
        own=None if judged.own is None else judged.own[at],
    )


class _Halves(NamedTuple):
    """What each search found, and the way to the score of any row."""

    dense: Hits
    lexical: Hits
    dense_of: ScoresOf
    lexical_of: ScoresOf


def _halves(lexical: Lexical, dense: Dense, queries: list[str], depth: int, own: np.ndarray | None) -> _Halves:
    vectors = dense.encode(queries)
    more = depth + (own is not None)
    return _Halves(
        without_own(dense.nearest(vectors, more), own, depth),
        without_own(lexical.search(queries, more), own, depth),
        lambda rows: dense.index.scores_of(vectors, rows),
        lambda rows: lexical.index.scores_of(queries, rows),
    )


def how_joined(fusion: Fusion, weighting: Weighting) -> dict[str, float | bool]:
    """What a report says of how BM25 weighs and how it is joined with vectors."""
    return {
        "weight": fusion.weight,
        "depth": fusion.depth,
        **{f"bm25_{name}": value for name, value in weighting.values().items()},
    }


def system(name: str, searcher: Lexical | Dense | Passing | Hybrid) -> System:
    return System(name, searcher.search)
