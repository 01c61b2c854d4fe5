"""Parquet files, Arrow IPC files and streams, and anything with ``__arrow_c_stream__`` (pandas, polars, HF datasets)."""

import datetime
import decimal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from awase.core.errors import FormatError, InputError
from awase.data.rows import Field, Record

_ROWS = 65_536  # rows of one block
_ARROW_MAGIC = b"ARROW1"


class Columnar:
    """Rows that are Arrow already. ``batches(columns)`` starts reading anew; None asks for all columns."""

    encoding = "Arrow"

    def __init__(
        self, name: str, format: str, columns: list[str], batches: Callable[[list[str] | None], Iterable[pa.RecordBatch]]
    ):
        self.name, self.format, self.columns, self._batches = name, format, columns, batches

    def blocks(self, columns: list[str] | None) -> Iterator[tuple[pa.RecordBatch, int]]:
        """Batches of bounded size, each with the number of its first row, counted from 1."""
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
        for field in fields:
            try:
                batch.column(field.column).validate(full=True)
            except pa.ArrowInvalid as cause:
                raise FormatError(
                    "E0103",
                    f"column {field.column!r}: {cause}",
                    place=f"{self.name}:from row {first}",
                    remedy="write it as UTF-8",
                ) from cause
        return batch.select([field.column for field in fields])

    def records(self, block: tuple[pa.RecordBatch, int]) -> Iterator[Record]:
        batch, first = block
        for row, values in enumerate(batch.to_pylist(), start=first):
            yield Record(row, f"{self.name}:row {row}", {key: _plain(value) for key, value in values.items()})


def parquet_file(path: Path) -> Columnar:
    def batches(columns: list[str] | None) -> Iterator[pa.RecordBatch]:
        with parquet.ParquetFile(path) as file:
            yield from file.iter_batches(_ROWS, columns=columns)

    try:
        names = parquet.read_schema(path).names
    except (pa.ArrowException, OSError) as cause:
        raise _damaged(str(path), "Parquet", cause) from cause
    return Columnar(str(path), "Parquet", names, batches)


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
            names = _ipc_reader(stream).schema.names
    except (pa.ArrowException, OSError) as cause:
        raise _damaged(str(path), "Arrow", cause) from cause
    return Columnar(str(path), "Arrow", names, batches)


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
    return Columnar(name, "Arrow stream", waiting[0].schema.names, lambda _: waiting.pop() if waiting else open_stream())


def hf_dataset(dataset: Any) -> Columnar:
    """A Dataset or IterableDataset of Hugging Face: it gives Arrow tables through its own ``with_format``."""

    def batches(columns: list[str] | None) -> Iterator[pa.RecordBatch]:
        for table in dataset.with_format("arrow").iter(batch_size=_ROWS):
            yield from table.to_batches()

    if dataset.column_names is None:
        raise InputError(
            "E0105",
            "the data set does not know its columns",
            place="the data set",
            remedy="call .resolve_features() or give a file",
        )
    return Columnar(f"the {type(dataset).__name__}", "Hugging Face data set", list(dataset.column_names), batches)


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
