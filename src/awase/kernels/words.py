"""Cuts texts into words and numbers the distinct ones, over raw UTF-8 bytes.

Texts are a byte buffer and offsets, as Arrow holds them. What separates words is data, not code: a class for every code
point of the basic plane (others are class 0) and a matrix that says between which two classes a text is cut.

>>> import numpy as np
>>> classes = np.zeros(65536, np.uint8); classes[ord(" ")] = SPACE; classes[ord(".")] = 2
>>> cuts = np.zeros((3, 3), np.bool_); cuts[0, 2] = True
>>> text = np.frombuffer(b"a bc. a", np.uint8)
>>> begins, ends, bounds = spans(text, np.array([0, 7]), classes, cuts)
>>> table = WordTable(); table.number(text, begins, ends)
array([0, 1, 2, 0], dtype=int32)
>>> table.words()
['a', 'bc', '.']
"""

import secrets
from itertools import pairwise

import numpy as np

from awase.core.errors import IntegrityError
from awase.kernels.lazy import njit
from awase.kernels.start import compiled

SPACE = 1  # the class of code points that separate words and belong to none

_FNV_PRIME = np.uint64(0x100000001B3)
_ROOM = 1 << 14  # words
_OF_A_WORD = 0.5  # microseconds


@njit(cache=True, nogil=True)
def cut(data, offsets, classes, cuts, whole, begins, ends, bounds):
    """Writes each word's span to ``begins`` and ``ends``, each text's first word to ``bounds``; returns the number of words.

    A text for which ``whole`` is true is one word. Broken UTF-8 is read as class 0 and never beyond its text.
    """
    n = 0
    for text in range(len(offsets) - 1):
        bounds[text] = n
        i, end = offsets[text], offsets[text + 1]
        if whole[text]:
            if end > i:
                begins[n], ends[n] = i, end
                n += 1
            continue
        before = SPACE
        begin = i
        while i < end:
            byte = data[i]
            if byte < 0x80:
                kind, step = classes[byte], 1
            elif byte < 0xE0 and i + 1 < end:
                kind, step = classes[(byte & 0x1F) << 6 | (data[i + 1] & 0x3F)], 2
            elif byte < 0xF0 and i + 2 < end:
                kind, step = classes[(byte & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F)], 3
            else:
                kind, step = 0, 4
            if kind == SPACE:
                if before != SPACE:
                    begins[n], ends[n] = begin, i
                    n += 1
            elif before == SPACE:
                begin = i
            elif cuts[before, kind]:
                begins[n], ends[n] = begin, i
                n += 1
                begin = i
            before = kind
            i += step
        if before != SPACE:
            begins[n], ends[n] = begin, end
            n += 1
    bounds[len(offsets) - 1] = n
    return n


def cut_twin(data, offsets, classes, cuts, whole, begins, ends, bounds):
    """What ``cut`` computes, by decoding each text (valid UTF-8 only)."""
    n = 0
    for text in range(len(offsets) - 1):
        bounds[text] = n
        place = int(offsets[text])
        string = bytes(data[place : offsets[text + 1]]).decode()
        before = SPACE
        for character in string:
            code = ord(character)
            kind = int(classes[code]) if code < len(classes) else 0
            if whole[text]:
                kind = 0 if kind == SPACE else kind
                starts = place == offsets[text]
            else:
                starts = kind != SPACE and (before == SPACE or cuts[before, kind])
            if starts:
                begins[n] = place
                n += 1
            place += len(character.encode())
            if kind != SPACE:
                ends[n - 1] = place
            before = kind
    bounds[len(offsets) - 1] = n
    return n


def spans(data, offsets, classes, cuts, whole=None):
    """Begin and end of every word in ``data``, and where each text's words start.

    data: uint8; offsets: (n_texts + 1,) int; classes: (65536,) uint8; cuts: (n_classes, n_classes) bool;
    whole: (n_texts,) bool, texts that are one word. Returns begins, ends: (n_words,) int64 into ``data``;
    bounds: (n_texts + 1,) int64 into begins.
    """
    n_texts = len(offsets) - 1
    room = int(offsets[-1] - offsets[0])  # a word has at least one byte; pages that are not written cost nothing
    begins, ends, bounds = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(n_texts + 1, np.int64)
    work = cut if compiled(20 * n_texts + room) else cut_twin
    n = work(data, offsets, classes, cuts, np.zeros(n_texts, np.bool_) if whole is None else whole, begins, ends, bounds)
    return begins[:n], ends[:n], bounds


@njit(cache=True, nogil=True)
def number(data, begins, ends, out, start, slots, arena, starts, n, seed, grow):
    """Writes the number of each word from ``start`` on; stops early when a table is full. Returns (done, distinct).

    ``slots`` (capacity, 2) holds a tag of the hash and the number plus one; ``arena`` the bytes of all words, word i at
    ``starts[i]:starts[i + 1]``. Equal means equal bytes: a hash only says where to look. An unknown word is -1 unless ``grow``.
    """
    mask = len(slots) - 1
    for i in range(start, len(begins)):
        begin, size = begins[i], ends[i] - begins[i]
        code = seed
        for j in range(begin, begin + size):
            code = (code ^ np.uint64(data[j])) * _FNV_PRIME
        code ^= code >> np.uint64(32)
        tag = np.uint32(code >> np.uint64(24))
        slot = np.int64(code) & mask
        while slots[slot, 1] != 0:
            if slots[slot, 0] == tag:
                word = np.int64(slots[slot, 1]) - 1
                at = starts[word]
                if starts[word + 1] - at == size:
                    j = 0
                    while j < size and arena[at + j] == data[begin + j]:
                        j += 1
                    if j == size:
                        break
            slot = (slot + 1) & mask
        if slots[slot, 1] != 0:
            out[i] = slots[slot, 1] - np.uint32(1)
        elif not grow:
            out[i] = -1
        else:
            at = starts[n]
            if 2 * n >= len(slots) or n + 1 >= len(starts) or at + size > len(arena):
                return i, n
            arena[at : at + size] = data[begin : begin + size]
            starts[n + 1] = at + size
            slots[slot, 0], slots[slot, 1] = tag, n + 1
            out[i] = n
            n += 1
    return len(begins), n


def number_twin(data, begins, ends, known: dict[bytes, int], grow: bool = True) -> np.ndarray:
    """What ``WordTable.number`` computes, with a dict."""
    out = np.empty(len(begins), np.int32)
    for i in range(len(begins)):
        word = bytes(data[begins[i] : ends[i]])
        if grow:
            known.setdefault(word, len(known))
        out[i] = known.get(word, -1)
    return out


class WordTable:
    """Numbers distinct words in the order of their first appearance, from 0. Not for several threads at once."""

    def __init__(self, room: int = _ROOM):
        """room: how many words it has place for at first, a power of two; it grows when that is too few."""
        self._slots = np.zeros((2 * room, 2), np.uint32)
        self._arena = np.empty(16 * room, np.uint8)
        self._starts = np.zeros(room, np.int64)
        self._n = 0
        # Numbers do not depend on it; but nobody can prepare texts that all fall into one slot.
        self._seed = np.uint64(secrets.randbits(64))
        # Words that were given as a whole, until they are numbered: their bytes and offsets, then perhaps a dict of them.
        self._given: tuple[np.ndarray, np.ndarray] | None = None
        self._known: dict[bytes, int] | None = None

    @classmethod
    def of(cls, data: np.ndarray, offsets: np.ndarray) -> "WordTable":
        """The table of words that are given as ``buffers`` gives them, all distinct.

        They are numbered when they are first asked for. Then IntegrityError E0201 is raised if they are not distinct."""
        table = cls(16)
        table._given, table._n = (data, offsets), len(offsets) - 1
        return table

    def __len__(self) -> int:
        return self._n

    @property
    def n_bytes(self) -> int:
        """Bytes of all distinct words."""
        if self._given is not None:
            return int(self._given[1][-1])
        return int(self._starts[self._n])

    def number(self, data: np.ndarray, begins: np.ndarray, ends: np.ndarray, *, grow: bool = True) -> np.ndarray:
        """The number of each word ``data[begins[i]:ends[i]]``, int32; unknown words are added, or -1 if not ``grow``."""
        if not grow and not self._n:
            return np.full(len(begins), -1, np.int32)
        if self._given is not None:
            if not grow and not compiled(_OF_A_WORD * (len(begins) + (self._n if self._known is None else 0))):
                return number_twin(data, begins, ends, self._dict(), grow=False)
            self._take_in()
        out = np.empty(len(begins), np.int32)
        done = 0
        while done < len(begins):
            done, self._n = number(
                data, begins, ends, out, done, self._slots, self._arena, self._starts, self._n, self._seed, grow
            )
            if done < len(begins):
                self._make_room(int(ends[done] - begins[done]))
        return out

    def buffers(self, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """The bytes (uint8) of the words from ``start`` on and their offsets (int64, from 0): an Arrow large_string array."""
        arena, starts = (self._arena, self._starts) if self._given is None else self._given
        starts = starts[start : self._n + 1]
        return arena[starts[0] : starts[-1]], starts - starts[0]

    def first_bytes(self, numbers: np.ndarray) -> np.ndarray:
        """The first byte (uint8) of each of these words."""
        arena, starts = (self._arena, self._starts) if self._given is None else self._given
        return arena[starts[numbers]]

    def words(self, start: int = 0) -> list[str]:
        """The words from ``start`` on, in order."""
        data, starts = self.buffers(start)
        whole = data.tobytes()
        return [whole[a:b].decode() for a, b in pairwise(starts.tolist())]

    def _dict(self) -> dict[bytes, int]:
        """The given words and their numbers."""
        if self._known is None:
            data, starts = self.buffers()
            whole = data.tobytes()
            self._known = {whole[a:b]: i for i, (a, b) in enumerate(pairwise(starts.tolist()))}
            _check_distinct(len(self._known), self._n)
        return self._known

    def _take_in(self) -> None:
        """Number the given words as if they came one by one."""
        (data, starts), n = self.buffers(), self._n
        self._given, self._known, self._n = None, None, 0
        self.number(data, starts[:-1], starts[1:])
        _check_distinct(self._n, n)

    def _make_room(self, size: int) -> None:
        if self._n + 1 >= len(self._starts):
            self._starts = np.concatenate([self._starts, np.zeros_like(self._starts)])
        if self.n_bytes + size > len(self._arena):
            arena = np.empty(2 * len(self._arena) + size, np.uint8)
            arena[: self.n_bytes] = self._arena[: self.n_bytes]
            self._arena = arena
        if 2 * self._n >= len(self._slots):
            # Numbering the known words again, in order, gives each the number it has.
            data, starts = self.buffers()
            self._slots = np.zeros((2 * len(self._slots), 2), np.uint32)
            out = np.empty(self._n, np.int32)
            fresh = np.zeros_like(self._starts)
            number(data, starts[:-1], starts[1:], out, 0, self._slots, np.empty_like(self._arena), fresh, 0, self._seed, True)


def _check_distinct(n: int, wanted: int) -> None:
    if n != wanted:
        raise IntegrityError("E0201", "a saved analyser holds a term twice", remedy="build the index again")


@njit(cache=True, nogil=True)
def gather(words, bounds, starts, tokens, limit, drop, ids, offsets):
    """Token ids of texts from those of their words: word w has ``tokens[starts[w]:starts[w + 1]]``. Returns their number.

    Each text keeps its first ``limit`` tokens, and of these all but ``drop``.
    """
    n = 0
    for text in range(len(bounds) - 1):
        offsets[text] = n
        room = limit
        for at in range(bounds[text], bounds[text + 1]):
            begin, end = starts[words[at]], starts[words[at] + 1]
            for i in range(begin, min(end, begin + room)):
                if tokens[i] != drop:
                    ids[n] = tokens[i]
                    n += 1
            room -= min(room, end - begin)
    offsets[len(bounds) - 1] = n
    return n


def gather_twin(words, bounds, starts, tokens, limit, drop, ids, offsets):
    """What ``gather`` computes, with slices."""
    n = 0
    for text in range(len(bounds) - 1):
        offsets[text] = n
        pieces = [tokens[starts[word] : starts[word + 1]] for word in words[bounds[text] : bounds[text + 1]]]
        mine = np.concatenate([tokens[:0], *pieces])[:limit]
        mine = mine[mine != drop]
        ids[n : n + len(mine)] = mine
        n += len(mine)
    offsets[len(bounds) - 1] = n
    return n


@njit(cache=True, nogil=True)
def holds(data, offsets, needles, needle_offsets, out):
    """Sets ``out[i]`` for each text that holds one of the needles, none of which is empty."""
    first = np.zeros(256, np.bool_)
    for needle in range(len(needle_offsets) - 1):
        first[needles[needle_offsets[needle]]] = True
    for text in range(len(offsets) - 1):
        end = offsets[text + 1]
        found = False
        for i in range(offsets[text], end):
            if not first[data[i]] or found:
                continue
            for needle in range(len(needle_offsets) - 1):
                begin, size = needle_offsets[needle], needle_offsets[needle + 1] - needle_offsets[needle]
                j = 0
                while j < size and i + j < end and data[i + j] == needles[begin + j]:
                    j += 1
                found = found or j == size
        out[text] = found


def holds_twin(data, offsets, needles, needle_offsets, out):
    """What ``holds`` computes, with ``in``."""
    wanted = [bytes(needles[a:b]) for a, b in pairwise(needle_offsets)]
    for text, (begin, end) in enumerate(pairwise(offsets)):
        out[text] = any(needle in bytes(data[begin:end]) for needle in wanted)
