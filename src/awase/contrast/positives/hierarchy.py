"""Edges of a hierarchy: a child and what it is below."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.positives.links import LinkSource
from awase.data.links import Links


@dataclass(frozen=True)
class Hypernyms:
    """Each node belongs with what it is below: its parents, and with ``closure`` (taken by the job that reads the edges) their parents too.

    >>> from awase.data.links import read_links
    >>> links = read_links([("dog", "animal"), ("cat", "animal")], "edges")
    >>> source = Hypernyms().source(links, np.array([1]))
    >>> source.anchors.tolist(), source.targets.tolist(), source.n_items
    ([2], [1], 3)
    """

    closure: bool = True
    name = "hypernyms"
    needs = "a hierarchy"

    def source(self, links: Links, rows: np.ndarray) -> LinkSource:
        """The links ``rows``, children as anchors; all nodes are items of one set."""
        n = len(links.head_names)
        return LinkSource(links.heads[rows], links.tails[rows], n, n)
