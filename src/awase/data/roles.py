"""Which column plays which role, by the names the field uses."""

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from awase.core.errors import ConfigError, InputError
from awase.core.suggest import did_you_mean

PAIR_ROLES: dict[str, tuple[str, ...]] = {
    "anchor": ("anchor", "query", "question", "text1", "text_1", "sentence1", "sentence_1", "source"),
    "positive": (
        "positive",
        "pos",
        "document",
        "doc",
        "passage",
        "answer",
        "text2",
        "text_2",
        "sentence2",
        "sentence_2",
        "target",
    ),
    "negative": ("negative", "negatives", "neg", "hard_negative", "hard_negatives"),
    "label": ("label", "labels"),
    "score": ("score", "scores", "similarity"),
    "id": ("id", "_id", "pair_id"),
    "group": ("group", "group_id"),
    "split": ("split", "part"),
}
DOCUMENT_ROLES: dict[str, tuple[str, ...]] = {
    "id": ("id", "_id", "doc_id", "docid", "document_id", "pid"),
    "text": ("text", "document", "doc", "passage", "body", "content", "contents"),
    "title": ("title",),
}
_TYPED = re.compile(r":(token|float)(_seq)?$")
_NUMBERED = re.compile(r"(?P<name>negatives?|neg|hard_negative)_?\d+")


def recognised(column: str, roles: Mapping[str, Sequence[str]]) -> str | None:
    """The role a column name stands for, whatever its case, and with or without a type behind it (RecBole's ``item_id:token``).

    >>> recognised("Question", PAIR_ROLES), recognised("negative_2", PAIR_ROLES), recognised("score:float", PAIR_ROLES)
    ('anchor', 'negative', 'score')
    """
    name = _TYPED.sub("", column.strip().lower())
    if "negative" in roles and _NUMBERED.fullmatch(name):
        return "negative"
    return next((role for role, names in roles.items() if name in names), None)


def assign(
    columns: Sequence[str], given: Mapping[str, str], roles: Mapping[str, Sequence[str]], required: Sequence[str], place: str
) -> dict[str, list[str]]:
    """Role -> its columns (several only for negatives): those the user named, then those recognised by name.

    Errors: E0105 when a required role has no column or a named one does not exist, E0115 when two columns claim one role.
    """
    twice = [column for column, n in Counter(columns).items() if n > 1 and column]
    if twice:
        raise InputError("E0115", f"two columns are named {twice[0]!r}", place=place, remedy="rename one of them")
    assigned: dict[str, list[str]] = {}
    for role, column in given.items():
        if (role if role in roles else recognised(role, roles)) not in roles:
            raise ConfigError("E0105", f"there is no role {role!r}", value=f"{role}={column}", remedy=did_you_mean(role, roles))
        if column not in columns:
            raise InputError(
                "E0105", f"there is no column {column!r} for {role!r}", place=place, remedy=did_you_mean(column, columns)
            )
        assigned.setdefault(recognised(role, roles) or role, []).append(column)
    taken = {column for named in assigned.values() for column in named}
    for column in columns:
        role = recognised(column, roles)
        if role is None or column in taken or role in given:
            continue
        if role in assigned and role != "negative":
            raise InputError(
                "E0115",
                f"two columns could be the {role}: {assigned[role][0]!r} and {column!r}",
                place=place,
                remedy=f"choose one: --columns {role}={assigned[role][0]}",
            )
        assigned.setdefault(role, []).append(column)
    for role in required:
        if role not in assigned:
            raise _missing(role, columns, roles, taken.union(*assigned.values()), place)
    return assigned


def _missing(role: str, columns: Sequence[str], roles: Mapping[str, Sequence[str]], taken: set[str], place: str) -> InputError:
    free = {column.strip().lower(): column for column in columns if column not in taken}
    near = [(name, match) for name in roles[role] for match in difflib.get_close_matches(name, free, n=1, cutoff=0.75)]
    hint = f"did you mean {near[0][0]!r} by {free[near[0][1]]!r}? " if near else ""
    column = free[near[0][1]] if near else "COLUMN"
    return InputError(
        "E0105",
        f"no column is the {role}; the columns are {', '.join(columns)}",
        place=place,
        remedy=f"{hint}say which one: --columns {role}={column}; names that are known: {', '.join(roles[role])}",
    )
