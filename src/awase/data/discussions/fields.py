"""What the columns of a discussion hold: names, moments and texts. None of them costs an event that another reader would keep."""

import datetime
import math
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from awase.data.compute import pc
from awase.data.kinds import TEXT_TYPE, Key, Refused, is_clean_text

_SECONDS = pa.int64()
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_LIMIT = 2.0**62  # no clock shows this many seconds


class Name(NamedTuple):
    """An id or the name of an author or community: text, or a whole number (also as a float, which missing values make of it in pandas)."""

    needed: bool = False

    @property
    def collected(self) -> pa.DataType:
        return TEXT_TYPE

    def native(self, seen: set[type]) -> pa.DataType:
        return Key().native(seen)

    def accept(self, value: Any) -> Any:
        if isinstance(value, float):
            if math.isnan(value):
                return None
            value = int(value) if value.is_integer() else value
        return Key().accept(value)

    def convert(self, name: str, column: pa.Array) -> tuple[pa.Array, dict[int, Refused]]:
        if pa.types.is_floating(column.type):
            whole = pc.if_else(pc.is_nan(column), None, column)
            column = whole.cast(pa.int64()) if pc.all(pc.equal(pc.floor(whole), whole), min_count=0).as_py() else column
        return Key(self.needed).convert(name, column)


class Moment(NamedTuple):
    """A time as whole seconds since 1970: a number of seconds, digits, ISO 8601 (UTC unless it says otherwise) or an Arrow time; null for
    anything else, which is counted and not refused."""

    @property
    def collected(self) -> pa.DataType:
        return _SECONDS

    def native(self, seen: set[type]) -> pa.DataType:
        if seen == {int}:
            return _SECONDS
        return pa.float64() if seen and seen <= {int, float} else TEXT_TYPE

    def accept(self, value: Any) -> int | None:
        if isinstance(value, datetime.datetime):
            return _since_epoch(value)
        if isinstance(value, str):
            return _read(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return _whole(float(value))

    def convert(self, name: str, column: pa.Array) -> tuple[pa.Array, dict[int, Refused]]:
        kind = column.type
        if pa.types.is_dictionary(kind):
            return self.convert(name, column.dictionary_decode())
        if pa.types.is_integer(kind):
            return column.cast(_SECONDS, safe=False), {}
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return _floored(column.cast(pa.float64(), safe=False)), {}
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            return column.cast(pa.timestamp("s", getattr(kind, "tz", None)), safe=False).cast(_SECONDS), {}
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            return _parsed(pc.utf8_trim_whitespace(column.cast(TEXT_TYPE))), {}
        return pa.nulls(len(column), _SECONDS), {}


def _parsed(texts: pa.Array) -> pa.Array:
    """Natively where all of a block are written alike; else one after the other."""
    try:
        return _floored(texts.cast(pa.float64()))
    except pa.ArrowInvalid:
        pass
    for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
        try:
            return texts.cast(kind).cast(pa.timestamp("s", kind.tz), safe=False).cast(_SECONDS)
        except pa.ArrowInvalid:
            continue
    return pa.array([_read(text) for text in texts.to_pylist()], _SECONDS)


def _floored(numbers: pa.Array) -> pa.Array:
    usable = pc.less(pc.abs(numbers), _LIMIT)  # false for NaN
    return pc.floor(pc.if_else(usable, numbers, None)).cast(_SECONDS)


def _read(text: str | None) -> int | None:
    if not text:
        return None
    try:
        return _whole(float(text))
    except ValueError:
        pass
    try:
        return _since_epoch(datetime.datetime.fromisoformat(text.strip()))
    except ValueError:
        return None


def _whole(seconds: float) -> int | None:
    return math.floor(seconds) if abs(seconds) < _LIMIT else None


def _since_epoch(moment: datetime.datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return (aware - _EPOCH) // datetime.timedelta(seconds=1)


class Body(NamedTuple):
    """A text, whatever is in it: half a surrogate pair becomes U+FFFD, a number its digits, anything else nothing."""

    @property
    def collected(self) -> pa.DataType:
        return TEXT_TYPE

    def native(self, seen: set[type]) -> pa.DataType:
        return TEXT_TYPE

    def accept(self, value: Any) -> str | None:
        if isinstance(value, str):
            return value if is_clean_text(value) else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) and value == value else None

    def convert(self, name: str, column: pa.Array) -> tuple[pa.Array, dict[int, Refused]]:
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        try:
            return column.cast(TEXT_TYPE), {}
        except pa.ArrowNotImplementedError:  # lists and the like
            return pa.nulls(len(column), TEXT_TYPE), {}


def is_true(mask: pa.Array) -> np.ndarray:
    """bool (n,): the mask, null as false."""
    return mask.fill_null(False).to_numpy(zero_copy_only=False)
