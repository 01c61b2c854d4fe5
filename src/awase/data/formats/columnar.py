"""Parquet files, Arrow IPC files and streams, and anything with ``__arrow_c_stream__`` (pandas, polars, HF datasets)."""

import datetime
import decimal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from awase.core.errors import FormatError, InputError
from awase.data.compute import pc
from awase.data.kinds import Refused
from awase.data.rows import BadRow, Field, Record

_ROWS = 65_536  # rows of one block
_ARROW_MAGIC = b"ARROW1"


class Columnar:
    """Rows that are Arrow already. ``batches(columns)`` starts reading anew; None asks for all columns.

    A field of an object is a column too: ``translation.en``, of the column ``translation``.
    """

    encoding = "Arrow"

    def __init__(
        self, name: str, format: str, schema: pa.Schema, batches: Callable[[list[str] | None], Iterable[pa.RecordBatch]]
    ):
        self.name, self.format, self._batches = name, format, batches
        self.notes: list[str] = []  # what a user should know of what was read
        paths = {path: way for field in schema for path, way in _fields(field.name, field.type)}
        self._ways = {path: way for path, way in paths.items() if path not in schema.names}
        self.columns = [*schema.names, *self._ways]

    def blocks(self, columns: list[str] | None) -> Iterator[tuple[pa.RecordBatch, int]]:
        """Batches of bounded size, each with the number of its first row, counted from 1."""
        if columns is not None:
            columns = list(dict.fromkeys(self._ways.get(column, [column])[0] for column in columns))
        row = 1
        try:
            for batch in self._batches(columns):
                for start in range(0, batch.num_rows, _ROWS):
                    part = batch.slice(start, _ROWS)
                    yield part, row
                    row += part.num_rows
        except (pa.ArrowException, OSError) as cause:
            raise _damaged(self.name, self.format, cause) from cause

    def parse(self, block: tuple[pa.RecordBatch, int], fields: list[Field]) -> pa.RecordBatch | None:
        batch, first = block
        arrays = [self._column(batch, field.column) for field in fields]
        for field, array in zip(fields, arrays):
            try:
                array.validate(full=True)
            except pa.ArrowInvalid as cause:
                raise FormatError(
                    "E0103",
                    f"column {field.column!r}: {cause}",
                    place=f"{self.name}:from row {first}",
                    remedy="write it as UTF-8",
                ) from cause
        return pa.RecordBatch.from_arrays(arrays, names=[field.column for field in fields])

    def _column(self, batch: pa.RecordBatch, column: str) -> pa.Array:
        way = self._ways.get(column)
        return batch.column(column) if way is None else pc.struct_field(batch.column(way[0]), way[1:])

    def records(self, block: tuple[pa.RecordBatch, int]) -> Iterator[Record | BadRow]:
        batch, first = block
        names = batch.schema.names
        for row, values in enumerate(zip(*map(_values, batch.columns)), start=first):
            place = f"{self.name}:row {row}"
            refused = next((at for at, value in enumerate(values) if isinstance(value, Refused)), None)
            if refused is None:
                yield Record(row, place, dict(zip(names, values)))
            else:
                yield BadRow.of(row, place, names[refused], values[refused])


def _fields(name: str, kind: pa.DataType) -> Iterator[tuple[str, list[str]]]:
    """The fields of an object, and of objects in it: their dotted names, and the way to each."""
    if pa.types.is_struct(kind):
        for field in kind:
            yield f"{name}.{field.name}", [name, field.name]
            yield from ((f"{name}.{path}", [name, *way]) for path, way in _fields(field.name, field.type))


def _values(column: pa.Array) -> list:
    """The values as Python holds them; Refused in place of one that it cannot hold, such as a day in the year 12,921."""
    try:
        return column.to_pylist() if not _has_instants(column.type) else [_plain(value) for value in column.to_pylist()]
    except (ValueError, OverflowError):
        return [_value(one) for one in column]


def _has_instants(kind: pa.DataType) -> bool:
    """Whether values of a type are, or hold, what JSON has no form for: dates and decimals."""
    if pa.types.is_dictionary(kind):
        return _has_instants(kind.value_type)
    if pa.types.is_nested(kind):
        return any(_has_instants(kind.field(at).type) for at in range(kind.num_fields))
    return pa.types.is_temporal(kind) or pa.types.is_decimal(kind)


def _value(scalar: pa.Scalar) -> Any:
    try:
        return _plain(scalar.as_py())
    except (ValueError, OverflowError) as cause:
        shown = str(scalar.cast(pa.string())) if pa.types.is_temporal(scalar.type) else str(scalar.type)
        return Refused("E0104", f"a date or time that cannot be held: {cause}", shown, "write it as text, or correct it")


def parquet_file(path: Path) -> Columnar:
    def batches(columns: list[str] | None) -> Iterator[pa.RecordBatch]:
        with parquet.ParquetFile(path) as file:
            yield from file.iter_batches(_ROWS, columns=columns)

    try:
        schema = parquet.read_schema(path)
    except (pa.ArrowException, OSError) as cause:
        raise _damaged(str(path), "Parquet", cause) from cause
    return Columnar(str(path), "Parquet", schema, batches)


def arrow_file(path: Path) -> Columnar:
    """An IPC file (also called Feather) or an IPC stream."""

    def batches(columns: list[str] | None) -> Iterator[pa.RecordBatch]:
        with pa.OSFile(str(path)) as stream:
            reader = _ipc_reader(stream)
            if isinstance(reader, pa.RecordBatchFileReader):
                yield from (reader.get_batch(number) for number in range(reader.num_record_batches))
            else:
                yield from reader

    try:
        with pa.OSFile(str(path)) as stream:
            schema = _ipc_reader(stream).schema
    except (pa.ArrowException, OSError) as cause:
        raise _damaged(str(path), "Arrow", cause) from cause
    return Columnar(str(path), "Arrow", schema, batches)


def _ipc_reader(stream: pa.NativeFile) -> pa.RecordBatchFileReader | pa.RecordBatchStreamReader:
    is_file = stream.read(len(_ARROW_MAGIC)) == _ARROW_MAGIC
    stream.seek(0)
    return pa.ipc.open_file(stream) if is_file else pa.ipc.open_stream(stream)


def arrow_stream(frame: Any) -> Columnar:
    """A data frame or table. The first reading uses the stream that told the names: some objects give only one."""
    name = f"the {type(frame).__name__}"

    def open_stream() -> pa.RecordBatchReader:
        try:
            return pa.RecordBatchReader.from_stream(frame)
        except (pa.ArrowException, TypeError, ValueError) as cause:
            reason = str(cause).splitlines()[0][:200]
            raise InputError(
                "E0104", f"the rows cannot be read as Arrow: {reason}", place=name, remedy="give each column values of one type"
            ) from cause

    waiting = [open_stream()]
    return Columnar(name, "Arrow stream", waiting[0].schema, lambda _: waiting.pop() if waiting else open_stream())


def hf_dataset(dataset: Any) -> Columnar:
    """A Dataset or IterableDataset of Hugging Face: it gives Arrow tables through its own ``with_format``."""

    def batches(columns: list[str] | None) -> Iterator[pa.RecordBatch]:
        for table in dataset.with_format("arrow").iter(batch_size=_ROWS):
            yield from table.to_batches()

    if dataset.features is None:
        raise InputError(
            "E0105",
            "the data set does not know its columns",
            place="the data set",
            remedy="call .resolve_features() or give a file",
        )
    return Columnar(f"the {type(dataset).__name__}", "Hugging Face data set", dataset.features.arrow_schema, batches)


def _damaged(name: str, format: str, cause: Exception) -> FormatError:
    reason = str(cause).splitlines()[0][:200]
    return FormatError("E0112", f"not a whole {format} file: {reason}", place=name, remedy="write or copy it again")


def _plain(value: Any) -> Any:
    """A value as JSON has it: dates as ISO text, decimals as numbers."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return float(value) if isinstance(value, decimal.Decimal) else value
