"""Dot products and the logistic loss on one table by plain gradient descent: windows of a text, which share their noise."""

import numpy as np

from awase.contrast.encoders import Table
from awase.contrast.fused.step import Batches
from awase.contrast.losses import Logistic
from awase.contrast.manifolds import Flat
from awase.contrast.negatives.shared_noise import SharedNoiseBatches
from awase.contrast.scores import Dot
from awase.kernels import draws
from awase.kernels.skipgram import train_windows

NAME, AT_ONCE = "skip-gram", 1 << 17


def bind(encoder, batcher, score, loss, optimizer) -> Batches | None:
    """``kernels.skipgram.train_windows`` for these parts; None where they are not what it computes. A window is a batch."""
    if not (isinstance(batcher, SharedNoiseBatches) and descends_on_dots(encoder, score, loss, optimizer)):
        return None
    source, table = batcher.source, encoder.parameters["table"]

    def batches(rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray):
        key, rates = draws.key(batcher.seed, epoch), (optimizer.rates["table"] * schedule).astype(np.float32)
        begin = int(rows[0])  # the rows follow each other
        return lambda first, last: train_windows(
            table, source.offset, source.ids, source.starts, source.edges, source.keep, batcher.share, batcher.alias, key,
            source.window, source.dynamic, batcher.spec.n, begin + first, begin + last, rates[first:last],
        )  # fmt: skip

    return batches


def descends_on_dots(encoder, score, loss, optimizer) -> bool:
    """Whether these are the parts that ``kernels.skipgram`` has: a float32 table, dot products, the logistic loss, gradient descent."""
    return (
        isinstance(encoder, Table)
        and encoder.parameters["table"].dtype == np.float32
        and score == Dot()
        and loss == Logistic()
        and optimizer.name == "sgd"
        and optimizer.manifolds["table"] == Flat()
    )
