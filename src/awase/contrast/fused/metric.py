"""Metric learning on one table: anchors and targets are rows, the score is a squared distance, the hardest negative pays."""

import numpy as np

from awase.contrast.encoders import Table
from awase.contrast.fused.step import Batches
from awase.contrast.losses import Margin, Warp
from awase.contrast.negatives.noise import NoiseBatches
from awase.contrast.scores import Distance
from awase.kernels import draws
from awase.kernels.metric import metric_batches

NAME, AT_ONCE = "metric", 4096


def bind(encoder, batcher, score, loss, optimizer) -> Batches | None:
    """``kernels.metric`` for these parts; None where they are not what it computes."""
    if not (
        isinstance(encoder, Table)
        and encoder.parameters["table"].dtype == np.float32
        and isinstance(batcher, NoiseBatches)
        and batcher.source.offset == batcher.source.n_anchors
        and score == Distance(p=2, squared=True)
        and (isinstance(loss, Warp) or (isinstance(loss, Margin) and loss.over == "hardest"))
        and optimizer.name == "adagrad"
    ):
        return None
    source, on = batcher.source, optimizer.manifolds["table"]
    table, squares = encoder.parameters["table"], optimizer.state["table.squares"]
    margin, n_ranked = np.float32(loss.margin), loss.n_items if isinstance(loss, Warp) else 0

    def batches(rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray):
        key, rates = draws.key(batcher.seed, epoch), (optimizer.rates["table"] * schedule).astype(np.float32)
        return lambda first, last: metric_batches(
            table, squares, source.anchors, source.targets, source.n_anchors, rows, edges, rates, batcher.share, batcher.alias,
            batcher.known, key, batcher.spec.n, margin, n_ranked, on.code, on.radius, first, last,
        )  # fmt: skip

    return batches
