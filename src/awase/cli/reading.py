"""Texts of a file, for the verbs that want texts alone."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from awase.core.errors import FormatError, InputError

_LINES = 4_096  # of a plain text file at a time


class Texts:
    """The texts of a file of documents, or of a .txt file with one a line, some thousands at a time; can be read again.

    Ids are not needed and not looked at. Raises, when read, InputError E0101 for a missing file, FormatError E1051 for a line that
    is not UTF-8, and what ``read_documents`` raises.
    """

    def __init__(self, path: Path, columns: dict[str, str] | None = None):
        self._path, self._columns = path, columns or {}

    def __iter__(self) -> Iterator[list[str]]:
        if self._path.suffix.lower() == ".txt":
            return self._lines()
        return (batch.texts for batch in self._documents())

    def _documents(self) -> Iterable:
        from awase.data.documents import ROW_NUMBERS, read_documents

        return read_documents(self._path, columns={"id": ROW_NUMBERS, **self._columns})

    def _lines(self) -> Iterator[list[str]]:
        if not self._path.is_file():
            raise InputError("E0101", "there is no such file", place=str(self._path), remedy="check the path")
        from awase.data.blocks import refuse_other_files

        with self._path.open("rb") as stream:
            refuse_other_files(stream.peek(), self._path)
            numbered = enumerate(stream, start=1)
            while lines := list(islice(numbered, _LINES)):
                yield [self._decoded(line, number) for number, line in lines]

    def _decoded(self, line: bytes, number: int) -> str:
        from awase.data.encodings import command, likely

        try:
            return line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            encoding = likely(line)
            place = f"{self._path}:{number}:{error.start + 1}"
            raise FormatError(
                "E1051", "the text is not UTF-8", place=place, value=line[error.start : error.start + 8],
                remedy=f"it may be {encoding.name}: {command(str(self._path), encoding)}" if encoding else "save it as UTF-8",
            ) from None  # fmt: skip
