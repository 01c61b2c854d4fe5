"""Dot products and the logistic loss on one table by plain gradient descent: pairs, each with noise of its own."""

import numpy as np

from awase.contrast.fused.skipgram import descends_on_dots
from awase.contrast.fused.step import Batches
from awase.contrast.negatives.noise import NoiseBatches
from awase.kernels import draws
from awase.kernels.skipgram import train_pairs

NAME, AT_ONCE = "pairs", 1 << 16


def bind(encoder, batcher, score, loss, optimizer) -> Batches | None:
    """``kernels.skipgram.train_pairs`` for these parts; None where they are not what it computes."""
    if not (isinstance(batcher, NoiseBatches) and descends_on_dots(encoder, score, loss, optimizer)):
        return None
    source, table = batcher.source, encoder.parameters["table"]

    def batches(rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray):
        key, rates = draws.key(batcher.seed, epoch), (optimizer.rates["table"] * schedule).astype(np.float32)
        return lambda first, last: train_pairs(
            table, source.offset, source.anchors, source.targets, batcher.known, source.n_targets, batcher.share, batcher.alias,
            key, batcher.spec.n, rows, edges, first, last, rates,
        )  # fmt: skip

    return batches
