"""What a cache notes of each file, and of the whole."""

import json
from collections.abc import Mapping
from typing import NamedTuple

ABOUT = "/"  # the key of the note about the whole; no path of a file is this


class Note(NamedTuple):
    """What a cache knows of a file. ``at``: where its passages begin, as in their ids; ``why`` it has none."""

    stamp: str
    hash: str = ""
    at: tuple[str, ...] = ()
    why: str = ""

    def text(self) -> str:
        return f"{self.stamp}\n{json.dumps([self.why, self.hash, *self.at], ensure_ascii=False)}"

    @classmethod
    def of(cls, text: str) -> "Note":
        its_stamp, _, rest = text.partition("\n")
        why, digest, *at = json.loads(rest)
        return cls(its_stamp, digest, tuple(at), why)


def why_not_read(notes: Mapping[str, str]) -> dict[str, str]:
    """path -> why there is no text of it, of the notes of a cache."""
    empty = '\n["", '  # so that the notes of most files, which have text, are not parsed
    return {path: Note.of(text).why for path, text in notes.items() if path != ABOUT and empty not in text}
