"""Noise, and beside it negatives that a sampler proposes for the very anchor."""

from collections.abc import Callable

import numpy as np

from awase.contrast.candidates import Batch, Candidates
from awase.contrast.negatives.adversary.policy import Pool, Sampler
from awase.contrast.negatives.adversary.space import space_of
from awase.kernels import draws
from awase.kernels.policy import bases, draw_pool, fill_units, join_proposals

_SEED = 0xACE  # so that what is drawn here is independent of the noise
_POOL_SLOTS = 1 << 19  # past those of the anchors' own draws


class SampledBatches:
    """Batches in which each anchor has, beside its noise, ``n`` negatives from a sampler that has seen it.

    The noise has ``weight`` of the loss and the sampler the rest (Bose, Ling and Cao 2018, arXiv 1805.03642). A proposal that is known to
    be true is left out, and the others count for it.

    noise: batches in which each anchor has candidates of its own, the positive in column 0; spec: ``Adversarial`` or ``Boltzmann``.
    ``drawn`` and ``hits`` (b, n) are the last batch's proposals, and which of them are true.
    """

    def __init__(self, noise, spec, weight: float, seed: int):
        self.noise, self.source, self.order = noise, noise.source, noise.order
        self._space, self._spec, self._weight, self._seed = space_of(noise), spec, weight, seed
        self._log_inclusion = _log_inclusion(noise, spec.subset) if spec.subset else None
        self._seen = np.zeros(self._space.n_targets, bool)

    def watch(self, encoder, score) -> None:
        """The model that the sampler plays against; to be called before the first batch."""
        self._encoder, self._score = encoder, score
        self._sampler: Sampler = self._spec.sampler(self._space, encoder, score, self._seed)
        self.state = self._sampler.state

    def make(self, rows: np.ndarray, epoch: int) -> Batch:
        """The batch of the examples ``rows``. What is drawn depends on seed, epoch, rows and what the sampler has learned."""
        anchors, noise = self.noise.make(rows, epoch)
        (b, width), n, space = noise.items.shape, self._spec.n, self._space
        key, units, base = np.uint64(draws.key(self._seed ^ _SEED, epoch)), np.empty((b, n)), np.empty(b, np.int64)
        fill_units(key, rows[0], units.reshape(-1))
        bases(noise.items[:, 0], space.offset, space.n_targets, base)
        self._pool = self._pool_of(base, key, rows[0])
        self.drawn = self._sampler.draw(anchors, self._pool, units)
        items, share = np.empty((b, width + n), np.int64), np.empty((b, width + n), np.float32)
        self.hits, mask = np.empty((b, n), bool), noise.mask
        if join_proposals(
            noise.items, self.drawn.items, base, self._worth(), space.known, anchors, space.n_targets, self._spec.filtered,
            self._weight, items, share, self.hits,
        ):  # fmt: skip
            at, columns = np.nonzero(self.hits)
            mask = np.concatenate([mask[0], at]), np.concatenate([mask[1], columns + width])
        return Batch(anchors, Candidates(items, noise.target, mask, weight=noise.weight, share=share))

    def feedback(self, batch: Batch, scores: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        """Tell the sampler how close the model held its proposals to be: the reward is the score.

        The expected reward, which is subtracted, is ``noise_baseline`` of the noise's mean score and the rest of the likeliest proposal's
        (self-critical: Rennie et al. 2017, arXiv 1612.00563). A proposal that is true earns ``-penalty`` instead.
        """
        if not self._sampler.listens():
            return
        spec, (b, c) = self._spec, batch.candidates.items.shape
        S = scores(np.arange(b)[:, None], np.arange(1, c)[None, :])
        expected = np.float32(1 - spec.noise_baseline) * self._greedy(batch.anchors) if spec.noise_baseline < 1 else 0
        expected = expected + np.float32(spec.noise_baseline / (c - 1 - spec.n)) * S[:, : -spec.n].sum(axis=1)
        advantage = S[:, -spec.n :] - expected[:, None]
        advantage[self.hits] = -spec.penalty
        self._sampler.learn(advantage / np.float32(spec.n))

    def _greedy(self, anchors: np.ndarray) -> np.ndarray:
        """(b,) the score of each anchor's likeliest proposal."""
        V = self._encoder.encode(np.concatenate([anchors, self._pool.base + self.drawn.best()]))
        return self._score(V[: len(anchors)], V[len(anchors) :, None])[:, 0]

    def _pool_of(self, base: np.ndarray, key, row: int) -> Pool:
        """What a batch's proposals are chosen from: all targets, or ``subset`` draws of the noise."""
        if self._log_inclusion is None:
            return Pool(np.arange(self._space.n_targets), base)
        items = np.empty(self._spec.subset, np.int64)
        items = items[: draw_pool(self.noise.share, self.noise.alias, key, row, _POOL_SLOTS, self._seen, items)]
        return Pool(items, base, self._log_inclusion[items])

    def _worth(self) -> np.ndarray:
        """(b, n) how much each proposal counts beside the others: alike, or 1/g, which gives the loss of uniform noise, from proposals."""
        logp = self.drawn.log_probability
        return np.exp(logp.min() - logp) if self._spec.importance else np.ones_like(logp)


def _log_inclusion(noise, size: int) -> np.ndarray:
    """(n_targets,) float32: log of the probability that a target is among ``size`` draws of the noise."""
    chance = noise.share.copy()
    np.add.at(chance, noise.alias, 1 - noise.share)
    return np.log(np.maximum(-np.expm1(size * np.log1p(-np.minimum(chance / len(chance), 1 - 1e-12))), 1e-30)).astype(
        np.float32
    )
