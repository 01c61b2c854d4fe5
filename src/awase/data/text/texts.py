"""What counts as a text: a string that UTF-8 can hold, of at most ``MAX_TEXT_BYTES``."""

from collections.abc import Iterable, Mapping, Sequence

from awase.core.errors import InputError, LimitError
from awase.core.limits import MAX_TEXT_BYTES


def check_texts(texts: Sequence, start: int = 0) -> None:
    """Raises InputError or LimitError, with the row counted from ``start``, unless all are texts.

    >>> check_texts(["wine", None], start=10)
    Traceback (most recent call last):
    awase.core.errors.InputError: E0253: a text must be a string, not NoneType
      where: row 11
      to do: convert it to a string, or leave the row out
    """
    check_types(texts, start)
    # ASCII has neither surrogates nor characters of several bytes: most lists need no look at each text.
    if max(map(len, texts), default=0) > MAX_TEXT_BYTES or not all(map(str.isascii, texts)):
        for row, text in enumerate(texts):
            _check(text, start + row)


def check_list(texts: object) -> None:
    """Raises InputError for one string where several texts are expected: its characters would be taken for texts. And for what holds none."""
    if isinstance(texts, str):
        raise InputError("E0253", "one string was given where a list of texts is expected", value=texts, remedy="[text]")
    if not isinstance(texts, Iterable) or isinstance(texts, bytes | Mapping):
        raise InputError(
            "E0253", f"a list of texts is expected, not {type(texts).__name__}", value=texts, remedy='give a list: ["a text"]'
        )


def listed(texts: Iterable[str]) -> Sequence[str]:
    """Several texts as something with a length: lists and Arrow arrays as they are, all else (generators, series) as a list.

    Raises as ``check_list``.

    >>> listed(text for text in ("red", "white"))
    ['red', 'white']
    """
    check_list(texts)
    return texts if isinstance(texts, list | tuple) or hasattr(texts, "to_pylist") else list(texts)  # type: ignore[return-value]


def check_types(texts: Sequence, start: int = 0) -> None:
    """The part of ``check_texts`` that needs no look into the strings."""
    if not all(issubclass(kind, str) for kind in set(map(type, texts))):
        row = next(row for row, text in enumerate(texts) if not isinstance(text, str))
        raise InputError(
            "E0253",
            f"a text must be a string, not {type(texts[row]).__name__}",
            place=f"row {start + row}",
            value=texts[row],
            remedy="convert it to a string, or leave the row out",
        )


def _check(text: str, row: int) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise InputError(
            "E0254",
            f"a text holds half of a surrogate pair, at character {error.start}",
            place=f"row {row}",
            value=text[max(error.start - 20, 0) : error.start + 20],
            remedy="decode its source as UTF-8 or UTF-16; it was probably cut inside a character",
        ) from None
    if size > MAX_TEXT_BYTES:
        raise LimitError(
            "E0250",
            f"a text has {size:,} bytes; at most {MAX_TEXT_BYTES:,} are accepted",
            place=f"row {row}",
            remedy="split it into passages",
        )
