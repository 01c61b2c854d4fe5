"""What can be proposed as a negative for what."""

from typing import NamedTuple

import numpy as np

from awase.contrast.negatives.corrupted import CorruptedBatches
from awase.contrast.negatives.corrupted_edges import CorruptedEdgesBatches
from awase.contrast.negatives.noise import NoiseBatches
from awase.core.errors import ConfigError
from awase.kernels.sets import pair_set


class Space(NamedTuple):
    """The numbers of a sampler's anchors and targets, and those of a batch's items.

    An anchor's item is a row below n_anchors, plus n_anchors times one of n_kinds relations and directions. A proposal is one of
    n_targets; in a batch it stands where its anchor's positive stands: that item less ``offset`` is a target, plus a multiple of
    n_targets. known: ``kernels.sets.pair_set`` of the (anchor, target) that belong together.
    """

    n_anchors: int
    n_kinds: int
    n_targets: int
    offset: int
    known: np.ndarray


def space_of(noise) -> Space:
    """That of the things which this noise is drawn for; raises ConfigError E0582 where anchors have no candidates of their own."""
    source = noise.source
    match noise:
        case CorruptedBatches():
            n = n_anchors = source.n_entities
            n_kinds, offset = 1 + 2 * source.n_relations, 0
        case CorruptedEdgesBatches():
            n = n_anchors = source.n_items
            n_kinds, offset = 2, 0
        case NoiseBatches():
            n_anchors, n_kinds, n, offset = source.n_anchors, 1, source.n_targets, source.offset
        case _:
            raise ConfigError(
                "E0582",
                "negatives can be proposed only beside noise that each anchor has of its own",
                value=noise.spec.name,
                remedy="mix with Noise, Corrupted or CorruptedEdges",
            )
    if getattr(noise.spec, "filtered", True):
        return Space(n_anchors, n_kinds, n, offset, noise.known)
    anchors, targets = source.known()
    return Space(n_anchors, n_kinds, n, offset, pair_set(anchors, targets, n))
