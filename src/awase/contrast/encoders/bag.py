"""A text as a bag of token rows: the static encoder."""

import numpy as np

from awase.contrast.encoders.gradient import Rows
from awase.kernels import threads as pool
from awase.kernels.bags import bag_mean, bag_pull, group_by_token


class Bag:
    """f(x) = 1/n^p sum over the n tokens t of x of exp(log_weight_t) table_t, with p = ``power``: 1 is the mean.

    ids (n_tokens,) int32 and offsets (n_items + 1,) int64 hold the tokens of every item; an item is its number there. The weights start
    where the caller says (log inverse document frequency, say) and are learned; ``folded`` multiplies them into the table,
    which gives the plain mean of rows that other libraries compute.

    >>> bag = Bag(np.eye(2, dtype=np.float32), np.zeros(2, np.float32), np.array([0, 1], np.int32), np.array([0, 2]))
    >>> bag.encode(np.array([0]))
    array([[0.5, 0.5]], dtype=float32)
    """

    def __init__(
        self,
        table: np.ndarray,
        log_weights: np.ndarray,
        ids: np.ndarray,
        offsets: np.ndarray,
        *,
        power: float = 1.0,
        threads: int = 1,
    ):
        self.parameters = {"table": table, "log_weights": log_weights}
        self.power, self.threads = power, threads
        self._ids, self._offsets = ids, offsets
        self._counts = np.zeros(len(table), np.int64)

    @property
    def dim(self) -> int:
        return self.parameters["table"].shape[1]

    def encode(self, items: np.ndarray) -> np.ndarray:
        """(n, dim) float32, not normalised: the score does that."""
        out = np.empty((len(items), self.dim), np.float32)
        table, weights = self.parameters["table"], np.exp(self.parameters["log_weights"])
        pool.run(
            self.threads,
            len(items),
            lambda first, last: bag_mean(table, weights, self._ids, self._offsets, items, first, last, out),
            at_least=64,
        )
        if self.power != 1:
            out *= self._sizes(items)[:, None] ** (1 - self.power)
        return out

    def pull(self, items: np.ndarray, dV: np.ndarray) -> list[Rows]:
        """Gradients of the table and the log-weights from dV (n, dim), for the tokens of these items only."""
        table, weights = self.parameters["table"], np.exp(self.parameters["log_weights"])
        rows, starts, places = group_by_token(self._ids, self._offsets, items, self._counts)
        shares = 1 / self._sizes(items) ** self.power
        dtable, dweights = np.empty((len(rows), self.dim), np.float32), np.empty(len(rows), np.float32)
        # Shared out by places, not by rows: a few tokens stand in most texts.
        bounds = np.searchsorted(starts, [last for _, last in pool.parts(len(places), self.threads, at_least=4096)])
        edges = [0, *np.minimum(bounds, len(rows)).tolist()]

        def one_part(first: int, last: int) -> None:
            for part in range(first, last):
                bag_pull(table, weights, rows, starts, places, shares, dV, edges[part], edges[part + 1], dtable, dweights)

        pool.run(self.threads, len(edges) - 1, one_part)
        return [Rows("table", rows, dtable), Rows("log_weights", rows, dweights * weights[rows])]

    def _sizes(self, items: np.ndarray) -> np.ndarray:
        """Tokens of each item, float32, at least 1."""
        return np.maximum(self._offsets[items + 1] - self._offsets[items], 1).astype(np.float32)

    def folded(self) -> np.ndarray:
        """(v, dim): each row times its weight."""
        return self.parameters["table"] * np.exp(self.parameters["log_weights"])[:, None]
