"""Texts with a label each, read as pairs of a text and its label."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from awase.core.errors import InputError
from awase.data.formats.delimited import Delimited
from awase.data.headers import ask_about_header
from awase.data.keys import Interner
from awase.data.link_sources import LINK_ROLES
from awase.data.pairs import Pairs, read_pairs
from awase.data.roles import assign, recognised
from awase.data.sources import open_source

LABELLED_ROLES: dict[str, tuple[str, ...]] = {
    "text": ("text", "anchor", "sentence", "document", "body", "content", "title"),
    "label": ("label", "class", "category", "positive", "topic", "section", "target"),
}
_ROLES = {"text": "anchor", "label": "positive"}


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows of pairs (text, label), numbered: equal texts, and equal labels, have one number, from 0 in order of first sight.

    texts, labels: (n,) int64; label_names: by number.
    """

    pairs: Pairs
    texts: np.ndarray
    labels: np.ndarray
    label_names: list[str]

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def n_texts(self) -> int:
        return int(self.texts.max()) + 1


def read_labelled(
    source: Any, *, columns: Mapping[str, str] | None = None, on_bad: Literal["error", "skip"] = "error"
) -> Labelled:
    """The texts and labels of what ``read_pairs`` reads; columns are recognised by name (``LABELLED_ROLES``) or given, text=... and label=...

    A text in several rows has several labels. Raises InputError E0579 for fewer than two labels, else as ``read_pairs``.

    >>> found = read_labelled([("red wine", "drink"), ("bread", "food"), ("white wine", "Drink")])
    >>> found.labels.tolist(), found.label_names
    ([0, 1, 0], ['drink', 'food'])
    """
    pairs = (
        source
        if isinstance(source, Pairs)
        else read_pairs(source, columns=_columns(source, dict(columns or {})), on_bad=on_bad)
    )
    texts, labels = Interner().ids(pairs.anchor_keys), Interner().ids(pairs.positive_keys)
    first = np.unique(labels, return_index=True)[1]
    names = pairs.positives.take(first).to_pylist()
    if len(names) < 2:
        raise InputError(
            "E0579", "every text has the same label", value=names[0], place=str(pairs.understood.get("source", "")),
            remedy="give texts of at least two labels, or name the right column: --columns label=COLUMN",
        )  # fmt: skip
    return Labelled(pairs, texts, labels, names)


def _columns(source: Any, given: dict[str, str]) -> dict[str, str] | None:
    """The roles of pairs by column; None where there are no names of columns, and the first two are meant."""
    if given:
        return {_ROLES.get(role, role): column for role, column in given.items()}
    opened = open_source(source, ("text", "label"))
    _refuse_interactions(opened.columns, opened.name)
    known = [column for column in opened.columns if recognised(column, LABELLED_ROLES)]
    if isinstance(source, list | tuple) and not (source and isinstance(source[0], dict)):
        return None  # tuples: by position
    if isinstance(opened, Delimited) and len(opened.columns) == 2 and len(known) < 2:
        ask_about_header(opened, {"text": "1", "label": "2"})
        return {"anchor": "1", "positive": "2"}
    assigned = assign(opened.columns, {}, LABELLED_ROLES, ("text", "label"), opened.name)
    return {_ROLES[role]: named[0] for role, named in assigned.items()}


def _refuse_interactions(columns: Sequence[str], place: str) -> None:
    """Raises InputError E0161 for columns that are known as users and items: items would be learned as labels of users' names."""
    found = {recognised(column, LINK_ROLES["interactions"]): column for column in columns}
    if "user" in found and "item" in found:
        raise InputError(
            "E0161", "these columns are users and items, not texts and labels", place=place, value=list(columns),
            remedy="--set mode=others reads what users have; if they are texts with labels: --columns "
            f"text={found['user']},label={found['item']}",
        )  # fmt: skip
