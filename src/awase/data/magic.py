"""What a file is by its first bytes, where its name says that it is text."""

import shlex
from pathlib import Path

from awase.core.errors import FormatError

# The first bytes, what such a file is called, and what to do; {file} is its path, {name} its name.
_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive", "unzip {file}, and give the file that was in it"),
    (b"PK\x05\x06", "an empty zip archive", "write it again"),
    (b"\x1f\x8b", "compressed with gzip", "rename it to {name}.gz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "rename it to {name}.zst"),
    (b"\x04\x22\x4d\x18", "compressed with lz4", "rename it to {name}.lz4"),
    (b"\xfd7zXZ\0", "compressed with xz", "xz -dk < {file} > unpacked-{name}"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it, and give the file that was in it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "rename a workbook to .xls; save any other as CSV (UTF-8)"),
    (b"PAR1", "Parquet", "rename it to .parquet"),
    (b"ARROW1\0\0", "Arrow", "rename it to .arrow"),
    (b"%PDF-", "a PDF", "PDF holds no rows: save its table as CSV (UTF-8)"),
    (
        b"SQLite format 3\0",
        "a SQLite database",
        "export its table: sqlite3 -csv -header {file} 'select * from TABLE' > table.csv",
    ),
)
_BZIP2 = b"1AY&SY"  # after BZh and a digit


def refuse_others(head: bytes, path: Path) -> None:
    """Raises FormatError E0163 for a file that is known not to be text."""
    for magic, kind, remedy in _KINDS:
        if head.startswith(magic):
            raise _refusal(path, *_of_zip(head, kind, remedy))
    if head[4:10] == _BZIP2 and head.startswith(b"BZh"):
        raise _refusal(path, "compressed with bzip2", "rename it to {name}.bz2")


def _of_zip(head: bytes, kind: str, remedy: str) -> tuple[str, str]:
    """Office documents are zip archives too."""
    if b"xl/" in head or (b"[Content_Types].xml" in head and b"word/" not in head):
        return "an Excel workbook", "rename it to .xlsx, or save it as CSV (UTF-8)"
    return ("a Word document", "save its table as CSV (UTF-8)") if b"word/" in head else (kind, remedy)


def _refusal(path: Path, kind: str, remedy: str) -> FormatError:
    return FormatError(
        "E0163", f"the file is {kind}, not text as its name says", place=str(path),
        remedy=remedy.format(file=shlex.quote(str(path)), name=path.name),
    )  # fmt: skip
