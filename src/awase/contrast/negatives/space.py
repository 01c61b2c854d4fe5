"""What can be proposed as a negative for what."""

from typing import NamedTuple

import numpy as np

from awase.contrast.positives.links import LinkSource
from awase.contrast.positives.triples import TripleSource
from awase.kernels.sets import pair_set


class Space(NamedTuple):
    """What can be proposed for what.

    An anchor's code is a row below n_anchors, plus n_anchors times one of n_kinds relations and directions. A proposal is one of
    n_targets; in a batch it stands where its anchor's positive stands: that code less ``offset`` is a target, plus a multiple of
    n_targets. known: ``kernels.sets.pair_set`` of the (anchor, target) that belong together.
    """

    n_anchors: int
    n_kinds: int
    n_targets: int
    offset: int
    known: np.ndarray


def space_of(source: LinkSource | TripleSource) -> Space:
    """That of the source's links, or of both sides of its triples."""
    if isinstance(source, TripleSource):
        known = pair_set(*source.known(), source.n_entities)
        return Space(source.n_entities, 1 + 2 * source.n_relations, source.n_entities, 0, known)
    known = pair_set(*source.known(), source.n_targets)
    return Space(source.n_anchors, 1, source.n_targets, source.offset, known)
