"""The text of a file, or why there is none: too large, binary, of an encoding that is not known, unreadable, gone."""

import codecs
import os
import stat
from pathlib import Path
from typing import NamedTuple

from awase.core.limits import MAX_FILE_BYTES
from awase.data.folders.walk import BINARY

_HEAD = 8 << 10  # bytes in which a NUL says that a file is no text
_MARKS = (  # the longer ones first
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip


class Content(NamedTuple):
    """The bytes of a file, or ``why`` there are none; its stat as it was when it was read, None if it could not be opened."""

    data: bytes
    status: os.stat_result | None
    why: str = ""


GONE = "it vanished while the folder was read"


def content(path: Path) -> Content:
    """What is in a regular file of at most ``MAX_FILE_BYTES``. A link is not followed, a pipe not waited for."""
    status = None
    try:
        with open(path, "rb", opener=_without_following) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                return Content(b"", None, "it is no file any more")
            data = b"" if status.st_size > MAX_FILE_BYTES else stream.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return Content(b"", None, GONE)
    except OSError as error:
        return Content(b"", status, f"it cannot be read: {error.strerror}")
    if status.st_size > MAX_FILE_BYTES or len(data) > MAX_FILE_BYTES:
        return Content(b"", status, f"it is larger than {MAX_FILE_BYTES >> 20} MB")
    return Content(data, status)


def _without_following(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def decoded(data: bytes) -> tuple[str, str]:
    """(text, "") or ("", why there is none). UTF-8, and UTF-16 and UTF-32 that begin with their mark; lines end with "\\n".

    >>> decoded("wine\\r\\nワイン".encode())
    ('wine\\nワイン', '')
    >>> decoded(b"\\x89PNG\\0")[1]
    'binary'
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    if encoding == "utf-8" and b"\0" in data[:_HEAD]:
        return "", BINARY
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return "", f"its encoding is not known: line {line} is not UTF-8"
    return text.replace("\r\n", "\n").replace("\r", "\n"), ""
