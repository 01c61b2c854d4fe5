"""What distance chance alone puts between users who act alike, and which pairs are further apart than that.

Fewer events, more distance: two users of one policy are 0.17 apart at 100 events each, and 0.005 at 10,000. Two questions have two answers
here. How far is a user from itself (``self_floor``)? Two samples of the user's own smoothed policy, at the visits that the user made, are
drawn again and again. And is a pair further apart than chance (``NoiseFloor``)? If not, one policy made the events of both; then, given how
often the two together did what, whose events they were is a draw without replacement, and no policy has to be guessed. The moments of
the distance under that draw (``kernels.chance``) give the expected distance, and a gamma distribution its quantile.

Both are about counts and the ``empirical`` estimator, whatever estimator the distances of a report come from: an estimator finds no
difference of which the counts know nothing.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np

from awase.apps.homophily.distances import behavioural, checked_counts, smoothed
from awase.apps.homophily.groups import checked_home
from awase.core.errors import ConfigError, InputError
from awase.core.progress import progress
from awase.kernels import threads as kernel_threads
from awase.store import files

_ACCURACY = 0.03  # of the expected distance by chance, whose moments are approximate: mostly within 0.01, at 50 events 0.02
_BLOCK = 1 << 22  # pairs, or cells of resampled counts, held at once


def self_floor(
    actions: np.ndarray, *, smoothing: float = 0.5, resamples: int = 50, level: float = 0.05, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """(expected, upper), each (n,) float64: SWKL between two samples of a user's own policy, its mean and its (1 - level) quantile.

    A parametric bootstrap: the actions in each state are drawn ``resamples`` times from the user's smoothed policy, as often as the
    user was there, and neighbouring draws are compared. actions: counts (n, 12, 6). About 60 / events for a user who does everything.
    Errors: E1037, E1038 for the counts; E1041 for the options.

    >>> expected, upper = self_floor(np.array([[[50, 50], [10, 90]], [[500, 500], [100, 900]]]))
    >>> bool(expected[0] > 5 * expected[1]), bool((upper > expected).all())
    (True, True)
    """
    actions = _checked(actions, smoothing, level)
    if resamples < 2:
        raise ConfigError("E1041", "a user is compared with itself in two or more resamples", value=resamples)
    n, n_states, n_actions = actions.shape
    expected, upper = np.empty(n), np.empty(n)
    rng = np.random.default_rng(seed)
    rows = max(1, _BLOCK // (resamples * n_states * n_actions))
    for first in range(0, n, rows):
        counts = actions[first : first + rows]
        policies, weights = smoothed(counts, smoothing)
        visits = counts.sum(axis=2)
        drawn = rng.multinomial(visits.astype(np.int64), policies, size=(resamples, *visits.shape))
        again = (drawn + smoothing) / (visits + n_actions * smoothing)[..., None]
        logs = np.log(again)
        # Each sample against the next, around a ring; both have the same weights, so that the two directions are one sum.
        between = (again - np.roll(again, 1, axis=0)) * (logs - np.roll(logs, 1, axis=0))
        found = np.einsum("rusa,us->ru", between, weights) / 2
        expected[first : first + rows] = found.mean(axis=0)
        upper[first : first + rows] = np.quantile(found, 1 - level, axis=0)
    return expected, upper


@dataclass(frozen=True)
class Pairs:
    """A block of pairs (a, b): their smoothed distance, what chance is expected to make of it, and exceeds in ``level`` of all cases."""

    distance: np.ndarray
    expected: np.ndarray
    threshold: np.ndarray

    @property
    def above(self) -> np.ndarray:
        """(a, b) bool: the two differ by more than chance."""
        # Where nothing could be drawn otherwise, the distance is its threshold, up to the rounding of float32.
        return self.distance > self.threshold * (1 + 1e-4) + 1e-6


@dataclass(frozen=True)
class GroupFloor:
    """Of each two communities (g, g): the mean smoothed distance, the mean by chance alone, the standard error of their difference over users,
    whether they differ beyond chance (one-sided, at the level of the pairs), and the share of pairs of users that do.

    Beyond chance is more than 3 % above the expected mean, as this is known no better: so the test of communities errs to the careful side.
    A mean can be above chance where few pairs are, as it has many. NaN and False where there are no pairs; of one user there is no error.
    """

    mean: np.ndarray
    expected: np.ndarray
    error: np.ndarray
    above: np.ndarray
    share_above: np.ndarray
    n_pairs: int  # of two users, over all communities
    n_above: int

    @property
    def debiased(self) -> np.ndarray:
        """The distance beyond chance: 0 on average where everybody has one policy, whatever the numbers of events."""
        return self.mean - self.expected


@dataclass(frozen=True)
class NoiseFloor:
    """The noise floor of every pair of n users, from their counts (n, 12, 6), by blocks of pairs.

    The test of a pair holds its level for equal and unequal numbers of events, sharp and flat policies alike: 4 to 8 % of the pairs of one
    policy are above the 5 % threshold. Per pair, not for all: among 10,000 pairs of users who act alike, 500 are expected above it.
    Errors: E1037, E1038 for the counts; E1041 for the options.

    >>> floor = NoiseFloor(np.array([[[9, 1]], [[8, 2]], [[100, 900]]]))
    >>> next(floor.blocks())[1].above.tolist()
    [[False, False, True], [False, False, True], [True, True, False]]
    """

    actions: np.ndarray
    smoothing: float = 0.5
    level: float = 0.05
    threads: int = 1

    def __post_init__(self):
        _checked(self.actions, self.smoothing, self.level)

    def blocks(self, rows: int | None = None, *, once: bool = False) -> Iterator[tuple[int, Pairs]]:
        """(first row, ``Pairs`` of (<= rows, n)) from the first row to the last; ``once``: of the users from the first row on, (<= rows,
        n - first), which leaves out most pairs that were seen the other way round."""
        n = len(self.actions)
        distances = behavioural(*smoothed(self.actions, self.smoothing))
        by_cell = np.ascontiguousarray(np.moveaxis(np.asarray(self.actions, np.float32), 0, 2))
        rows = rows or max(1, _BLOCK // max(n, 1))
        with progress("what chance gives to pairs", n, "users") as bar:
            for first, distance in distances.blocks(rows):
                start = first if once else 0
                block = np.ascontiguousarray(self.actions[first : first + rows], np.float32)
                expected, threshold = self._chance(block, np.ascontiguousarray(by_cell[:, :, start:]))
                yield first, Pairs(distance[:, start:], expected, threshold)
                bar.advance(len(distance))

    def of_groups(self, home: np.ndarray, n_groups: int) -> GroupFloor:
        """Means over the pairs of two communities, u != v, as in ``groups.group_means``; NaN where there is no pair."""
        home = checked_home(home, len(self.actions), n_groups)
        sums, excess = np.zeros((4, n_groups, n_groups)), np.zeros((len(home), n_groups))
        member = np.eye(n_groups)[home]
        n_above = 0
        for first, pairs in self.blocks(once=True):
            rows, columns = member[first : first + len(pairs.distance)], member[first:]
            new = np.triu(np.ones(pairs.distance.shape), 1)  # u < v: each pair once
            distance, expected, above = new * pairs.distance, new * pairs.expected, new * pairs.above
            n_above += int(above.sum())
            excess[first : first + len(rows)] += (distance - expected) @ columns
            excess[first:] += (distance - expected).T @ rows
            for total, values in zip(sums, (distance, expected, above, new)):
                between = rows.T @ values @ columns
                total += between + between.T
        n_pairs = sums[3]
        mean, expected, share = np.divide(sums[:3], n_pairs, out=np.full(sums[:3].shape, np.nan), where=n_pairs > 0)
        error = _error(excess / np.maximum(member.sum(axis=0) - member, 1), member)
        # Means over many pairs are known better than the expected distance, which must not be what is found.
        above = mean - (1 + _ACCURACY) * expected > NormalDist().inv_cdf(1 - self.level) * error
        return GroupFloor(mean, expected, error, above, share, len(home) * (len(home) - 1) // 2, n_above)

    def write(self, expected: Path | str, above: Path | str) -> None:
        """Writes two (n, n) ``.npy`` files: the expected distance by chance alone, float32, and whether a pair is above chance, bool.

        Errors: E0301, E0302 where the disk refuses.
        """
        n = len(self.actions)
        with ExitStack() as both:
            streams = []
            for path, kind in ((expected, "<f4"), (above, "|b1")):
                stream = both.enter_context(files.open_atomic(path))
                np.lib.format.write_array_header_1_0(stream, {"descr": kind, "fortran_order": False, "shape": (n, n)})
                streams.append(stream)
            for first, pairs in self.blocks():
                within = np.arange(len(pairs.distance))
                pairs.expected[within, first + within] = 0.0
                streams[0].write(pairs.expected.data)
                streams[1].write(pairs.above.data)

    def _chance(self, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(expected, threshold), each (len(rows), columns) float32, with rows (a, 12, 6) and columns (12, 6, b)."""
        from awase.kernels.chance import chance

        mean, variance, base = (np.empty((len(rows), columns.shape[2]), np.float32) for _ in range(3))

        def work(start: int, stop: int) -> None:
            part = slice(start, stop)
            chance(rows[part], columns, np.float32(self.smoothing), mean[part], variance[part], base[part])

        kernel_threads.run(self.threads, len(rows), work)
        return mean, base + gamma_quantile(mean - base, variance, 1 - self.level)


def _error(values: np.ndarray, member: np.ndarray) -> np.ndarray:
    """(g, g): the standard error of a mean over pairs, from the means of each user to each community, values (n, g).

    Its variance is that of the means of single users, var_A / n_A + var_B / n_B, and 4 var_A / n_A within a community, where each user is
    on both sides (Hoeffding 1948). NaN where a community has fewer than two users.
    """
    sizes = member.sum(axis=0)[:, None]
    means = member.T @ values / np.maximum(sizes, 1)
    squares = member.T @ (values - member @ means) ** 2
    shares = np.divide(squares, sizes * (sizes - 1), out=np.full(squares.shape, np.nan), where=sizes > 1)
    return np.sqrt(shares + shares.T + np.diag(2 * np.diag(shares)))


def gamma_quantile(mean: np.ndarray, variance: np.ndarray, probability: float) -> np.ndarray:
    """The quantile of the gamma distribution with these moments, by the cube root of Wilson and Hilferty (1931); 0 where the mean is 0.

    >>> gamma_quantile(np.array([5.0]), np.array([10.0]), 0.95).round(1).tolist()  # chi-squared with 5 degrees of freedom: 11.07
    [11.0]
    """
    z = np.float32(NormalDist().inv_cdf(probability))
    spread = np.divide(variance, mean * mean, out=np.zeros_like(mean), where=(mean > 0) & (variance > 0)) / 9
    return np.maximum(mean, 0) * np.maximum(1 - spread + z * np.sqrt(spread), 0) ** 3


def _checked(actions: np.ndarray, smoothing: float, level: float) -> np.ndarray:
    if not smoothing > 0:
        remedy = "use 0.5, as the empirical estimator does"
        raise ConfigError(
            "E1041", "chance has no bounds without smoothing: one cell of 0 may cost 23 nats", value=smoothing, remedy=remedy
        )
    if not 0 < level < 1:
        raise ConfigError(
            "E1041", "a level is the share of pairs of one policy that may be called different", value=level, remedy="use 0.05"
        )
    actions = checked_counts(actions)
    if (actions != np.floor(actions)).any():
        raise InputError("E1037", "a noise floor needs counts of events, which are whole numbers")
    return actions
