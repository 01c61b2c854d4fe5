"""What a batch is compared with."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from array_api_compat import array_namespace, device


def _no_pairs() -> tuple[np.ndarray, np.ndarray]:
    return np.empty(0, np.int64), np.empty(0, np.int64)


@dataclass(frozen=True)
class Candidates:
    """The items that b anchors are scored against.

    items: (c,) distinct items that all anchors share, or (b, c) each anchor's own.
    target: (b,) which column holds each anchor's own positive.
    mask: two arrays (rows, columns) of the same length: pairs to leave out of the loss, because they belong together as well.
    logq: (c,) or (b, c) log-probability with which each item was drawn, or None; softmax losses subtract it.
    weight: (b,) how much each anchor counts, or None for all alike.
    share: (b, c) how much each negative counts in a loss that adds up or averages over negatives, or None for all alike.
    """

    items: np.ndarray
    target: np.ndarray
    mask: tuple[np.ndarray, np.ndarray] = field(default_factory=_no_pairs)
    logq: np.ndarray | None = None
    weight: np.ndarray | None = None
    share: np.ndarray | None = None

    def like(self, V) -> "Candidates":
        """The same in the array library of ``V``, on its device, with numbers of its type."""
        xp, place = array_namespace(V), device(V)

        def number(array):
            return None if array is None else xp.asarray(array, dtype=V.dtype, device=place)

        rows, columns = (xp.asarray(places, device=place) for places in self.mask)
        return replace(
            self,
            target=xp.asarray(self.target, device=place),
            mask=(rows, columns),
            logq=number(self.logq),
            weight=number(self.weight),
            share=number(self.share),
        )


class Batch(NamedTuple):
    """anchors: (b,) int64 items; candidates: what they are scored against. Encoders know what an item's number means."""

    anchors: np.ndarray
    candidates: Candidates
