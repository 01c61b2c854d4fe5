"""Dense search of a collection: exact, and through a graph of neighbours once there are very many vectors and queries.

The graph is a cache like the others, but not made again for every change: rows of the table never change, so it stays right for
those it has, whichever of them are deleted, and later ones are searched exactly. ``prepare`` builds it when it covers too little.
Loading it takes as long as some thirty exact searches, so the first ones do without.
"""

import logging
import secrets
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from awase.core.errors import BackendError
from awase.core.protocols import Hits
from awase.index.ann import Ann
from awase.index.follow import Follower
from awase.index.table import Table
from awase.store import cache

GRAPH_FROM = 200_000  # vectors
_FORMAT = 1
_COVERED = 0.8  # of the vectors; a graph of fewer is built again
_PATIENCE = 32  # queries
_log = logging.getLogger("awase.index")


class Graph:
    """The graph over the vectors that `dense` follows. `least`: how many vectors make it worth it. Without faiss it does nothing."""

    name = "graph"

    def __init__(self, dense: Follower, table: Table, folder: Path, uuid: str, least: int):
        self._dense, self._table, self._folder, self._uuid, self._least = dense, table, folder, uuid, least
        self.release()

    def search(self, vectors: np.ndarray, k: int, allowed: np.ndarray | None) -> Hits:
        """The k nearest rows of the table: through the graph if there is one, else exact."""
        self._n_queries += len(vectors)
        if self._is_due() and self._n_queries >= _PATIENCE and not self._looked:
            self._load()
        return self._dense.search(vectors, k, allowed, by=self._attached())

    def prepare(self) -> None:
        """Build and keep the graph if it would help and there is none, or one that covers too little."""
        if not self._is_due():
            return
        if not self._looked:
            self._load()
        n_covered = np.count_nonzero(self._places() >= 0) if self._ann else 0
        if n_covered >= _COVERED * len(self._dense.rows):
            return
        self._ann = Ann.build(self._dense.searcher)
        self._rows = self._dense.rows[self._ann.places]
        try:
            token = secrets.token_hex(8)
            cache.save(self._folder, self.name, {**self._ann.arrays(), "rows": self._rows}, self._stamp(token))
            self._table.remember({"graph": token})
        except BackendError as error:
            _log.warning("the graph could not be kept, so it will be built again: %s", error)

    def release(self) -> None:
        """Let go of everything in memory."""
        self._ann: Ann | None = None
        self._rows = np.empty(0, np.int64)  # of the table, for each vector of the graph
        self._looked = False  # for a cache
        self._n_queries = 0

    def _is_due(self) -> bool:
        return len(self._dense.rows) >= self._least and find_spec("faiss") is not None

    def _load(self) -> None:
        """Take the graph from its cache, if that is whole and the last one that was kept."""
        self._looked = True
        token = self._table.meta().get("graph")
        if token is None:
            return
        arrays, why = cache.load(self._folder, self.name, self._stamp(token))
        if arrays is None:
            place = cache.place(self._folder, self.name)
            _log.warning("%s: %s; searching exactly until it is built again", place, why)
            return
        self._rows = arrays["rows"]
        self._ann = Ann.from_arrays(arrays, self._dense.searcher, self._places())

    def _attached(self) -> Ann | None:
        """The graph over the searcher as it is now: that is another one after its cache was made again."""
        if self._ann and self._ann.exact is not self._dense.searcher:
            self._ann = self._ann.over(self._dense.searcher, self._places())
        return self._ann

    def _places(self) -> np.ndarray:
        """For each vector of the graph its row in the dense searcher, -1 where that has none."""
        rows = self._dense.rows
        places = np.searchsorted(rows, self._rows)
        found = rows[np.minimum(places, len(rows) - 1)] == self._rows if len(rows) else np.zeros(len(places), bool)
        return np.where(found, places, -1)

    def _stamp(self, token: str) -> dict:
        # A random token that the table remembers: a restored backup, whose later rows may differ, remembers another.
        return {"collection": self._uuid, "format": _FORMAT, "of": self.name, "token": token}
