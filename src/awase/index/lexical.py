"""BM25: search by the words that a query and a text share.

    score(q, d) = sum over the terms t of q:  idf(t) * tf / (tf + k1 * (1 - b + b * |d| / average |d|))
    idf(t)      = ln(1 + (n - df + 0.5) / (df + 0.5))

tf: how often t is in d; df: in how many documents t is; n: documents; |d|: terms of d. This is Lucene's variant without its
constant factor k1 + 1 (Kamphuis et al., "Which BM25 do you mean?", ECIR 2020). A term that a query repeats counts as often.
What k1 and b are, and whether long queries lose their stop words, is a ``Weighting``; it changes no postings.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np

from awase.core.errors import ConfigError, InputError, IntegrityError
from awase.core.protocols import Hits
from awase.data.text.analyze import Analyzer, TermBags, analyzer
from awase.data.text.tokenizer import Texts
from awase.index.exact import check_k
from awase.index.weighting import FEW_WORDS, Weighting, without_stop_words
from awase.kernels import bm25
from awase.kernels.start import compiled
from awase.kernels.threads import run

_DELETED = -1  # as the length of a row


class Segment:
    """Postings (see ``awase.kernels.bm25``) of consecutive rows, and the length of each. Never changed once made."""

    ARRAYS = ("lengths", "terms", "starts", "rows", "counts")

    def __init__(self, lengths, terms, starts, rows, counts, n_held: int):
        # Read-only views: one type for the compiled kernels, whether an array is a memory map or not.
        self.lengths, self.terms, self.starts, self.rows, self.counts = map(_read_only, (lengths, terms, starts, rows, counts))
        self.n_held = n_held  # rows that are in the postings, the deleted ones too

    @property
    def postings(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """As the kernels take them."""
        return self.terms, self.starts, self.rows, self.counts

    @cached_property
    def alive(self) -> np.ndarray:
        return self.lengths != _DELETED

    @cached_property
    def n_alive(self) -> int:
        return int(np.count_nonzero(self.alive))

    @cached_property
    def total_length(self) -> int:
        """The lengths of the rows that are alive, summed up."""
        return int(self.lengths[self.alive].sum(dtype=np.int64))

    @cached_property
    def frequencies(self) -> np.ndarray:
        """How many rows that are alive each term is in."""
        if self.n_alive == self.n_held:
            return np.diff(self.starts)
        out = np.empty(len(self.terms), np.int64)
        count = bm25.count_kept if compiled(len(self.rows) // 20) else bm25.count_kept_twin
        count(self.starts, self.rows, self.alive, out)
        return out

    def norms(self, base: float, slope: float) -> np.ndarray:
        """base + slope * length of each row, float32; infinite for a deleted one."""
        norms = self.lengths.astype(np.float32) * np.float32(slope) + np.float32(base)
        if self.n_alive < len(norms):
            norms[~self.alive] = np.inf
        return _read_only(norms)

    def without(self, rows: np.ndarray) -> "Segment":
        """The segment with these rows deleted; their postings are dropped when they are more than half of all."""
        lengths = self.lengths.copy()
        lengths[rows] = _DELETED
        smaller = Segment(lengths, *self.postings, self.n_held)
        return smaller if 2 * smaller.n_alive >= smaller.n_held else smaller.followed_by(_nothing())

    def followed_by(self, other: "Segment") -> "Segment":
        """Both segments as one, without the postings of deleted rows."""
        terms = np.empty(len(self.terms) + len(other.terms), np.int32)
        starts = np.empty(len(terms) + 1, np.int64)
        rows, counts = (np.empty(len(self.rows) + len(other.rows), np.uint16) for _ in range(2))
        n_terms, n = bm25.merge(*self.postings, self.alive, *other.postings, other.alive, terms, starts, rows, counts)
        lengths = np.concatenate([self.lengths, other.lengths])
        kept = (terms[:n_terms].copy(), starts[: n_terms + 1].copy(), rows[:n].copy(), counts[:n].copy())
        return Segment(lengths, *kept, self.n_alive + other.n_alive)


def _nothing() -> Segment:
    no_ids, no_postings = np.zeros(0, np.int32), np.zeros(0, np.uint16)
    return Segment(no_ids, no_ids, np.zeros(1, np.int64), no_postings, no_postings, 0)


class _State(NamedTuple):
    """What scores depend on besides the postings."""

    n: int
    frequencies: np.ndarray  # of every term
    norms: list[np.ndarray]  # of every segment: k1 * (1 - b + b * length / average), infinite for a deleted row


class BM25:
    """A BM25 index that texts can be added to and deleted from; scores always equal those of a fresh index of what is left.

    Rows are numbered in the order of adding, and a deleted row's number is not used again. Searching does not change it, so
    several threads may search at once; changing it needs all of them to wait.

    >>> index = BM25("english")
    >>> index.add(["red wine from Spain", "beer", "white wines"])
    array([0, 1, 2])
    >>> index.search(["Spanish wine"], k=2).rows
    array([[2, 0]])
    """

    def __init__(
        self, analyzer_or_name: Analyzer | str = "auto", *, k1: float = 0.9, b: float = 0.75, drop_stop_words: bool = False
    ):
        self.weighting = Weighting(k1, b, drop_stop_words)
        self.analyzer = analyzer(analyzer_or_name) if isinstance(analyzer_or_name, str) else analyzer_or_name
        self._segments: list[Segment] = []
        self._cached: _State | None = None
        self._stop = np.zeros(0, bool)  # of each term: whether a long query does without it

    def weighed(self, weighting: Weighting) -> "BM25":
        """An index of what is in this one now that weighs otherwise. They share their postings, so it costs nothing."""
        other = BM25(self.analyzer, **weighting.values())
        other._segments = list(self._segments)
        return other

    def __len__(self) -> int:
        """Rows ever added, the deleted ones too: the length of a mask."""
        return sum(len(segment.lengths) for segment in self._segments)

    @property
    def n_deleted(self) -> int:
        return len(self) - sum(segment.n_alive for segment in self._segments)

    def add(self, texts: Texts) -> np.ndarray:
        """Adds texts; returns their rows (int64). Raises as ``Analyzer.terms``, and then nothing was added."""
        return self.add_terms(self.analyzer.terms(texts))

    def add_terms(self, bags: TermBags) -> np.ndarray:
        """``add`` for texts whose terms (ids of ``self.analyzer``) are known already."""
        first, n = len(self), len(bags.offsets) - 1
        for start in range(0, n, bm25.MAX_ROWS):
            offsets = bags.offsets[start : start + bm25.MAX_ROWS + 1]
            ids = bags.ids[offsets[0] : offsets[-1]]
            parts = bm25.postings(ids, offsets - offsets[0], len(self.analyzer))
            self._segments.append(Segment(np.diff(offsets).astype(np.int32), *parts, len(offsets) - 1))
            self._settle()
        self._cached = None
        return np.arange(first, first + n)

    def delete(self, rows) -> None:
        """Leaves these rows out from now on. Raises E0211 (and deletes nothing) for a row that does not exist or is deleted."""
        rows = np.asarray(rows, np.int64)
        if not len(rows):
            return
        rows = np.unique(rows)
        changed = []
        for first, segment in self._placed():
            begin, end = np.searchsorted(rows, [first, first + len(segment.lengths)])
            inside = rows[begin:end] - first
            _refuse(rows[begin:end][~segment.alive[inside]], "is deleted already")
            changed.append(segment.without(inside) if len(inside) else segment)
        _refuse(rows[(rows < 0) | (rows >= len(self))], "does not exist")
        self._segments, self._cached = changed, None

    def upsert(self, rows, texts: Texts) -> np.ndarray:
        """Replaces the texts of these rows: deletes them and adds the texts as new rows, which are returned."""
        bags = self.analyzer.terms(texts)
        self.delete(rows)
        return self.add_terms(bags)

    def search(self, queries: Texts, k: int, mask: np.ndarray | None = None, *, threads: int = 1) -> Hits:
        """The k rows that score highest for each query, among those that share a term with it and where mask (n,) is true."""
        return self.search_terms(self.analyzer.lookup(queries), k, mask, threads=threads)

    def search_terms(self, bags: TermBags, k: int, mask: np.ndarray | None = None, *, threads: int = 1) -> Hits:
        """``search`` for queries whose terms (ids of ``self.analyzer``) are known already."""
        check_k(k)
        if mask is not None and (mask.shape != (len(self),) or mask.dtype != bool):
            value = (mask.dtype.name, mask.shape)
            raise ConfigError("E0212", f"a mask must be {len(self)} booleans, one a row", value=value)
        state, (terms, weights, bounds) = self._state, self._weighed(bags)
        n_queries = len(bounds) - 1
        hits = Hits(np.full((n_queries, k), -1, np.int64), np.full((n_queries, k), -np.inf, np.float32))
        for (first, segment), norms in zip(self._placed(), state.norms):
            if mask is not None:
                norms = _read_only(np.where(mask[first : first + len(norms)], norms, np.float32(np.inf)))

            def part(start: int, stop: int, first=first, segment=segment, norms=norms) -> None:
                some = slice(start, stop)
                search = bm25.search if compiled((stop - start) * _cost(norms)) else bm25.search_twin
                search(
                    terms,
                    weights,
                    bounds[start : stop + 1],
                    *segment.postings,
                    norms,
                    first,
                    hits.scores[some],
                    hits.rows[some],
                )

            run(threads, n_queries, part)
        return hits

    def scores_of(self, queries: Texts, rows: np.ndarray) -> np.ndarray:
        """float32 (q, m): the score of each query with its own rows (q, m); 0 if they share no term, -inf where a row is -1."""
        terms, weights, bounds = self._weighed(self.analyzer.lookup(queries))
        out = np.where(rows < 0, -np.inf, 0).astype(np.float32)
        for (first, segment), norms in zip(self._placed(), self._state.norms):
            scores_of = bm25.scores_of if compiled(len(rows) * _cost(norms)) else bm25.scores_of_twin
            scores_of(terms, weights, bounds, *segment.postings, norms, first, rows, out)
        return out

    def frequencies(self) -> np.ndarray:
        """How many rows that are not deleted each term of ``self.analyzer`` is in, int64."""
        return self._state.frequencies

    def arrays(self) -> dict[str, np.ndarray]:
        """What ``from_arrays`` makes an equal index of. Nothing is copied; all are for reading only."""
        arrays = {f"analyzer.{name}": array for name, array in self.analyzer.arrays().items()}
        arrays["parameters"] = np.array([*map(float, self.weighting.values().values())])
        arrays["held"] = np.array([segment.n_held for segment in self._segments], np.int64)
        for i, segment in enumerate(self._segments):
            arrays |= {f"segment{i}.{name}": getattr(segment, name) for name in Segment.ARRAYS}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "BM25":
        """The index that gave these arrays. Memory maps are used as they are: only what is searched for is read.

        Raises IntegrityError (E0213) if an array is missing. What they hold is believed: check its sha256 before.
        """
        try:
            parts = {name.removeprefix("analyzer."): array for name, array in arrays.items() if name.startswith("analyzer.")}
            k1, b, *drop = arrays["parameters"].tolist()
            index = cls(Analyzer.from_arrays(parts), k1=k1, b=b, drop_stop_words=drop == [1])
            for i, n_held in enumerate(arrays["held"].tolist()):
                parts = {name: arrays[f"segment{i}.{name}"] for name in Segment.ARRAYS}
                index._segments.append(Segment(**parts, n_held=n_held))
        except KeyError as missing:
            raise IntegrityError("E0213", f"a saved BM25 index has no array {missing}", remedy="build it again") from None
        return index

    @property
    def _state(self) -> _State:
        # Made when it is first asked for after a change. Threads that ask at once make the same and one of them stays.
        if self._cached is None:
            n = sum(segment.n_alive for segment in self._segments)
            average = max(sum(segment.total_length for segment in self._segments) / max(n, 1), 1e-9)
            frequencies = np.zeros(len(self.analyzer), np.int64)
            for segment in self._segments:
                frequencies[segment.terms] += segment.frequencies
            k1, b = self.weighting.k1, self.weighting.b
            norms = [segment.norms(k1 * (1 - b), k1 * b / average) for segment in self._segments]
            self._cached = _State(n, frequencies, norms)
        return self._cached

    def _weighed(self, bags: TermBags) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The distinct terms of each query and their weights, end to end, and where each query's begin."""
        state = self._state
        if self.weighting.drop_stop_words and len(bags.ids) > FEW_WORDS:
            bags = self._without_stop_words(bags, state)
        terms, weights = np.empty(len(bags.ids), np.int32), np.empty(len(bags.ids), np.float32)
        bounds = np.empty(len(bags.offsets), np.int64)
        weigh = bm25.weigh if compiled(20 * len(bags.ids)) else bm25.weigh_twin
        weigh(bags.ids, bags.offsets, state.frequencies, state.n, terms, weights, bounds)
        return terms, weights, bounds

    def _without_stop_words(self, bags: TermBags, state: _State) -> TermBags:
        there = state.frequencies[bags.ids] > 0  # what was deleted is as if it had never been
        bags = TermBags(bags.ids[there], np.concatenate([[0], np.cumsum(there)])[bags.offsets])
        if len(self._stop) < len(self.analyzer):  # new terms since it was made
            self._stop = self.analyzer.stop_words()
        return without_stop_words(bags, self.analyzer.spelt(bags.ids), self._stop[bags.ids])

    def _placed(self) -> Iterator[tuple[int, Segment]]:
        """Each segment and the number of its first row."""
        first = 0
        for segment in self._segments:
            yield first, segment
            first += len(segment.lengths)

    def _settle(self) -> None:
        """Merges the newest segments while the last is half as large as the one before, as one carries in a binary number.

        So there are few segments, and a row is copied a logarithmic number of times however the rows come.
        """
        while len(self._segments) > 1:
            *older, a, b = self._segments
            if len(a.lengths) > 2 * len(b.lengths) or len(a.lengths) + len(b.lengths) > bm25.MAX_ROWS:
                break
            self._segments = [*older, a.followed_by(b)]


def _cost(norms: np.ndarray) -> int:
    """About how many microseconds a twin takes for one query and the rows that have these norms."""
    return 1_000 + len(norms) // 20


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view


def _refuse(rows: np.ndarray, why: str) -> None:
    if len(rows):
        raise InputError("E0211", f"row {rows[0]} {why}", value=rows[:5].tolist(), remedy="give rows that add() returned")
