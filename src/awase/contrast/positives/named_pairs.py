"""Pairs of names: items bought together, nodes along a walk, words and their translations."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.positives.links import LinkSource
from awase.data.links import Links


@dataclass(frozen=True)
class NamedPairs:
    """Each row is a pair: its anchor belongs with its positive.

    >>> from awase.data.links import read_links
    >>> links = read_links([("ann", "tea"), ("bob", "tea"), ("bob", "jam")], "pairs")
    >>> source = NamedPairs().source(links, np.arange(3))
    >>> source.anchors.tolist(), source.targets.tolist(), source.offset
    ([0, 1, 1], [0, 0, 1], 2)
    """

    name = "pairs of names"
    needs = "pairs of names"

    def source(self, links: Links, rows: np.ndarray) -> LinkSource:
        """The links ``rows``. A name has a row for each side on which it stands, also where the sides have names in common."""
        n_anchors = len(links.head_names)
        return LinkSource(links.heads[rows], links.tails[rows], n_anchors, len(links.tail_names), offset=n_anchors)
