"""Poincaré embeddings on one table of nodes: hyperbolic distances, InfoNCE at temperature 1 over noise, Riemannian descent."""

import numpy as np

from awase.contrast.encoders import Table
from awase.contrast.losses import InfoNCE
from awase.contrast.negatives.noise import NoiseBatches
from awase.contrast.scores import Poincare
from awase.kernels import draws
from awase.kernels import threads as pool
from awase.kernels.poincare import poincare_batches


class PoincareSteps:
    """What ``train.step.Generic`` does with these parts, by ``kernels.poincare``. threads above 1 share out the batches without locks."""

    name = "poincare"
    at_once = 4096  # batches a call

    def __init__(self, table: Table, batcher: NoiseBatches, optimizer, threads: int = 1):
        self.batcher, self.optimizer, self.threads = batcher, optimizer, threads
        self.parameters, self.state = table.parameters, optimizer.state

    @classmethod
    def of(cls, encoder, batcher, score, loss, optimizer, threads: int) -> "PoincareSteps | None":
        """This kernel for these parts, or None where they are not what it computes."""
        if (
            isinstance(encoder, Table)
            and encoder.parameters["table"].dtype == np.float64
            and isinstance(batcher, NoiseBatches)
            and batcher.source.offset == 0
            and isinstance(score, Poincare)
            and loss == InfoNCE(temperature=1.0)
            and optimizer.name == "sgd"
        ):
            return cls(encoder, batcher, optimizer, threads)
        return None

    def __len__(self) -> int:
        return len(self.batcher.source)

    def order(self, epoch: int) -> np.ndarray:
        """The links in the order of this epoch, (n,) int64."""
        return self.batcher.order(epoch)

    def run(self, rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray) -> float:
        """As ``train.step.Generic.run``."""
        batcher, source, manifold = self.batcher, self.batcher.source, self.optimizer.manifolds["table"]
        rates = self.optimizer.rates["table"] * np.asarray(schedule, np.float64)
        totals: list[float] = []

        def share(first: int, last: int) -> None:
            totals.append(
                poincare_batches(
                    self.parameters["table"], source.anchors, source.targets, rows, edges, rates, batcher.share, batcher.alias,
                    batcher.known, draws.key(batcher.seed, epoch), batcher.spec.n, manifold.code, manifold.radius, first, last,
                )
            )  # fmt: skip

        pool.run(self.threads, len(edges) - 1, share)
        return sum(totals)
