"""Translations in a graph: the encoders of TransE and TransD, distances 1 or 2, corrupted triples, the mean hinge over them."""

import numpy as np

from awase.contrast.encoders import Projected, Translated
from awase.contrast.losses import Margin
from awase.contrast.manifolds import Flat
from awase.contrast.negatives.corrupted import CorruptedBatches
from awase.contrast.scores import Distance
from awase.kernels import threads as pool
from awase.kernels.translation import TABLES, translation_steps

_AT_ONCE = 4096  # batches a call
_ABSENT = np.zeros((1, 1), np.float32)


class TranslationSteps:
    """What ``train.step.Generic`` does with these parts, by ``kernels.translation``. threads above 1 share out the batches without locks."""

    name = "translation"
    at_once = _AT_ONCE

    def __init__(
        self,
        encoder: Translated | Projected,
        batcher: CorruptedBatches,
        score: Distance,
        loss: Margin,
        optimizer,
        threads: int = 1,
    ):
        self.batcher, self.optimizer, self.threads = batcher, optimizer, threads
        self.parameters, self.state = encoder.parameters, optimizer.state
        self._p, self._margin, self._projected = score.p, np.float32(loss.margin), isinstance(encoder, Projected)

    @classmethod
    def of(cls, encoder, batcher, score, loss, optimizer, threads: int) -> "TranslationSteps | None":
        """This kernel for these parts, or None where they are not what it computes."""
        if (
            isinstance(encoder, Translated | Projected)
            and encoder.parameters["entities"].dtype == np.float32
            and isinstance(batcher, CorruptedBatches)
            and isinstance(score, Distance)
            and not score.squared
            and isinstance(loss, Margin)
            and loss.over == "all"
        ):
            return cls(encoder, batcher, score, loss, optimizer, threads)
        return None

    def __len__(self) -> int:
        return len(self.batcher.source)

    def order(self, epoch: int) -> np.ndarray:
        """The triples in the order of this epoch, (n,) int64."""
        return self.batcher.order(epoch)

    def run(self, rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray) -> float:
        """As ``train.step.Generic.run``."""
        batcher, source, optimizer = self.batcher, self.batcher.source, self.optimizer
        manifolds = [optimizer.manifolds.get(name, Flat()) for name in TABLES]
        tables = tuple(self.parameters.get(name, _ABSENT) for name in TABLES)
        squares = tuple(self.state.get(f"{name}.squares", _ABSENT) for name in TABLES)
        full = np.array([optimizer.rates.get(name, 0.0) for name in TABLES])
        codes, radii = np.array([on.code for on in manifolds]), np.array([on.radius for on in manifolds])
        key, totals = batcher.key(epoch), []

        def share(first: int, last: int) -> None:
            total = translation_steps(
                tables, squares, full, codes, radii, self._projected, optimizer.name == "adagrad", self._p, self._margin,
                source.heads, source.relations, source.tails, batcher.head_chance, batcher.share, batcher.alias, batcher.known, key,
                batcher.spec.n, rows, edges, schedule, first, last,
            )  # fmt: skip
            totals.append(total)

        pool.run(self.threads, len(edges) - 1, share)
        return sum(totals)
