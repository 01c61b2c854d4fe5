"""Pairs that the user gave, as numbers."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PairSource:
    """n pairs over distinct anchors and distinct documents; equal texts are one item, which makes masks by text masks by id.

    anchors, documents: (n,) int64, the two sides of each pair, numbered separately from 0.
    negatives: CSR of document numbers that were given as negatives of each *pair*, as (starts (n + 1,), items), or None.
    weight: (n,) float32, how much each pair counts, or None.

    >>> source = PairSource(np.array([0, 0, 1]), np.array([0, 1, 1]), n_anchors=2, n_documents=2)
    >>> [array.tolist() for array in source.known()]
    [[0, 2, 3], [0, 1, 1]]
    """

    anchors: np.ndarray
    documents: np.ndarray
    n_anchors: int
    n_documents: int
    negatives: tuple[np.ndarray, np.ndarray] | None = None
    weight: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.anchors)

    def known(self) -> tuple[np.ndarray, np.ndarray]:
        """CSR by anchor of every document it is known to belong with: (starts (n_anchors + 1,), documents)."""
        order = np.argsort(self.anchors, kind="stable")
        starts = np.zeros(self.n_anchors + 1, np.int64)
        np.cumsum(np.bincount(self.anchors, minlength=self.n_anchors), out=starts[1:])
        return starts, self.documents[order]
