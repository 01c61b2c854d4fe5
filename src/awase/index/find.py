"""One search of a collection, by the mode that was asked for."""

from collections.abc import Sequence

import numpy as np

from awase.core.protocols import Hits
from awase.index.follow import Follower
from awase.index.graph import Graph
from awase.index.hybrid import Fusion

Sources = dict[str, np.ndarray]  # what each searcher gave the rows of the hits


def by_words(lexical: Follower, queries: Sequence[str], k: int, allowed: np.ndarray | None) -> tuple[Hits, Sources]:
    """The k rows that share words with a query."""
    lexical.catch_up()
    hits = lexical.search(queries, k, allowed)
    return hits, {"bm25": hits.scores}


def by_vectors(dense: Follower, graph: Graph, vectors: np.ndarray, k: int, allowed: np.ndarray | None) -> tuple[Hits, Sources]:
    """The k rows whose vectors are nearest."""
    dense.catch_up()
    hits = without_silent(graph.search(vectors, k, allowed), vectors)
    return hits, {"dense": hits.scores}


def without_silent(hits: Hits, vectors: np.ndarray) -> Hits:
    """The hits (q, k), none for a query whose vector (q, dim) is zero: every row is equally far from it.

    >>> without_silent(Hits(np.array([[3], [4]]), np.float32([[0.5], [0]])), np.float32([[1, 0], [0, 0]])).rows.tolist()
    [[3], [-1]]
    """
    said = np.any(vectors, axis=1, keepdims=True)
    return Hits(np.where(said, hits.rows, -1), np.where(said, hits.scores, np.float32(-np.inf)))


def by_both(
    lexical: Follower,
    dense: Follower,
    graph: Graph,
    queries: Sequence[str],
    vectors: np.ndarray,
    k: int,
    allowed: np.ndarray | None,
    fusion: Fusion,
) -> tuple[Hits, Sources]:
    """The k best of both, each row with its exact score from both."""
    depth = max(fusion.depth, k)
    near, _ = by_vectors(dense, graph, vectors, depth, allowed)
    alike, _ = by_words(lexical, queries, depth, allowed)

    def dense_of(rows: np.ndarray) -> np.ndarray:
        return dense.scores_of(vectors, rows)

    def lexical_of(rows: np.ndarray) -> np.ndarray:
        return lexical.scores_of(queries, rows)

    hits = fusion.fuse(near, alike, k, dense_of=dense_of, lexical_of=lexical_of)
    return hits, {"bm25": lexical_of(hits.rows), "dense": dense_of(hits.rows)}
