"""Batches of text pairs, whose documents are each other's negatives."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from awase.contrast.candidates import Batch
from awase.contrast.negatives.candidate_maker import CandidateMaker
from awase.contrast.negatives.mixture import parts_of
from awase.contrast.negatives.proposals import TextProposals
from awase.contrast.positives import PairSource


class TextBatches:
    """What ``CandidateMaker`` makes, over the items of one encoder: anchors first, then documents.

    size: pairs a batch; encode: items -> vectors, as the model is now, for negatives that decide which pairs share a batch.
    """

    def __init__(self, source: PairSource, negatives, *, seed: int, size: int, encode: Callable[[np.ndarray], np.ndarray]):
        self.source, self._negatives, self._seed, self._size, self._encode = source, negatives, seed, size, encode
        self._maker = CandidateMaker(source, negatives)
        self._proposals = next(
            (TextProposals(part, source, seed) for part in parts_of(negatives) if hasattr(part, "sampler")), None
        )
        self.state: dict[str, np.ndarray] = {}

    def watch(self, encoder, score) -> None:
        """The model, for negatives that are proposed by a sampler which plays against it."""
        if self._proposals is not None:
            self._proposals.watch(encoder, score)
            self.state = self._proposals.state

    def order(self, epoch: int) -> np.ndarray:
        """In which the pairs are seen in this epoch: as the negatives wish, else random."""
        rng = np.random.default_rng((self._seed, epoch))
        order = getattr(self._negatives, "order", None)
        if order is None:
            return rng.permutation(len(self.source))
        documents = lambda numbers: self._encode(self.source.n_anchors + numbers)  # noqa: E731
        return order(self.source, epoch, self._size, documents, rng)

    def make(self, rows: np.ndarray, epoch: int) -> Batch:
        """The batch of the pairs ``rows`` (b,). A pair is seen once an epoch, so its first row tells the batches of one apart."""
        proposed = () if self._proposals is None else (self._proposals.draw(rows, epoch),)
        candidates = self._maker.make(rows, np.random.default_rng((self._seed, epoch, rows[0])), *proposed)
        return Batch(self.source.anchors[rows], replace(candidates, items=self.source.n_anchors + candidates.items))

    def feedback(self, batch: Batch, scores: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        """Tell the sampler, if there is one, what its proposals were worth."""
        if self._proposals is not None:
            self._proposals.feedback(batch, scores)
