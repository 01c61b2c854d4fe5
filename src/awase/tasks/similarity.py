"""Word similarity: how well the similarity of two words' vectors follows the judgements of people. Spearman's rho, and coverage.

Pairs with a word the model does not know are left out of rho and always counted: rho over the words a model happens to know is no
property of the model alone.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa

from awase.core.errors import ConfigError, FormatError
from awase.core.suggest import did_you_mean
from awase.data.blocks import open_bytes
from awase.data.compute import pc
from awase.tasks.answers import checked_scores
from awase.tasks.correlation import Correlation
from awase.tasks.items import Metric

_BLOCK = 1 << 22  # numbers of a block of gathered vectors

# (rows (n,), rows (n,)) -> (n,), higher is closer
PairScore = Callable[[np.ndarray, np.ndarray], np.ndarray]


class WordPairs(NamedTuple):
    """Pairs of words and how similar people find them, higher is more similar: two lists and float64 (n,)."""

    first: list[str]
    second: list[str]
    scores: np.ndarray
    name: str


@dataclass(frozen=True)
class WordSimilarity:
    """predicted: float64 (n_pairs,), NaN where a word is unknown and so left out; gold: what people said; known: bool (n_pairs,),
    both words known; unknown: the words the model does not know, each once."""

    name: str
    predicted: np.ndarray
    gold: np.ndarray
    known: np.ndarray
    unknown: list[str]

    @property
    def coverage(self) -> float:
        """The share of pairs of which both words are known."""
        return float(self.known.mean())

    @cached_property
    def rho(self) -> float | None:
        """Spearman's rho over the pairs that have a prediction; None when they are fewer than two."""
        counted = np.isfinite(self.predicted)
        return self.correlation(counted).value if np.count_nonzero(counted) > 1 else None

    def correlation(self, on: np.ndarray | None = None) -> Correlation:
        """For ``Report.of_items``: the predictions and judgements of the pairs ``on``, bool (n_pairs,); without it of all that have one.

        Give the pairs that all systems know to compare them.
        """
        on = np.isfinite(self.predicted) if on is None else on
        return Correlation(self.predicted[on], self.gold[on])

    def metrics(self, on: np.ndarray | None = None) -> dict[str, Metric]:
        """For ``Report.of_items``: ``correlation`` by its name."""
        return {"spearman": self.correlation(on)}

    def summary(self) -> dict:
        """spearman, coverage, n_pairs, n_known and the unknown words."""
        return {
            "spearman": self.rho,
            "coverage": self.coverage,
            "n_pairs": len(self.known),
            "n_known": int(np.count_nonzero(self.known)),
            "unknown": self.unknown,
        }


def read_word_pairs(path: Path | str, columns: tuple[str, str, str] | None = None) -> WordPairs:
    """The pairs of a file with one pair a line: word, word, score, and whatever else, parted by tabs, commas or spaces.

    The first line may be a header; lines that begin with # and empty ones are left out. ``columns`` names the three columns of the
    header, for a file that has them elsewhere. Errors: E0101 and E0103 a file that is not there or no UTF-8, E0822 with the line.
    """
    path = Path(path)
    rows = _table(path)
    if columns is None:
        at = (0, 1, 2)
        # A header has no number where the score should be.
        body = rows[1:] if rows and len(rows[0][1]) > 2 and _number(rows[0][1][2]) is None else rows
    else:
        heads = rows[0][1] if rows else []
        for name in columns:
            if name not in heads:
                place, remedy = f"{path}:1", did_you_mean(name, heads)
                raise FormatError("E0822", "the header has no such column", place=place, value=name, remedy=remedy)
        at, body = tuple(heads.index(name) for name in columns), rows[1:]
    if not body:
        raise FormatError("E0822", "the file has no word pairs", place=str(path))
    found = [_pair(values, at, f"{path}:{line}") for line, values in body]
    first, second, scores = zip(*found)
    return WordPairs(list(first), list(second), np.array(scores), path.stem)


def rows_of(words: Sequence[str], wanted: Sequence[str], *, ignore_case: bool = False) -> np.ndarray:
    """int64 (n_wanted,): the row of each wanted word among ``words``, -1 when it is not there. Of several that differ only in case, the first.

    >>> rows_of(["Paris", "paris", "tea"], ["PARIS", "coffee"], ignore_case=True).tolist()
    [0, -1]
    """
    have, want = (_folded(column, ignore_case) for column in (words, wanted))
    return np.asarray(pc.fill_null(pc.index_in(want, value_set=have), -1)).astype(np.int64)


def cosine_of(vectors: np.ndarray) -> PairScore:
    """The cosine of pairs of rows of ``vectors`` (n_words, dim), as a score function; 0 where a vector is zero.

    >>> cosine_of(np.array([[1.0, 0.0], [3.0, 4.0]]))(np.array([0, 0]), np.array([1, 0])).tolist()
    [0.6, 1.0]
    """
    step = max(1, _BLOCK // max(1, vectors.shape[1]))

    def score(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        out = np.zeros(len(first))
        for start in range(0, len(first), step):
            a, b = (vectors[rows[start : start + step]].astype(np.float64) for rows in (first, second))
            lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
            products = np.einsum("nd,nd->n", a, b)
            out[start : start + step] = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
        return out

    return score


def word_similarity(
    pairs: WordPairs,
    words: Sequence[str],
    score: PairScore,
    *,
    ignore_case: bool = True,
    unknown: Literal["left out", "zero"] = "left out",
) -> WordSimilarity:
    """How well ``score``, of rows of ``words``, follows the judgements: Spearman's rho with average ranks for ties, and coverage.

    unknown      "left out" of rho, or "zero": a pair with an unknown word has similarity 0 (gensim's ``dummy4unknown``)
    ignore_case  a word is found in any case; of several spellings the first row counts, the most frequent one in most models

    Errors: E0821 scores of another shape or NaN, E0825 an unknown value of ``unknown``.

    >>> pairs = WordPairs(["tea", "tea", "tea"], ["coffee", "stone", "qi"], np.array([9.0, 1.0, 5.0]), "toy")
    >>> found = word_similarity(pairs, ["tea", "coffee", "stone"], cosine_of(np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])))
    >>> found.rho, found.unknown, round(found.coverage, 2)
    (1.0, ['qi'], 0.67)
    """
    if unknown not in ("left out", "zero"):
        raise ConfigError("E0825", "unknown words are 'left out' or 'zero'", value=unknown)
    first, second = (rows_of(words, side, ignore_case=ignore_case) for side in (pairs.first, pairs.second))
    known = (first >= 0) & (second >= 0)
    predicted = np.full(len(known), 0.0 if unknown == "zero" else np.nan)
    n_known = int(np.count_nonzero(known))
    predicted[known] = checked_scores(score(first[known], second[known]), (n_known,))
    both = [word for words_of_pair in zip(pairs.first, pairs.second) for word in words_of_pair]
    missing = np.stack([first, second], axis=1).ravel() < 0
    distinct = list(dict.fromkeys(pc.filter(pa.array(both), pa.array(missing)).to_pylist()))
    return WordSimilarity(pairs.name, predicted, pairs.scores, known, distinct)


def _folded(column: Sequence[str], ignore_case: bool) -> pa.Array:
    texts = pa.array(column, pa.large_string())
    return pc.utf8_upper(texts) if ignore_case else texts


def _table(path: Path) -> list[tuple[int, list[str]]]:
    """(line number, values) of each line that is not empty and no comment; the first of them shows what parts the values."""
    lines = [(i, line) for i, line in enumerate(read_lines(path), 1) if line.strip() and not line.startswith("#")]
    first = lines[0][1] if lines else ""
    if "\t" in first:
        return [(i, [value.strip() for value in line.split("\t")]) for i, line in lines]
    if "," in first:
        return [(i, [value.strip() for value in next(csv.reader([line]))]) for i, line in lines]
    return [(i, line.split()) for i, line in lines]


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 text, without their ends. Errors: E0101 there is no such file, E0103 not UTF-8, with the line."""
    with open_bytes(path) as stream:
        data = stream.read()
    try:
        return data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as cause:
        line = data.count(b"\n", 0, cause.start) + 1
        remedy = "save the file as UTF-8"
        raise FormatError("E0103", "the text is not UTF-8", place=f"{path}:{line}", remedy=remedy) from cause


def _pair(values: list[str], at: tuple[int, ...], place: str) -> tuple[str, str, float]:
    if len(values) <= max(at):
        message = f"a word pair has two words and a score, so at least {max(at) + 1} columns"
        raise FormatError("E0822", message, place=place, value=values, remedy="part them by tabs, commas or spaces")
    first, second, score = (values[i] for i in at)
    number = _number(score)
    if number is None or not (first and second):
        message = "the score is not a finite number" if first and second else "a word is empty"
        raise FormatError("E0822", message, place=place, value=score if first and second else values)
    return first, second, number


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
