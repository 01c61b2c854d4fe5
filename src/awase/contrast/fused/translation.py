"""Translations in a graph: the encoders of TransE and TransD, distances 1 or 2, corrupted triples, the mean hinge over them."""

import numpy as np

from awase.contrast.encoders import Projected, Translated
from awase.contrast.fused.step import Batches
from awase.contrast.losses import Margin
from awase.contrast.manifolds import Flat
from awase.contrast.negatives.corrupted import CorruptedBatches
from awase.contrast.scores import Distance
from awase.kernels.translation import TABLES, translation_steps

NAME, AT_ONCE = "translation", 4096
_ABSENT = np.zeros((1, 1), np.float32)


def bind(encoder, batcher, score, loss, optimizer) -> Batches | None:
    """``kernels.translation`` for these parts; None where they are not what it computes."""
    if not (
        isinstance(encoder, Translated | Projected)
        and encoder.parameters["entities"].dtype == np.float32
        and isinstance(batcher, CorruptedBatches)
        and isinstance(score, Distance)
        and not score.squared
        and isinstance(loss, Margin)
        and loss.over == "all"
    ):
        return None
    source, projected, adagrad, margin = (
        batcher.source, isinstance(encoder, Projected), optimizer.name == "adagrad", np.float32(loss.margin)
    )  # fmt: skip
    tables = tuple(encoder.parameters.get(name, _ABSENT) for name in TABLES)
    squares = tuple(optimizer.state.get(f"{name}.squares", _ABSENT) for name in TABLES)
    full = np.array([optimizer.rates.get(name, 0.0) for name in TABLES])
    manifolds = [optimizer.manifolds.get(name, Flat()) for name in TABLES]
    codes, radii = np.array([on.code for on in manifolds]), np.array([on.radius for on in manifolds])

    def batches(rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray):
        key = batcher.key(epoch)
        return lambda first, last: translation_steps(
            tables, squares, full, codes, radii, projected, adagrad, score.p, margin,
            source.heads, source.relations, source.tails, batcher.head_chance, batcher.share, batcher.alias, batcher.known, key,
            batcher.spec.n, rows, edges, schedule, first, last,
        )  # fmt: skip

    return batches
