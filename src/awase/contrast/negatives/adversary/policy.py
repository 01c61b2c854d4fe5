"""Draws from a softmax over items, and what a learned one makes of their rewards."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from awase.contrast.negatives.adversary.amsgrad import AmsGrad
from awase.contrast.negatives.adversary.generators import Generator
from awase.kernels.policy import draw_policy, policy_gradient


class Pool(NamedTuple):
    """What proposals are chosen from.

    items: (m,) distinct targets; logq: (m,) log of the probability that each is in the pool, or None where it holds all; base: (b,) what
    makes a target an item of a batch, when added to its number.
    """

    items: np.ndarray
    base: np.ndarray
    logq: np.ndarray | None = None


class Drawn(NamedTuple):
    """items (b, n), each drawn from its anchor's distribution; log_probability (b, n) of the drawn ones; entropy (b,) in nats; best: makes
    (b,), the likeliest items, until the sampler learns."""

    items: np.ndarray
    log_probability: np.ndarray
    entropy: np.ndarray
    best: Callable[[], np.ndarray]


class Sampler(Protocol):
    """Proposes negatives for anchors; ``learn`` tells it what they were worth. ``state``: what a checkpoint must keep."""

    state: dict[str, np.ndarray]

    def draw(self, anchors: np.ndarray, pool: Pool, units: np.ndarray) -> Drawn:
        """As many for each anchor as there are units (b, n) in [0, 1)."""
        ...

    def listens(self) -> bool:
        """Whether it would learn from this batch."""
        ...

    def learn(self, advantage: np.ndarray) -> None:
        """advantage (b, n): of the items drawn last, how much more they were worth than expected."""
        ...


class _Softmax:
    """The distribution that logits make, which are kept for its gradient, and changed."""

    def __init__(self, logits: np.ndarray, pool: Pool, units: np.ndarray):
        # Sampled softmax: what is rarely in the pool counts more when it is, so that the whole set's distribution is estimated.
        shift = np.zeros(len(pool.items), np.float32) if pool.logq is None else pool.logq
        self._logits, self._columns = logits, np.empty(units.shape, np.int64)
        self._log_total, self.entropy = np.empty((2, len(logits)), np.float32)
        log_drawn = np.empty(units.shape, np.float32)
        draw_policy(logits, shift, units, self._columns, log_drawn, self._log_total, self.entropy)
        self.drawn = Drawn(pool.items[self._columns], log_drawn, self.entropy, lambda: pool.items[self._logits.argmax(axis=1)])

    def pull(self, advantage: np.ndarray, entropy_weight: np.ndarray) -> np.ndarray:
        """The gradient by the logits of what REINFORCE maximises, in their place: it can be asked for once."""
        policy_gradient(self._logits, self._log_total, self._columns, advantage, self.entropy, entropy_weight)
        return self._logits


class Adversary:
    """A generator that is paid for negatives which the model takes for true.

    Its gradient is that of   E[advantage log g(y|x)] + entropy_weight R(H(g(·|x)))   by REINFORCE, where R(H) is H ("always") or
    min(0, H - log keep) ("hinge", silent once g covers about ``keep`` items).
    """

    def __init__(
        self,
        generator: Generator,
        *,
        rate: float,
        entropy: str,
        entropy_weight: float,
        keep: int,
        every: int = 1,
    ):
        self._generator = generator
        self._optimizer = AmsGrad(generator.parameters, rate)
        self._entropy_weight = np.float32(entropy_weight)
        self._enough = np.inf if entropy == "always" else np.log(keep)
        self._every, self._batches = every, np.zeros(1, np.int64)
        self.state = {"generator.batches": self._batches}
        self.state |= {f"generator.{name}": value for name, value in generator.parameters.items()}
        self.state |= {f"optimizer.{name}": value for name, value in self._optimizer.state.items()}

    def draw(self, anchors: np.ndarray, pool: Pool, units: np.ndarray) -> Drawn:
        """From g(·|x), restricted to the pool."""
        self._asked = anchors, pool.items
        self._softmax = _Softmax(self._generator.logits(*self._asked), pool, units)
        self._batches += 1
        return self._softmax.drawn

    def listens(self) -> bool:
        return int(self._batches[0]) % self._every == 0

    def learn(self, advantage: np.ndarray) -> None:
        """One step of the generator."""
        weight = np.where(self._softmax.entropy < self._enough, self._entropy_weight, np.float32(0))
        down = np.float32(-1 / len(advantage))  # the optimiser descends
        self._optimizer.step(self._generator.pull(*self._asked, self._softmax.pull(advantage * down, weight * down)))


class Oracle:
    """Softmax of the model's own scores over a temperature: where an adversary with entropy_weight = temperature converges to.

    logits: (anchors (b,), pool) -> (b, m) scores.
    """

    def __init__(self, logits, temperature: float):
        self._logits, self._temperature = logits, np.float32(temperature)
        self.state: dict[str, np.ndarray] = {}

    def draw(self, anchors: np.ndarray, pool: Pool, units: np.ndarray) -> Drawn:
        """From softmax(S / temperature)."""
        return _Softmax(self._logits(anchors, pool) / self._temperature, pool, units).drawn

    def listens(self) -> bool:
        return False

    def learn(self, advantage: np.ndarray) -> None:
        """Nothing."""
