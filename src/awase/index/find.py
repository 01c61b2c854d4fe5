"""One search of a collection, by the mode that was asked for."""

from collections.abc import Iterable, Sequence

import numpy as np

from awase.core.errors import ConfigError, InputError, shown
from awase.core.protocols import Hits
from awase.core.suggest import did_you_mean
from awase.index.follow import Follower
from awase.index.graph import Graph
from awase.index.hybrid import Fusion
from awase.index.table import Table

MODES = ("hybrid", "dense", "bm25")
_ROW_COST = 400  # of looking at an item at all, in bytes compared
Sources = dict[str, np.ndarray]  # what each searcher gave the rows of the hits


def checked_mode(mode: str, dim: int) -> str:
    """The mode that a collection with vectors of so many dimensions answers in. Errors: E0727."""
    if mode not in MODES:
        raise ConfigError("E0727", f"there is no search mode {shown(mode)}", remedy=did_you_mean(str(shown(mode)), MODES))
    if mode == "dense" and not dim:
        remedy = "use mode bm25, or make the collection again with a model"
        raise ConfigError("E0727", "mode 'dense' needs vectors, and this collection has no model", remedy=remedy)
    return mode if dim else "bm25"


def checked_queries(queries: str | Iterable[str]) -> list[str]:
    """Queries as a list; one text is one query. Errors: E0253."""
    if isinstance(queries, bytes) or not isinstance(queries, Iterable):
        raise InputError("E0253", "a query must be a string", value=queries, remedy="give one text or a list of texts")
    return [queries] if isinstance(queries, str) else list(queries)


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


def allowed_rows(table: Table, where: str) -> np.ndarray:
    """The rows of a table that a filter allows, rising. Errors: E0710 to E0712; E0724, E0750 a damaged item, which it would leave out."""
    condition = _condition(table, where)
    table.verify()
    return table.rows_where(condition.sql, condition.parameters)


def filter_cost(table: Table, where: str) -> float:
    """What a filter costs, in bytes that it compares: some 3 ns each. Infinite before the first one, which reads and checks everything."""
    weight, seen = _condition(table, where).weight, table.seen
    return weight * (seen.n_bytes + _ROW_COST * table.count()) if seen.whole else np.inf


def _condition(table: Table, where: str):
    from awase.index.where import compile_filter  # lark, which only filters need

    if not isinstance(where, str):
        raise InputError("E0710", "a filter is a text", value=where, remedy="such as: year >= 2020 and lang = 'ja'")
    return compile_filter(where, table.fields())
