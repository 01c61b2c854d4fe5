"""Analogies: a is to b as c is to ?, answered by vector arithmetic over the whole vocabulary. Accuracy by section, and coverage.

Source: Mikolov, Yih & Zweig, NAACL 2013 (3CosAdd); Levy & Goldberg, CoNLL 2014 (3CosMul). The three words of the question are never
the answer; without that rule most nearest words would be c itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from awase.core.errors import ConfigError, FormatError, InputError
from awase.models.geometry import tied
from awase.tasks.answers import BLOCK, Answers
from awase.tasks.geometry import unit
from awase.tasks.items import Metric
from awase.tasks.similarity import read_lines, rows_of

_EPSILON = 1e-3  # keeps 3CosMul finite, as in the paper


class Analogies(NamedTuple):
    """Questions in sections: words, four columns a, b, c and the answer; section: int64 (n,), the section of each question."""

    words: tuple[list[str], list[str], list[str], list[str]]
    section: np.ndarray
    sections: list[str]
    name: str


@dataclass(frozen=True)
class Answered:
    """correct: bool (n,); known: bool (n,), all four words known; counted: bool (n,), the questions that count for accuracy."""

    questions: Analogies
    correct: np.ndarray
    known: np.ndarray
    counted: np.ndarray

    @property
    def accuracy(self) -> float | None:
        """The share of counted questions whose answer is right; None when none counts."""
        return float(self.correct[self.counted].mean()) if self.counted.any() else None

    @property
    def coverage(self) -> float:
        """The share of questions of which all four words are known."""
        return float(self.known.mean())

    def metrics(self) -> dict[str, Metric]:
        """For ``Report.of_items``, the items being the counted questions."""
        return {"accuracy": self.correct[self.counted].astype(np.float64)}

    def sections(self) -> list[dict]:
        """section, n_questions, n_known and accuracy (None where no question counts) of each section, in the order of the file."""
        n = len(self.questions.sections)
        total, known, counted = (
            np.bincount(self.questions.section, of, minlength=n).astype(int)
            for of in (np.ones(len(self.known)), self.known, self.counted)
        )
        right = np.bincount(self.questions.section, self.correct & self.counted, minlength=n)
        return [
            {"section": name, "n_questions": int(of), "n_known": int(k), "accuracy": float(r / c) if c else None}
            for name, of, k, c, r in zip(self.questions.sections, total, known, counted, right)
        ]

    def summary(self) -> dict:
        """accuracy, coverage, n_questions and n_known."""
        return {
            "accuracy": self.accuracy,
            "coverage": self.coverage,
            "n_questions": len(self.known),
            "n_known": int(np.count_nonzero(self.known)),
        }


def read_analogies(path: Path | str) -> Analogies:
    """The questions of a file such as Google's questions-words.txt: lines of four words, below lines ": section".

    Errors: E0101 and E0103 a file that is not there or no UTF-8; E0823 a line without four words or before the first section.
    """
    path = Path(path)
    rows, section, sections = [], [], []
    for line, text in enumerate(read_lines(path), 1):
        if text.startswith(":"):
            sections.append(text[1:].strip())
        elif words := text.split():
            if len(words) != 4 or not sections:
                message = "an analogy has four words" if sections else "a line ': section' must come before the first analogy"
                raise FormatError("E0823", message, place=f"{path}:{line}", value=text)
            rows.append(words)
            section.append(len(sections) - 1)
    if not rows:
        raise FormatError("E0823", "the file has no analogies", place=str(path))
    a, b, c, answer = (list(column) for column in zip(*rows))
    return Analogies((a, b, c, answer), np.array(section), sections, path.stem)


def analogies(
    questions: Analogies,
    words: Sequence[str],
    vectors: np.ndarray,
    *,
    method: Literal["3cosadd", "3cosmul"] = "3cosadd",
    ignore_case: bool = True,
    unknown: Literal["left out", "wrong"] = "left out",
    restrict: int | None = 300_000,
    block: int = BLOCK,
) -> Answered:
    """Which questions are answered right by the first of all words but the three of the question.

    3cosadd  argmax_w cos(w, b) - cos(w, a) + cos(w, c)
    3cosmul  argmax_w s(w, b) s(w, c) / (s(w, a) + 0.001) with s = (1 + cos) / 2
    unknown  questions with an unknown word are "left out", or count as "wrong" (gensim's ``dummy4unknown``)
    restrict only the first so many words exist, the most frequent ones in most models; None for all
    ignore_case  spellings that differ in case are one word: any of them is the right answer, and none of the question's is one

    Memory: a unit copy of the vectors, and a block of scores. Errors: E0808 vectors that are not finite or too few, E0825 an
    unknown method or value of ``unknown``.

    >>> questions = Analogies((["man"], ["king"], ["woman"], ["queen"]), np.array([0]), ["royal"], "toy")
    >>> vectors = np.array([[1.0, 0, 0], [1, 0, 1], [0, 1, 0], [0, 1, 1]])
    >>> analogies(questions, ["man", "king", "woman", "queen"], vectors).accuracy
    1.0
    """
    if method not in ("3cosadd", "3cosmul"):
        raise ConfigError("E0825", "the methods are '3cosadd' and '3cosmul'", value=method)
    if unknown not in ("left out", "wrong"):
        raise ConfigError("E0825", "questions with unknown words are 'left out' or 'wrong'", value=unknown)
    words = words[:restrict]
    n = len(words)
    if len(vectors) < n:
        raise InputError("E0808", "each word needs its vector", value=f"{len(vectors):,} vectors for {n:,} words")
    rows = np.stack([rows_of(words, column, ignore_case=ignore_case) for column in questions.words])
    known = np.all(rows >= 0, axis=0)
    correct = np.zeros(len(known), bool)
    spelling = rows_of(words, words, ignore_case=ignore_case)  # the first row with the same word, mostly the row itself
    correct[known] = _solve(rows[:, known], unit(vectors[:n]), spelling, method, block)
    return Answered(questions, correct, known, known if unknown == "left out" else np.ones_like(known))


def _solve(rows: np.ndarray, vectors: np.ndarray, spelling: np.ndarray, method: str, block: int) -> np.ndarray:
    """bool (n,): whether each question, rows (4, n) of the vocabulary, is answered by a spelling of its fourth word."""
    n = len(vectors)
    spellings = Answers.of(spelling, np.arange(n), n)
    step = max(1, block // n)
    right = np.zeros(rows.shape[1], bool)
    for start in range(0, len(right), step):
        a, b, c, answer = rows[:, start : start + step]
        if method == "3cosadd":
            scores = (vectors[b] - vectors[a] + vectors[c]) @ vectors.T
        else:
            near = [(1 + vectors[side] @ vectors.T) / 2 for side in (a, b, c)]
            scores = near[1] * near[2] / (near[0] + _EPSILON)
        scores = tied(scores, vectors)
        asked = spellings.take(np.stack([a, b, c], axis=1).ravel())
        # Every spelling of the three words is out.
        scores[np.repeat(np.repeat(np.arange(len(a)), 3), asked.counts), asked.items] = -np.inf
        best = scores.argmax(axis=1)
        # With no word left but the three, nothing is answered.
        right[start : start + step] = (spelling[best] == answer) & (scores[np.arange(len(a)), best] > -np.inf)
    return right
