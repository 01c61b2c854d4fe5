"""Training a tokenizer: count the distinct words of the texts, then learn pieces from words and counts."""

import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tokenizers
from tokenizers import models, pre_tokenizers, trainers

from awase.core.errors import ConfigError, InputError
from awase.core.suggest import did_you_mean
from awase.data.text.memory import blocks
from awase.data.text.words import CLASSES, NORMALIZER, PRE_TOKENIZER, raw_cuts, script_cuts
from awase.kernels.words import WordTable, spans

UNKNOWN = "[UNK]"
_MAX_WORDS = 4_000_000  # distinct words counted; later ones are ignored
_OCCURRENCES = 1_000_000  # words shown to the trainer, each in proportion to its count and at least once


def train(texts, vocab_size: int, kind: str) -> str:
    """The tokenizer.json of a tokenizer trained on the texts."""
    kinds = {
        "wordpiece": (models.WordPiece(unk_token=UNKNOWN), trainers.WordPieceTrainer),
        "bpe": (models.BPE(unk_token=UNKNOWN), trainers.BpeTrainer),
        "unigram": (models.Unigram(), trainers.UnigramTrainer),
    }
    if kind not in kinds:
        raise ConfigError("E0255", f"there is no kind of tokenizer {kind!r}", remedy=did_you_mean(kind, kinds))
    words, counts = count_words(texts)
    if not words:
        raise InputError("E0256", "there is no text to train a tokenizer on", remedy="give texts that are not empty")
    model, trainer = kinds[kind]
    hf = tokenizers.Tokenizer(model)
    hf.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    options = {"unk_token": UNKNOWN} if kind == "unigram" else {"limit_alphabet": vocab_size // 4}
    hf.train_from_iterator(
        _shown(words, counts), trainer(vocab_size=vocab_size, special_tokens=[UNKNOWN], show_progress=False, **options)
    )
    spec = json.loads(hf.to_str())
    # The unknown token stays in the vocabulary but is no added token: "[UNK]" in a text is three words like any other.
    spec |= {"added_tokens": [], "normalizer": NORMALIZER, "pre_tokenizer": PRE_TOKENIZER}
    return json.dumps(spec, ensure_ascii=False)


def count_words(texts) -> tuple[list[str], np.ndarray]:
    """The distinct normalised words of the texts, in order of first appearance, and how often each occurs (int64)."""
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


def _shown(words: list[str], counts: np.ndarray) -> Iterator[str]:
    scale = min(1.0, _OCCURRENCES / counts.sum())
    times = np.maximum(1, np.rint(counts * scale).astype(np.int64))
    for word, n in zip(words, times.tolist()):
        yield (word + " ") * n


def _normalised(array: pa.Array) -> pa.Array:
    """What ``NORMALIZER`` does, by Arrow: the whole column at once."""
    return pc.call_function("utf8_lower", [pc.call_function("utf8_normalize", [array], pc.Utf8NormalizeOptions("NFKC"))])
