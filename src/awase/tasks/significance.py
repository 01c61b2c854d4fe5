"""How sure a mean over queries is, and whether two systems differ: bootstrap intervals, sign-flip tests, Holm's correction.

The interval of a difference is the sign-flip test turned round: it holds every difference that the test does not reject, so that p is
below .05 exactly where 0 lies outside the 95 % interval.

All draws are seeded and made in blocks of a few megabytes, so memory does not grow with their number.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from awase.core.errors import InputError

_BLOCK = 1 << 20  # draws held at once


def bootstrap_ci(values: np.ndarray, *, level: float = 0.95, resamples: int = 10_000, seed: int = 0) -> np.ndarray:
    """float64 (..., 2): the percentile bootstrap interval of the mean over the last axis, the queries.

    Queries are drawn with replacement; the interval runs from the (1 - level)/2 to the (1 + level)/2 quantile of the means.
    Rows of ``values`` share the draws, so a difference of two rows has the interval of paired data.
    Source: Efron & Tibshirani 1993, chapter 13. Below about 30 queries it is too narrow.

    >>> low, high = bootstrap_ci(np.tile([0.0, 1.0], 200))
    >>> bool(0.44 < low < 0.46), bool(0.54 < high < 0.56)
    (True, True)
    """
    values = _checked(values)
    n = values.shape[-1]
    # With how often each query was drawn as a matrix, the means of all rows are one product.
    means = [np.tensordot(counts / n, values, axes=(1, -1)) for counts in resampled_counts(n, resamples, seed)]
    return interval(np.concatenate(means), level)


def resampled_counts(n: int, resamples: int = 10_000, seed: int = 0) -> Iterator[np.ndarray]:
    """Blocks of int64 (m, n), ``resamples`` rows in all: how often each of n items was drawn in n draws with replacement."""
    rng = np.random.default_rng(seed)
    for start, stop in blocks(resamples, n):
        drawn = rng.integers(0, n, (stop - start, n), dtype=np.int32) + n * np.arange(stop - start)[:, None]
        yield np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)


def interval(resampled: np.ndarray, level: float = 0.95) -> np.ndarray:
    """float64 (..., 2): the percentile interval of statistics of resamples, (resamples, ...)."""
    tail = (1 - level) / 2
    return np.moveaxis(np.quantile(resampled, [tail, 1 - tail], axis=0), 0, -1)


@dataclass(frozen=True)
class PairedTest:
    """Whether two systems differ on the same items. ``difference``, and ``se``, its standard error; low and high, (permutations,) each: for
    every drawn exchange of the two systems the range of true differences that would make it at least as extreme as what was seen; constant:
    the one value that both have on all items, or None: then there is nothing to tell apart."""

    difference: float
    se: float
    low: np.ndarray
    high: np.ndarray
    constant: float | None = None

    @property
    def p(self) -> float:
        """The two-sided p-value that there is no difference; with drawn exchanges valid at any number of them, and never 0."""
        as_extreme = int(np.count_nonzero((self.low <= 0) & (self.high >= 0)))
        return (1 + as_extreme) / (1 + len(self.low))

    def interval(self, alpha: float = 0.05, *, most: float = 1.0) -> tuple[float, float]:
        """The differences whose p is at least alpha, so that 0 is outside exactly where ``p`` < alpha; none is beyond -most and most."""
        k = math.ceil(alpha * (1 + len(self.low))) - 1  # so many exchanges must be as extreme
        if k < 1:
            return -most, most
        low, high = np.partition(self.low, k - 1)[k - 1], -np.partition(-self.high, k - 1)[k - 1]
        return max(float(low), -most), min(float(high), most)


def paired_test(a: np.ndarray, b: np.ndarray, *, permutations: int = 10_000, seed: int = 0) -> PairedTest:
    """Systems a and b, measured on the same queries, by the paired randomisation test.

    Were the true difference δ, the sign of each d - δ would be a coin toss. With the same tosses for every δ, those that flip the queries F
    are at least as extreme as what was seen exactly where δ lies between the mean of d over F and its mean over the other queries. So p is
    known for all δ at once, and the interval is exact for the tosses.
    Source: Smucker, Allan & Carterette, CIKM 2007; the +1 in p is Phipson & Smyth 2010; tests turned round: Lehmann 1963.

    >>> found = paired_test(np.tile([0.1, 0.3], 200), np.zeros(400))
    >>> found.p, [round(bound, 2) for bound in found.interval()]
    (9.999000099990002e-05, [0.19, 0.21])
    """
    a, b = _checked(a), _checked(b)
    if a.ndim != 1 or a.shape != b.shape:
        raise InputError("E0806", "a paired test needs one value per query from both systems", value=f"{a.shape} and {b.shape}")
    n, every = len(a), a - b
    d = every[every != 0]  # a tied query has no sign to flip: only how many fall on each side matters
    total, n_tied = d.sum(), n - len(d)
    # Sums that are equal on paper differ in their last bits; they must count as equal.
    eps = 1e-9 * np.abs(d).sum()
    rng, tied = np.random.default_rng(seed), np.random.default_rng((seed, 1))
    low, high = np.empty(permutations), np.empty(permutations)
    for start, stop in blocks(permutations, max(len(d), 1)):
        bits = rng.integers(0, 256, (stop - start, -(-len(d) // 8)), dtype=np.uint8)
        kept = np.unpackbits(bits, axis=1, count=len(d)).astype(np.float64) @ np.column_stack([d, np.ones(len(d))])
        plus, n_plus = kept[:, 0], kept[:, 1] + tied.binomial(n_tied, 0.5, stop - start)
        with np.errstate(divide="ignore", invalid="ignore"):
            means = np.stack([plus / n_plus, (total - plus) / (n - n_plus)])
        none = (n_plus == 0) | (n_plus == n)  # all on one side: as extreme as can be, whatever the difference
        means[np.abs([plus, total - plus]) <= eps] = 0.0
        low[start:stop] = np.where(none, -np.inf, means.min(axis=0))
        high[start:stop] = np.where(none, np.inf, means.max(axis=0))
    se = float(every.std(ddof=1) / np.sqrt(n)) if n > 1 else 0.0
    constant = float(a[0]) if (a == a[0]).all() and (b == a[0]).all() else None
    return PairedTest(float(every.mean()), se, low, high, constant)


def paired_randomisation_test(a: np.ndarray, b: np.ndarray, *, permutations: int = 10_000, seed: int = 0) -> float:
    """The two-sided p-value that systems a and b, measured on the same queries, are exchangeable; see ``paired_test``.

    >>> paired_randomisation_test(np.ones(40), np.zeros(40), permutations=9_999)
    0.0001
    """
    return paired_test(a, b, permutations=permutations, seed=seed).p


def smallest_shown(se: float) -> float:
    """The true difference that a test at the 5 % level finds four times in five, of a standard error: 2.8 of them (1.96 + 0.84).

    >>> round(smallest_shown(0.01), 3)
    0.028
    """
    return 2.8 * se


def holm_alphas(p: np.ndarray, alpha: float = 0.05) -> np.ndarray:
    """The level of each test alone at which it rejects exactly where its p corrected by Holm is below alpha.

    >>> holm_alphas(np.array([0.01, 0.04, 0.03])).round(4).tolist()
    [0.0167, 0.0333, 0.025]
    """
    p = np.asarray(p, dtype=np.float64)
    return alpha * p / holm(p)


def holm(p_values: np.ndarray) -> np.ndarray:
    """p-values corrected for having made several comparisons; below alpha, the chance of any false claim is below alpha.

    Source: Holm, Scandinavian Journal of Statistics 1979.

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def blocks(n_draws: int, n: int) -> Iterator[tuple[int, int]]:
    """Ranges that cover 0..n_draws, each of so many draws as are held at once when one takes n numbers."""
    step = max(1, _BLOCK // n)
    return ((start, min(start + step, n_draws)) for start in range(0, n_draws, step))


def _checked(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 0 or values.shape[-1] == 0:
        raise InputError("E0806", "nothing to compare: there are no queries", value=f"shape {values.shape}")
    if not np.isfinite(values).all():
        raise InputError("E0806", "a metric is not a finite number", place=f"query {np.argwhere(~np.isfinite(values))[0][-1]}")
    return values
