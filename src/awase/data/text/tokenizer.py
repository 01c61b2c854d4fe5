"""Texts to token ids. Each distinct word is tokenised once, by HF ``tokenizers``; the rest is a look-up.

The ids are exactly those of HF ``tokenizers`` on the whole text: texts are cut only where that changes nothing
(``awase.data.text.words``), and a tokenizer for which no such place is known gets the whole texts. So it does when the job
is small, or where numba or pyarrow are missing: importing them costs more than it saves.
"""

import sys
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from awase.core.errors import FormatError, InputError
from awase.data.text.hf import ids_of, opened
from awase.data.text.texts import check_list, check_texts
from awase.data.text.words import safe_cuts

if TYPE_CHECKING:
    import pyarrow as pa

    from awase.data.text.memory import WordMemory

Texts: TypeAlias = "Sequence[str] | pa.Array | pa.ChunkedArray"

_BLOCK_TEXTS = 8_192  # texts given to HF at a time
_COLD_CHARS = 1 << 20  # below this, importing numba takes longer than it saves
_WARM_CHARS = 1 << 12
_UNLIMITED = 1 << 40  # tokens of one text


class Tokens(NamedTuple):
    """Token ids of texts: text i has ``ids[offsets[i]:offsets[i + 1]]``. ids: int32; offsets: (n_texts + 1,) int64."""

    ids: np.ndarray
    offsets: np.ndarray


class Tokenizer:
    """A HF tokenizer with a memory of the words it has seen. Unknown tokens are dropped unless ``drop_unknown`` is false.

    >>> tokenizer = train_tokenizer(["red wine", "white wine"] * 2, vocab_size=60)
    >>> ids, offsets = tokenizer.encode(["Wine", "", "red wine"])
    >>> [tokenizer.token(i) for i in ids], offsets.tolist()
    (['wine', 'red', 'wine'], [0, 1, 1, 3])
    """

    def __init__(self, text: str, *, drop_unknown: bool = True, place: str = "tokenizer.json"):
        self._hf, spec = opened(text, place)
        self._text = text
        self.drop_unknown = drop_unknown
        unknown = spec["model"].get("unk_token")
        self.unk_id: int | None = spec["model"].get("unk_id") if unknown is None else self._hf.token_to_id(unknown)
        self._cuts = safe_cuts(spec)
        self._memory: WordMemory | None = None
        self._lock = threading.Lock()

    @classmethod
    def from_json(cls, text: str, *, drop_unknown: bool = True) -> "Tokenizer":
        """The tokenizer of a tokenizer.json given as text."""
        return cls(text, drop_unknown=drop_unknown)

    @classmethod
    def from_file(cls, path: str | Path, *, drop_unknown: bool = True) -> "Tokenizer":
        """The tokenizer of a tokenizer.json file."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise InputError(
                "E0252", f"cannot read the tokenizer: {error.strerror}", place=str(path), remedy="check the path"
            ) from None
        except UnicodeDecodeError:
            raise FormatError(
                "E0251", "this is not a tokenizer: it is not UTF-8", place=str(path), remedy="give a tokenizer.json"
            ) from None
        return cls(text, drop_unknown=drop_unknown, place=str(path))

    def to_json(self) -> str:
        """The tokenizer.json this was made from, byte for byte."""
        return self._text

    @cached_property
    def vocab_size(self) -> int:
        """One more than the largest id: the rows a table must have."""
        return max(self._hf.get_vocab(with_added_tokens=True).values(), default=-1) + 1

    def token(self, id: int) -> str | None:
        """The token of an id."""
        return self._hf.id_to_token(int(id))

    def encode(self, texts: Texts) -> Tokens:
        """The token ids of each text, without special tokens. Several threads may call it; they take turns.

        Raises InputError for what is not text (it names the row) and LimitError for a text over ``MAX_TEXT_BYTES``.
        """
        parts = list(self.blocks(texts))
        if not parts:
            return Tokens(np.zeros(0, np.int32), np.zeros(1, np.int64))
        shifts = _ends(np.array([len(ids) for ids, _ in parts]))
        offsets = [part.offsets[:-1] + shift for part, shift in zip(parts, shifts)]
        return Tokens(np.concatenate([ids for ids, _ in parts]), np.concatenate([*offsets, shifts[-1:]]))

    def blocks(self, texts: Texts) -> Iterator[Tokens]:
        """What ``encode`` gives, some texts at a time and in order, so that memory is bounded."""
        check_list(texts)
        return self._words(texts) if self._cuts is not None and _worth_it(texts) else self._wholes(texts)

    def _words(self, texts: Texts) -> Iterator[Tokens]:
        from awase.data.text.memory import WordMemory, blocks

        truncation = self._hf.truncation
        limit = truncation["max_length"] if truncation else _UNLIMITED
        drop = self.unk_id if self.drop_unknown and self.unk_id is not None else -1
        for data, offsets in blocks(texts):
            with self._lock:
                if self._memory is None:
                    assert self._cuts is not None
                    self._memory = WordMemory(self._hf, self._cuts)
                tokens = Tokens(*self._memory.encode(data, offsets, limit, drop))
            yield tokens

    def _wholes(self, texts: Texts) -> Iterator[Tokens]:
        rows = texts.to_pylist() if hasattr(texts, "to_pylist") else texts  # pyright: ignore[reportAttributeAccessIssue]
        for start in range(0, len(rows), _BLOCK_TEXTS):
            block = list(rows[start : start + _BLOCK_TEXTS])
            check_texts(block, start)
            encoded = ids_of(self._hf, block)
            ids = np.array(list(chain.from_iterable(encoded)), np.int32)
            offsets = _ends(np.fromiter(map(len, encoded), np.int64, count=len(encoded)))
            if self.drop_unknown and self.unk_id is not None:
                known = ids != self.unk_id
                ids, offsets = ids[known], _ends(known)[offsets]
            yield Tokens(ids, offsets)


def _ends(sizes: np.ndarray) -> np.ndarray:
    """Where each of several things of these sizes begins when they stand end to end, and where the last ends; int64."""
    ends = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=ends[1:])
    return ends


def _worth_it(texts: Texts) -> bool:
    """Whether the native path, which loads numba and pyarrow, will be faster than HF on whole texts."""
    least = _WARM_CHARS if "awase.data.text.memory" in sys.modules else _COLD_CHARS
    size = texts.nbytes if hasattr(texts, "nbytes") else _characters(texts)  # pyright: ignore[reportAttributeAccessIssue]
    return size >= least and find_spec("numba") is not None and find_spec("pyarrow") is not None


def _characters(texts: Sequence[str]) -> int:
    try:
        return sum(map(len, texts))
    except TypeError:
        return 0  # not texts: the other path says which


def train_tokenizer(texts: Texts, vocab_size: int = 32_000, kind: str = "bpe") -> Tokenizer:
    """A tokenizer for these texts: NFKC, lower case, cut at spaces, script boundaries and punctuation, then pieces of words.

    kind: "bpe" (byte-pair encoding) or "bpe-marked" (the same, with ## before each piece that does not begin a word, so that
    "he" in "the" is not the word "he"). The same texts give the same tokenizer, byte for byte.
    Raises ConfigError E0255 for the options, InputError E0256 when there is no text, and as ``Tokenizer.encode``.

    >>> train_tokenizer(["Red wine", "white wine"] * 2, vocab_size=60).encode(["WINE"]).ids.shape
    (1,)
    """
    from awase.data.text.vocabulary import train

    return Tokenizer(train(texts, vocab_size, kind))
