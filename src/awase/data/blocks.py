"""A text file as blocks of whole records, in bounded memory: the one place that reads its bytes."""

import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import pyarrow as pa

from awase.core.errors import AwaseError, FormatError, InputError, missing_extra
from awase.core.limits import MAX_LINE_BYTES
from awase.data.encodings import Encoding, command, decoded, is_iso_2022_jp, likely, wide_encoding_of
from awase.data.magic import refuse_others
from awase.data.rows import BadRow
from awase.kernels.lazy import njit

BLOCK_BYTES = 4 << 20
_CODED_BYTES = 1 << 16  # of a compressed file, at a time
_ARROW_WINDOW = 1 << 27  # the longest of zstd that Arrow's codec takes
_BOM = b"\xef\xbb\xbf"
_HEAD_BYTES = 1 << 18  # of a file, to tell its encoding by
_SHOWN = 40  # characters of a line as it would read


class Block(NamedTuple):
    """Whole records, each with its line end; ``line`` is the number of the first line, counted from 1."""

    data: bytes
    line: int


def open_bytes(path: Path) -> pa.NativeFile | IO[bytes]:
    """The bytes of a file, decompressed by its last suffix (.gz, .bz2, .zst, .lz4)."""
    try:
        if path.suffix.lower() == ".zst" and (_has_zstandard() or _window(path) > _ARROW_WINDOW):
            return _LongWindow(path)  # the first frame may be short, and those after it of any window
        return pa.input_stream(str(path), compression="detect")
    except FileNotFoundError as cause:
        raise InputError("E0101", "there is no such file", place=str(path), remedy="check the path") from cause
    except OSError as cause:
        raise InputError("E0101", f"the file cannot be read: {cause.strerror or cause}", place=str(path)) from cause


def _has_zstandard() -> bool:
    return find_spec("zstandard") is not None


def _window(path: Path) -> int:
    """How far back the first frame of a zstd file may refer, in bytes (RFC 8878, section 3.1.1.1); 0 if it does not say."""
    with path.open("rb") as stream:
        head = stream.read(6)
    if len(head) < 6 or head[:4] != b"\x28\xb5\x2f\xfd" or head[4] & 0x20:
        return 0
    base = 1 << (10 + (head[5] >> 3))
    return base + (base >> 3) * (head[5] & 7)


class _LongWindow(io.RawIOBase):
    """A zstd file whose window Arrow refuses: dumps of Pushshift have 2 GB. One frame or several."""

    def __init__(self, path: Path):
        try:
            import zstandard
        except ModuleNotFoundError as cause:
            raise missing_extra("homophily", "zstandard") from cause
        self._error = zstandard.ZstdError
        self._file = path.open("rb")
        self._codec = zstandard.ZstdDecompressor(max_window_size=1 << 31)
        self._frame, self._given, self._ready = self._codec.decompressobj(), False, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer, /) -> int:
        while not self._ready:
            data = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame, self._given = self._codec.decompressobj(), False
            data = data or self._file.read(_CODED_BYTES)
            if not data:
                if self._given:
                    raise OSError("it ends within a frame")
                return 0
            self._given = True
            try:
                self._ready = self._frame.decompress(data)
            except self._error as cause:
                raise OSError(str(cause)) from cause
        view = memoryview(buffer)
        n = min(len(view), len(self._ready))
        view[:n], self._ready = self._ready[:n], self._ready[n:]
        return n

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def read_blocks(path: Path, end_of_records: Callable[[bytes], int]) -> Iterator[Block | BadRow]:
    """Blocks of a file. ``end_of_records(data)`` is where the last whole record of ``data`` ends, 0 when none does.

    A byte order mark is dropped. A record longer than MAX_LINE_BYTES, or one that the file ends within, costs its first line:
    it is yielded as a BadRow and reading goes on with the next line.
    """
    with open_bytes(path) as stream:
        held, line, at_end = _read(stream, path, BLOCK_BYTES), 1, False
        refuse_other_files(held, path)
        held = held.removeprefix(_BOM)
        while held:
            cut = end_of_records(held)
            if cut:
                yield Block(held[:cut], line)
                line += held.count(b"\n", 0, cut)
                held = held[cut:]
            elif at_end or len(held) > MAX_LINE_BYTES:
                bad, held = _refuse_line(held, line, path, stream)
                yield bad
                line += 1
            more = b"" if at_end else _read(stream, path, min(BLOCK_BYTES, max(1, MAX_LINE_BYTES + 1 - len(held))))
            if not more and not at_end:
                at_end = True
                more = b"" if held.endswith(b"\n") or not held else b"\n"
            held += more


def refuse_other_files(head: bytes, path: Path) -> None:
    """Raises for a file that is no text, or not in UTF-8, by how it begins."""
    refuse_others(head, path)
    encoding = wide_encoding_of(head)
    if encoding is not None:
        raise FormatError(
            "E0103",
            f"the file is {encoding.name}, not UTF-8",
            place=f"{path}:1:1",
            value=head[:2],
            remedy=command(str(path), encoding),
        )


def refuse_escapes(block: Block, path: Path) -> None:
    """Raises for the first block of a file in ISO-2022-JP. Mails may be in it, and say so; files of rows and corpora may not."""
    if is_iso_2022_jp(block.data):
        encoding = Encoding("ISO-2022-JP", "iso2022_jp")
        raise FormatError(
            "E0103",
            "the file is ISO-2022-JP, not UTF-8",
            place=str(path),
            value=block.data[:_SHOWN],
            remedy=command(str(path), encoding),
        )


def not_utf8(name: str, line: int, text: bytes, cause: UnicodeDecodeError) -> BadRow:
    """The refusal of bytes that are not UTF-8, with the line and byte (both from 1) where they stand, and the encoding they may be in."""
    before = text[: cause.start]
    line, byte = line + before.count(b"\n"), cause.start - (before.rfind(b"\n") + 1) + 1
    shown = text[max(0, cause.start - 20) : cause.start + 20]
    return BadRow(
        line, f"{name}:{line}:{byte}", "", "E0103", f"not UTF-8: byte 0x{text[cause.start]:02x} at {byte}", shown, _advice(name, text, cause),
    )  # fmt: skip


def _advice(name: str, text: bytes, cause: UnicodeDecodeError) -> str:
    encoding = _encoding_of_file(name) or likely(text)
    whole = text[text.rfind(b"\n", 0, cause.start) + 1 :].partition(b"\n")[0]
    reads = decoded(whole, encoding) if encoding else None
    if encoding is None or reads is None:
        return "save the file as UTF-8: iconv -f ENCODING -t UTF-8 (`iconv -l` lists the encodings), or leave such rows out: --on-bad skip"
    return f"it may be {encoding.name}, and read {reads.strip()[:_SHOWN]!r}: {command(name, encoding)}"


@lru_cache(maxsize=4)
def _encoding_of_file(name: str) -> Encoding | None:
    """By how the file begins; None where that is UTF-8. Kept, as with --on-bad skip every line may ask."""
    try:
        with open_bytes(Path(name)) as stream:
            head = stream.read(_HEAD_BYTES)
    except (OSError, AwaseError):
        return None
    return (
        None
        if head.isascii() or decoded(head[: head.rfind(b"\n") + 1], Encoding("UTF-8", "utf-8")) is not None
        else likely(head)
    )


def _read(stream: pa.NativeFile | IO[bytes], path: Path, n_bytes: int) -> bytes:
    try:
        return stream.read(n_bytes)
    except OSError as cause:
        if "requires too much memory" in str(cause):  # Arrow's codec, of a zstd frame after the first
            raise missing_extra("homophily", "zstandard") from cause
        raise FormatError(
            "E0112", f"the compressed file is damaged: {cause}", place=str(path), remedy="copy or compress it again"
        ) from cause


def _refuse_line(held: bytes, line: int, path: Path, stream: pa.NativeFile | IO[bytes]) -> tuple[BadRow, bytes]:
    """The refusal of a first line that is too long or opens a quote for good, and what comes after it."""
    end = held.find(b"\n") + 1
    value = held[:80].decode("utf-8", "replace")
    place = f"{path}:{line}"
    if 0 < end <= MAX_LINE_BYTES:
        problem = f"a quote is opened and not closed within {MAX_LINE_BYTES:,} bytes or by the end of the file"
        return BadRow(
            line, place, "", "E0107", problem, value, 'close the quote; a quote inside a quoted value is written ""'
        ), held[end:]
    while not end and held:
        held = _read(stream, path, BLOCK_BYTES)
        end = held.find(b"\n") + 1
    problem = f"the line is longer than {MAX_LINE_BYTES:,} bytes"
    return BadRow(line, place, "", "E0110", problem, value, "cut its texts into passages"), held[end:]


def end_of_lines(data: bytes) -> int:
    """Where the last whole line ends: records of formats that have no quoting.

    >>> end_of_lines(b"one\\ntwo\\nthr")
    8
    """
    return data.rfind(b"\n") + 1


def end_of_csv_records(data: bytes, delimiter: str = ",") -> int:
    """Where the last whole CSV record ends: a line end within quotes is part of a value.

    >>> end_of_csv_records(b'a,"one\\ntwo"\\nb,"thr')
    12
    """
    if b'"' not in data:
        return end_of_lines(data)
    return int(_csv_end(np.frombuffer(data, dtype=np.uint8), ord(delimiter)))


_QUOTE, _NEWLINE = ord('"'), ord("\n")


@njit(cache=True, nogil=True)
def _csv_end(data, delimiter):
    """A quote means something only at the start of a value, and within a quoted one; after the closing quote it is plain."""
    end, at_start, quoted = 0, True, False
    i = 0
    while i < data.size:
        byte = data[i]
        if quoted:
            if byte == _QUOTE:
                if i + 1 < data.size and data[i + 1] == _QUOTE:
                    i += 1
                else:
                    quoted, at_start = False, False
        elif byte == _NEWLINE:
            end, at_start = i + 1, True
        elif byte == delimiter:
            at_start = True
        else:
            quoted = at_start and byte == _QUOTE
            at_start = False
        i += 1
    return end


def _csv_end_twin(data: bytes, delimiter: bytes = b",") -> int:
    """The same in words: cut at every line end before which all values are closed."""
    end = position = 0
    while position < len(data):
        position, closed = _skip_record(data, position, delimiter)
        if closed:
            end = position
    return end


def _skip_record(data: bytes, position: int, delimiter: bytes) -> tuple[int, bool]:
    while True:
        if data[position : position + 1] == b'"':
            position += 1
            while (closing := data.find(b'"', position)) >= 0 and data[closing + 1 : closing + 2] == b'"':
                position = closing + 2
            if closing < 0:
                return len(data), False
            position = closing + 1
        ends = [found for found in (data.find(delimiter, position), data.find(b"\n", position)) if found >= 0]
        if not ends:
            return len(data), False
        position = min(ends) + 1
        if data[position - 1] == _NEWLINE:
            return position, True
