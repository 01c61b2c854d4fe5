"""Kinds of users: groups of policies by k-means, how many there are, and names that say what they do."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from awase.apps.homophily.states import ACTIONS
from awase.core.errors import ConfigError, InputError, missing_extra
from awase.core.progress import progress

MOST = 10  # kinds, when their number is chosen: as the paper's group
_STARTS, _REFERENCE_STARTS, _REFERENCES = 10, 3, 20
_SAMPLE = 2_000  # users by whom k is chosen: more change the gap by less than its error
_WR, _CT, _RC, _AGREE, _NEUTRAL, _DISAGREE = range(len(ACTIONS))
_MORE = ("waiting", "threads", "root comments", "agreement", "neutral replies", "disagreement")


@dataclass(frozen=True, eq=False)
class Personas:
    """k groups of users, the largest first: labels (n,) int64, names (k,), centres (k, 12, 6), and why so many.

    tried: numbers of groups; gap and gap_error: Gap(k) and s_k of each; silhouette: its mean, None for one group. All None where k was
    given. ``note`` says in a sentence how k was chosen.
    """

    labels: np.ndarray
    names: list[str]
    centres: np.ndarray
    tried: list[int] | None
    gap: list[float] | None
    gap_error: list[float] | None
    silhouette: list[float | None] | None
    note: str

    @property
    def k(self) -> int:
        """How many there are."""
        return len(self.names)

    def shares(self, home: np.ndarray, n_groups: int) -> np.ndarray:
        """(g, k): of the users of each community, the share of each persona; a row of zeros where there are none."""
        table = np.bincount(np.asarray(home) * self.k + self.labels, minlength=n_groups * self.k).reshape(n_groups, self.k)
        return table / np.maximum(table.sum(axis=1, keepdims=True), 1)


def personas(policies: np.ndarray, weights: np.ndarray, k: int | None = None, *, seed: int = 0) -> Personas:
    """Groups of users by k-means on flattened policies (n, 72), ten starts; k by the gap statistic (1 to 10) when it is not given.

    Gap(k) = mean_b log W_kb - log W_k, W_k the sum of squares within k groups, W_kb that of b = 1 .. 20 uniform samples of the box along the
    principal axes; s_k = sd_b(log W_kb) sqrt(1 + 1/20); the smallest k with Gap(k) >= Gap(k + 1) - s_(k + 1), else the k of the highest gap.
    Of more than 2,000 users, a sample of 2,000 decides on k. The weights (n, 12) are for the names.
    Source: Tibshirani, Walther and Hastie, JRSS B 2001; k = 5 is in Yuan, Schneider and Rizoiu, WWW 2025, who do not say why.
    Errors: E1037 no policies of that shape; E1039 more groups asked for than different policies; E0001 when scikit-learn is not installed.

    >>> p = np.zeros((40, 12, 6)); p[:30, :, 1] = p[30:, :, 2] = 1  # most create threads, some comment on them
    >>> personas(p, np.full((40, 12), 1 / 12), k=2).names
    ['thread creators', 'root only']
    """
    policies, weights = np.asarray(policies, np.float64), np.asarray(weights, np.float64)
    if policies.ndim != 3 or not len(policies) or weights.shape != policies.shape[:2] or not np.isfinite(policies).all():
        value = f"policies {policies.shape}, weights {weights.shape}"
        raise InputError("E1037", "personas need finite policies and weights of the same users", value=value)
    flat = policies.reshape(len(policies), -1)
    different = len(np.unique(flat, axis=0))
    if k is not None and not 1 <= k <= different:
        raise ConfigError(
            "E1039", f"{different:,} different policies cannot make this many personas", place="personas", value=k,
            remedy=f"ask for 1 to {different:,}, or leave the number to the gap statistic",
        )  # fmt: skip
    with threadpool_limits(1):  # the arrays are small: threads would wait for each other ten times as long as they work
        why = _given(k) if k is not None else _chosen(flat, seed)
        labels, centres = _grouped(flat, why.k, seed)
    shares = np.einsum("us,usa->ua", weights, policies)
    means = np.stack([shares[labels == i].mean(axis=0) for i in range(why.k)])
    found = names(means, shares.mean(axis=0))
    return Personas(
        labels, found, centres.reshape(-1, *policies.shape[1:]), why.tried, why.gap, why.error, why.silhouette, why.note
    )


def names(shares: np.ndarray, usual: np.ndarray) -> list[str]:
    """A name for each of k groups from the shares (k, 6) of their users' actions, all different; usual: (6,), the shares of all users.

    The first that holds, of what a group does itself (all but WR): root only, 80 % root comments; thread creators, 25 % threads, or 10 % and
    twice the usual; disagreers, half of the replies disagree, or 1.5 times the usual share of all (and 10 % of all); agreers, likewise;
    root favoured, half are root comments; repliers, 75 % replies; answered, waits 1.5 times as much as usual; balanced. Groups
    of one name are told apart by what each does most compared with the others of that name.

    >>> names(np.array([[0.2, 0, 0.1, 0.1, 0.1, 0.5], [0.2, 0.6, 0.2, 0, 0, 0]]), np.array([0.2, 0.1, 0.3, 0.1, 0.1, 0.2]))
    ['disagreers', 'thread creators']
    """
    plain = [_name(share, usual) for share in shares]
    found = []
    for name, share in zip(plain, shares):
        alike = [of for other, of in zip(plain, shares) if other == name]
        if len(alike) > 1:
            name += f", more {_MORE[int(np.argmax(share - np.mean(alike, axis=0)))]}"
        n_before = sum(other.split(" (")[0] == name for other in found)
        found.append(f"{name} ({n_before + 1})" if n_before else name)
    return found


def _name(share: np.ndarray, usual: np.ndarray) -> str:
    own = share / max(1 - share[_WR], 1e-12)
    times = share / np.maximum(usual, 1e-12)
    replies = share[[_AGREE, _NEUTRAL, _DISAGREE]].sum()

    def leans(stance: int) -> bool:
        return share[stance] >= 0.1 and (share[stance] >= replies / 2 or times[stance] >= 1.5)

    rules = {
        "root only": own[_RC] >= 0.8,
        "thread creators": own[_CT] >= 0.25 or (own[_CT] >= 0.1 and times[_CT] >= 2),
        "disagreers": leans(_DISAGREE) and times[_DISAGREE] >= times[_AGREE],
        "agreers": leans(_AGREE),
        "root favoured": own[_RC] >= 0.5,
        "repliers": replies >= 0.75 * (1 - share[_WR]),
        "answered": times[_WR] >= 1.5,
    }
    return next((name for name, holds in rules.items() if holds), "balanced")


class _Groups(NamedTuple):
    labels: np.ndarray
    centres: np.ndarray
    inertia: float


@dataclass(frozen=True)
class _Why:
    k: int
    note: str
    tried: list[int] | None = None
    gap: list[float] | None = None
    error: list[float] | None = None
    silhouette: list[float | None] | None = None


def _given(k: int) -> _Why:
    return _Why(k, f"{k:,} personas were asked for.")


def _chosen(flat: np.ndarray, seed: int) -> _Why:
    try:
        from sklearn.metrics import silhouette_score
    except ImportError as error:
        raise missing_extra("homophily", "scikit-learn") from error

    rng = np.random.default_rng(seed)
    if len(flat) > _SAMPLE:
        flat = flat[np.sort(rng.choice(len(flat), _SAMPLE, replace=False))]
    different = len(np.unique(flat, axis=0))
    tried = list(range(1, min(MOST, different, len(flat) - 1) + 1))  # as many groups as users say nothing
    centred = flat - flat.mean(axis=0)
    axes = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    axes = axes[:, np.ptp(axes, axis=0) > 1e-9]  # k-means sees no difference between the axes and the policies
    if not axes.shape[1]:
        return _Why(1, "All users have one policy.", [1], [0.0], [0.0], [None])
    low, high = axes.min(axis=0), axes.max(axis=0)
    references = [rng.uniform(low, high, axes.shape) for _ in range(_REFERENCES)]
    gap, error, silhouette = [], [], []
    least = 1e-12 * (axes**2).sum()  # what is left when each policy is a group of its own
    with progress("how many personas", len(tried), "numbers tried") as bar:
        for k in tried:
            fitted = _k_means(axes, k, _STARTS, seed)
            by_chance = np.log([_k_means(of, k, _REFERENCE_STARTS, seed).inertia for of in references])
            gap.append(float(by_chance.mean() - np.log(max(fitted.inertia, least))))
            error.append(float(by_chance.std() * np.sqrt(1 + 1 / _REFERENCES)))
            silhouette.append(float(silhouette_score(axes, fitted.labels)) if 1 < k < len(axes) else None)
            bar.advance()
    stops = [k for k in tried[:-1] if gap[k - 1] >= gap[k] - error[k]]
    k = stops[0] if stops else int(np.argmax(gap)) + 1
    how = "the smallest number whose gap the next does not exceed by its error" if stops else "the number with the highest gap"
    return _Why(k, f"{k:,} of 1 to {tried[-1]:,}: {how}.", tried, gap, error, silhouette)


def _grouped(flat: np.ndarray, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and centres, the largest group first."""
    fitted = _k_means(flat, k, _STARTS, seed)
    order = np.argsort(-np.bincount(fitted.labels, minlength=k), kind="stable")
    return np.argsort(order)[fitted.labels].astype(np.int64), fitted.centres[order]


def _k_means(points: np.ndarray, k: int, starts: int, seed: int) -> _Groups:
    try:
        from sklearn.cluster import KMeans
    except ImportError as error:
        raise missing_extra("homophily", "scikit-learn") from error
    # As Any: scikit-learn has no types, and those that are inferred from its defaults are wrong.
    model: Any = KMeans
    fitted = model(k, n_init=starts, random_state=seed).fit(points)
    return _Groups(fitted.labels_, fitted.cluster_centers_, fitted.inertia_)
