"""The names of a table's rows: a list that also knows the row of a name, kept as UTF-8 bytes and offsets so that a name may hold anything."""

import difflib
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from itertools import islice, pairwise
from typing import overload

import numpy as np

from awase.core.errors import InputError, MissingExtra
from awase.data.text.casefold import nfkc_casefold

_LOOKED_AT = 2_000  # names compared with one that is not there


class Names(Sequence[str]):
    """Names in the order of their rows.

    table: how errors call the table. Raises: InputError E0421 for what is not text, or stands twice.

    >>> names = Names(["red", "赤い"])
    >>> len(names), names[1], names.row("red"), names.offsets.tolist()
    (2, '赤い', 0, [0, 3, 9])
    """

    def __init__(self, names: Sequence[str], table: str = "names"):
        self._names, self._what = list(names), table
        try:
            self._rows = {name: row for row, name in enumerate(self._names)}
            encoded = "".join(self._names).encode()
        except (TypeError, UnicodeEncodeError):
            row = next(row for row, name in enumerate(self._names) if not _is_text(name))
            raise InputError(
                "E0421",
                f"a name of table {table!r} is not text",
                place=f"row {row}",
                value=self._names[row],
                remedy="give text",
            ) from None
        if len(self._rows) < len(self._names):
            row = next(row for row, name in enumerate(self._names) if self._rows[name] != row)
            raise InputError(
                "E0421", f"a name stands twice in table {table!r}", place=f"rows {row} and {self._rows[self._names[row]]}",
                value=self._names[row], remedy="give each row a name of its own",
            )  # fmt: skip
        self._encoded = encoded

    @classmethod
    def of_bytes(cls, utf8: np.ndarray, offsets: np.ndarray, table: str = "names") -> "Names":
        """The names whose bytes are utf8[offsets[i]:offsets[i + 1]]. Raises: InputError E0421."""
        whole = utf8.dtype == np.uint8 and offsets.dtype == np.int64 and utf8.ndim == offsets.ndim == 1 and len(offsets) > 0
        if not (whole and offsets[0] == 0 and offsets[-1] == len(utf8) and (np.diff(offsets) >= 0).all()):
            raise InputError("E0421", f"the offsets of the names of {table!r} do not fit", remedy="save the model again")
        raw, edges = utf8.tobytes(), offsets.tolist()
        try:
            return cls([raw[start:stop].decode() for start, stop in pairwise(edges)], table)
        except UnicodeDecodeError:
            raise InputError("E0421", f"the names of table {table!r} are not UTF-8", remedy="save the model again") from None

    @property
    def utf8(self) -> np.ndarray:
        """uint8: the bytes of all names, one after the other."""
        return np.frombuffer(self._encoded, np.uint8)

    @property
    def offsets(self) -> np.ndarray:
        """int64 (n + 1,): where each name starts, and the end."""
        if len(self._encoded) == sum(map(len, self._names)):  # ASCII: a character is a byte
            lengths = list(map(len, self._names))
        else:
            lengths = [len(name.encode()) for name in self._names]
        return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)

    def row(self, name: str) -> int:
        """The row of a name. Raises: InputError E0420, with the names that look most like it."""
        found = self._rows.get(name) if isinstance(name, str) else None
        if found is None:
            raise InputError(
                "E0420", f"there is no name like this among the {len(self):,} of {self._what!r}", value=name,
                remedy=self._hint(name) if isinstance(name, str) else "give text",
            )  # fmt: skip
        return found

    def _hint(self, name: str) -> str:
        # Comparing with a million names takes seconds: only those of about this length that begin or end alike are looked at.
        lower, some = name.lower(), range(len(name) - 1, len(name) + 2)
        alike = (
            one for one in self._names
            if len(one) in some and one and name and (one[0].lower() == lower[0] or one[-1].lower() == lower[-1])
        )  # fmt: skip
        by_form = {one.lower(): one for one in islice(alike, _LOOKED_AT)}
        near = [by_form[form] for form in difflib.get_close_matches(lower, by_form, n=3, cutoff=0.6)]
        return (
            f"did you mean {' or '.join(map(repr, near))}?"
            if near
            else f"names look like {', '.join(map(repr, self._names[:3]))}"
        )

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...

    def __getitem__(self, row):
        return self._names[row]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._rows


def forms(name: str, cut_by: str) -> Iterator[str]:
    """How a corpus may have been read to have written a word: folded; by Sudachi, its normalised form (する: 為る).

    >>> list(forms("Ｗine", "spaces"))
    ['wine', 'wine']
    """
    yield unicodedata.normalize("NFKC", name).lower().strip()
    yield nfkc_casefold(name).strip()
    if cut_by == "sudachi":
        with suppress(MissingExtra):
            words = _sudachi()([name])
            yield "".join(bytes(words.data[a:b]).decode() for a, b in zip(words.begins, words.ends))


@cache
def _sudachi():
    """Only tables of Japanese words ask for it; it loads a dictionary."""
    from awase.data.text.analyze_sudachi import sudachi_words
    from awase.data.text.memory import as_array

    cut = sudachi_words()
    return lambda texts: cut(as_array(texts))


def _is_text(name: object) -> bool:
    if not isinstance(name, str):
        return False
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
