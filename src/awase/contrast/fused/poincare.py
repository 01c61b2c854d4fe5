"""Poincaré embeddings on one table of nodes: hyperbolic distances, InfoNCE at temperature 1 over noise, Riemannian descent."""

import numpy as np

from awase.contrast.encoders import Table
from awase.contrast.fused.step import Batches
from awase.contrast.losses import InfoNCE
from awase.contrast.negatives.noise import NoiseBatches
from awase.contrast.scores import Poincare
from awase.kernels import draws
from awase.kernels.poincare import poincare_batches

NAME, AT_ONCE = "poincare", 4096


def bind(encoder, batcher, score, loss, optimizer) -> Batches | None:
    """``kernels.poincare`` for these parts; None where they are not what it computes."""
    if not (
        isinstance(encoder, Table)
        and encoder.parameters["table"].dtype == np.float64
        and isinstance(batcher, NoiseBatches)
        and batcher.source.offset == 0
        and isinstance(score, Poincare)
        and loss == InfoNCE(temperature=1.0)
        and optimizer.name == "sgd"
    ):
        return None
    source, on, table = batcher.source, optimizer.manifolds["table"], encoder.parameters["table"]

    def batches(rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray):
        key, rates = draws.key(batcher.seed, epoch), optimizer.rates["table"] * np.asarray(schedule, np.float64)
        return lambda first, last: poincare_batches(
            table, source.anchors, source.targets, rows, edges, rates, batcher.share, batcher.alias, batcher.known, key,
            batcher.spec.n, on.code, on.radius, first, last,
        )  # fmt: skip

    return batches
