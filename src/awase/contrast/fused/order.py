"""Order embeddings on one table of nodes: the violation of the order, edges corrupted and turned round, a hinge, Adagrad."""

import numpy as np

from awase.contrast.encoders import TwoSided
from awase.contrast.losses import Hinge
from awase.contrast.negatives.corrupted_edges import CorruptedEdgesBatches
from awase.contrast.scores import Order
from awase.kernels import draws
from awase.kernels import threads as pool
from awase.kernels.order import order_batches


class OrderSteps:
    """What ``train.step.Generic`` does with these parts, by ``kernels.order``. threads above 1 share out the batches without locks."""

    name = "order"
    at_once = 4096  # batches a call

    def __init__(self, encoder: TwoSided, batcher: CorruptedEdgesBatches, loss: Hinge, optimizer, threads: int = 1):
        self.batcher, self.optimizer, self.threads = batcher, optimizer, threads
        self.parameters, self.state = encoder.parameters, optimizer.state
        self._margin = np.float32(loss.margin)

    @classmethod
    def of(cls, encoder, batcher, score, loss, optimizer, threads: int) -> "OrderSteps | None":
        """This kernel for these parts, or None where they are not what it computes."""
        if (
            isinstance(encoder, TwoSided)
            and encoder.parameters["table"].dtype == np.float32
            and isinstance(batcher, CorruptedEdgesBatches)
            and isinstance(score, Order)
            and isinstance(loss, Hinge)
            and optimizer.name == "adagrad"
        ):
            return cls(encoder, batcher, loss, optimizer, threads)
        return None

    def __len__(self) -> int:
        return len(self.batcher.source)

    def order(self, epoch: int) -> np.ndarray:
        """The edges in the order of this epoch, (n,) int64."""
        return self.batcher.order(epoch)

    def run(self, rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray) -> float:
        """As ``train.step.Generic.run``."""
        batcher, source, manifold = self.batcher, self.batcher.source, self.optimizer.manifolds["table"]
        rates = (self.optimizer.rates["table"] * schedule).astype(np.float32)
        totals: list[float] = []

        def share(first: int, last: int) -> None:
            totals.append(
                order_batches(
                    self.parameters["table"], self.state["table.squares"], source.anchors, source.targets, rows, edges, rates,
                    batcher.share, batcher.alias, batcher.known, draws.key(batcher.seed, epoch), batcher.spec.n,
                    batcher.spec.turned, self._margin, manifold.code, manifold.radius, first, last,
                )
            )  # fmt: skip

        pool.run(self.threads, len(edges) - 1, share)
        return sum(totals)
