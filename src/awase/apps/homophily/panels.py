"""Whether who writes like a community also acts like it: rank correlations of topical and behavioural distance, by pair of communities."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from awase.apps.homophily.distances import Distances
from awase.apps.homophily.groups import to_groups
from awase.core.errors import InputError, missing_extra
from awase.tasks.significance import holm

Against = Literal["same_pair", "home_topic"]
_FEWEST = 3  # of two users, any two ranks agree or disagree fully


@dataclass(frozen=True)
class Panel:
    """Of each ordered pair of communities (A, B), over the n users of A: Spearman's rho, its two-sided p, and p by Holm over the panel.

    All (g, g); NaN where A has fewer than three users, or one of the two distances is the same for all of them.
    """

    rho: np.ndarray
    p: np.ndarray
    p_holm: np.ndarray
    n: np.ndarray


def panel(topics: Distances, behaviour: Distances, home: np.ndarray, n_groups: int, *, against: Against) -> Panel:
    """Over users u of A: the rank correlation of a mean topical distance of u with y, the mean SWKL of u to the users of B, u left out.

    against: "home_topic", the topical distance is that to the users of u's own community A: do those who write like their community act
    like B?; "same_pair", it is that to the users of B: do those who write like B act like B? The paper can be read either way.
    Source: Yuan, Schneider and Rizoiu, WWW 2025; p from Student's t with n - 2 degrees of freedom (scipy.stats.spearmanr).
    Errors: E1037 when the arrays do not fit; E0001 when scipy is not installed.

    >>> d = Distances(np.array([[1.0], [2.0], [3.0], [9.0]]), np.ones((4, 1)))  # each user as far from all others
    >>> panel(d, d, np.array([0, 0, 0, 1]), 2, against="same_pair").rho.tolist()
    [[1.0, 1.0], [nan, nan]]
    """
    try:
        from scipy.stats import spearmanr
    except ImportError as error:
        raise missing_extra("homophily", "scipy") from error
    if len(topics) != len(behaviour):
        value = f"{len(topics):,} and {len(behaviour):,} users"
        raise InputError("E1037", "topics and behaviour are of the same users", value=value)
    topical, behavioural = (to_groups(distances, home, n_groups) for distances in (topics, behaviour))
    rho, p = np.full((n_groups, n_groups), np.nan), np.full((n_groups, n_groups), np.nan)
    n = np.zeros((n_groups, n_groups), np.int64)
    for a in range(n_groups):
        users = np.flatnonzero(home == a)
        for b in range(n_groups):
            x, y = topical[users, a if against == "home_topic" else b], behavioural[users, b]
            known = np.isfinite(x) & np.isfinite(y)
            n[a, b] = known.sum()
            if n[a, b] >= _FEWEST and np.ptp(x[known]) > 0 and np.ptp(y[known]) > 0:
                rho[a, b], p[a, b] = spearmanr(x[known], y[known])
    p_holm = np.full(p.shape, np.nan)
    p_holm[np.isfinite(p)] = holm(p[np.isfinite(p)])
    return Panel(rho, p, p_holm, n)
