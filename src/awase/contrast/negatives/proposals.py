"""Documents that a sampler proposes for the anchors of a batch of pairs."""

from collections.abc import Callable

import numpy as np

from awase.contrast.candidates import Batch
from awase.contrast.negatives.adversary.policy import Pool, Sampler
from awase.contrast.negatives.adversary.space import Space
from awase.contrast.positives import PairSource
from awase.kernels.policy import known_each
from awase.kernels.sets import pair_set

_SEED = 0xACE  # so that what is drawn here is independent of the batch's other draws
_COMPARED = 4  # other pairs' documents, whose scores are the reward that was to be expected


class TextProposals:
    """What ``Adversarial`` and ``Boltzmann`` are for texts: each anchor's proposals join the documents that all anchors of the batch share.

    They are chosen out of ``subset`` random documents, anew for each batch. The reward that is subtracted is that of other pairs'
    documents: ``noise_baseline`` is 1 here, as the likeliest documents would have to be encoded only to be compared with.
    """

    def __init__(self, spec, source: PairSource, seed: int):
        self._spec, self._source, self._seed = spec, source, seed
        known = pair_set(*source.belonging(), source.n_documents)
        self._space = Space(source.n_anchors, 1, source.n_documents, source.n_anchors, known)

    def watch(self, encoder, score) -> None:
        """The model that the sampler plays against; to be called before the first batch."""
        self._sampler: Sampler = self._spec.sampler(self._space, encoder, score, self._seed)
        self.state = self._sampler.state

    def draw(self, rows: np.ndarray, epoch: int) -> np.ndarray:
        """(b n,) documents proposed for the pairs ``rows`` (b,)."""
        rng = np.random.default_rng((self._seed, _SEED, epoch, rows[0]))
        n, subset = self._source.n_documents, self._spec.subset
        pool = np.sort(rng.choice(n, subset, replace=False)) if 0 < subset < n else np.arange(n)
        anchors = self._source.anchors[rows]
        self.drawn = self._sampler.draw(
            anchors, Pool(pool, np.full(len(rows), self._source.n_anchors)), rng.random((len(rows), self._spec.n))
        )
        return self.drawn.items.ravel()

    def feedback(self, batch: Batch, scores: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        """Tell the sampler how close the model held its proposals to be, against other pairs' documents."""
        if not self._sampler.listens():
            return
        b, target, proposed = len(batch.anchors), batch.candidates.target, self.drawn.items
        others = target[(np.arange(b)[:, None] + np.arange(1, _COMPARED + 1)) % b]
        columns = np.searchsorted(batch.candidates.items, self._source.n_anchors + proposed)
        S = scores(np.arange(b)[:, None], np.column_stack([columns, others]))
        n = proposed.shape[1]
        advantage = S[:, :n] - S[:, n:].mean(axis=1, keepdims=True)
        if self._spec.filtered:
            true = np.empty(proposed.shape, bool)
            known_each(self._space.known, batch.anchors, proposed, self._space.n_targets, true)
            advantage[true] = -self._spec.penalty
        self._sampler.learn(advantage / np.float32(n))
