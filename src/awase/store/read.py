"""Small files read with a limit on their size, and the errors that say what was wrong."""

import json
import os
import stat
from io import BufferedReader
from pathlib import Path

from awase.core.errors import FormatError, InputError, LimitError
from awase.core.limits import MAX_JSON_BYTES


def regular(path: Path | str) -> BufferedReader:
    """An opened regular file. A pipe or a device, which could keep us waiting for ever, is refused.

    Raises: InputError E0304.
    """
    try:
        stream = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - Path.open takes no opener
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from error
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise unreadable(path, "it is a pipe or a device, not a file")
    return stream


def whole(path: Path | str, limit: int = MAX_JSON_BYTES) -> bytes:
    """The content of a file of at most ``limit`` bytes.

    Raises: InputError E0304 when it cannot be read, LimitError E0310 when it is larger.
    """
    with regular(path) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise LimitError(
            "E0310", f"the file is larger than {limit:,} bytes", place=str(path), remedy="it is not a file that Awase wrote"
        )
    return content


def json_object(path: Path | str) -> dict:
    """The JSON object in a UTF-8 file.

    Raises: FormatError E0316 when it is not one; else as ``whole``.
    """
    content = whole(path)
    try:
        value = json.loads(content.decode())
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise _not_json(path, str(error)) from error
    if not isinstance(value, dict):
        raise _not_json(path, f"an object is expected, this is a {type(value).__name__}")
    return value


def unreadable(path: Path | str, why: str) -> InputError:
    """The error for a file that cannot be read."""
    return InputError("E0304", f"cannot read this: {why}", place=str(path), remedy="check the path and its permissions")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _not_json(path: Path | str, why: str) -> FormatError:
    return FormatError("E0316", f"not a valid JSON file: {why}", place=str(path), remedy="restore the file from a copy")
