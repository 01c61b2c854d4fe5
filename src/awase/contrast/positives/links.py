"""Links between things that have a row each: word and context, node and neighbour, user and item."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LinkSource:
    """n positives (anchor, target), as rows.

    anchors, targets: (n,) int64, each numbered from 0; offset: what is added to a target's row to make an item: 0 where both are rows
    of one set (nodes), ``n_anchors`` where they are two (users and items).

    >>> source = LinkSource(np.array([0, 1]), np.array([2, 0]), n_anchors=2, n_targets=3, offset=2)
    >>> len(source), source.n_items
    (2, 5)
    """

    anchors: np.ndarray
    targets: np.ndarray
    n_anchors: int
    n_targets: int
    offset: int = 0

    def __len__(self) -> int:
        return len(self.anchors)

    def known(self) -> tuple[np.ndarray, np.ndarray]:
        """(anchors, targets) that are no negatives: the links, and where both sides are rows of one set, each row with itself."""
        if self.offset:
            return self.anchors, self.targets
        own = np.arange(min(self.n_anchors, self.n_targets))
        return np.concatenate([self.anchors, own]), np.concatenate([self.targets, own])

    @property
    def n_items(self) -> int:
        """How many rows the encoder's table has."""
        return max(self.n_anchors, self.offset + self.n_targets)
