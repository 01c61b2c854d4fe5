"""A kernel as a step of the loop."""

from collections.abc import Callable

import numpy as np

from awase.kernels import threads as pool

# (rows, edges, epoch, schedule) -> (first, last) -> the sum of the mean losses of the batches first .. last - 1, on which it takes the steps.
Batches = Callable[[np.ndarray, np.ndarray, int, np.ndarray], Callable[[int, int], float]]


class Fused:
    """What ``train.step.Generic`` does with the same parts, by a kernel. threads above 1 share out the batches without locks.

    batches: the kernel, bound to its parts; at_once: batches a call should have, so that a call takes long enough to be worth it, and
    short enough to show progress.
    """

    def __init__(self, name: str, encoder, batcher, optimizer, batches: Batches, *, at_once: int, threads: int):
        self.name, self.batcher, self.at_once, self.threads = name, batcher, at_once, threads
        self.parameters, self.state = encoder.parameters, optimizer.state
        self._batches = batches

    def __len__(self) -> int:
        return len(self.batcher.source)

    def order(self, epoch: int) -> np.ndarray | None:
        """The examples in the order of this epoch, (n,) int64; None: in sequence."""
        return self.batcher.order(epoch)

    def run(self, rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray) -> float:
        """As ``train.step.Generic.run``."""
        kernel = self._batches(rows, edges, epoch, schedule)
        totals: list[float] = []
        pool.run(self.threads, len(edges) - 1, lambda first, last: totals.append(kernel(first, last)))
        return sum(totals)
