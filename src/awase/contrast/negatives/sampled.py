"""Noise, and beside it negatives that a sampler proposes for the very anchor."""

from collections.abc import Callable

import numpy as np

from awase.contrast.candidates import Batch, Candidates
from awase.contrast.negatives.policy import Drawn, Pool, Sampler
from awase.contrast.negatives.space import space_of
from awase.kernels import draws
from awase.kernels.policy import draw_pool, fill_units, known_each

_SEED = 0xACE  # so that what is drawn here is independent of the noise
_POOL_SLOTS = 1 << 19  # past those of the anchors' own draws


class SampledBatches:
    """Batches in which each anchor has, beside its noise, ``n`` negatives from a sampler that has seen it.

    The noise has ``weight`` of the loss and the sampler the rest (Bose, Ling and Cao 2018, arXiv 1805.03642). A proposal that is known to
    be true is left out, and the others count for it. Last comes, where the reward is compared with it, the sampler's likeliest
    proposal, which is scored and not learned from.

    noise: batches in which each anchor has candidates of its own; spec: ``Adversarial`` or ``Boltzmann``. ``drawn`` and ``hits`` (b, n) are
    the last batch's proposals, and which of them are true.
    """

    def __init__(self, noise, spec, weight: float, seed: int):
        self.noise, self.source, self.order = noise, noise.source, noise.order
        self.drawn: Drawn | None = None
        self.hits = np.zeros((0, spec.n), bool)
        self._space, self._spec, self._weight, self._seed = space_of(noise.source), spec, weight, seed
        self._greedy = spec.noise_baseline < 1
        self._log_inclusion = _log_inclusion(noise, spec.subset) if spec.subset else None

    def watch(self, encoder, score) -> None:
        """The model that the sampler plays against; to be called before the first batch."""
        self._sampler: Sampler = self._spec.sampler(self._space, encoder, score, self._seed)
        self.state = self._sampler.state

    def make(self, rows: np.ndarray, epoch: int) -> Batch:
        """The batch of the examples ``rows``. What is drawn depends on seed, epoch, rows and what the sampler has learned."""
        spec, space = self._spec, self._space
        anchors, noise = self.noise.make(rows, epoch)
        b, width = noise.items.shape
        key = draws.key(self._seed ^ _SEED, epoch)
        units = np.empty(b * spec.n)
        fill_units(key, rows[0], units)
        positives = noise.items[np.arange(b), noise.target]
        targets = (positives - space.offset) % space.n_targets
        pool = self._pool(positives - targets, key, rows[0])
        self.drawn = drawn = self._sampler.draw(anchors, pool, units.reshape(b, spec.n))
        self.hits = self._true(anchors, targets, drawn.items)
        proposed = np.column_stack([drawn.items, drawn.best]) if self._greedy else drawn.items
        left_out = np.ones(proposed.shape, bool)
        left_out[:, : spec.n] = self.hits
        at, columns = np.nonzero(left_out)
        return Batch(
            anchors,
            Candidates(
                items=np.column_stack([noise.items, pool.base[:, None] + proposed]),
                target=noise.target,
                mask=(np.concatenate([noise.mask[0], at]), np.concatenate([noise.mask[1], width + columns])),
                weight=noise.weight,
                share=self._share(b, width, proposed.shape[1]),
            ),
        )

    def feedback(self, batch: Batch, scores: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        """Tell the sampler how close the model held its proposals to be: the reward is the score.

        The expected reward, which is subtracted, is ``noise_baseline`` of the noise's mean score and the rest of the likeliest proposal's
        (self-critical: Rennie et al. 2017, arXiv 1612.00563). A proposal that is true earns ``-penalty`` instead.
        """
        spec, (b, c) = self._spec, batch.candidates.items.shape
        S = scores(np.repeat(np.arange(b), c), np.tile(np.arange(c), b)).reshape(b, c)
        width = c - spec.n - self._greedy
        is_noise = np.ones((b, c), S.dtype)
        is_noise[np.arange(b), batch.candidates.target] = 0
        is_noise[batch.candidates.mask] = 0
        is_noise[:, width:] = 0
        expected = (S * is_noise).sum(axis=1) / np.maximum(is_noise.sum(axis=1), 1)
        if self._greedy:
            expected = spec.noise_baseline * expected + (1 - spec.noise_baseline) * S[:, -1]
        advantage = S[:, width : width + spec.n] - expected[:, None]
        self._sampler.learn((np.where(self.hits, -spec.penalty, advantage) / spec.n).astype(np.float32))

    def _pool(self, base: np.ndarray, key, row: int) -> Pool:
        """What a batch's proposals are chosen from: all targets, or ``subset`` draws of the noise."""
        if self._log_inclusion is None:
            return Pool(base)
        items = np.empty(self._spec.subset, np.int64)
        draw_pool(self.noise.share, self.noise.alias, key, row, _POOL_SLOTS, items)
        items = np.unique(items)
        return Pool(base, items, self._log_inclusion[items])

    def _true(self, anchors: np.ndarray, targets: np.ndarray, proposed: np.ndarray) -> np.ndarray:
        """(b, n): which proposals belong to their anchors; none, if that is not to be looked at."""
        true = np.zeros(proposed.shape, bool)
        if self._spec.filtered:
            known_each(self._space.known, anchors, proposed, self._space.n_targets, true)
            true |= proposed == targets[:, None]
        return true

    def _share(self, b: int, width: int, n_proposed: int) -> np.ndarray:
        """(b, width + n_proposed): 1 on average, over the noise and over the proposals that count, when both have half of the weight."""
        spec, drawn = self._spec, self.drawn
        assert drawn is not None
        n_negatives = width - 1 + spec.n
        counted = np.where(self.hits, np.float32(0), np.float32(1))
        if spec.importance:
            # Times 1/g, over their mean: an estimate of the loss of uniform noise, from proposals.
            counted *= np.exp(drawn.log_probability.min() - drawn.log_probability)
        counted /= max(float(counted.mean()), 1e-12)
        share = np.zeros((b, width + n_proposed), np.float32)
        share[:, :width] = self._weight * n_negatives / (width - 1)
        share[:, width : width + spec.n] = (1 - self._weight) * n_negatives / spec.n * counted
        return share


def _log_inclusion(noise, size: int) -> np.ndarray:
    """(n_targets,) float32: log of the probability that a target is among ``size`` draws of the noise."""
    chance = noise.share.copy()
    np.add.at(chance, noise.alias, 1 - noise.share)
    return np.log(np.maximum(-np.expm1(size * np.log1p(-np.minimum(chance / len(chance), 1 - 1e-12))), 1e-30)).astype(
        np.float32
    )
