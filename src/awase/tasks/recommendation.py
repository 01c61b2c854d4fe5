"""Recommendation: how many of a user's held-out items are among the first k, of all items the user did not have before.

Every item is a candidate, none is sampled. A user's training items are left out. Items that score the same stand in a random order,
and what is reported is the expectation over it (McSherry & Najork, ECIR 2008): a model that scores everything the same gains
nothing from the order of the rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from awase.core.errors import ConfigError, InputError
from awase.tasks.answers import BLOCK, Answers, ahead, checked_columns
from awase.tasks.metrics import parse_metric

# (users (b,)) -> (b, n_items), higher is better
Score = Callable[[np.ndarray], np.ndarray]


class HasInteractions(Protocol):
    """Anything with two int64 columns of one length."""

    @property
    def users(self) -> np.ndarray: ...

    @property
    def items(self) -> np.ndarray: ...


class Interactions(NamedTuple):
    """Who had what, as rows of users and items, int64 (n,) each. The same pair twice counts once."""

    users: np.ndarray
    items: np.ndarray


@dataclass(frozen=True)
class Recommendation:
    """Each metric for each user that has test items.

    users: int64 (n,); values: metric -> float64 (n,); cold: bool (n,), users without training items, for whom nothing is left out;
    n_skipped: users without test items, on whom nothing can be measured; n_repeated: test interactions that are training interactions
    too, which were left out.
    """

    users: np.ndarray
    values: dict[str, np.ndarray]
    cold: np.ndarray
    n_skipped: int
    n_repeated: int

    def summary(self) -> dict:
        """The mean of each metric over users, and the counts."""
        return {name: float(of.mean()) for name, of in self.values.items()} | {
            "n_users": len(self.users),
            "n_cold": int(np.count_nonzero(self.cold)),
            "n_skipped": self.n_skipped,
            "n_repeated": self.n_repeated,
        }


def recommendation(
    score: Score,
    train: HasInteractions,
    test: HasInteractions,
    n_users: int,
    n_items: int,
    metrics: Sequence[str] = ("recall@20", "ndcg@20"),
    *,
    block: int = BLOCK,
) -> Recommendation:
    """recall@k and nDCG@k of each user, over all items but the user's training items.

    recall@k  test items among the first k / the number of test items (not min(k, that number))
    ndcg@k    sum over test items at rank r <= k of 1 / log2(r + 1), divided by the same sum for the best possible order
    block     scores held at once

    Errors: E0801 an unknown metric, E0825 one that is not defined here, E0820 an id out of range, E0821 scores of another shape or
    NaN, E0824 no user with test items.

    >>> train, test = Interactions(np.array([0, 0]), np.array([0, 1])), Interactions(np.array([0, 0]), np.array([2, 3]))
    >>> found = recommendation(lambda users: np.array([[9.0, 8, 1, 3, 2]]), train, test, 1, 5, ["recall@1", "recall@2"])
    >>> found.values
    {'recall@1': array([0.5]), 'recall@2': array([0.5])}
    """
    asked = [parse_metric(name) for name in metrics]
    unknown = [metric.name for metric in asked if metric.kind not in _FORMULAS]
    if unknown:
        raise ConfigError("E0825", "recommendation is measured by recall@k and ndcg@k", value=unknown[0])
    had, held_out, n_repeated = _lists(train, test, n_users, n_items)
    users = np.flatnonzero(held_out.counts)
    if not len(users):
        raise InputError("E0824", "no user has a test item that is not among the training items", value=f"{n_users:,} users")
    targets, left_out = held_out.take(users), had.take(users)
    greater, equal, _ = ahead(lambda rows: score(users[rows]), targets, left_out, n_items, block=block)
    of_user = np.repeat(np.arange(len(users)), targets.counts)

    def measured(kind: str, k: int) -> np.ndarray:
        gain, best = _FORMULAS[kind](k)
        # A target stands at each of the ranks greater + 1 ... greater + equal + 1 with the same chance.
        first, last = np.minimum(greater, k), np.minimum(greater + equal + 1, k)
        earned = (gain[last] - gain[first]) / (equal + 1)
        return np.bincount(of_user, earned, minlength=len(users)) / best(targets.counts)

    values = {metric.name: measured(metric.kind, metric.k) for metric in asked}
    return Recommendation(users, values, left_out.counts == 0, n_users - len(users), n_repeated)


def popularity(train: HasInteractions, n_items: int) -> Score:
    """The baseline that recommends to everyone what most users had: a score function, the number of distinct users of each item.

    >>> popularity(Interactions(np.array([0, 1, 1]), np.array([2, 2, 0])), 3)(np.array([7, 8])).tolist()
    [[1.0, 0.0, 2.0], [1.0, 0.0, 2.0]]
    """
    users, items = _checked(train, "train", int(np.max(train.users, initial=-1)) + 1, n_items)
    counts = Answers.of(items, users, n_items).counts.astype(np.float32)
    return lambda users: np.broadcast_to(counts, (len(users), n_items))


def _lists(train: HasInteractions, test: HasInteractions, n_users: int, n_items: int) -> tuple[Answers, Answers, int]:
    """Each user's training items, the test items that are not among them, and how many are."""
    train_users, train_items = _checked(train, "train", n_users, n_items)
    test_users, test_items = _checked(test, "test", n_users, n_items)
    repeated = np.isin(test_users * n_items + test_items, train_users * n_items + train_items)
    had = Answers.of(train_users, train_items, n_users)
    return had, Answers.of(test_users[~repeated], test_items[~repeated], n_users), int(np.count_nonzero(repeated))


def _checked(of: HasInteractions, name: str, n_users: int, n_items: int) -> list[np.ndarray]:
    return checked_columns({f"{name}.users": (of.users, n_users), f"{name}.items": (of.items, n_items)})


def _recall(k: int):
    return np.arange(k + 1), lambda n_relevant: n_relevant


def _ndcg(k: int):
    gain = np.concatenate([[0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    return gain, lambda n_relevant: gain[np.minimum(n_relevant, k)]


# k -> (what the first 0 ... k ranks earn together, the most that n relevant items can earn)
_FORMULAS = {"recall": _recall, "ndcg": _ndcg}
