"""Texts of a request to vectors, by the model of the collection."""

from collections.abc import Sequence

import numpy as np

from awase.core.limits import MAX_REQUEST_TOKENS
from awase.core.protocols import TextEncoder
from awase.serve.refusal import Refusal


def model_of(collection) -> TextEncoder:
    """The model, or Refusal E0916 (404) when the collection was made without one."""
    if collection.model is None:
        raise Refusal(404, "E0916", "this collection has no model: it answers bm25 searches only")
    return collection.model


def count_tokens(model: TextEncoder, texts: Sequence[str]) -> int:
    """How many tokens the model finds in texts; 0 for a model that does not show its tokenizer.

    Raises Refusal E0911 (422) for more than ``MAX_REQUEST_TOKENS``.
    """
    tokenizer = getattr(model, "tokenizer", None)
    n_tokens = 0 if tokenizer is None else int(tokenizer.encode(texts).offsets[-1])
    if n_tokens > MAX_REQUEST_TOKENS:
        message = f"the texts have {n_tokens:,} tokens; at most {MAX_REQUEST_TOKENS:,} are allowed in one request"
        raise Refusal(422, "E0911", message)
    return n_tokens


def cosines(query: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """cos = q.d / (|q| |d|) of one query (dim,) with documents (n, dim): (n,) float32; 0 where a vector is zero.

    >>> cosines(np.float32([1, 0]), np.float32([[2, 0], [0, 1], [0, 0]])).tolist()
    [1.0, 0.0, 0.0]
    """
    lengths = np.linalg.norm(documents, axis=1) * np.linalg.norm(query)
    dots = np.einsum("nd,d->n", documents, query)  # equal documents have equal scores, which a product of BLAS does not promise
    return np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)
