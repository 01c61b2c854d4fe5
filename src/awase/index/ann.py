"""Approximate search in a graph of neighbours (HNSW, Malkov and Yashunin, TPAMI 2020), by faiss: for very many vectors.

The graph holds the vectors in float16 and gives candidates; their scores come from the exact vectors, so a score never depends
on the graph, only which rows are found does. Rows that came after the graph was built are searched exactly.
"""

from typing import Any

import numpy as np

from awase.core.errors import missing_extra
from awase.core.progress import progress
from awase.core.protocols import Hits
from awase.index.exact import Exact, check_k

_LINKS, _BUILD_BREADTH = 24, 100  # per vector; more finds more and takes longer to build
_BREADTH = 192  # looked at by one search
_MORE = 16  # candidates beyond k, for those that float16 put in the wrong order
_FEW = 0.1  # of the rows allowed: below it the graph leads mostly to rows that are not, and looking at each is faster
_BUILD_STEP = 10_000


class Ann:
    """Searches the vectors of an ``Exact`` index through a graph of some of them.

    places: the row in `exact` of each vector of the graph, rising; -1 where it is gone. Built by ``build``; needs the extra "ann".

    >>> exact = Exact(np.eye(5, dtype=np.float32))
    >>> Ann.build(exact).search(np.float32([[0, 0, 1, 0.5, 0]]), k=2).rows
    array([[2, 3]])
    """

    def __init__(self, exact: Exact, graph, places: np.ndarray):
        self.exact, self.places, self._graph = exact, places, graph
        self._n_covered = int(places.max(initial=-1)) + 1

    @classmethod
    def build(cls, exact: Exact) -> "Ann":
        """The graph of all vectors in the index that are not deleted. Takes minutes for a million. Errors: E0001 without faiss."""
        faiss = _faiss()
        graph = faiss.IndexHNSWSQ(exact.dim, faiss.ScalarQuantizer.QT_fp16, _LINKS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = _BUILD_BREADTH
        graph.is_trained = True  # float16 has nothing to learn
        allowed = exact.allowed(None)
        places = np.arange(len(exact)) if allowed is None else np.flatnonzero(allowed)
        with progress("building the graph", len(places), "vectors") as job:
            for start in range(0, len(places), _BUILD_STEP):
                some = places[start : start + _BUILD_STEP]
                graph.add(exact.vectors(some))
                job.advance(len(some))
        return cls(exact, graph, places)

    def arrays(self) -> dict[str, np.ndarray]:
        """The graph, as bytes."""
        return {"graph": _faiss().serialize_index(self._graph)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], exact: Exact, places: np.ndarray) -> "Ann":
        """The graph that gave these arrays, over the vectors it was built of. Check their sha256 before: faiss believes them."""
        return cls(exact, _faiss().deserialize_index(np.asarray(arrays["graph"])), places)

    def over(self, exact: Exact, places: np.ndarray) -> "Ann":
        """The same graph over another index of its vectors."""
        return Ann(exact, self._graph, places)

    def search(self, queries: np.ndarray, k: int, mask: np.ndarray | None = None) -> Hits:
        """The k rows that look nearest, as ``Exact.search`` but for the rows that the graph does not lead to."""
        check_k(k)
        allowed = self.exact.allowed(mask)
        queries = self.exact.checked_queries(queries)
        if len(queries) == 0 or (allowed is not None and np.count_nonzero(allowed) < _FEW * len(self.exact)):
            return self.exact.search(queries, k, mask)
        rows = self._candidates(queries, k + _MORE, allowed)
        if self._n_covered < len(self.exact):
            later = np.arange(len(self.exact)) >= self._n_covered
            rows = np.concatenate([rows, self.exact.search(queries, k, later if mask is None else later & mask).rows], axis=1)
        scores = self.exact.scores_of(queries, rows)
        order = np.lexsort((rows, -scores), axis=1)[:, :k]
        hits = Hits(np.full((len(queries), k), -1, np.int64), np.full((len(queries), k), -np.inf, np.float32))
        hits.rows[:, : order.shape[1]] = np.take_along_axis(rows, order, 1)
        hits.scores[:, : order.shape[1]] = np.take_along_axis(scores, order, 1)
        return hits

    def _candidates(self, queries: np.ndarray, n: int, allowed: np.ndarray | None) -> np.ndarray:
        """Rows (n_queries, n) of the exact index, -1 where the graph gave fewer."""
        faiss = _faiss()
        usable = self.places >= 0
        if allowed is not None:
            usable &= allowed[self.places]
        bits = np.packbits(usable, bitorder="little")
        selector = None if usable.all() else faiss.IDSelectorBitmap(bits)
        parameters = faiss.SearchParametersHNSW(efSearch=max(_BREADTH, n), sel=selector)
        _, nodes = self._graph.search(queries, n, params=parameters)
        return np.where(nodes < 0, -1, self.places[nodes]) if len(self.places) else nodes


def _faiss() -> Any:
    try:
        import faiss
    except ImportError:
        raise missing_extra("ann", "faiss") from None
    return faiss
