"""What a tokenizer made of each distinct word so far. Importing this imports pyarrow, using it numba."""

import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import tokenizers

from awase.core.errors import InputError
from awase.core.limits import MAX_TEXT_BYTES
from awase.data.text.hf import ids_of
from awase.data.text.texts import check_texts, check_types
from awase.data.text.words import CLASSES
from awase.kernels.words import WordTable, gather, holds, spans

_BLOCK_BYTES = 4 << 20  # texts cut at a time: bounds the scratch memory
_BLOCK_TEXTS = 1 << 16  # strings turned to Arrow at a time
_FEW_TEXTS = 64
_MAX_WORDS, _MAX_WORD_BYTES = 4_000_000, 256 << 20  # distinct words kept; then the memory starts anew
_JOINED_WORDS = 256
_SEPARATOR = "\U0010fffd"  # the last private-use character


def blocks(texts) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The texts as UTF-8 bytes (uint8) and offsets (int64) into them, without a copy where they are Arrow arrays.

    texts: list[str], pa.Array or pa.ChunkedArray of strings. Raises as ``check_texts``.
    """
    row = 0
    for array in _arrays(texts):
        data = array.buffers()[2]
        raw = np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
        offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
        sizes = np.diff(offsets)
        if array.null_count or sizes.max() > MAX_TEXT_BYTES:
            check_texts(array.to_pylist(), row)
        start = 0
        while start < len(array):
            stop = max(start + 1, int(np.searchsorted(offsets, offsets[start] + _BLOCK_BYTES, "right")) - 1)
            yield raw, offsets[start : stop + 1]
            start = stop
        row += len(array)


def _arrays(texts) -> Iterator[pa.Array]:
    """The texts as Arrow large_string arrays, none of them empty."""
    if isinstance(texts, pa.ChunkedArray):
        for chunk in texts.chunks:
            yield from _arrays(chunk)
    elif isinstance(texts, pa.Array):
        if len(texts):
            yield texts if texts.type == pa.large_string() else _as_strings(texts)
    else:
        for start in range(0, len(texts), _BLOCK_TEXTS):
            some = list(texts[start : start + _BLOCK_TEXTS])
            check_types(some, start)
            try:
                yield as_array(some)
            except UnicodeEncodeError:
                check_texts(some, start)
                raise  # not reached: what Arrow cannot encode, Python cannot


def as_array(texts: list[str]) -> pa.Array:
    """The strings as a large_string array."""
    if len(texts) > _FEW_TEXTS:
        return pa.array(texts, pa.large_string())
    # pa.array imports pandas if it is installed: for a single query that takes longer than all the rest of a search.
    encoded = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))


def _as_strings(array: pa.Array) -> pa.Array:
    try:
        return array.cast(pa.large_string())
    except pa.ArrowException:
        raise InputError("E0253", f"an array of texts must hold strings, not {array.type}", remedy="cast it first") from None


class WordMemory:
    """Token ids of texts by way of their words, each of which HF tokenises once. Not for several threads at once.

    cuts: the matrix of safe cuts of this tokenizer (``awase.data.text.words.safe_cuts``).
    """

    def __init__(self, hf: tokenizers.Tokenizer, cuts: np.ndarray):
        self._hf, self._cuts = hf, cuts
        self._joined = tokenizers.Tokenizer.from_str(hf.to_str())
        self._joined.no_truncation()
        self._joined.add_special_tokens([tokenizers.AddedToken(_SEPARATOR, normalized=False)])
        added = [token["content"].encode() for token in json.loads(hf.to_str())["added_tokens"] if token["content"]]
        self._added = np.frombuffer(b"".join(added), np.uint8)
        self._added_offsets = np.cumsum([0, *map(len, added)])
        self._forget()

    def _forget(self) -> None:
        self._table = WordTable()
        self._n = 0  # words that have been tokenised; word w has tokens[starts[w]:starts[w + 1]]
        self._tokens, self._starts = np.zeros(0, np.int32), np.zeros(1, np.int64)

    def encode(self, data: np.ndarray, offsets: np.ndarray, limit: int, drop: int) -> tuple[np.ndarray, np.ndarray]:
        """Ids (int32) and offsets (int64) of one block; each text keeps its first ``limit`` tokens without ``drop``."""
        if len(self._table) > _MAX_WORDS or self._table.n_bytes > _MAX_WORD_BYTES:
            self._forget()
        # An added token is found in the raw text before anything is split: a text that holds one is tokenised whole.
        whole = np.zeros(len(offsets) - 1, np.bool_)
        if len(self._added):
            holds(data, offsets, self._added, self._added_offsets, whole)
        begins, ends, bounds = spans(data, offsets, CLASSES, self._cuts, whole)
        words = self._table.number(data, begins, ends)
        self._learn()
        ids = np.empty(int((self._starts[words + 1] - self._starts[words]).sum()), np.int32)
        out = np.empty(len(offsets), np.int64)
        n = gather(words, bounds, self._starts, self._tokens, limit, drop, ids, out)
        return ids[:n], out

    def _learn(self) -> None:
        """Has HF tokenise the words that are new."""
        words = self._table.words(self._n)
        if not words:
            return
        tokens, counts = self._tokenised(words)
        end = int(self._starts[self._n])
        self._tokens = _extended(self._tokens, end, tokens)
        self._starts = _extended(self._starts, self._n + 1, end + np.cumsum(counts))
        self._n += len(words)

    def _tokenised(self, words: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Token ids of the words, end to end, and how many each has.

        Several words go in as one text, with an added token between them: HF splits there before it does anything else,
        so the ids are the same, for less than half the time that one text per word takes.
        """
        texts = [_SEPARATOR.join(words[i : i + _JOINED_WORDS]) for i in range(0, len(words), _JOINED_WORDS)]
        if sum(text.count(_SEPARATOR) for text in texts) != len(words) - len(texts):  # a word holds the separator itself
            encoded = ids_of(self._hf, words)
            return np.array([i for ids in encoded for i in ids], np.int32), np.array([len(ids) for ids in encoded], np.int64)
        separator = self._joined.token_to_id(_SEPARATOR)
        assert separator is not None
        # A Python loop over the tokens of new words only: the binding has no other way to give them.
        stream: list[int] = []
        for ids in ids_of(self._joined, texts):
            stream.extend(ids)
            stream.append(separator)
        ids = np.array(stream, np.int32)
        ends = np.flatnonzero(ids == separator)
        return ids[ids != separator], np.diff(ends, prepend=-1) - 1


def _extended(array: np.ndarray, n: int, more: np.ndarray) -> np.ndarray:
    """``more`` after the first ``n`` values; room doubles, so that many small additions cost no more than a large one."""
    if n + len(more) > len(array):
        array = np.concatenate([array[:n], np.empty(max(n, len(more)), array.dtype)])
    array[n : n + len(more)] = more
    return array
