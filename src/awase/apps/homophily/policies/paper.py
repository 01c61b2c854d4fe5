"""Deep maximum-entropy inverse reinforcement learning as the authors of behavioural homophily run it."""

from dataclasses import dataclass

import numpy as np

from awase.apps.homophily.policies.dynamics import LEADS, chances, over_users, require
from awase.apps.homophily.states import FEATURES
from awase.apps.homophily.trajectories import Counts
from awase.kernels.irl import deep_maxent

_FILLED_AT_ONCE = 16  # normal draws of torch, from this size of a tensor on


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A reward of the state reached, r(s') = standardised network of its 10 features, and the softmax of its hard-maximum values.

    epochs, rate, eps: of AdaGrad. l1, l2: penalties on all layers but the last. tolerance: of value iteration. hidden: widths of the two
    hidden layers. seed: of the network's start, which is that of torch's generator (float64 here, float32 there) and the same for each user.
    gamma and the length of the trajectories are those of the counts. Raises ConfigError E1026 for values that cannot be.

    The values come from a hard maximum and the policy from a softmax, so that no reward makes the policy's visitation that of the user: the
    error does not fall with data. Nor is the climb well conditioned: the 48 starting numbers rounded to float32 moved the policies of 200
    simulated users of 1,000 events by an SWKL of 0.004 in the mean and 0.04 at most, with gaps as before. Compare users fitted in one run.

    Source: Yuan, Schneider and Rizoiu, WWW 2025 (arXiv 2502.02943); settings from their group's later code,
    github.com/behavioral-ds/behavioral-dynamics-io (MIT), policy_inference/maxent_irl.
    """

    epochs: int = 1500
    rate: float = 0.05
    eps: float = 1e-6
    l1: float = 0.0
    l2: float = 0.5
    tolerance: float = 1e-2
    hidden: tuple[int, int] = (3, 3)
    seed: int = 12345

    def __post_init__(self):
        require(self.epochs >= 0, "epochs", "a whole number not below 0", self.epochs)
        for name in ("rate", "eps", "tolerance"):
            require(0 < getattr(self, name) < np.inf, name, "a finite number above 0", getattr(self, name))
        for name in ("l1", "l2"):
            require(0 <= getattr(self, name) < np.inf, name, "a finite number not below 0", getattr(self, name))
        require(len(self.hidden) == 2 and min(self.hidden) >= 1, "hidden", "two widths of at least 1", self.hidden)
        require(0 <= self.seed < 2**32, "seed", "from 0 to 2^32 - 1", self.seed)

    def fit(self, counts: Counts, *, threads: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(policy (u, 12, 6), reward (u, 12), all True: it stops after its epochs). A user without actions: uniform, reward 0."""
        n, n_states, n_actions = counts.actions.shape
        pairs = counts.actions.sum(axis=(1, 2))
        # A user with fewer pairs has one shorter trajectory.
        horizons = np.minimum(pairs, counts.length).astype(np.int64)
        reward, policy = np.empty((n, n_states)), np.empty((n, n_states, n_actions))
        P, begin, widths = chances(counts), self.begin(), (int(self.hidden[0]), int(self.hidden[1]))

        def work(first: int, last: int) -> None:
            deep_maxent(
                P, LEADS, FEATURES, counts.start, counts.visits, horizons, begin, widths, counts.gamma, self.epochs,
                float(self.rate), float(self.eps), float(self.l1), float(self.l2), float(self.tolerance), reward, policy, first, last,
            )  # fmt: skip

        over_users(n, work, threads=threads, label="irl_paper")
        policy[pairs == 0], reward[pairs == 0] = 1 / n_actions, 0.0
        return policy, reward, np.ones(n, bool)

    def begin(self) -> np.ndarray:
        """(48,) float64: the network's parameters at the start, N(0, 1), as ``kernels.irl.deep_maxent`` reads them."""
        one, two = self.hidden
        # The reference code draws the last layer first.
        last, *others = torch_normal(self.seed, [two, one * FEATURES.shape[1], one, two * one, two])
        return np.concatenate([*others, last])


def torch_normal(seed: int, sizes: list[int]) -> list[np.ndarray]:
    """What ``torch.manual_seed(seed)`` and ``torch.nn.init.normal_`` for float32 tensors of these sizes give on a CPU, unrounded float64.

    Torch turns the words of MT19937 into normal numbers by Box and Muller's method in two ways: tensors of under 16 numbers by pairs
    of 53-bit draws, the second number kept for later; larger ones in sixteens of 24-bit draws, the last of which end with the tensor.

    >>> [x.round(4).tolist() for x in torch_normal(12345, [2, 1])]
    [[1.4271, -1.8701], [-1.1962]]
    """
    words = np.random.RandomState(seed)  # the same generator and seeding
    spare: list[float] = []

    def one() -> float:
        if spare:
            return spare.pop()
        high, low = words.randint(0, 2**32, (2, 2), np.uint32).astype(np.uint64).T
        angle, radius = ((high << np.uint64(32)) | low) % 2**53 * 2.0**-53
        radius = np.sqrt(-2 * np.log1p(-radius))
        spare.append(radius * np.sin(2 * np.pi * angle))
        return radius * np.cos(2 * np.pi * angle)

    def many(n: int) -> np.ndarray:
        draws = words.randint(0, 2**32, n, np.uint32) % 2**24 * 2.0**-24
        whole = n // _FILLED_AT_ONCE * _FILLED_AT_ONCE
        filled = np.concatenate([sixteens(draws[:whole]), draws[whole:]])
        if n > whole:
            filled[-_FILLED_AT_ONCE:] = sixteens(words.randint(0, 2**32, _FILLED_AT_ONCE, np.uint32) % 2**24 * 2.0**-24)
        return filled

    def sixteens(draws: np.ndarray) -> np.ndarray:
        radius, angle = draws.reshape(-1, 2, _FILLED_AT_ONCE // 2).swapaxes(0, 1)
        radius, angle = np.sqrt(-2 * np.log(1 - radius)), 2 * np.pi * angle
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()

    return [many(n) if n >= _FILLED_AT_ONCE else np.array([one() for _ in range(n)]) for n in sizes]
