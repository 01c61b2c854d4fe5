"""Labelled pairs, and labels by id: what a stance may be written as, and the two readers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from awase.apps.homophily.states import AGREE, DISAGREE, NEUTRAL
from awase.core.errors import ConfigError, InputError
from awase.core.suggest import did_you_mean
from awase.data.keys import text_keys
from awase.data.kinds import PARTS, Key, Kind, OneOf, Text
from awase.data.pairs import Pairs
from awase.data.roles import assign
from awase.data.rows import BadRows, Field, chunks
from awase.data.sources import open_source

STANCES = {"disagree": DISAGREE, "neutral": NEUTRAL, "agree": AGREE}  # in the order of their numbers
_STANCE_NAMES = ("stance", "label", "judgment", "entailment_judgment")
PAIR_ROLES: dict[str, tuple[str, ...]] = {
    "parent": ("parent", "body_parent", "parent_text", "premise", "sentence_a", "sentence1", "text1"),
    "reply": ("reply", "body_child", "reply_text", "response", "hypothesis", "sentence_b", "sentence2", "text2"),
    "stance": _STANCE_NAMES,
    "group": ("group", "thread"),
    "split": ("split", "part"),
}
LABEL_ROLES: dict[str, tuple[str, ...]] = {"id": ("id", "reply", "reply_id", "comment_id"), "stance": _STANCE_NAMES}


def stance_kind(named: Mapping[str, str] | None) -> OneOf:
    """What a column of stances may hold: the words disagree, neutral and agree, or what ``named`` says: what is written -> stance.

    Numbers are never guessed: 1 is "agree" where the others are 0 and -1, and "neutral" where they are 0 and 2.
    Raises ConfigError E1034 for a stance that there is none of.

    >>> stance_kind({"+1": "agree", "0": "neutral", "-1": "disagree"}).codes
    {'+1': 2, '0': 1, '-1': 0}
    """
    for written, stance in (named or {}).items():
        if stance not in STANCES:
            raise ConfigError(
                "E1034", f"there is no stance {stance!r}", value=f"{written}={stance}", remedy=did_you_mean(stance, STANCES)
            )
    codes = {written.strip().lower(): STANCES[stance] for written, stance in named.items()} if named else STANCES
    what = "one of " + ", ".join(codes)
    return OneOf(codes, what + ("" if named else " (or say what stands for which: stances={'1': 'agree', ...})"))


@dataclass(frozen=True, eq=False)
class StancePairs:
    """Texts of parents and replies (large_string), and the reply's stance towards its parent, int8 (n,). groups and parts: as of ``Pairs``."""

    parents: pa.ChunkedArray
    replies: pa.ChunkedArray
    stances: np.ndarray
    groups: pa.ChunkedArray | None
    parts: np.ndarray | None
    bad: BadRows
    source: str

    def __len__(self) -> int:
        return len(self.stances)

    def by_parent(self) -> Pairs:
        """For ``split_pairs``: rows with one parent (normalised), or of one group, stay on one side."""
        keys = text_keys(self.parents)
        return Pairs(self.parents, self.replies, keys, keys, groups=self.groups, parts=self.parts)


def read_stance_pairs(
    source: Any,
    *,
    columns: Mapping[str, str] | None = None,
    stances: Mapping[str, str] | None = None,
    on_bad: Literal["error", "skip"] = "error",
) -> StancePairs:
    """The labelled pairs of a file, a list of tuples (parent, reply, stance) or dicts, or a data frame.

    Columns are recognised by name (``PAIR_ROLES``) or given, role -> column; ``stances``: as ``stance_kind``. Raises E0101-E0116 with the
    place, E1034.

    >>> read_stance_pairs([("Tea is best.", "No, coffee.", "disagree")]).stances.tolist()
    [0]
    """
    kinds: dict[str, Kind] = {"parent": Text(), "reply": Text(), "stance": stance_kind(stances), "group": Key(), "split": PARTS}
    opened, fields = _opened(source, columns, PAIR_ROLES, ("parent", "reply", "stance"), kinds)
    table, bad = _read(opened, fields, on_bad)
    groups, parts = (table[role] if role in fields else None for role in ("group", "split"))
    return StancePairs(
        table["parent"], table["reply"], table["stance"].to_numpy(), groups,
        None if parts is None else parts.to_numpy(), bad, opened.name,
    )  # fmt: skip


def read_labels(
    source: Any, *, columns: Mapping[str, str] | None = None, stances: Mapping[str, str] | None = None
) -> tuple[pa.ChunkedArray, np.ndarray]:
    """The ids (large_string) and stances (int8) of a file of labels; else as ``read_stance_pairs``."""
    kinds: dict[str, Kind] = {"id": Key(needed=True), "stance": stance_kind(stances)}
    opened, fields = _opened(source, columns, LABEL_ROLES, ("id", "stance"), kinds)
    table, _ = _read(opened, fields, "error")
    return table["id"], table["stance"].to_numpy()


def _opened(source: Any, columns: Mapping[str, str] | None, roles: dict, required: tuple[str, ...], kinds: Mapping[str, Kind]):
    opened = open_source(source, required)
    assigned = assign(opened.columns, dict(columns or {}), roles, required, opened.name)
    return opened, {role: Field(named[0], kinds[role]) for role, named in assigned.items()}


def _read(opened, fields: dict[str, Field], on_bad: str) -> tuple[pa.Table, BadRows]:
    """A column for each role, and what was refused. Raises InputError E0106 where nothing is left."""
    bad, batches = BadRows(), []
    for chunk in chunks(opened, list(fields.values())):
        if chunk.bad and on_bad == "error":
            raise chunk.bad[0].error()
        bad.add(chunk.bad)
        batches.append(chunk.batch)
    if not sum(map(len, batches)):
        why = f"none of the {bad.n:,} rows can be used" if bad.n else "there are no rows"
        raise InputError("E0106", why, place=opened.name, remedy="give at least one row")
    return pa.Table.from_batches(batches).rename_columns(list(fields)), bad
