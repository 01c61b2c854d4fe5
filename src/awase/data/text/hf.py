"""The HF ``tokenizers`` library with its errors made ours: it raises plain ``Exception``."""

from collections.abc import Sequence

import tokenizers

from awase.core.errors import BackendError, FormatError, LimitError
from awase.core.limits import MAX_JSON_BYTES


def opened(text: str, place: str) -> tokenizers.Tokenizer:
    """The tokenizer of a tokenizer.json, without padding. Raises LimitError E0250 or FormatError E0251."""
    if len(text) > MAX_JSON_BYTES:
        raise LimitError(
            "E0250", f"a tokenizer of {len(text):,} characters is too large", place=place, remedy="use a smaller vocabulary"
        )
    try:
        hf = tokenizers.Tokenizer.from_str(text)
    except Exception as error:  # noqa: BLE001
        raise FormatError(
            "E0251", f"this is not a tokenizer: {error}", place=place, remedy="give a tokenizer.json of HF tokenizers"
        ) from None
    hf.no_padding()
    return hf


def ids_of(hf: tokenizers.Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """The ids of each text without special tokens. Raises BackendError E0257 when the tokenizer has no id for something."""
    try:
        encoded = hf.encode_batch_fast(texts, add_special_tokens=False)
    except Exception as error:
        raise BackendError(
            "E0257", f"the tokenizer failed: {error}", remedy="give it an unknown token, for what is not in its vocabulary"
        ) from error
    return [one.ids for one in encoded]
