"""Which items belong together because they are near: in a graph by walking, in a text by standing in one window."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from awase.contrast.positives.stochastic import Powers, Sparse, Stochastic, over_row_sums
from awase.core.errors import ConfigError, InputError
from awase.kernels import threads as pool
from awase.kernels.cooccur import cooccurrences, places_of

_AT_ONCE = 1 << 23  # places and entries of a range of words, about: 10 and 8 bytes each
_WINDOW_MOST = 255


@dataclass(frozen=True)
class Walks:
    """P = 1/L sum over a = 1..L of (D^-1 A)^a: where a random walk of up to L steps from a node may stand.

    A is the graph's symmetric matrix of weights, D its row sums. Raises ConfigError E0573 for a length below 1.

    >>> P = Walks(length=2).matrix(3, np.array([0, 1]), np.array([1, 2]))
    >>> P.times(np.eye(3, dtype=np.float32)).tolist()
    [[0.25, 0.5, 0.25], [0.25, 0.5, 0.25], [0.25, 0.5, 0.25]]
    """

    length: int = 5
    name = "walks"

    def __post_init__(self):
        if self.length < 1:
            raise ConfigError("E0573", "walks must have at least 1 step", value=self.length, remedy="5 is the default")

    def matrix(self, n: int, heads: np.ndarray, tails: np.ndarray, weights: np.ndarray | None = None) -> Stochastic:
        """P over n nodes and edges (heads, tails) with weights (1 each if None), taken in both directions; repeated edges add up.

        Raises InputError E0570 for a negative weight, E0571 for a node without an edge.
        """
        both = np.concatenate([heads, tails]), np.concatenate([tails, heads])
        steps = Sparse.of(*both, None if weights is None else np.concatenate([weights, weights]), n)
        return steps if self.length == 1 else Powers(steps, self.length)


@dataclass(frozen=True)
class CoOccurrence:
    """P_ij = c_ij k_j / sum_j c_ij k_j: how often j stands near i in the sentences of a corpus.

    c_ij counts a neighbour at distance t as 1 - (t - 1) / window, which is what a window drawn from 1..window makes of it on average;
    k_j = min(1, sqrt(subsample / f_j)), f_j the frequency of j, is the share of a frequent word that word2vec would have left in (none
    is dropped for subsample = 0). ``most``: entries kept of each row, the largest; they bound the memory to 8 n most bytes.
    Raises ConfigError E0573 for a window out of 1..255, or most or subsample below their range.
    """

    window: int = 5
    subsample: float = 1e-4
    most: int = 1000
    name = "co-occurrence"

    def __post_init__(self):
        if not 1 <= self.window <= _WINDOW_MOST:
            raise ConfigError("E0573", f"window must lie between 1 and {_WINDOW_MOST}", value=self.window, remedy="5 is usual")
        if self.most < 1 or not self.subsample >= 0:
            raise ConfigError(
                "E0573", "most must be at least 1 and subsample not negative", value=(self.most, self.subsample),
                remedy="1000 and 0.0001 are the defaults",
            )  # fmt: skip

    def kept(self, counts: np.ndarray) -> np.ndarray:
        """k (v,) float32 for words with these counts."""
        if not self.subsample:
            return np.ones(len(counts), np.float32)
        return np.minimum(1, np.sqrt(self.subsample * counts.sum() / np.maximum(counts, 1))).astype(np.float32)

    def matrix(self, ids: np.ndarray, bounds: np.ndarray, counts: np.ndarray, threads: int = 1) -> Sparse:
        """P over the words of a corpus: ids (n,) int32, sentences ids[bounds[s]:bounds[s + 1]], counts (v,) of each word.

        A word that never has a neighbour belongs with itself, which moves nothing. Raises InputError E0574 for fewer than two words.
        """
        if len(counts) < 2:
            raise InputError(
                "E0574",
                "a corpus needs at least two different words",
                value=len(counts),
                remedy="give more text, or a lower min_count",
            )
        near = (1 - np.arange(self.window) / self.window).astype(np.float32)
        context, v = self.kept(counts), len(counts)
        entries = np.minimum(2 * self.window * counts, min(v, self.most))
        edges = _ranges(counts + entries, _AT_ONCE)
        made: list = [None] * (len(edges) - 1)

        def ranges(begin: int, end: int) -> None:
            for part in range(begin, end):
                first, last = edges[part], edges[part + 1]
                starts = np.concatenate([[0], np.cumsum(counts[first:last])]).astype(np.int64)
                places, (left, right) = np.empty(starts[-1], np.int64), np.empty((2, starts[-1]), np.uint8)
                places_of(ids, bounds, first, last, self.window, starts, places, left, right)
                columns, values = np.empty(n := int(entries[first:last].sum()), np.int32), np.empty(n, np.float32)
                row_starts = np.empty(last - first + 1, np.int64)
                cooccurrences(ids, starts, places, left, right, near, context, self.most, row_starts, columns, values)
                made[part] = _with_themselves(first, row_starts, columns[: row_starts[-1]], values[: row_starts[-1]])

        pool.run(threads, len(made), ranges)
        lengths, columns, values = (np.concatenate(arrays) for arrays in zip(*made))
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Sparse(starts, columns, over_row_sums(starts, values))


def _with_themselves(first: int, starts: np.ndarray, columns: np.ndarray, values: np.ndarray) -> tuple:
    """(lengths, columns, values) of the rows first, first + 1, ..., copied, with an entry on the diagonal where a row has none."""
    lengths = np.diff(starts)
    empty = np.flatnonzero(lengths == 0)
    at = starts[empty]
    lengths[empty] = 1
    return lengths, np.insert(columns, at, (first + empty).astype(np.int32)), np.insert(values, at, np.float32(1))


def _ranges(sizes: np.ndarray, most: int) -> list[int]:
    """Bounds of consecutive ranges whose sizes sum to about ``most``, each of at least one."""
    block = np.cumsum(sizes) // most
    return [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), len(sizes)]


@dataclass(frozen=True)
class Nearby:
    """The neighbours of a node by ``walks``, or of a word by ``words``: whichever the data are of."""

    walks: Walks
    words: CoOccurrence
    of: Literal["auto", "graph", "words"] = "auto"
    name = "what is near"
    needs = "a graph or a corpus"

    def __post_init__(self):
        if self.of not in ("auto", "graph", "words"):
            raise ConfigError("E0573", "of must be 'auto', 'graph' or 'words'", value=self.of)
