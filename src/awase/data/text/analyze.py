"""Texts to the terms that BM25 counts: folded (``fold``), cut into words, stemmed.

Words are runs of letters, digits and combining marks. Scripts written without spaces (Chinese, Japanese, Thai ...; Korean too,
whose particles are not separated) give their characters and pairs of neighbouring characters instead, and marked terms that say
where a run of kanji, katakana or Hangul begins: see ``awase.data.text.scripts``. Every word of a text is counted; what a query can do
without is decided when it is asked.

A stemmer sees each distinct word once; everything else is done for whole columns by Arrow and compiled kernels.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import Stemmer

from awase.core.errors import ConfigError, InputError, IntegrityError
from awase.core.suggest import did_you_mean
from awase.data.text.fold import folded, with_hiragana
from awase.data.text.identifiers import with_parts
from awase.data.text.memory import as_array, blocks
from awase.data.text.scripts import is_spelt, scripts
from awase.data.text.stop_words import STOP_WORDS
from awase.data.text.tokenizer import Texts
from awase.kernels.ngrams import RUN, char_ngrams
from awase.kernels.words import SPACE, WordTable, spans

VERSION = 2  # of what becomes of a text: an index of another version is made again

_WORD = 2
_FEW_WORDS = 64
_FEW_BYTES = 4_096
_NO_SPACES = (  # scripts written without spaces, as blocks of code points; all that lies above 0xFFFF is RUN anyway
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF),  # Thai, Lao, Myanmar, Hangul, Khmer
    (0x2E80, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF),  # Chinese, Japanese, Yi, Hangul
)  # fmt: skip


class TermBags(NamedTuple):
    """Term ids of texts: text i has ``ids[offsets[i]:offsets[i + 1]]``. ids: int32; offsets: (n_texts + 1,) int64."""

    ids: np.ndarray
    offsets: np.ndarray


class Words(NamedTuple):
    """The words of some texts: bytes ``data[begins[i]:ends[i]]``; text t has words ``bounds[t]:bounds[t + 1]``."""

    data: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    bounds: np.ndarray


def analyzer(name: str = "auto") -> "Analyzer":
    """The analyser of that name.

    "english", "german", "french" ...: words stemmed by the Snowball algorithm of that language (PyStemmer lists them);
    "simple" (also "cjk"): no stemming; "auto": "english". All of these give characters and pairs for Chinese, Japanese ...
    "sudachi": the normalised forms of a Japanese morphological analyser, without particles and punctuation, English stemmed.

    Errors: E0200 unknown name, E0001 the extra for "sudachi" is missing.

    >>> bags = analyzer("english").terms(["Running runs", "東京 run"])
    >>> bags.ids.tolist(), bags.offsets.tolist()
    ([0, 0, 1, 2, 3, 4, 5, 0], [0, 2, 8])
    """
    if name == "sudachi":
        from awase.data.text.analyze_sudachi import sudachi_words

        return Analyzer(name, sudachi_words(), "english")
    language = {"auto": "english", "simple": None, "cjk": None}.get(name, name)
    if language is not None and language not in Stemmer.algorithms():
        names = ["auto", "cjk", "simple", "sudachi", *Stemmer.algorithms()]
        raise ConfigError("E0200", f"there is no analyser {name!r}", remedy=did_you_mean(name, names))
    return Analyzer(name, _cut_words, language)


class Analyzer:
    """Numbers the terms of texts, in the order of their first appearance. Made by ``analyzer``.

    ``terms`` changes it and is for one thread at a time; ``lookup`` does not.
    """

    def __init__(self, name: str, cut: Callable[[pa.Array], Words], language: str | None):
        self.name = name
        self._cut = cut
        self._language = language
        self._vocabulary = WordTable()
        self._seen = WordTable()  # every word before stemming, and the term of each
        self._term_of = np.empty(0, np.int32)

    def __len__(self) -> int:
        """The number of terms; their ids are 0 ... len - 1."""
        return len(self._vocabulary)

    def vocabulary(self) -> list[str]:
        """The terms in the order of their ids."""
        return self._vocabulary.words()

    def spelt(self, ids: np.ndarray) -> np.ndarray:
        """bool, for each of these terms: whether it is a word of an alphabet, and no part of East Asian writing."""
        return is_spelt(self._vocabulary.first_bytes(ids))

    def stop_words(self) -> np.ndarray:
        """bool (n_terms,): whether a term is a word that says little in the language of the stemmer."""
        stop = np.zeros(len(self), bool)
        stop[self.lookup([STOP_WORDS.get(self._language or "", "")]).ids] = True
        return stop

    def terms(self, texts: Texts) -> TermBags:
        """The terms of each text (list of strings or Arrow array); new ones are given the next ids.

        Raises as ``check_texts``: InputError for what is not text (it names the row), LimitError for a text that is too long.
        """
        return _joined([self._terms(words) for words in self._words(texts)])

    def lookup(self, texts: Texts) -> TermBags:
        """The known terms of each text: those that ``terms`` has seen. Raises as ``terms``."""
        return _joined([self._lookup(words) for words in self._words(texts)])

    def arrays(self) -> dict[str, np.ndarray]:
        """What ``from_arrays`` makes an equal analyser of: its name, and its terms as bytes and offsets."""
        data, offsets = self._vocabulary.buffers()
        return {"name": np.frombuffer(self.name.encode(), np.uint8), "terms": data, "offsets": offsets}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "Analyzer":
        """The analyser that gave these arrays (memory maps will do), with the same ids."""
        made = analyzer(bytes(arrays["name"]).decode())
        data, offsets = np.asarray(arrays["terms"]), np.asarray(arrays["offsets"])
        if not (len(offsets) and offsets[0] == 0 and offsets[-1] == len(data) and (np.diff(offsets) > 0).all()):
            raise IntegrityError("E0201", "the terms of a saved analyser are damaged", remedy="build the index again")
        made._vocabulary = WordTable.of(data, offsets)
        return made

    def _words(self, texts: Texts) -> Iterator[Words]:
        if isinstance(texts, str):
            raise InputError("E0253", "one string was given where a list of texts is expected", value=texts, remedy="[text]")
        for data, offsets in blocks(texts):
            column = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))
            yield self._cut(folded(with_parts(column)))

    def _terms(self, words: Words) -> TermBags:
        numbers = self._seen.number(words.data, words.begins, words.ends)
        fresh = self._stemmed(*self._seen.buffers(len(self._term_of)), grow=True)
        self._term_of = np.concatenate([self._term_of, fresh])
        return TermBags(self._term_of[numbers], words.bounds)

    def _lookup(self, words: Words) -> TermBags:
        ids = self._seen.number(words.data, words.begins, words.ends, grow=False)
        unseen = ids < 0  # perhaps another form of a known term
        ids[~unseen] = self._term_of[ids[~unseen]]
        if unseen.any():
            begins, ends = words.begins[unseen], words.ends[unseen]
            if len(begins) <= _FEW_WORDS:  # each by itself, the repeated too
                pieces = [words.data[begin:end] for begin, end in zip(begins.tolist(), ends.tolist())]
                offsets = np.concatenate([[0], np.cumsum(ends - begins)])
                ids[unseen] = self._stemmed(np.concatenate(pieces), offsets, grow=False)
            else:
                distinct = WordTable()
                numbers = distinct.number(words.data, begins, ends)
                ids[unseen] = self._stemmed(*distinct.buffers(), grow=False)[numbers]
        known = np.concatenate([[0], np.cumsum(ids >= 0)])
        return TermBags(ids[ids >= 0], known[words.bounds])

    def _stemmed(self, data: np.ndarray, offsets: np.ndarray, *, grow: bool) -> np.ndarray:
        """The term id of each word, given as bytes and offsets; -1 for those unknown, unless ``grow``."""
        begins, ends = offsets[:-1].copy(), offsets[1:].copy()
        if self._language is not None:
            spelt = np.flatnonzero(is_spelt(data[begins]))  # no stemmer changes the others, and there are many
            stemmer = Stemmer.Stemmer(self._language, 0)  # no cache: each word comes once. One per call: it is not thread-safe.
            whole = data.tobytes()
            raw = [whole[a:b].decode() for a, b in zip(begins[spelt].tolist(), ends[spelt].tolist())]
            stems = [stem or word for stem, word in zip(stemmer.stemWords(raw), raw)]  # some words are all ending
            stem_data, stem_offsets = buffers(as_array(stems))
            begins[spelt], ends[spelt] = stem_offsets[:-1] + len(data), stem_offsets[1:] + len(data)
            data = np.concatenate([data, stem_data])
        return self._vocabulary.number(data, begins, ends, grow=grow)


def _joined(parts: list[TermBags]) -> TermBags:
    if len(parts) == 1:
        return parts[0]
    shifts = np.cumsum([0, *(len(ids) for ids, _ in parts)])
    offsets = [part.offsets[:-1] + shift for part, shift in zip(parts, shifts)]
    return TermBags(
        np.concatenate([np.empty(0, np.int32), *(ids for ids, _ in parts)]), np.concatenate([*offsets, shifts[-1:]])
    )


def _cut_words(column: pa.Array) -> Words:
    data, offsets = buffers(column)
    classes = _classes() if len(data) > _FEW_BYTES else _classes_in(data[offsets[0] : offsets[-1]].tobytes().decode())
    words = spans(data, offsets, classes, _CUTS)
    if data.max(initial=0) < 0xE0:  # there is no character of three bytes, so no run
        return Words(data, *words)
    data, *terms = char_ngrams(data, *words, classes, scripts())
    return Words(with_hiragana(data), *terms)


_CUTS = np.zeros((3, 3), np.bool_)
_CUTS[RUN, _WORD] = _CUTS[_WORD, RUN] = True


_EMOJI = ((0x231A, 0x231B), (0x23E9, 0x23FA), (0x2600, 0x27BF), (0x2B05, 0x2B55))  # blocks of symbols that pictures are among


@cache
def _classes() -> np.ndarray:
    """(65536,) uint8: SPACE, RUN or _WORD for each code point of the basic plane."""
    return _classes_in(map(chr, range(1 << 16)))


def _classes_in(characters: Iterable[str]) -> np.ndarray:
    """The same, where it is asked only for some characters: the others are SPACE. Python has no fast way to ask for categories."""
    codes = [code for code in map(ord, set(characters)) if code < 1 << 16]
    in_words = np.zeros(1 << 16, bool)
    in_words[codes] = [unicodedata.category(chr(code))[0] in "LMN" for code in codes]  # letters, combining marks, numbers
    classes = np.where(in_words, _WORD, SPACE).astype(np.uint8)
    for first, last in _NO_SPACES:
        classes[first : last + 1][in_words[first : last + 1]] = RUN
    for code in (code for first, last in _EMOJI for code in range(first, last + 1) if unicodedata.category(chr(code)) == "So"):
        classes[code] = RUN  # as all pictures above 0xFFFF
    return classes


def buffers(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Bytes (uint8) and offsets (int64) of a large_string array that is not a slice."""
    data = column.buffers()[2]
    offsets = np.frombuffer(column.buffers()[1], np.int64)[: len(column) + 1]
    return np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8), offsets
