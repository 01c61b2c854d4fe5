"""What a task shows beside the measures: tables, and pictures given as files."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from awase.core.errors import InputError
from awase.tasks.report.words import value as _value

_FILE_NAME = re.compile(r"[\w-]+", re.ASCII)
_PNG, _SVG = "image/png", "image/svg+xml"


class Table(NamedTuple):
    """Rows under headings, the first column being names, and what they show in a sentence.

    Numbers are written as people read them: 1,074 and 0.342; None is a dash.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str | float | int | None]]
    words: str = ""

    def as_dict(self) -> dict:
        """As in ``report.json``. Raises E0809 when a row has not one cell for each heading."""
        for i, row in enumerate(self.rows):
            if len(row) != len(self.heads):
                message = f"a row of a table needs {len(self.heads)} cells, one for each heading"
                raise InputError("E0809", message, place=f"table {self.title!r}, row {i}", value=len(row))
        return {"title": self.title, "heads": list(self.heads), "rows": [list(row) for row in self.rows], "words": self.words}


class Picture(NamedTuple):
    """A drawing as the bytes of a PNG or SVG file, with a heading and what it shows in a sentence. ``name`` is its file's, without suffix."""

    name: str
    title: str
    content: bytes
    words: str

    def as_dict(self) -> dict:
        """As in ``report.json``: the bytes in base64. Raises E0809 when they are neither PNG nor SVG."""
        if not _FILE_NAME.fullmatch(self.name):
            message = "a picture's file name is made of letters, digits, - and _"
            raise InputError("E0809", message, place=f"picture {self.title!r}", value=self.name)
        start = self.content[:200].lstrip()
        kind = _PNG if start.startswith(b"\x89PNG") else _SVG if start.startswith((b"<svg", b"<?xml")) else None
        if kind is None:
            raise InputError("E0809", "a picture is a PNG or an SVG", place=f"picture {self.title!r}", value=start[:20])
        content = base64.b64encode(self.content).decode()
        file = f"{self.name}.{'png' if kind == _PNG else 'svg'}"
        return {"file": file, "title": self.title, "words": self.words, "type": kind, "base64": content}


def pictures_of(pictures: Sequence[Mapping[str, str]]) -> dict[str, bytes]:
    """The files of a report's pictures."""
    return {picture["file"]: base64.b64decode(picture["base64"]) for picture in pictures}


def cell(value: str | float | int | None) -> str:
    """A cell of a table as people read it.

    >>> cell(1074), cell(0.34249), cell(None), cell(-2.5)
    ('1,074', '0.342', '–', '−2.500')
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    return f"{value:,}".replace("-", "−") if isinstance(value, int) else _value(value)
