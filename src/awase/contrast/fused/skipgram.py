"""Dot products and the logistic loss on one table, by plain gradient descent: windows of a text, or pairs."""

import numpy as np

from awase.contrast.encoders import Table
from awase.contrast.losses import Logistic
from awase.contrast.manifolds import Flat
from awase.contrast.negatives.noise import NoiseBatches
from awase.contrast.negatives.shared_noise import SharedNoiseBatches
from awase.contrast.scores import Dot
from awase.kernels import draws
from awase.kernels import threads as pool
from awase.kernels.skipgram import train_pairs, train_windows


def _fits(encoder, score, loss, optimizer) -> bool:
    return (
        isinstance(encoder, Table)
        and encoder.parameters["table"].dtype == np.float32
        and score == Dot()
        and loss == Logistic()
        and optimizer.name == "sgd"
        and optimizer.manifolds["table"] == Flat()
    )


class SkipGram:
    """What ``train.step.Generic`` does with windows that share their noise, one window a batch. threads above 1 share out the text without
    locks."""

    name = "skip-gram"
    at_once = 1 << 17  # windows a call

    def __init__(self, table: Table, batcher: SharedNoiseBatches, optimizer, threads: int = 1):
        self.batcher, self.optimizer, self.threads = batcher, optimizer, threads
        self.parameters, self.state = table.parameters, optimizer.state

    @classmethod
    def of(cls, encoder, batcher, score, loss, optimizer, threads: int) -> "SkipGram | None":
        """This kernel for these parts, or None where they are not what it computes."""
        if isinstance(batcher, SharedNoiseBatches) and _fits(encoder, score, loss, optimizer):
            return cls(encoder, batcher, optimizer, threads)
        return None

    def __len__(self) -> int:
        return len(self.batcher.source)

    def order(self, epoch: int) -> None:
        """In sequence."""

    def run(self, rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray) -> float:
        """As ``train.step.Generic.run``; the rows follow each other, and each is a batch."""
        batcher, source, begin = self.batcher, self.batcher.source, int(rows[0])
        rates = (self.optimizer.rates["table"] * schedule).astype(np.float32)
        totals: list[float] = []

        def share(first: int, last: int) -> None:
            totals.append(
                train_windows(
                    self.parameters["table"], source.offset, source.ids, source.starts, source.edges, source.keep,
                    batcher.share, batcher.alias, draws.key(batcher.seed, epoch), source.window, source.dynamic, batcher.spec.n,
                    begin + first, begin + last, rates[first:last],
                )
            )  # fmt: skip

        pool.run(self.threads, len(rows), share)
        return sum(totals)


class PairSteps:
    """What ``train.step.Generic`` does with pairs that have noise of their own. threads above 1 share out the batches without locks."""

    name = "pairs"
    at_once = 1 << 16  # batches a call

    def __init__(self, table: Table, batcher: NoiseBatches, optimizer, threads: int = 1):
        self.batcher, self.optimizer, self.threads = batcher, optimizer, threads
        self.parameters, self.state = table.parameters, optimizer.state

    @classmethod
    def of(cls, encoder, batcher, score, loss, optimizer, threads: int) -> "PairSteps | None":
        """This kernel for these parts, or None where they are not what it computes."""
        if isinstance(batcher, NoiseBatches) and _fits(encoder, score, loss, optimizer):
            return cls(encoder, batcher, optimizer, threads)
        return None

    def __len__(self) -> int:
        return len(self.batcher.source)

    def order(self, epoch: int) -> np.ndarray:
        """The examples in the order of this epoch, (n,) int64."""
        return self.batcher.order(epoch)

    def run(self, rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray) -> float:
        """As ``train.step.Generic.run``."""
        batcher, source = self.batcher, self.batcher.source
        rates = (self.optimizer.rates["table"] * schedule).astype(np.float32)
        totals: list[float] = []

        def share(first: int, last: int) -> None:
            totals.append(
                train_pairs(
                    self.parameters["table"], source.offset, source.anchors, source.targets, batcher.known, source.n_targets,
                    batcher.share, batcher.alias, draws.key(batcher.seed, epoch), batcher.spec.n, rows, edges, first, last, rates,
                )
            )  # fmt: skip

        pool.run(self.threads, len(edges) - 1, share)
        return sum(totals)
