"""Small files read with a limit on their size, and the errors that say what was wrong."""

import json
from pathlib import Path

from awase.core.errors import FormatError, InputError, LimitError
from awase.core.limits import MAX_JSON_BYTES


def whole(path: Path | str, limit: int = MAX_JSON_BYTES) -> bytes:
    """The content of a file of at most ``limit`` bytes.

    Raises: InputError E0304 when it cannot be read, LimitError E0310 when it is larger.
    """
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise unreadable(path, error) from error
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


def unreadable(path: Path | str, error: OSError) -> InputError:
    """The error for a file that the system does not let us read."""
    return InputError(
        "E0304", f"cannot read this: {error.strerror or error}", place=str(path), remedy="check the path and its permissions"
    )


def _not_json(path: Path | str, why: str) -> FormatError:
    return FormatError("E0316", f"not a valid JSON file: {why}", place=str(path), remedy="restore the file from a copy")
