"""Running text as numbers of words: what skip-gram and its kin are trained on.

Blocks of lines are cut and numbered by compiled kernels on several threads, each block by itself; then the few distinct words of a block are
looked up in the vocabulary of all, in the order of the blocks, so that the numbers do not depend on the threads. What is kept are 4 bytes
a word, in memory or, with ``spill``, on the disk.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from awase.core.errors import ConfigError, InputError
from awase.core.suggest import did_you_mean
from awase.data.blocks import Block, end_of_lines, not_utf8, read_blocks, refuse_escapes
from awase.data.compute import pc
from awase.data.rows import BadRow
from awase.data.text.analyze import buffers
from awase.data.text.lines import LANGUAGES, Cutter, Lines, column
from awase.data.text.memory import blocks as text_blocks
from awase.data.text.texts import check_list
from awase.kernels.words import WordTable
from awase.store import files

_REMAP = 1 << 22  # ids renumbered at a time
_SENTENCE = 1_000  # words, at most
_LONG_LINE = 4 << 20  # bytes, from which on a line is read in parts
_NFKC = pc.Utf8NormalizeOptions("NFKC")


@dataclass(frozen=True, eq=False)
class Corpus:
    """Sentences (lines) of words. Sentence i is ``ids[bounds[i]:bounds[i + 1]]``; none is empty.

    words: by falling count; counts (v,) int64; ids (n,) int32, an array or a read-only memory map; bounds (n_sentences + 1,) int64;
    understood: how the source was read: language, lines, empty lines, words before rare ones were left out.
    """

    words: list[str]
    counts: np.ndarray
    ids: np.ndarray
    bounds: np.ndarray
    understood: dict[str, Any]

    def __len__(self) -> int:
        """Sentences."""
        return len(self.bounds) - 1


def read_corpus(
    source: Any,
    *,
    lang: str = "auto",
    min_count: int = 5,
    max_words: int | None = None,
    lowercase: bool = True,
    spill: str | Path | None = None,
    threads: int = 1,
) -> Corpus:
    """The words of a text file (or a list of paths) with one sentence or document a line, or of a list of strings.

    Words are runs of letters, digits and combining marks; they end where the script changes, as in 東京タワー. All else separates, but for
    what lies beyond the basic plane of Unicode (emoji, rare ideographs), which is cut off as a word. Files ending in .gz, .bz2, .zst, .lz4
    are decompressed.

    lang: "ja" cuts by a morphological analyser where one is installed (``awase[ja]``; dictionary forms, without particles); "en", for all
    other languages too, does not; "auto" looks whether the text begins in Japanese; "words": another program has cut them already, words are
    what stands between spaces. min_count: rarer words are left out, as if they were
    not there; max_words: as many of the most frequent words are kept, at most. spill: a folder for the numbers, for texts larger than
    memory. A line of more than 1,000 words is several sentences, as in word2vec's C code, so a text without line ends is read too.

    Raises ConfigError E0530 for an unknown language and E0531 for a count below 1, InputError E0106 for no text, E0140 if no word is frequent
    enough, E0141 if no sentence holds two words or there is but one, FormatError E0103 with file:line:byte for what is not UTF-8,
    LimitError E0110 for a long line without a space.

    >>> corpus = read_corpus(["The cat sat.", "", "The dog!"], min_count=1)
    >>> corpus.words, corpus.ids.tolist(), corpus.bounds.tolist()
    (['the', 'cat', 'sat', 'dog'], [0, 1, 2, 0, 3], [0, 3, 5])
    """
    if lang not in LANGUAGES:
        raise ConfigError("E0530", f"there is no language {lang!r} to cut words by", remedy=did_you_mean(lang, LANGUAGES))
    for name, value in (("min_count", min_count), ("max_words", 1 if max_words is None else max_words)):
        if value < 1:
            raise ConfigError("E0531", f"{name} must be at least 1", value=value)
    name, lines = _lines(source, lowercase)
    first = next(lines, None)
    if first is None:
        raise InputError("E0106", "there is no text", place=name, remedy="give a file with one sentence or document a line")
    cutter = Cutter(lang, first)
    with ExitStack() as stack:
        kept = _Spilled(Path(spill), stack) if spill is not None else _Held()
        table, counts = WordTable(), np.zeros(0, np.int64)
        for numbered in _numbered(_chained(first, lines), cutter, threads):
            merged = table.number(*numbered.distinct)
            counts = _added(counts, np.bincount(merged[numbered.ids], minlength=len(table)))
            kept.add(merged[numbered.ids], numbered.sizes)
        sizes = kept.sizes()
        chosen, new = _chosen(counts, min_count, max_words, name)
        bounds = _cut(kept.renumber(new, sizes), _SENTENCE)
    if len(chosen) < 2 or np.diff(bounds).max(initial=0) < 2:
        problem = "no sentence holds two words" if len(chosen) > 1 else "the text has one word only"
        raise InputError(
            "E0141", f"{problem}: there is nothing to learn from", place=name,
            remedy="give one sentence or document a line, or lower min_count",
        )  # fmt: skip
    return Corpus(
        words=_strings(table, chosen),
        counts=counts[chosen],
        ids=kept.ids(),
        bounds=bounds,
        understood={
            "source": name,
            "lang": cutter.lang,
            "cut by": cutter.by,
            "lines": len(sizes),
            "lines without words": int((sizes == 0).sum()),
            "words": int(counts.sum()),
            "distinct words": len(counts),
            "words kept": int(bounds[-1]),
        },
    )


def _lines(source: Any, lowercase: bool) -> tuple[str, Iterator[Lines]]:
    """What to call the source, and its lines."""
    if isinstance(source, str | PathLike):
        return str(source), _of_files([Path(source)], lowercase)
    if isinstance(source, Sequence) and source and all(isinstance(one, PathLike) for one in source):
        return f"{len(source)} files", _of_files([Path(one) for one in source], lowercase)
    check_list(source)
    return f"list of {len(source):,} texts", _of_texts(source, lowercase)


def _of_files(paths: Iterable[Path], lowercase: bool) -> Iterator[Lines]:
    for path in paths:
        for block in read_blocks(path, _end_of_words):
            if isinstance(block, BadRow):
                raise block.error()
            if block.line == 1:
                refuse_escapes(block, path)
            yield _of_block(block, str(path), lowercase)


def _end_of_words(data: bytes) -> int:
    """Where the last line ends; within a very long line, its last word."""
    return end_of_lines(data) or (data.rfind(b" ") + 1 if len(data) >= _LONG_LINE else 0)


def _of_block(block: Block, name: str, lowercase: bool) -> Lines:
    if not block.data.isascii():
        try:
            block.data.decode()
        except UnicodeDecodeError as cause:
            raise not_utf8(name, block.line, block.data, cause).error() from None
    raw = np.frombuffer(block.data, np.uint8)
    ends = np.flatnonzero(raw == ord("\n")) + 1
    rest = [] if block.data.endswith(b"\n") else [len(raw)]  # of a line that goes on in the next block
    return _normalised(raw, np.concatenate([[0], ends, rest]).astype(np.int64), lowercase)


def _of_texts(texts: Any, lowercase: bool) -> Iterator[Lines]:
    for data, offsets in text_blocks(texts):
        # A block is a range of larger buffers; from here on it is an array of its own.
        yield _normalised(data[offsets[0] : offsets[-1]], offsets - offsets[0], lowercase)


def _normalised(data: np.ndarray, offsets: np.ndarray, lowercase: bool) -> Lines:
    """NFKC, in lower case if asked for. Only what is not ASCII is looked up in the tables of Unicode: that takes longer than all the rest."""
    texts = column(data, offsets)
    lowered = pc.ascii_lower(texts) if lowercase else texts
    foreign = pc.invert(pc.string_is_ascii(texts))
    if pc.any(foreign, min_count=0).as_py():
        some = pc.call_function("utf8_normalize", [texts.filter(foreign)], _NFKC)
        lowered = pc.replace_with_mask(lowered, foreign, pc.utf8_lower(some) if lowercase else some)
    return Lines(*buffers(lowered)) if lowered is not texts else Lines(data, offsets)


def _chained(first: Lines, rest: Iterator[Lines]) -> Iterator[Lines]:
    yield first
    yield from rest


class _Numbered(NamedTuple):
    """A block: the number of each word among the block's own, these as bytes, begins and ends, and the words of each line."""

    ids: np.ndarray
    distinct: tuple[np.ndarray, np.ndarray, np.ndarray]
    sizes: np.ndarray


def _number(cutter: Cutter, lines: Lines) -> _Numbered:
    words, table = cutter(lines), WordTable()
    ids = table.number(words.data, words.begins, words.ends)
    data, offsets = table.buffers()
    return _Numbered(ids, (data, offsets[:-1], offsets[1:]), np.diff(words.bounds))


def _numbered(lines: Iterator[Lines], cutter: Cutter, threads: int) -> Iterator[_Numbered]:
    """The blocks in order, a few of them in the making at once."""
    if threads == 1 or not cutter.threads:
        for some in lines:
            yield _number(cutter, some)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="awase-corpus") as pool:
        waiting: deque = deque()
        for some in lines:
            waiting.append(pool.submit(_number, cutter, some))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _added(counts: np.ndarray, more: np.ndarray) -> np.ndarray:
    more[: len(counts)] += counts
    return more


def _chosen(counts: np.ndarray, min_count: int, max_words: int | None, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The words that are kept, most frequent first (first seen first among equals), and the new number of every word, -1 if left out."""
    order = np.argsort(-counts, kind="stable")
    chosen = order[: int((counts >= min_count).sum())][:max_words]
    if not len(chosen):
        raise InputError(
            "E0140", f"no word occurs {min_count} times" if len(counts) else "there is not a single word", place=name,
            value=int(counts.max(initial=0)), remedy="lower min_count, or give more text",
        )  # fmt: skip
    new = np.full(len(counts), -1, np.int32)
    new[chosen] = np.arange(len(chosen), dtype=np.int32)
    return chosen, new


def _strings(table: WordTable, chosen: np.ndarray) -> list[str]:
    data, offsets = table.buffers()
    return column(data, offsets).take(pa.array(chosen)).to_pylist()


def _renumbered(parts: Iterable[np.ndarray], new: np.ndarray, sizes: np.ndarray, put) -> np.ndarray:
    """Hands each part's new numbers, without words left out, to ``put``; returns the bounds of the sentences that have any."""
    ends = np.cumsum(sizes)
    left = np.zeros(len(sizes) + 1, np.int64)  # kept words before the end of each line
    start = total = 0
    for part in parts:
        ids = new[part]
        kept = ids >= 0
        running = np.cumsum(kept)
        first, last = np.searchsorted(ends, [start + 1, start + len(part) + 1])
        left[first + 1 : last + 1] = total + running[ends[first:last] - start - 1]
        total, start = total + int(running[-1]), start + len(part)
        put(ids[kept])
    bounds = np.maximum.accumulate(left)
    return bounds[np.diff(bounds, prepend=-1) > 0]


def _cut(bounds: np.ndarray, most: int) -> np.ndarray:
    """The bounds of sentences, with those of more than ``most`` words cut.

    >>> _cut(np.array([0, 5, 6]), 2).tolist()
    [0, 2, 4, 5, 6]
    """
    parts = -(-np.diff(bounds) // most)
    within = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    return np.append(np.repeat(bounds[:-1], parts) + most * within, bounds[-1])


class _Held:
    """Numbers of words in memory."""

    def __init__(self):
        self._parts: list[np.ndarray] = []
        self._sizes: list[np.ndarray] = []
        self._ids = np.zeros(0, np.int32)

    def add(self, ids: np.ndarray, sizes: np.ndarray) -> None:
        self._parts.append(ids)
        self._sizes.append(sizes)

    def sizes(self) -> np.ndarray:
        """How many words each line has."""
        return np.concatenate(self._sizes)

    def renumber(self, new: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        fresh: list[np.ndarray] = []
        bounds = _renumbered((part for part in self._parts if len(part)), new, sizes, fresh.append)
        self._parts.clear()
        self._ids = np.concatenate(fresh)
        return bounds

    def ids(self) -> np.ndarray:
        return self._ids


class _Spilled:
    """Numbers of words in a folder: first as they come, then renumbered into a file that is memory-mapped."""

    def __init__(self, folder: Path, stack: ExitStack):
        files.make_folder(folder)
        self._first, self._last = folder / "words.raw", folder / "words.ids"
        self._stack, self._sizes = stack, []
        self._writing = ExitStack()
        stack.callback(files.remove, self._first)
        stack.push(self._writing)
        self._stream = self._writing.enter_context(files.open_atomic(self._first))

    def add(self, ids: np.ndarray, sizes: np.ndarray) -> None:
        self._stream.write(ids.data)
        self._sizes.append(sizes)

    def sizes(self) -> np.ndarray:
        """How many words each line has."""
        self._writing.close()
        return np.concatenate(self._sizes)

    def renumber(self, new: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        raw = _mapped(self._first)
        parts = (raw[start : start + _REMAP] for start in range(0, len(raw), _REMAP))
        with files.open_atomic(self._last) as stream:
            return _renumbered(parts, new, sizes, lambda ids: stream.write(ids.data))

    def ids(self) -> np.ndarray:
        return _mapped(self._last)


def _mapped(path: Path) -> np.ndarray:
    return np.asarray(np.memmap(path, np.int32, "r")) if path.stat().st_size else np.zeros(0, np.int32)
