"""Whether users stay as near to their home community from year to year, measured at equal numbers of events.

A distance has a noise floor that falls with the number of events, so that a user with one quiet year seems to have moved away in it. Every
year of every user is therefore cut down to the same number of pairs of state and action, drawn without replacement.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from awase.apps.homophily.distances import Distances, behavioural, checked_counts, smoothed, topical
from awase.apps.homophily.groups import checked_home, to_groups
from awase.core.errors import ConfigError, InputError

_FEWEST = 2  # years: of one there is no variation


class Quartiles(NamedTuple):
    """Of one group: how many users have a value, and its quartiles (NaN without any)."""

    n: int
    lower: float
    median: float
    upper: float


@dataclass(frozen=True, eq=False)
class Stability:
    """How much the mean distance of users to their home community varies over years: sd / mean, (u,), NaN for fewer than two years.

    years: those measured, and events: how many pairs of each of them were taken, 0 for all. homophily: (u, years), the mean SWKL
    of a user to the others of the home community in that year, NaN where there is none. by_chance: (u,), the variation of users who
    act in every year as over all their years; topics: (u,), the same as ``behaviour`` of topic vectors, None without them.
    """

    years: list[int]
    events: int
    homophily: np.ndarray
    behaviour: np.ndarray
    by_chance: np.ndarray
    topics: np.ndarray | None = None


def stability(
    actions: np.ndarray, users: np.ndarray, years: np.ndarray, home: np.ndarray, n_groups: int, *,
    events: int = 100, equal: bool = True, topics: np.ndarray | None = None, smoothing: float = 0.5, seed: int = 0,
) -> Stability:  # fmt: skip
    """The variation over years of users' distances, from the counts (m, 12, 6) of m users' years: users (m,), years (m,), home (u,).

    A user's year counts when it has ``events`` pairs of state and action, and is cut to as many, so that all users and years have one noise
    floor; with ``equal=False`` it keeps all, and quiet years look different because they are quiet. topics: (m, t), the topic vector of
    each year. Source: Yuan, Schneider and Rizoiu, WWW 2025 (coefficient of variation); equal numbers of events are ours.
    Errors: E1037 arrays that do not fit; E1040 no user with two such years, or ``events`` below 1.

    >>> rng = np.random.default_rng(0)
    >>> years = np.tile([2015, 2016], 6)
    >>> found = stability(rng.multinomial(300, np.full(72, 1 / 72), 12).reshape(12, 12, 6), np.arange(12) // 2, years, np.zeros(6, int), 1)
    >>> found.years, found.homophily.shape, bool((found.behaviour < 0.3).all())
    ([2015, 2016], (6, 2), True)
    """
    home = checked_home(home, len(home), n_groups)
    users, years, actions = np.asarray(users), np.asarray(years), np.asarray(actions, np.float64)
    if not len(users) == len(years) == len(actions) or (len(users) and not 0 <= users.min() <= users.max() < len(home)):
        value = f"{len(actions):,} counts, {len(users):,} users, {len(years):,} years, {len(home):,} homes"
        raise InputError("E1037", "each row of counts has its user and its year", value=value)
    if topics is not None and len(topics) != len(actions):
        value = f"{len(topics):,} topic vectors, {len(actions):,} counts"
        raise InputError("E1037", "each row of counts has its topic vector", value=value)
    if events < 1:
        raise ConfigError("E1040", "a year is cut to at least one event", value=events, remedy="use 100 or more")
    active = actions.sum(axis=(1, 2)) >= events
    enough = active & (np.bincount(users[active], minlength=len(home)) >= _FEWEST)[users]
    if not enough.any():
        raise InputError(
            "E1040", f"no user has {events:,} pairs of state and action in two years", value=f"{int(active.sum()):,} such years in all",
            remedy="lower the number of events, or leave stability out",
        )  # fmt: skip
    # A year counts for the others of its community even if its user has no other.
    actions, users, years = checked_counts(actions[active]), users[active], years[active]
    rng = np.random.default_rng(seed)
    same = _same_every_year(actions, users, events if equal else None, rng)
    seen = subsampled(actions, events, rng) if equal else actions
    axis, column = np.unique(years, return_inverse=True)

    def variation(units: Distances) -> tuple[np.ndarray, np.ndarray]:
        yearly = _by_year(units, users, column, home, n_groups, len(axis))
        return yearly, variation_of(yearly)

    homophily, behaviour = variation(behavioural(*smoothed(seen, smoothing)))
    _, by_chance = variation(behavioural(*smoothed(same, smoothing)))
    of_topics = None if topics is None else variation(topical(np.asarray(topics)[active]))[1]
    return Stability(axis.tolist(), events if equal else 0, homophily, behaviour, by_chance, of_topics)


def variation_of(values: np.ndarray) -> np.ndarray:
    """(u,) the coefficient of variation of each row, sd (n - 1) / mean, over what is not NaN; NaN for fewer than two, or a mean of 0.

    >>> variation_of(np.array([[1.0, 3.0, np.nan], [1.0, np.nan, np.nan]])).round(3).tolist()
    [0.707, nan]
    """
    known = np.isfinite(values)
    n = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    mean = np.divide(total, n, out=np.zeros(len(values)), where=n > 0)
    square = np.where(known, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    sd = np.sqrt(np.divide(square, n - 1, out=np.zeros(len(values)), where=n >= _FEWEST))
    return np.divide(sd, mean, out=np.full(len(values), np.nan), where=(n >= _FEWEST) & (mean > 0))


def quartiles(values: np.ndarray, labels: np.ndarray, n_groups: int) -> list[Quartiles]:
    """``Quartiles`` of each group of users, over values that are not NaN.

    >>> quartiles(np.array([1.0, 2.0, 3.0, np.nan]), np.array([0, 0, 0, 1]), 2)[0]
    Quartiles(n=3, lower=1.5, median=2.0, upper=2.5)
    """
    found = []
    for group in range(n_groups):
        of = values[(labels == group) & np.isfinite(values)]
        found.append(Quartiles(len(of), *(np.quantile(of, [0.25, 0.5, 0.75]) if len(of) else [np.nan] * 3)))
    return [Quartiles(of.n, *(float(value) for value in of[1:])) for of in found]


def subsampled(actions: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """float64 (m, 12, 6): n events of each row of counts, drawn without replacement (multivariate hypergeometric, cell by cell).

    >>> subsampled(np.array([[[8, 0], [0, 8]]]), 10, np.random.default_rng(0)).sum()
    np.float64(10.0)
    """
    cells = actions.reshape(len(actions), -1).astype(np.int64)
    drawn = np.empty_like(cells)
    after, left = cells.sum(axis=1), np.full(len(cells), n)
    for cell in range(cells.shape[1]):
        after = after - cells[:, cell]
        drawn[:, cell] = rng.hypergeometric(cells[:, cell], after, left)
        left = left - drawn[:, cell]
    return drawn.reshape(actions.shape).astype(np.float64)


def _same_every_year(actions: np.ndarray, users: np.ndarray, events: int | None, rng: np.random.Generator) -> np.ndarray:
    """Counts of users who act in each year as over all their years: drawn from the sum, as many as the year has."""
    n_users = int(users.max()) + 1
    flat = actions.reshape(len(actions), -1)
    total = np.zeros((n_users, flat.shape[1]))
    np.add.at(total, users, flat)
    shares = (total / np.maximum(total.sum(axis=1, keepdims=True), 1))[users]
    n = flat.sum(axis=1).astype(np.int64) if events is None else events
    return rng.multinomial(n, shares).reshape(actions.shape).astype(np.float64)


def _by_year(units: Distances, users, column, home, n_groups: int, n_years: int) -> np.ndarray:
    """(u, years): the mean distance of each user to the others of the home community who have that year; NaN where there are none."""
    # One group for each community and year: to_groups of a year's units alone.
    found = np.full((len(home), n_years), np.nan)
    for year in range(n_years):
        of = np.flatnonzero(column == year)
        means = to_groups(Distances(units.left[of], units.right[of]), home[users[of]], n_groups)
        found[users[of], year] = means[np.arange(len(of)), home[users[of]]]
    return found
