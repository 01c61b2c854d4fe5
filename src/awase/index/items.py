"""What goes into a collection and what comes out: items as users give them, checked one by one before anything is written."""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from awase.core.errors import InputError, LimitError, shown
from awase.core.limits import MAX_ID_BYTES, MAX_METADATA_BYTES, MAX_TEXT_BYTES

_BATCH_CHARS = 1 << 24  # of text in a batch, however few items
_TABLES = ("__arrow_c_stream__", "with_format", "collect")  # what data frames and data sets have, and lists do not
_MAX_NESTING = 100  # of metadata; SQLite reads JSON to 1,000


@dataclass(frozen=True)
class Item:
    """One thing to find: its id, its text, what else is known about it, and its vector if you have your own.

    >>> Item("a", "red wine", {"year": 2020}).metadata
    {'year': 2020}
    """

    id: str
    text: str
    metadata: dict = field(default_factory=dict)
    vector: np.ndarray | None = None


@dataclass(frozen=True)
class Result:
    """One item found. ``score`` ranks it (higher is closer); ``sources`` has what each search gave it, "bm25" and "dense"."""

    id: str
    score: float
    text: str
    metadata: dict
    sources: dict[str, float]


class Row(NamedTuple):
    """An item that was checked, as the table keeps it."""

    id: str
    text: str
    metadata: str  # JSON
    fields: frozenset[str]
    vector: np.ndarray | None

    @property
    def checksum(self) -> int:
        return checksum(self.id, self.text, self.metadata)


def checksum(item_id: str, text: str, metadata: str) -> int:
    """What the table keeps beside an item, to notice when a byte of it changed on the disk."""
    return zlib.crc32(f"{item_id}\0{text}\0{metadata}".encode())


def batches(items: Iterable, size: int, dim: int | None) -> Iterator[list[Row]]:
    """Checked rows of a stream of items, `size` at a time, fewer when they are long.

    dim: the length of a vector, None where none may be given.
    An item is an ``Item``, an (id, text) pair, or a mapping with "id" and "text", perhaps "vector" and "metadata"; its other
    keys are metadata too. A data frame or table is its rows. Errors: E0722 for an item that is none of these, E0723 for one that is too
    large; both say which.
    """
    if any(hasattr(items, name) for name in _TABLES):
        items = _of_table(items)
    if isinstance(items, str | bytes | Mapping) or not isinstance(items, Iterable):
        raise InputError("E0722", "items must be a list or another iterable of items", value=items, remedy="put it in a list")
    batch, n_chars = [], 0
    for number, item in enumerate(items):
        batch.append(_row(item, number, dim))
        n_chars += len(batch[-1].text)
        if len(batch) == size or n_chars > _BATCH_CHARS:
            yield batch
            batch, n_chars = [], 0
    if batch:
        yield batch


def _of_table(table) -> Iterator[dict]:
    """The rows of a data frame (pandas, polars, Arrow, Hugging Face) as mappings: what is missing is absent, and ids are texts.

    Errors: E0104 for a value that has no form in JSON, by column and row; E0162 for several tables, as of a DatasetDict.
    """
    from awase.data.kinds import Key, Refused
    from awase.data.rows import BadRow, records
    from awase.data.sources import open_source
    from awase.data.values import plain_fields

    for row in records(open_source(table, ("id", "text"))):
        if isinstance(row, BadRow):
            raise row.error()
        beside = {"id": Key().accept(row.values.get("id")), "vector": row.values.get("vector")}
        fields, refused = plain_fields({key: value for key, value in row.values.items() if key not in beside})
        if isinstance(beside["id"], Refused):
            refused = ("id", beside["id"])
        if refused is not None:
            raise BadRow.of(row.at, row.place, *refused).error()
        yield fields | {key: value for key, value in beside.items() if value is not None}


def _row(item, number: int, dim: int | None) -> Row:
    match item:
        case Item(id=item_id, text=text, metadata=metadata, vector=vector):
            pass
        case Mapping():
            item_id, text, metadata, vector = _from_mapping(item, number)
        case (item_id, text):
            metadata, vector = {}, None
        case _:
            kinds = "an Item, an (id, text) pair or a mapping with id and text"
            raise InputError("E0722", f"an item must be {kinds}", place=f"item {number}", value=item)
    place = f"item {number} (id {shown(item_id)})"
    _check_id(item_id, place)
    _check_text("text", text, MAX_TEXT_BYTES, place)
    return Row(
        item_id, text, _json(metadata, place), frozenset(metadata), None if vector is None else _vector(vector, dim, place)
    )


def checked_ids(ids: str | Iterable[str]) -> list[str]:
    """Ids as a list, each one that an item could have; one text is one id.

    To SQLite a text ends at its NUL and two halves of a character are one: unchecked, such an id would mean another item.
    Errors: E0722, E0723.
    """
    if isinstance(ids, bytes) or not isinstance(ids, Iterable):
        raise InputError("E0722", "ids must be texts", value=ids, remedy="give one id or a list of them")
    ids = [ids] if isinstance(ids, str) else list(ids)
    for number, item_id in enumerate(ids):
        _check_id(item_id, f"id {number}")
    return ids


def _check_id(item_id, place: str) -> None:
    _check_text("id", item_id, MAX_ID_BYTES, place)
    if not item_id or "\0" in item_id:
        raise InputError("E0722", "an id must not be empty or hold the character NUL", place=place)


def _from_mapping(item: Mapping, number: int) -> tuple:
    missing = [key for key in ("id", "text") if key not in item]
    if missing:
        keys = ", ".join(map(str, item))
        raise InputError("E0722", f"an item needs {' and '.join(missing)}", place=f"item {number}", remedy=f"it has: {keys}")
    metadata = item.get("metadata", {})
    others = {key: value for key, value in item.items() if key not in ("id", "text", "metadata", "vector")}
    if not isinstance(metadata, Mapping):
        others["metadata"], metadata = metadata, {}  # a field that happens to have this name
    twice = sorted(map(str, others.keys() & metadata.keys()))
    if twice:
        raise InputError("E0722", f"{twice[0]!r} is given twice, in metadata and beside it", place=f"item {number}")
    return item["id"], item["text"], {**metadata, **others}, item.get("vector")


def _check_text(what: str, text, limit: int, place: str) -> None:
    if not isinstance(text, str):
        remedy = "write str(...) around it" if what == "id" else "give an empty text if there is none"
        raise InputError("E0722", f"{what} must be a text", place=place, value=text, remedy=remedy)
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        message = f"{what} holds half of a character (a lone surrogate) at position {error.start}"
        raise InputError("E0722", message, place=place, remedy="decode the source with errors='replace'") from None
    if size > limit:
        raise LimitError("E0723", f"{what} has {size:,} bytes; at most {limit:,} are allowed", place=place, remedy="split it")


def _json(metadata, place: str) -> str:
    try:
        if not isinstance(metadata, Mapping) or not all(isinstance(key, str) for key in metadata):
            raise TypeError("it must be a mapping whose keys are texts")
        text = json.dumps(metadata, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
        if (
            size <= MAX_METADATA_BYTES
            and text.count("[") + text.count("{") > _MAX_NESTING
            and _nesting(metadata) > _MAX_NESTING
        ):
            raise ValueError(f"it nests more than {_MAX_NESTING} deep")
    except (TypeError, ValueError, RecursionError) as error:  # UnicodeEncodeError is a ValueError
        why = "it nests too deeply" if isinstance(error, RecursionError) else str(error)
        remedy = "use texts, finite numbers, true, false, null, lists and mappings"
        name = _wrong_field(metadata)
        of, value = ("", metadata) if name is None else (f"field {name!r}: ", metadata[name])
        raise InputError(
            "E0722", f"metadata cannot be kept as JSON: {of}{why}", place=place, value=value, remedy=remedy
        ) from None
    if size > MAX_METADATA_BYTES:
        message = f"metadata has {size:,} bytes as JSON; at most {MAX_METADATA_BYTES:,} are allowed"
        raise LimitError("E0723", message, place=place, remedy="keep large values elsewhere")
    return text


def _wrong_field(metadata) -> str | None:
    """The first field that has no form in JSON by itself."""
    for name, value in metadata.items() if isinstance(metadata, Mapping) else ():
        try:
            json.dumps({name: value}, ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError):
            return name
    return None


def _nesting(value) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        inner = [v.values() if isinstance(v, Mapping) else v for v in level if isinstance(v, Mapping | list | tuple)]
        level = [v for values in inner for v in values]
    return depth


def _vector(vector, dim: int | None, place: str) -> np.ndarray:
    if dim is None:
        remedy = "create the collection with the model that made it"
        raise InputError("E0722", "a collection without a model keeps no vectors", place=place, remedy=remedy)
    try:
        with np.errstate(over="ignore"):
            array = np.asarray(vector, np.float32)
    except (TypeError, ValueError):
        raise InputError("E0722", "a vector must be numbers", place=place, value=vector) from None
    if array.shape != (dim,):
        raise InputError("E0722", f"the vector must have {dim} numbers", place=place, value=array.shape)
    if not np.isfinite(array).all():
        raise InputError("E0701", "vectors must be finite numbers", place=place, value=float(array[~np.isfinite(array)][0]))
    return array
