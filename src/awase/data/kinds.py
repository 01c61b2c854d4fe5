"""What a column must hold. Each kind says it twice: for one Python value (``accept``) and for a whole Arrow column (``convert``)."""

import math
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from awase.core.errors import InputError
from awase.core.limits import MAX_ID_BYTES, MAX_TEXT_BYTES
from awase.data.compute import pc

TEXT_TYPE = pa.large_string()
LIST_TYPE = pa.list_(TEXT_TYPE)
_LISTS = (
    pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_list_view, pa.types.is_large_list_view,
)  # fmt: skip


class Refused(NamedTuple):
    """Why a value was refused."""

    code: str
    problem: str
    value: object
    remedy: str


class Kind(Protocol):
    @property
    def collected(self) -> pa.DataType:
        """What accepted values are collected in."""
        ...

    def native(self, seen: set[type]) -> pa.DataType:
        """The Arrow type to read a JSON column into whose first values have these Python types."""
        ...

    def accept(self, value: Any) -> Any:
        """The value as Python holds it in this kind, None where there is none, or Refused."""
        ...

    def convert(self, name: str, column: pa.Array) -> tuple[pa.Array, dict[int, Refused]]:
        """The column in this kind's Arrow type, and what is wrong in which rows."""
        ...


def named(value: object) -> str:
    """What a JSON reader would call a value.

    >>> named(3), named([1]), named(None)
    ('a number', 'a list', 'null')
    """
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object", str: "text"}
    return "null" if value is None else names.get(type(value), f"a {type(value).__name__}")


def is_missing(value: object) -> bool:
    """Whether a value stands for none: None, and what pandas and numpy have in its place (NaN, NaT, NA).

    >>> is_missing(float("nan")), is_missing(0.0), is_missing("")
    (True, False, False)
    """
    return (
        value is None
        or (isinstance(value, float | Decimal) and value != value)
        or type(value).__name__ in ("NAType", "NaTType")
    )


def is_clean_text(value: str) -> bool:
    """Whether a string has a UTF-8 form: half a surrogate pair has none."""
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


HALF = ("E0103", "half of a surrogate pair, which is not a character", "write the character itself, or both halves")


def _not_text(value: object) -> Refused:
    return Refused("E0104", f"holds {named(value)}, not text", value, "make it text, or choose another column with --columns")


def _nothing(problem: str, value: object) -> Refused:
    return Refused("E0109", problem, value, "fill it in or leave the row out")


def _wrong_type(name: str, column: pa.Array, wanted: str) -> InputError:
    return InputError(
        "E0104",
        f"column {name!r} holds {column.type}, not {wanted}",
        remedy="convert the column, or choose another one with --columns",
    )


def _as_text(name: str, column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(name, column.dictionary_decode())
    if kind == TEXT_TYPE:
        return column
    if pa.types.is_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind):
        return column.cast(TEXT_TYPE)
    if pa.types.is_struct(kind):
        fields = ", ".join(f"{name}.{field.name}" for field in kind)
        raise InputError(
            "E0104", f"column {name!r} holds objects, not text",
            remedy=f"name the field that is meant ({fields}) with --columns, or flatten the table with .flatten()",
        )  # fmt: skip
    raise _wrong_type(name, column, "text")


def _rows(mask: pa.Array) -> np.ndarray:
    return np.flatnonzero(mask.fill_null(False).to_numpy(zero_copy_only=False))


def _text_faults(texts: pa.Array, limit: int) -> dict[int, Refused]:
    """Texts that are too long or hold NUL. The values are looked at as bytes: a few milliseconds for a million."""
    faults: dict[int, Refused] = {}
    lengths = pc.binary_length(texts)
    for row in _rows(pc.greater(lengths, limit)):
        problem = f"{lengths[row].as_py():,} bytes; at most {limit:,} are allowed"
        faults[int(row)] = Refused("E0110", problem, texts[row].as_py()[:80], "cut it into passages")
    values = texts.buffers()[2]
    if values is not None and (np.frombuffer(values, dtype=np.uint8) == 0).any():
        for row in _rows(pc.match_substring(texts, "\0")):
            remedy = "remove it; a file full of them is UTF-16 or not text at all"
            faults[int(row)] = Refused("E0111", "holds a NUL character", texts[row].as_py(), remedy)
    return faults


def _empty_faults(texts: pa.Array, problem: str) -> dict[int, Refused]:
    """Values that are missing, or hold nothing but white space."""
    faults = {int(row): _nothing("the value is missing", None) for row in _rows(texts.is_null())}
    for row in _rows(pc.or_(pc.equal(pc.binary_length(texts), 0), pc.utf8_is_space(texts))):
        faults[int(row)] = _nothing(problem, texts[row].as_py())
    return faults


def _number_type(seen: set[type]) -> pa.DataType:
    if seen == {bool}:
        return pa.bool_()
    return pa.float64() if seen and seen <= {int, float} else TEXT_TYPE


class Text(NamedTuple):
    """One text, strict UTF-8. Unless ``needed`` it may be empty or missing."""

    needed: bool = True

    @property
    def collected(self) -> pa.DataType:
        return TEXT_TYPE

    def native(self, seen: set[type]) -> pa.DataType:
        return TEXT_TYPE

    def accept(self, value: Any) -> Any:
        if is_missing(value):
            return None
        if not isinstance(value, str):
            return _not_text(value)
        return value if is_clean_text(value) else Refused(HALF[0], HALF[1], ascii(value), HALF[2])

    def convert(self, name: str, column: pa.Array) -> tuple[pa.Array, dict[int, Refused]]:
        texts = _as_text(name, column)
        faults = _text_faults(texts, MAX_TEXT_BYTES)
        return texts, {**faults, **_empty_faults(texts, "the text is empty")} if self.needed else faults


class Texts(NamedTuple):
    """One text or a list of texts; empty ones are left out. Unless ``needed`` there may be none."""

    needed: bool = False

    @property
    def collected(self) -> pa.DataType:
        return LIST_TYPE

    def native(self, seen: set[type]) -> pa.DataType:
        return LIST_TYPE if seen == {list} else TEXT_TYPE

    def accept(self, value: Any) -> Any:
        if is_missing(value):
            return None
        listed = value if isinstance(value, list | tuple) else [value]
        for text in listed:
            if text is not None and not isinstance(text, str):
                return _not_text(text)
            if text is not None and not is_clean_text(text):
                return Refused(HALF[0], HALF[1], ascii(text), HALF[2])
        return listed

    def convert(self, name: str, column: pa.Array) -> tuple[pa.Array, dict[int, Refused]]:
        if any(is_one(column.type) for is_one in _LISTS):
            texts = _as_text(name, column.flatten())
            lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
            parents = np.repeat(np.arange(len(column)), lengths.astype(np.int64))
        else:
            texts = _as_text(name, column)
            parents = np.arange(len(column))
        faults: dict[int, Refused] = {}
        for row, why in _text_faults(texts, MAX_TEXT_BYTES).items():
            faults.setdefault(int(parents[row]), why)
        full = pc.and_(pc.greater(pc.binary_length(texts), 0), pc.invert(pc.utf8_is_space(texts))).fill_null(False)
        counts = np.bincount(parents[_rows(full)], minlength=len(column))
        if self.needed:
            for row in np.flatnonzero(counts == 0).tolist():
                value = column[row].as_py()
                faults.setdefault(row, _nothing("the value is missing" if value is None else "the text is empty", value))
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), texts.filter(full), type=LIST_TYPE), faults


class Number(NamedTuple):
    """One finite number."""

    @property
    def collected(self) -> pa.DataType:
        return pa.float64()

    def native(self, seen: set[type]) -> pa.DataType:
        return _number_type(seen)

    def accept(self, value: Any) -> Any:
        if isinstance(value, bool | int | float | str):
            try:
                return float(value)
            except (ValueError, OverflowError):
                return self.refuse(value)
        return None if value is None else self.refuse(value)

    def refuse(self, value: object) -> Refused:
        return Refused("E0104", "not a number", value, "write a number, or leave the row out")

    def convert(self, name: str, column: pa.Array) -> tuple[pa.Array, dict[int, Refused]]:
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
            numbers, given = _parsed(_as_text(name, column)), column
        elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
            numbers, given = column.cast(pa.float64(), safe=False), column
        elif pa.types.is_boolean(kind):
            numbers, given = column.cast(pa.int8()).cast(pa.float64()), column
        else:
            raise _wrong_type(name, column, "numbers")
        wrong = _rows(pc.invert(pc.is_finite(numbers).fill_null(False)))
        return numbers, {int(row): self.refuse(given[row].as_py()) for row in wrong}


def _parsed(texts: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(texts)
    try:
        return trimmed.cast(pa.float64())
    except pa.ArrowInvalid:  # one of them is not a number; this block alone pays for finding out which
        return pa.array([_number_or_nan(text) for text in trimmed.to_pylist()], pa.float64())


def _number_or_nan(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


_EXACT = 2.0**53  # from here on a float does not tell every whole number from the next


def _inexact(value: float) -> Refused:
    return Refused("E0104", "a number too large for a float to hold each digit", value, "read this column as text")


def _whole_numbers(column: pa.Array) -> tuple[pa.Array, dict[int, Refused]]:
    """Ids that a data frame made floats of, as where one is missing: 7.0 is 7, and NaN is none."""
    values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    missing, whole = np.isnan(values), np.abs(values) < _EXACT
    whole &= values == np.floor(values)
    faults = {
        int(row): _not_text(float(values[row])) if np.abs(values[row]) < _EXACT else _inexact(float(values[row]))
        for row in np.flatnonzero(~whole & ~missing)
    }
    return pa.array(np.where(whole, values, 0).astype(np.int64), mask=~whole), faults


class Key(NamedTuple):
    """An id, a group or a name: text or a whole number, kept as text; null where there is none, unless ``needed``."""

    needed: bool = False

    @property
    def collected(self) -> pa.DataType:
        return TEXT_TYPE

    def native(self, seen: set[type]) -> pa.DataType:
        return pa.int64() if seen == {int} else TEXT_TYPE

    def accept(self, value: Any) -> Any:
        if isinstance(value, int | np.integer) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, float) and value.is_integer():
            return str(int(value)) if abs(value) < _EXACT else _inexact(value)
        return Text(needed=False).accept(value)

    def convert(self, name: str, column: pa.Array) -> tuple[pa.Array, dict[int, Refused]]:
        keys, faults = _whole_numbers(column) if pa.types.is_floating(column.type) else (column, {})
        keys = keys.cast(TEXT_TYPE) if pa.types.is_integer(keys.type) else _as_text(name, keys)
        faults = {**_text_faults(keys, MAX_ID_BYTES), **faults}
        return keys, {**faults, **_empty_faults(keys, "the name is empty")} if self.needed else faults


class OneOf(NamedTuple):
    """A word or number from a fixed list, kept as a small integer. ``codes`` maps what may be written to what is kept."""

    codes: dict[str, int]
    wanted: str

    @property
    def collected(self) -> pa.DataType:
        return TEXT_TYPE

    def native(self, seen: set[type]) -> pa.DataType:
        return _number_type(seen)

    def accept(self, value: Any) -> Any:
        return None if value is None else str(value)

    def convert(self, name: str, column: pa.Array) -> tuple[pa.Array, dict[int, Refused]]:
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        try:
            words = pc.utf8_lower(pc.utf8_trim_whitespace(plain.cast(TEXT_TYPE)))
        except pa.ArrowNotImplementedError as cause:
            raise _wrong_type(name, column, self.wanted) from cause
        place = pc.index_in(words, pa.array(list(self.codes), TEXT_TYPE))
        kept = pa.array(list(self.codes.values()), pa.int8()).take(place)
        remedy = f"write {self.wanted}"
        return kept, {
            int(row): Refused("E0104", f"not {self.wanted}", plain[row].as_py(), remedy) for row in _rows(kept.is_null())
        }


PARTS = OneOf(
    {"train": 0, "training": 0, "valid": 1, "validation": 1, "val": 1, "dev": 1, "test": 2}, "one of train, valid, test"
)
LABEL = OneOf({"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}, "0 or 1")
