"""Words that stand near each other in running text."""

from dataclasses import dataclass

import numpy as np

from awase.core.errors import ConfigError
from awase.data.corpus import Corpus
from awase.kernels.skipgram import reach, sift

_WINDOW_MOST = 1_000


@dataclass(frozen=True, eq=False)
class WindowSource:
    """One example for each word of some sentences, with the words around it.

    Example r stands at ``ids[starts[l] + r - edges[l]]`` for edges[l] <= r < edges[l + 1]. keep (v,) float64: the probability with which
    subsampling keeps a word; counts (v,) int64. A word is two items: its row as a context, and that plus ``offset`` as a centre.
    """

    ids: np.ndarray
    starts: np.ndarray
    edges: np.ndarray
    keep: np.ndarray
    counts: np.ndarray
    window: int
    dynamic: bool

    def __len__(self) -> int:
        return int(self.edges[-1])

    @property
    def offset(self) -> int:
        """Distinct words."""
        return len(self.counts)

    def around(self, row: int, key) -> np.ndarray:
        """The words in the window of a row, in an epoch with this key (``kernels.draws.key``); none where the row itself is left out."""
        line = int(np.searchsorted(self.edges, row, "right")) - 1
        first, last = int(self.edges[line]), int(self.edges[line + 1])
        words, rows, lines = (
            np.empty(last - first, np.int32),
            np.empty(last - first, np.int64),
            np.empty(last - first, np.int64),
        )
        n = sift(self.ids, self.starts, self.edges, self.keep, key, first, last, words, rows, lines)
        at = int(np.searchsorted(rows[:n], row))
        if at == n or rows[at] != row:
            return words[:0]
        w = int(reach(key, row, self.window, self.dynamic))
        return np.concatenate([words[max(at - w, 0) : at], words[at + 1 : min(at + 1 + w, n)]])


@dataclass(frozen=True)
class Windows:
    """A word belongs with those up to ``window`` places from it in its sentence (Mikolov et al. 2013, arXiv 1301.3781).

    subsample: t in the probability sqrt(t / f) + t / f with which an occurrence of a word of frequency f stays in the text, before windows are
    laid (word2vec's C code; the formula of arXiv 1310.4546, equation 5, differs); 0 keeps all. dynamic: each window's reach is drawn uniformly
    from 1 .. window, so that near words count more. Everything is drawn anew in each epoch.

    >>> from awase.data.corpus import read_corpus
    >>> source = Windows(window=1, subsample=0).source(read_corpus(["the cat sat"], min_count=1))
    >>> from awase.kernels import draws
    >>> len(source), source.around(1, draws.key(0, 0)).tolist()
    (3, [0, 2])
    """

    window: int = 5
    subsample: float = 1e-3
    dynamic: bool = True
    name = "windows"
    needs = "a corpus"

    def __post_init__(self):
        if not 1 <= self.window <= _WINDOW_MOST:
            raise ConfigError(
                "E0532", f"window must lie between 1 and {_WINDOW_MOST:,}", value=self.window, remedy="5 is usual"
            )
        if not 0 <= self.subsample <= 1:
            raise ConfigError(
                "E0532",
                "subsample must lie between 0 and 1",
                value=self.subsample,
                remedy="0.001 to 0.00001 is usual; 0 keeps all",
            )

    def source(self, corpus: Corpus, sentences: np.ndarray | None = None) -> WindowSource:
        """The windows of these sentences (numbers of sentences, ascending), or of all."""
        starts, sizes = corpus.bounds[:-1], np.diff(corpus.bounds)
        if sentences is not None:
            starts, sizes = starts[sentences], sizes[sentences]
        edges = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return WindowSource(
            corpus.ids, np.ascontiguousarray(starts), edges, self.kept(corpus.counts), corpus.counts, self.window, self.dynamic
        )

    def kept(self, counts: np.ndarray) -> np.ndarray:
        """(v,) float64: the probability with which an occurrence of each word stays."""
        if not self.subsample:
            return np.ones(len(counts))
        ratio = self.subsample * counts.sum() / np.maximum(counts, 1)
        return np.minimum(1, np.sqrt(ratio) + ratio)
