"""Metric learning on one table: anchors and targets are rows, the score is a squared distance, the hardest negative pays."""

import numpy as np

from awase.contrast.encoders import Table
from awase.contrast.losses import Margin, Warp
from awase.contrast.negatives.noise import NoiseBatches
from awase.contrast.scores import Distance
from awase.kernels import draws
from awase.kernels import threads as pool
from awase.kernels.metric import metric_batches

_AT_ONCE = 4096  # batches a call


class Metric:
    """What ``train.step.Generic`` does with these parts, by ``kernels.metric``. threads above 1 share out the batches without locks."""

    name = "metric"
    at_once = _AT_ONCE

    def __init__(self, table: Table, batcher: NoiseBatches, loss: Margin | Warp, optimizer, threads: int = 1):
        self.batcher, self.optimizer, self.threads = batcher, optimizer, threads
        self.parameters, self.state = table.parameters, optimizer.state
        self._margin = np.float32(loss.margin)
        self._n_ranked = loss.n_items if isinstance(loss, Warp) else 0

    @classmethod
    def of(cls, encoder, batcher, score, loss, optimizer, threads: int) -> "Metric | None":
        """This kernel for these parts, or None where they are not what it computes."""
        hardest = isinstance(loss, Warp) or (isinstance(loss, Margin) and loss.over == "hardest")
        if (
            isinstance(encoder, Table)
            and encoder.parameters["table"].dtype == np.float32
            and isinstance(batcher, NoiseBatches)
            and batcher.source.offset == batcher.source.n_anchors
            and score == Distance(p=2, squared=True)
            and hardest
            and optimizer.name == "adagrad"
        ):
            return cls(encoder, batcher, loss, optimizer, threads)
        return None

    def __len__(self) -> int:
        return len(self.batcher.source)

    def order(self, epoch: int) -> np.ndarray:
        """The examples in the order of this epoch, (n,) int64."""
        return self.batcher.order(epoch)

    def run(self, rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray) -> float:
        """As ``train.step.Generic.run``."""
        source, batcher, manifold = self.batcher.source, self.batcher, self.optimizer.manifolds["table"]
        rates = (self.optimizer.rates["table"] * schedule).astype(np.float32)
        totals: list[float] = []

        def share(first: int, last: int) -> None:
            totals.append(
                metric_batches(
                    self.parameters["table"], self.state["table.squares"], source.anchors, source.targets, source.n_anchors,
                    rows, edges, rates, batcher.share, batcher.alias, batcher.known,
                    draws.key(batcher.seed, epoch),
                    batcher.spec.n, self._margin, self._n_ranked, manifold.code, manifold.radius, first, last,
                )
            )  # fmt: skip

        pool.run(self.threads, len(edges) - 1, share)
        return sum(totals)
