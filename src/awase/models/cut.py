"""What a model does not read: it cuts texts at a number of tokens, and says nothing of it."""

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from awase.core.protocols import TextEncoder
from awase.data.text.tokenizer import Tokenizer
from awase.models.foreign import SentenceTransformerModel
from awase.models.static import StaticModel


class Cut(NamedTuple):
    """limit: tokens of a text that are read; texts, tokens: which share of all was cut."""

    limit: int
    texts: float
    tokens: float


def cut(model: TextEncoder, texts: Sequence[str]) -> Cut | None:
    """How much of these texts the model does not read; None of a model without a limit, or one that cannot be asked.

    >>> from awase.data.text.tokenizer import train_tokenizer
    >>> spec = json.loads(train_tokenizer(["red wine"] * 2, vocab_size=60).to_json())
    >>> spec["truncation"] = {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0}
    >>> cut(StaticModel(json.dumps(spec), np.ones((60, 2), np.float32)), ["red wine", "wine"])
    Cut(limit=1, texts=0.5, tokens=0.3333333333333333)
    """
    if isinstance(model, StaticModel):
        limit, sizes = _static(model, texts)
    elif isinstance(model, SentenceTransformerModel):
        limit, sizes = model.token_counts(texts)
    else:
        return None
    if limit is None or not sizes.sum():
        return None
    return Cut(limit, float((sizes > limit).mean()), float(np.maximum(sizes - limit, 0).sum() / sizes.sum()))


def _static(model: StaticModel, texts: Sequence[str]) -> tuple[int | None, np.ndarray]:
    spec = json.loads(model.tokenizer.to_json())
    if not spec.get("truncation"):
        return None, np.zeros(0)
    whole = Tokenizer.from_json(json.dumps(spec | {"truncation": None}), drop_unknown=model.tokenizer.drop_unknown)
    return spec["truncation"]["max_length"], np.diff(whole.encode(texts).offsets)
