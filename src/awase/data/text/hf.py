"""The HF ``tokenizers`` library with its errors made ours: it raises plain ``Exception``, and panics.

A tokenizer.json may come from anybody: what it may do with a text is bounded before a text is given to it.
"""

import json
from collections.abc import Iterator, Sequence

import tokenizers

from awase.core.errors import BackendError, FormatError, LimitError
from awase.core.limits import MAX_JSON_BYTES

_MOST_GROWTH = 64  # times the characters of a text, by all steps of a normaliser together: NFKC alone makes 18 of one
_MOST_ADDED = 1_000  # characters that are put before a text
_MOST_STEPS = 1_000


def opened(text: str, place: str) -> tuple[tokenizers.Tokenizer, dict]:
    """The tokenizer of a tokenizer.json, without padding, and what the file says. Raises LimitError E0250 or FormatError E0251, E0260."""
    if len(text) > MAX_JSON_BYTES:
        raise LimitError(
            "E0250", f"a tokenizer of {len(text):,} characters is too large", place=place, remedy="use a smaller vocabulary"
        )
    try:
        hf = tokenizers.Tokenizer.from_str(text)
        spec = json.loads(text)
    except BaseException as error:
        if not _is_theirs(error):
            raise
        raise FormatError(
            "E0251", f"this is not a tokenizer: {error}", place=place, remedy="give a tokenizer.json of HF tokenizers"
        ) from None
    _check_growth(spec, place)
    hf.no_padding()
    return hf, spec


def ids_of(hf: tokenizers.Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """The ids of each text without special tokens. Raises BackendError E0257 when the tokenizer has no id for something, or gives up."""
    try:
        encoded = hf.encode_batch_fast(texts, add_special_tokens=False)
    except BaseException as error:
        if not _is_theirs(error):
            raise
        raise BackendError(
            "E0257",
            f"the tokenizer failed: {error}",
            remedy="give it an unknown token, for what is not in its vocabulary"
            if isinstance(error, Exception)
            else "its regular expressions take too long on this text: use another tokenizer",
        ) from None
    return [one.ids for one in encoded]


def _is_theirs(error: BaseException) -> bool:
    """A panic of Rust comes as a BaseException, as if somebody had pressed Ctrl-C."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def _check_growth(spec: dict, place: str) -> None:
    """Raises FormatError E0260 for steps that together could make a text longer than memory."""
    steps = [*_steps(spec.get("normalizer")), *_steps(spec.get("pre_tokenizer"))]
    growth, added = 1.0, 0.0
    for step in steps:
        kind = step.get("type")
        if kind == "Replace":
            pattern, content = step.get("pattern") or {}, str(step.get("content", ""))
            # A regular expression may match nothing, before every character.
            matched = len(pattern["String"]) if isinstance(pattern.get("String"), str) and pattern["String"] else None
            growth *= max(1.0, len(content) / matched) if matched else 1.0 + len(content)
        elif kind == "Prepend":
            added = added * growth + len(str(step.get("prepend", "")))
        if growth > _MOST_GROWTH or added * growth > _MOST_ADDED or len(steps) > _MOST_STEPS:
            raise FormatError(
                "E0260", f"the steps of this tokenizer could make a text more than {_MOST_GROWTH} times as long", place=place,
                value=step, remedy="use another tokenizer: no usual one does that",
            )  # fmt: skip


def _steps(part: dict | None) -> Iterator[dict]:
    """The steps of a normaliser or pre-tokenizer, of which some are sequences of others. JSON this deep was refused when it was opened."""
    if isinstance(part, dict):
        inner = part.get("normalizers") or part.get("pretokenizers")
        if isinstance(inner, list):
            for one in inner:
                yield from _steps(one)
        else:
            yield part
