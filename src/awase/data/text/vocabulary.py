"""Training a tokenizer: count the distinct words of the texts, then learn pieces from words and counts.

Byte-pair encoding over code points (Sennrich, Haddow & Birch, ACL 2016). Ours, because that of HF ``tokenizers`` takes texts,
not counted words, and is not a function of them; what comes out is a tokenizer.json for HF ``tokenizers`` as ever.
"""

import json

import numpy as np
import pyarrow as pa

from awase.core.errors import ConfigError, InputError
from awase.core.suggest import did_you_mean
from awase.data.compute import pc
from awase.data.text.casefold import IGNORED, ZERO_WIDTH_SPACE, in_class
from awase.data.text.memory import blocks
from awase.data.text.words import CLASSES, NORMALIZER, PRE_TOKENIZER, raw_cuts, script_cuts
from awase.kernels.pieces import learn_merges
from awase.kernels.words import WordTable, spans

UNKNOWN = "[UNK]"
_MARKS = {"bpe": "", "bpe-marked": "##"}  # what stands before a piece inside a word
_MAX_WORDS = 4_000_000  # distinct words counted; later ones are ignored
_LEARNED_WORDS = 1_000_000  # most frequent words that pieces are learned from
_LEAST = 2  # a pair that occurs once is no pattern


def train(texts, vocab_size: int, kind: str) -> str:
    """The tokenizer.json of a tokenizer trained on the texts. Raises ConfigError E0255, InputError E0256."""
    if kind not in _MARKS:
        raise ConfigError("E0255", f"there is no kind of tokenizer {kind!r}", remedy=did_you_mean(kind, _MARKS))
    if vocab_size < 8:
        raise ConfigError("E0255", "a tokenizer has at least 8 tokens", value=vocab_size, remedy="32000 is usual")
    words, counts = count_words(texts)
    if not words:
        raise InputError("E0256", "there is no text to train a tokenizer on", remedy="give texts that are not empty")
    order = np.argsort(-counts, kind="stable")[:_LEARNED_WORDS]
    pieces, merges = _pieces([words[i] for i in order], counts[order], vocab_size - 1, _MARKS[kind])
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": UNKNOWN,
        "continuing_subword_prefix": _MARKS[kind] or None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": {piece: i for i, piece in enumerate([UNKNOWN, *pieces])},
        "merges": merges,
    }
    # The unknown token is no added token: "[UNK]" in a text is three words like any other.
    spec = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": NORMALIZER,
        "pre_tokenizer": PRE_TOKENIZER,
        "post_processor": None,
        "decoder": None,
        "model": model,
    }
    return json.dumps(spec, ensure_ascii=False)


def _pieces(words: list[str], counts: np.ndarray, size: int, mark: str) -> tuple[list[str], list[tuple[str, str]]]:
    """At most ``size`` pieces, single characters first, and the merges that make the others."""
    codes = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32).astype(np.int64)
    lengths = np.fromiter(map(len, words), np.int64, count=len(words))
    starts = np.cumsum([0, *lengths])
    # A character at the start of a word and the same one inside are two symbols if the tokenizer marks them.
    symbols = 2 * codes + (1 if mark else 0)
    symbols[starts[:-1]] = 2 * codes[starts[:-1]]
    distinct, numbers = np.unique(symbols, return_inverse=True)
    often = np.bincount(numbers, weights=np.repeat(counts, lengths))
    # A quarter of the vocabulary at most goes to characters; the rarest are unknown.
    kept = np.sort(np.argsort(-often, kind="stable")[: max(1, size // 4)])
    number_of = np.full(len(distinct), -1, np.int32)
    number_of[kept] = np.arange(len(kept))
    pieces = [mark * (symbol & 1) + chr(symbol >> 1) for symbol in distinct[kept].tolist()]
    merges = learn_merges(number_of[numbers], starts, counts, len(kept), size - len(kept), _LEAST)
    for left, right in merges.tolist():
        pieces.append(pieces[left] + pieces[right].removeprefix(mark))
    # Two merges may make the same piece in two ways; both stay, the piece is one.
    return list(dict.fromkeys(pieces)), [(pieces[left], pieces[right]) for left, right in merges.tolist()]


def count_words(texts) -> tuple[list[str], np.ndarray]:
    """The distinct normalised words of the texts, in order of first appearance, and how often each occurs (int64).

    As ``NORMALIZER`` and ``PRE_TOKENIZER`` make them, but for rare spaces that stay in a word (U+000B, U+1680, ...) and İ.
    """
    raw, counts = WordTable(), np.zeros(0, np.int64)
    for data, offsets in blocks(texts):
        begins, ends, _ = spans(data, offsets, CLASSES, raw_cuts())
        ids = raw.number(data, begins, ends, grow=len(raw) < _MAX_WORDS)
        more = np.bincount(ids[ids >= 0], minlength=len(raw))
        more[: len(counts)] += counts
        counts = more
    data, offsets = raw.buffers()
    array = pa.LargeStringArray.from_buffers(len(raw), pa.py_buffer(offsets), pa.py_buffer(data))
    table, numbers, weights, start = WordTable(), [], [], 0
    for data, offsets in blocks(_normalised(array)):
        begins, ends, bounds = spans(data, offsets, CLASSES, script_cuts())
        numbers.append(table.number(data, begins, ends))
        weights.append(np.repeat(counts[start : start + len(offsets) - 1], np.diff(bounds)))
        start += len(offsets) - 1
    totals = np.bincount(np.concatenate(numbers), weights=np.concatenate(weights)) if numbers else np.zeros(0)
    return table.words(), totals.astype(np.int64)


def _normalised(array: pa.Array) -> pa.Array:
    """What ``NORMALIZER`` does, by Arrow: the whole column at once."""
    seen = pc.replace_substring(pc.replace_substring_regex(array, in_class(IGNORED), ""), chr(ZERO_WIDTH_SPACE), " ")
    lower = pc.call_function("utf8_lower", [pc.call_function("utf8_normalize", [seen], pc.Utf8NormalizeOptions("NFKC"))])
    return pc.replace_substring(pc.replace_substring(lower, "ß", "ss"), "ς", "σ")
