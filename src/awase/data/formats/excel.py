"""Workbooks of Excel and LibreOffice, read by python-calamine (the extra "excel")."""

import datetime
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from awase.core.errors import FormatError, InputError, LimitError, MissingExtra
from awase.core.limits import MAX_WORKBOOK_BYTES
from awase.data.rows import Field, Record

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_ROWS = 65_536  # rows of one block


class Workbook:
    """The first sheet of a workbook that has rows. Its first row that is not blank names the columns; blank cells are missing."""

    format, encoding = "Excel", "Unicode"

    def __init__(self, path: Path):
        try:
            import python_calamine as calamine
        except ModuleNotFoundError as cause:
            raise MissingExtra(
                "E0001", "a workbook needs the library 'python-calamine', which is not installed", place=str(path),
                remedy="pip install 'awase[excel]', or save the sheet as CSV (UTF-8)",
            ) from cause  # fmt: skip
        _refuse_bombs(path)
        try:
            with calamine.load_workbook(path) as book:
                sheets = ((name, book.get_sheet_by_name(name)) for name in book.sheet_names)
                rows = next(((name, sheet.to_python(skip_empty_area=False)) for name, sheet in sheets if sheet.height), None)
        except calamine.CalamineError as cause:
            raise FormatError(
                "E0164", f"the workbook cannot be read: {str(cause)[:200] or type(cause).__name__}", place=str(path),
                remedy="open it, take a password off if it has one, and save it again, or save the sheet as CSV (UTF-8)",
            ) from cause  # fmt: skip
        sheet, self._rows = rows or ("", [])
        self.name = f"{path} (sheet {sheet!r})"
        self._first = next((at for at, row in enumerate(self._rows) if any(map(_is_filled, row))), None)
        if self._first is None:
            raise InputError("E0106", "the workbook has no rows", place=str(path), remedy="give a sheet with at least one row")
        header = self._rows[self._first]
        width = max(at + 1 for at, value in enumerate(header) if _is_filled(value))
        self.columns = [
            str(_plain(value)).strip() if _is_filled(value) else str(at) for at, value in enumerate(header[:width], start=1)
        ]

    def blocks(self, columns: list[str] | None) -> Iterator[int]:
        assert self._first is not None
        yield from range(self._first + 1, len(self._rows), _ROWS)

    def parse(self, block: int, fields: list[Field]) -> pa.RecordBatch | None:
        return None  # Python objects: the exact way is the only one

    def records(self, block: int) -> Iterator[Record]:
        for at, row in enumerate(islice(self._rows, block, block + _ROWS), start=block + 1):
            if any(map(_is_filled, row)):
                yield Record(at, f"{self.name}:row {at}", {name: _plain(value) for name, value in zip(self.columns, row)})


def _is_filled(value: Any) -> bool:
    return value is not None and value != ""


def _plain(value: Any) -> Any:
    """A cell as JSON has it: workbooks know no whole numbers, so 7.0 is 7."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value)
    return value if _is_filled(value) else None


def _refuse_bombs(path: Path) -> None:
    """A workbook is held in memory: what it unpacks to is looked at first."""
    try:
        with path.open("rb") as stream:
            size = sum(part.file_size for part in zipfile.ZipFile(stream).infolist())
    except (zipfile.BadZipFile, OSError):
        size = path.stat().st_size  # .xls is no archive; what is damaged is told by its reader
    if size > MAX_WORKBOOK_BYTES:
        raise LimitError(
            "E0110", f"the workbook unpacks to {size:,} bytes; at most {MAX_WORKBOOK_BYTES:,} are allowed", place=str(path),
            remedy="save the sheet as CSV (UTF-8), which is read in parts",
        )  # fmt: skip
