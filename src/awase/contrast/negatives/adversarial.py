"""Negatives that are learned: a generator proposes, for each anchor, what the model takes for true."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.negatives.adversary.generators import Generator, LayerSide, TableSide
from awase.contrast.negatives.adversary.policy import Adversary, Oracle, Pool
from awase.contrast.negatives.adversary.space import Space
from awase.core.errors import ConfigError

_ENTROPIES = "hinge", "always"
_RATES = {"table": 0.02, "layer": 0.002}  # chosen on Kinships and UMLS


@dataclass(frozen=True)
class Adversarial:
    """Adversarial contrastive estimation (Bose, Ling and Cao 2018, arXiv 1805.03642): ``n`` negatives from a generator g(y|x) that is trained,
    by REINFORCE, to be held for true by the model:

        max over g of   E_g[S(x, y) - baseline] + entropy_weight R(H(g(·|x)))

    To be used in ``Mixture((noise, Adversarial()), weight)``.

    entropy: R is min(0, H - log keep) ("hinge": g covers at least about ``keep`` items, and beyond that is free) or H ("always": g
    tends to softmax(S / entropy_weight)). noise_baseline: of the expected reward, the share that the noise's score has; the likeliest
    proposal's has the rest. filtered: proposals that the data know to be true are left out of the loss, and earn ``-penalty``.
    importance: weigh the proposals by 1/g, which undoes their choice. subset: propose out of so many draws of the noise a batch (0: out
    of all targets). generator: "table" has vectors of its own for all anchors and targets; "layer" sees both through the model's vectors.
    dim, rate: of the generator (rate 0: 0.02 for tables, 0.002 for layers), which learns from each ``every``-th batch.

    >>> from awase.contrast.negatives import Corrupted, Mixture
    >>> Mixture((Corrupted(1), Adversarial(entropy_weight=0.3)), weight=0.5).parts[1].generator
    'table'
    """

    n: int = 1
    entropy: str = "always"
    keep: int = 20
    entropy_weight: float = 0.5
    noise_baseline: float = 1.0
    filtered: bool = True
    penalty: float = 5.0
    importance: bool = False
    subset: int = 0
    generator: str = "table"
    dim: int = 32
    rate: float = 0.0
    every: int = 4
    name = "adversarial"

    def __post_init__(self):
        _check_n(self.n, self.subset)
        for option, value, known in (("entropy", self.entropy, _ENTROPIES), ("generator", self.generator, tuple(_RATES))):
            if value not in known:
                raise ConfigError("E0580", f"{option} must be {' or '.join(map(repr, known))}", value=value)
        for option, value in (("keep", self.keep), ("dim", self.dim), ("every", self.every)):
            if value < 1:
                raise ConfigError("E0580", f"{option} must be at least 1", value=value)
        if not 0 <= self.noise_baseline <= 1:
            raise ConfigError("E0580", "noise_baseline is a share, from 0 to 1", value=self.noise_baseline)
        for option, value in (("entropy_weight", self.entropy_weight), ("penalty", self.penalty)):
            if not value >= 0:
                raise ConfigError("E0580", f"{option} must not be negative", value=value)
        if not self.rate >= 0:
            raise ConfigError("E0580", "the generator's learning rate must not be negative", value=self.rate)

    def sampler(self, space: Space, encoder, score, seed: int) -> Adversary:
        """The generator before training, for the model of this encoder."""
        rng = np.random.default_rng((seed, 0xACE))
        if self.generator == "table":
            anchors = TableSide(space.n_anchors, self.dim, space.n_kinds, rng)
            targets = TableSide(space.n_targets, self.dim, 1, rng)
        else:
            anchors, targets = _seen_by(encoder, space, self.dim, self.entropy_weight, rng)
        return Adversary(
            Generator(anchors, targets),
            rate=self.rate or _RATES[self.generator], entropy=self.entropy, entropy_weight=self.entropy_weight, keep=self.keep,
            every=self.every,
        )  # fmt: skip


@dataclass(frozen=True)
class Boltzmann:
    """``n`` negatives from softmax(S / temperature) of the model's own scores over all targets, or over ``subset`` draws of the noise: what
    ``Adversarial`` with "always" tends to, at the price of scoring every target for every anchor. Used in a ``Mixture`` as that is."""

    temperature: float = 1.0
    n: int = 1
    filtered: bool = True
    subset: int = 0
    name = "boltzmann"
    importance = False

    def __post_init__(self):
        _check_n(self.n, self.subset)
        if not self.temperature > 0:
            raise ConfigError("E0580", "temperature must be above 0", value=self.temperature)

    def sampler(self, space: Space, encoder, score, seed: int) -> Oracle:
        """The model's own scores."""

        def logits(anchors: np.ndarray, pool: Pool) -> np.ndarray:
            A = encoder.encode(anchors)
            if space.n_kinds == 1:
                return score(A, encoder.encode(space.offset + pool.items))
            # An encoder may see a target in another way for each relation.
            C = encoder.encode((pool.base[:, None] + pool.items).ravel())
            return score(A, C.reshape(len(A), len(pool.items), -1))

        return Oracle(logits, self.temperature)


def _seen_by(encoder, space: Space, dim: int, entropy_weight: float, rng: np.random.Generator) -> tuple[LayerSide, LayerSide]:
    """Layers over the model's vectors: of targets, and of anchors, where relations move those together with the vector of the item alone."""

    def anchors(codes: np.ndarray) -> np.ndarray:
        both = np.column_stack([codes % space.n_anchors, codes])
        return encoder.encode(both.ravel()).reshape(len(codes), -1)

    def targets(numbers: np.ndarray) -> np.ndarray:
        return encoder.encode(space.offset + numbers)

    if space.n_kinds > 1:
        return LayerSide(anchors, 2 * encoder.dim, dim, rng), LayerSide(targets, encoder.dim, dim, rng)
    # Both sides start with the same weights, so that what the model has near each other is near here: 2 sqrt(dim) scale times the
    # arc-cosine kernel (Cho and Saul 2009), whose slope is about 0.3 where cosines are small. This scale makes that 1 / entropy_weight.
    scale = 1 / (0.6 * np.sqrt(dim) * max(entropy_weight, 1e-2))
    start = int(rng.integers(2**32))
    anchor_side, target_side = (
        LayerSide(features, encoder.dim, dim, np.random.default_rng(start), scale) for features in (encoder.encode, targets)
    )
    return anchor_side, target_side


def _check_n(n: int, subset: int) -> None:
    if n < 1:
        raise ConfigError("E0580", "the number of adversarial negatives must be at least 1", value=n)
    if subset < 0 or subset == 1:
        raise ConfigError("E0580", "a subset has at least 2 items; 0 is all", value=subset)
