"""Pairs that the user gave, as numbers."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PairSource:
    """n pairs over distinct anchors and distinct documents; equal texts are one item, which makes masks by text masks by id.

    anchors, documents: (n,) int64, the two sides of each pair, numbered separately from 0.
    negatives: CSR of document numbers that were given as negatives of each *pair*, as (starts (n + 1,), items), or None.
    weight: (n,) float32, how much each pair counts, or None.
    own: (n_anchors,) int64, the document whose text is the anchor's own, -1 for none; or None. It is no negative of that anchor.

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
    own: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.anchors)

    def known(self) -> tuple[np.ndarray, np.ndarray]:
        """CSR by anchor of every document it is known to belong with, its own text among them: (starts (n_anchors + 1,), documents)."""
        anchors, documents = self.belonging()
        order = np.argsort(anchors, kind="stable")
        starts = np.zeros(self.n_anchors + 1, np.int64)
        np.cumsum(np.bincount(anchors, minlength=self.n_anchors), out=starts[1:])
        return starts, documents[order]

    def belonging(self) -> tuple[np.ndarray, np.ndarray]:
        """The anchors and documents of all pairs, then of anchors with their own text: what is never a negative."""
        if self.own is None:
            return self.anchors, self.documents
        also = np.flatnonzero(self.own >= 0)
        return np.concatenate([self.anchors, also]), np.concatenate([self.documents, self.own[also]])
