"""Order embeddings on one table of nodes: the violation of the order, edges corrupted and turned round, a hinge, Adagrad."""

import numpy as np

from awase.contrast.encoders import TwoSided
from awase.contrast.fused.step import Batches
from awase.contrast.losses import Hinge
from awase.contrast.negatives.corrupted_edges import CorruptedEdgesBatches
from awase.contrast.scores import Order
from awase.kernels import draws
from awase.kernels.order import order_batches

NAME, AT_ONCE = "order", 4096


def bind(encoder, batcher, score, loss, optimizer) -> Batches | None:
    """``kernels.order`` for these parts; None where they are not what it computes."""
    if not (
        isinstance(encoder, TwoSided)
        and encoder.parameters["table"].dtype == np.float32
        and isinstance(batcher, CorruptedEdgesBatches)
        and isinstance(score, Order)
        and isinstance(loss, Hinge)
        and optimizer.name == "adagrad"
    ):
        return None
    source, spec, on, margin = batcher.source, batcher.spec, optimizer.manifolds["table"], np.float32(loss.margin)
    table, squares = encoder.parameters["table"], optimizer.state["table.squares"]

    def batches(rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray):
        key, rates = draws.key(batcher.seed, epoch), (optimizer.rates["table"] * schedule).astype(np.float32)

        def steps(first: int, last: int) -> float:
            paid = order_batches(
                table, squares, source.anchors, source.targets, rows, edges, rates, batcher.share, batcher.alias, batcher.known,
                key, spec.n, spec.turned, margin, on.code, on.radius, first, last,
            )  # fmt: skip
            return float(paid)

        return steps

    return batches
