"""Right answers among all candidates: lists of them, and where a score function puts each. The ground of the ranking tasks.

Recommendation, link prediction and reconstruction ask the same: of n candidates, how many score above each right answer, when the
other right answers do not count? Only the scores of one block of questions exist at a time.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from awase.core.errors import InputError
from awase.kernels.ranks import count_ahead

BLOCK = 1 << 22  # scores held at once: 16 MB of float32


class Answers(NamedTuple):
    """Lists of candidates, one for each question: those of question q are items[offsets[q]:offsets[q + 1]]."""

    offsets: np.ndarray
    items: np.ndarray

    @staticmethod
    def of(questions: np.ndarray, items: np.ndarray, n_questions: int) -> "Answers":
        """The distinct items of each question, rising.

        >>> Answers.of(np.array([1, 0, 1, 1]), np.array([7, 5, 3, 7]), 3)
        Answers(offsets=array([0, 1, 3, 3]), items=array([5, 3, 7]))
        """
        order = np.lexsort((items, questions))
        questions, items = questions[order], items[order]
        new = np.ones(len(items), bool)
        new[1:] = (questions[1:] != questions[:-1]) | (items[1:] != items[:-1])
        return Answers(starts(questions[new], n_questions), items[new])

    @property
    def counts(self) -> np.ndarray:
        """int64 (n_questions,): how many answers each question has."""
        return np.diff(self.offsets)

    def take(self, questions: np.ndarray) -> "Answers":
        """The lists of these questions, in this order."""
        counts = self.counts[questions]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
        return Answers(offsets, self.items[np.repeat(self.offsets[questions], counts) + within])


class Ahead(NamedTuple):
    """Of the competitors of each answer: how many score higher, how many the same, and how many there are. int64 (n_answers,) each."""

    greater: np.ndarray
    equal: np.ndarray
    others: np.ndarray


def starts(questions: np.ndarray, n_questions: int) -> np.ndarray:
    """int64 (n_questions + 1,): where each question's list begins, when the questions of all items are given in order."""
    return np.concatenate([[0], np.cumsum(np.bincount(questions, minlength=n_questions))])


def ahead(score: Callable[[slice], np.ndarray], targets: Answers, left_out: Answers, n: int, *, block: int = BLOCK) -> Ahead:
    """What stands ahead of each target, in the order of ``targets.items``.

    score     gives the scores (b, n) of a slice of the questions, higher is better
    left_out  for each question, the candidates that compete with none of its targets (a target among them still is one)
    block     scores held at once

    Errors: E0821 when scores have another shape than (b, n) or hold NaN.

    >>> scores = np.array([[0.9, 0.5, 0.5, 0.1]])
    >>> found = ahead(lambda rows: scores[rows], Answers(np.array([0, 1]), np.array([2])), Answers(np.array([0, 1]), np.array([0])), 4)
    >>> found.greater, found.equal, found.others
    (array([0]), array([1]), array([2]))
    """
    found = Ahead(*(np.empty(len(targets.items), np.int64) for _ in range(3)))
    n_questions, step = len(targets.offsets) - 1, max(1, block // max(n, 1))
    for start in range(0, n_questions, step):
        rows = slice(start, min(start + step, n_questions))
        scores = checked_scores(score(rows), (rows.stop - start, n), start)
        of = slice(targets.offsets[start], targets.offsets[rows.stop])
        out_starts = left_out.offsets[start : rows.stop + 1]
        count_ahead(
            scores,
            targets.offsets[start : rows.stop + 1] - of.start,
            targets.items[of],
            out_starts - out_starts[0],
            left_out.items[out_starts[0] : out_starts[-1]],
            *(array[of] for array in found),
        )
    return found


def checked_scores(scores: np.ndarray, shape: tuple[int, ...], first_row: int = 0) -> np.ndarray:
    """The scores as contiguous floats of this shape, none of them NaN. Infinity is allowed: -inf is what nothing should score."""
    scores = np.asarray(scores)
    if scores.shape != shape or scores.dtype.kind not in "fiu":
        found = f"{scores.dtype} {scores.shape}"
        raise InputError("E0821", f"a score function must return numbers of the shape {shape}", value=found)
    scores = np.ascontiguousarray(scores, np.float32 if scores.dtype == np.float32 else np.float64)
    if np.isnan(scores).any():
        row = first_row + int(np.argwhere(np.isnan(scores))[0][0])
        remedy = "a model that has come apart in training scores NaN: train again with a lower learning rate"
        raise InputError("E0821", "a score is NaN, which has no place in a ranking", place=f"question {row:,}", remedy=remedy)
    return scores


def checked_ids(what: str, ids: np.ndarray, n: int) -> np.ndarray:
    """The ids as int64 (n_ids,), all of them rows 0 ... n - 1. Raises E0820."""
    ids = np.asarray(ids)
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise InputError("E0820", f"{what} must be whole numbers in one dimension", value=f"{ids.dtype} {ids.shape}")
    ids = ids.astype(np.int64)
    outside = np.flatnonzero((ids < 0) | (ids >= n))
    if len(outside):
        at = int(outside[0])
        raise InputError("E0820", f"{what} must be rows 0 to {n - 1:,}", place=f"{what}[{at}]", value=int(ids[at]))
    return ids


def checked_columns(columns: dict[str, tuple[np.ndarray, int]]) -> list[np.ndarray]:
    """Several ``checked_ids``, name -> (ids, n), that are paired one by one and so have one length. Raises E0820."""
    found = [checked_ids(what, ids, n) for what, (ids, n) in columns.items()]
    if len({len(ids) for ids in found}) > 1:
        lengths = ", ".join(f"{len(ids):,} {what}" for what, ids in zip(columns, found))
        raise InputError("E0820", f"{' and '.join(columns)} are paired one by one and need one length", value=lengths)
    return found
