"""Hypernymy: is "a dog is an animal" told from what is not so? Accuracy at a threshold chosen elsewhere, and two checks on it.

The threshold comes from validation pairs (Vendrov et al., ICLR 2016). Negatives made by replacing one side at random never test the
direction, so the positives are asked in reverse as well: a score that is symmetric rejects none of them. And most test pairs follow
from the training edges by transitivity alone, so accuracy means something only above ``implied``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from awase.core.errors import InputError
from awase.tasks.answers import Answers, checked_columns, checked_scores
from awase.tasks.items import Metric, Ratio

# (child rows (n,), parent rows (n,)) -> (n,), higher is more surely "child is a parent"
Score = Callable[[np.ndarray, np.ndarray], np.ndarray]


class LabelledPairs(NamedTuple):
    """Pairs of rows, int64 (n,), and whether the first is a kind of the second, bool (n,)."""

    children: np.ndarray
    parents: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Hypernymy:
    """threshold: scores from it on mean yes; labels: bool (n,), of the test pairs; correct: bool (n,), whether each is told right;
    rejected: bool (n,), whether it is refused when it is asked in reverse, which is right for those that hold."""

    threshold: float
    labels: np.ndarray
    correct: np.ndarray
    rejected: np.ndarray

    def metrics(self) -> dict[str, Metric]:
        """For ``Report.of_items``, the items being the test pairs."""
        return {
            "accuracy": self.correct.astype(np.float64),
            "reversed_rejected": Ratio((self.rejected & self.labels).astype(np.float64), self.labels.astype(np.float64)),
        }

    def summary(self) -> dict[str, float | int]:
        """accuracy, reversed_rejected (the share of the pairs that hold), threshold, n_pairs and n_reversed."""
        return {
            "accuracy": float(self.correct.mean()),
            "reversed_rejected": float(self.rejected[self.labels].mean()),
            "threshold": self.threshold,
            "n_pairs": len(self.correct),
            "n_reversed": int(np.count_nonzero(self.labels)),
        }


def hypernymy(score: Score, valid: LabelledPairs, test: LabelledPairs) -> Hypernymy:
    """Accuracy of ``score(children, parents) >= threshold`` on the test pairs, the threshold being the best one on the validation pairs.

    Errors: E0820 columns that do not fit, E0821 scores of another shape or NaN, E0824 one of the two has no positive or no negative pair.

    >>> depth = np.array([0.0, 1.0, 2.0, 3.0])
    >>> pairs = LabelledPairs(np.array([1, 2, 0, 1]), np.array([0, 1, 2, 3]), np.array([True, True, False, False]))
    >>> hypernymy(lambda children, parents: depth[children] - depth[parents], pairs, pairs).summary()["reversed_rejected"]
    1.0
    """
    valid, test = (_checked(name, pairs) for name, pairs in (("valid", valid), ("test", test)))
    threshold = best_threshold(_scored(score, valid.children, valid.parents), valid.labels)
    correct = (_scored(score, test.children, test.parents) >= threshold) == test.labels
    return Hypernymy(threshold, test.labels, correct, _scored(score, test.parents, test.children) < threshold)


def best_threshold(scores: np.ndarray, labels: np.ndarray) -> float:
    """The threshold with the most of ``(scores >= threshold) == labels``: half way between two scores; of several the highest.

    >>> best_threshold(np.array([0.1, 0.4, 0.6, 0.9]), np.array([False, False, True, True]))
    0.5
    """
    order = np.argsort(-scores, kind="stable")
    falling, right = scores[order], labels[order]
    # After the first i scores are accepted: the positives among them and the negatives among the rest are right.
    n_right = np.concatenate([[0], np.cumsum(np.where(right, 1, -1))])
    levels = np.concatenate([[np.inf], falling, [-np.inf]])
    possible = levels[:-1] > levels[1:]
    best = int(np.argmax(np.where(possible, n_right, -len(scores) - 1)))
    above, below = levels[best], levels[best + 1]
    if np.isinf(above):
        return float(np.nextafter(below, np.inf))
    return float(above if np.isinf(below) else (above + below) / 2)


def implied(
    edge_children: np.ndarray, edge_parents: np.ndarray, children: np.ndarray, parents: np.ndarray, n: int
) -> np.ndarray:
    """bool (n_pairs,): whether each parent can be reached from its child over the edges: the transitive closure, never built whole.

    ``correct`` of the baseline that knows the training edges and transitivity, and nothing else, is ``implied(...) == labels``.
    Errors: E0820 an id out of range.

    >>> implied(np.array([0, 1]), np.array([1, 2]), np.array([0, 2]), np.array([2, 0]), 3).tolist()
    [True, False]
    """
    edge_children, edge_parents = checked_columns({"edge_children": (edge_children, n), "edge_parents": (edge_parents, n)})
    children, parents = checked_columns({"children": (children, n), "parents": (parents, n)})
    up = Answers.of(edge_children, edge_parents, n)
    asked, which = np.unique(children, return_inverse=True)
    # All (place in asked, ancestor) pairs as one number each, found one step further up at a time.
    reached = np.empty(0, np.int64)
    place, node = np.arange(len(asked)), asked
    while len(place):
        above = up.take(node)
        codes = np.unique(np.repeat(place, above.counts) * n + above.items)
        codes = codes[~np.isin(codes, reached, assume_unique=True)]
        reached = np.union1d(reached, codes)
        place, node = np.divmod(codes, n)
    return np.isin(which * n + parents, reached)


def _checked(name: str, pairs: LabelledPairs) -> LabelledPairs:
    top = max(int(np.max(ids, initial=-1)) for ids in pairs[:2]) + 1
    children, parents = checked_columns({f"{name}.children": (pairs.children, top), f"{name}.parents": (pairs.parents, top)})
    labels = np.asarray(pairs.labels)
    if labels.dtype != bool or labels.shape != children.shape:
        found = f"{labels.dtype} {labels.shape}"
        raise InputError("E0820", f"{name}.labels must be {len(children):,} booleans, one a pair", value=found)
    if not labels.any() or labels.all():
        raise InputError(
            "E0824",
            f"the {name} pairs need some that hold and some that do not",
            value=f"{labels.sum():,} of {len(labels):,} hold",
        )
    return LabelledPairs(children, parents, labels)


def _scored(score: Score, children: np.ndarray, parents: np.ndarray) -> np.ndarray:
    return checked_scores(score(children, parents), (len(children),))
