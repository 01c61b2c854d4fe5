"""Pairs of names: items bought together, nodes along a walk, words and their translations."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.positives.links import LinkSource
from awase.data.links import Links


@dataclass(frozen=True)
class NamedPairs:
    """Each row is a pair: its anchor belongs with its positive, and more so the more often the data say it.

    >>> from awase.data.links import read_links
    >>> links = read_links([("bread", "jam"), ("bread", "jam"), ("jam", "tea")], "pairs")
    >>> source = NamedPairs().source(links, np.arange(2))
    >>> source.anchors.tolist(), source.targets.tolist(), source.offset
    ([0, 0, 1], [1, 1, 2], 3)
    """

    name = "pairs of names"
    needs = "pairs of names"

    def source(self, links: Links, rows: np.ndarray) -> LinkSource:
        """The links ``rows``, each as often as it was read. A name has a row as an anchor and another as a target."""
        n_anchors = len(links.head_names)
        times = np.ones(len(rows), np.int64) if links.values is None else links.values[rows].astype(np.int64)
        return LinkSource(
            np.repeat(links.heads[rows], times),
            np.repeat(links.tails[rows], times),
            n_anchors,
            len(links.tail_names),
            offset=n_anchors,
        )
