"""Users and the items they have."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.positives.links import LinkSource
from awase.data.links import Links


@dataclass(frozen=True)
class Interactions:
    """Each user belongs with each item that it bought, read, rated: how it was rated is not looked at.

    >>> from awase.data.links import read_links
    >>> links = read_links([("ann", "tea"), ("bob", "tea"), ("bob", "jam")], "interactions")
    >>> source = Interactions().source(links, np.array([0, 2]))
    >>> source.anchors.tolist(), (source.offset + source.targets).tolist()
    ([0, 1], [2, 3])
    """

    name = "interactions"
    needs = "interactions"

    def source(self, links: Links, rows: np.ndarray) -> LinkSource:
        """The links ``rows``: users are items 0 .. n_users - 1 of the encoder, what they have comes after them."""
        n_users = len(links.head_names)
        return LinkSource(links.heads[rows], links.tails[rows], n_users, len(links.tail_names), offset=n_users)
