"""How far communities are from each other, with intervals, from the distances of their users."""

from dataclasses import dataclass

import numpy as np

from awase.apps.homophily.distances import Distances
from awase.core.errors import InputError, missing_extra
from awase.tasks.significance import resampled_counts


@dataclass(frozen=True)
class GroupDistances:
    """Mean distances of g communities: mean (g, g), interval (g, g, 2), and order (g,), in which near communities stand side by side.

    NaN where there is no pair: within a community of one user, and for a community of none.
    """

    mean: np.ndarray
    interval: np.ndarray
    order: np.ndarray


def compare_groups(
    distances: Distances, home: np.ndarray, n_groups: int, *, resamples: int = 1_000, level: float = 0.95, seed: int = 0
) -> GroupDistances:
    """``group_means``, its bootstrap interval and the clustering order.

    >>> both = compare_groups(Distances(np.array([[1.0]] * 4), np.array([[2.0]] * 4)), np.array([0, 0, 1, 1]), 2, resamples=100)
    >>> both.mean.tolist(), both.interval[0, 1].tolist()
    ([[2.0, 2.0], [2.0, 2.0]], [2.0, 2.0])
    """
    mean = group_means(distances, home, n_groups)
    bounds = bootstrap(distances, home, n_groups, resamples=resamples, level=level, seed=seed)
    return GroupDistances(mean, bounds, clustering_order(mean))


def group_means(distances: Distances, home: np.ndarray, n_groups: int) -> np.ndarray:
    """(g, g) float64: D[A, B], the mean of d(u, v) over users u of A and v of B, u != v; NaN where there is no such pair.

    Exact, from the sums of each community: O(n k), without the user x user matrix. home: (n,) int, the community of each user.
    Errors: E1037 when home does not fit.
    """
    home = checked_home(home, len(distances), n_groups)
    sizes = np.bincount(home, minlength=n_groups).astype(np.float64)
    left, right = (_sums(side, home, n_groups) for side in (distances.left, distances.right))
    with_itself = np.bincount(home, _with_itself(distances), n_groups)
    return _means(left @ right.T, with_itself, np.outer(sizes, sizes), sizes)


def bootstrap(
    distances: Distances, home: np.ndarray, n_groups: int, *, resamples: int = 1_000, level: float = 0.95, seed: int = 0
) -> np.ndarray:
    """(g, g, 2) float64: the percentile interval of ``group_means`` when the users of each community are drawn again, with replacement.

    A user drawn c times stands in c copies; pairs of a user with its own copy are left out, as they would be 0 and pull the diagonal
    down. Source: Efron and Tibshirani 1993, chapter 13; for means over pairs, Snijders and Borgatti 1999 (Connections 22).
    """
    home = checked_home(home, len(distances), n_groups)
    k = distances.left.shape[1]
    left, right = np.zeros((resamples, n_groups, k)), np.zeros((resamples, n_groups, k))
    with_itself, copies = np.zeros((resamples, n_groups)), np.zeros((resamples, n_groups))
    sizes = np.bincount(home, minlength=n_groups).astype(np.float64)
    own = _with_itself(distances)
    for group in np.flatnonzero(sizes):
        users = np.flatnonzero(home == group)
        first = 0
        for drawn in resampled_counts(len(users), resamples, seed + int(group)):
            rows, counts = slice(first, first + len(drawn)), drawn.astype(np.float64)
            left[rows, group], right[rows, group] = counts @ distances.left[users], counts @ distances.right[users]
            with_itself[rows, group], copies[rows, group] = counts**2 @ own[users], (counts**2).sum(axis=1)
            first += len(drawn)
    means = _means(left @ right.transpose(0, 2, 1), with_itself, np.outer(sizes, sizes), copies)
    # A resample that drew one user alone has no pair within its community: it says nothing, and is left out.
    bounds, tail = np.full((n_groups, n_groups, 2), np.nan), (1 - level) / 2
    known = np.isfinite(means).any(axis=0)
    if known.any():
        bounds[known] = np.nanquantile(means[:, known], [tail, 1 - tail], axis=0).T
    return bounds


def to_groups(distances: Distances, home: np.ndarray, n_groups: int) -> np.ndarray:
    """(n, g) float64: the mean distance of each user to the users of each community, itself left out; NaN where there are none.

    >>> to_groups(Distances(np.ones((3, 1)), np.ones((3, 1))), np.array([0, 0, 1]), 2).tolist()
    [[1.0, 1.0], [1.0, 1.0], [1.0, nan]]
    """
    home = checked_home(home, len(distances), n_groups)
    totals = distances.left @ _sums(distances.right, home, n_groups).T
    rows = np.arange(len(home))
    totals[rows, home] -= _with_itself(distances)
    others = np.tile(np.bincount(home, minlength=n_groups).astype(np.float64), (len(home), 1))
    others[rows, home] -= 1
    return np.divide(np.maximum(totals, 0.0), others, out=np.full(totals.shape, np.nan), where=others > 0)


def clustering_order(means: np.ndarray) -> np.ndarray:
    """int64 (g,): an order of the communities for a matrix of their distances, so that near ones are neighbours.

    Average linkage of (D + D^T) / 2, its leaves ordered optimally (Bar-Joseph, Gifford and Jaakkola 2001); communities without a distance to
    another come last. Errors: E0001 when scipy is not installed.
    """
    means = np.asarray(means, np.float64)
    apart = ~np.eye(len(means), dtype=bool)
    known = np.isfinite(means)
    there = np.flatnonzero((known & apart).any(axis=1))
    absent = np.setdiff1d(np.arange(len(means)), there)
    if len(there) < 3:
        return np.concatenate([there, absent])
    try:
        from scipy.cluster.hierarchy import leaves_list, linkage
        from scipy.spatial.distance import squareform
    except ImportError as error:
        raise missing_extra("homophily", "scipy") from error
    between = ((means + means.T) / 2)[np.ix_(there, there)]
    np.fill_diagonal(between, 0.0)
    tree = linkage(squareform(between, checks=False), "average", optimal_ordering=True)
    return np.concatenate([there[leaves_list(tree)], absent]).astype(np.int64)


def checked_home(home: np.ndarray, n: int, n_groups: int) -> np.ndarray:
    """The community of each user as int64 (n,), each in 0 .. n_groups - 1. Errors: E1037."""
    home = np.asarray(home)
    if home.shape != (n,) or home.dtype.kind not in "iu" or (n and not 0 <= home.min() <= home.max() < n_groups):
        value = f"shape {home.shape}, {home.dtype}" if home.shape != (n,) or not n else f"{home.min()} to {home.max()}"
        message = f"each of {n:,} users has one home community, 0 to {n_groups - 1}"
        raise InputError("E1037", message, value=value)
    return home.astype(np.int64)


def _with_itself(distances: Distances) -> np.ndarray:
    """What the product gives for a user and itself: 0 up to rounding, or 1 for a topic vector of zeros."""
    return np.einsum("uk,uk->u", distances.left, distances.right)


def _sums(rows: np.ndarray, home: np.ndarray, n_groups: int) -> np.ndarray:
    sums = np.zeros((n_groups, rows.shape[1]))
    np.add.at(sums, home, rows)
    return sums


def _means(totals: np.ndarray, with_itself: np.ndarray, pairs: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Means over pairs of two different users, from sums over all pairs; copies: how many of the pairs on the diagonal are no such pair."""
    diagonal = np.arange(totals.shape[-1])
    pairs = np.broadcast_to(pairs, totals.shape).copy()
    pairs[..., diagonal, diagonal] -= copies
    totals[..., diagonal, diagonal] -= with_itself
    return np.divide(np.maximum(totals, 0.0), pairs, out=np.full(totals.shape, np.nan), where=pairs > 0)
