"""Links between names, read from whatever holds them: edges of a hierarchy, triples of a graph, what users took, pairs of names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from awase.core.errors import ConfigError, InputError
from awase.core.progress import progress
from awase.core.suggest import did_you_mean
from awase.data.compute import pc
from awase.data.keys import Interner, combine
from awase.data.kinds import PARTS, Key, Kind, Number
from awase.data.link_sources import LINK_ROLES, columns_of, sources_of
from awase.data.rows import BadRows, Field, Source, chunks

LinkKind = Literal["edges", "triples", "interactions", "pairs"]
_DISLIKED = (
    "{:,} rows have a value of zero or below, which is no sign of liking: left out (--min-value says which values count)"
)
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Links:
    """Links (head, tail) or (head, relation, tail) as numbers of names; row i of every array belongs together.

    heads, tails: int64 (n,), into head_names and tail_names, which are one list where ``shared``; relations: int64 (n,) into
    relation_names, for triples; values: float64 (n,), such as ratings, and of pairs how often each stands in the source; parts: int8 (n,),
    0 train, 1 valid, 2 test, as the source says. Of edges the head is the child and the tail its parent (or ancestor). understood: how
    the source was read. bad: rows refused. duplicates: rows removed because the same link came before. self_loops: rows that link a
    name with itself.
    """

    kind: LinkKind
    heads: np.ndarray
    tails: np.ndarray
    head_names: list[str]
    tail_names: list[str]
    relations: np.ndarray | None = None
    relation_names: list[str] = field(default_factory=list)
    values: np.ndarray | None = None
    parts: np.ndarray | None = None
    understood: dict[str, Any] = field(default_factory=dict)
    bad: BadRows = field(default_factory=BadRows)
    duplicates: int = 0
    self_loops: int = 0

    @property
    def shared(self) -> bool:
        """Whether heads and tails are numbers of one list of names."""
        return self.kind != "interactions"

    def __len__(self) -> int:
        return len(self.heads)

    def take(self, rows: np.ndarray) -> "Links":
        """The links at ``rows`` (int64), in that order, with the same names and numbers: one table serves every part."""
        arrays = {name: getattr(self, name) for name in ("heads", "tails", "relations", "values", "parts")}
        return replace(self, **{name: array[rows] for name, array in arrays.items() if array is not None})


def read_links(
    source: Any,
    kind: LinkKind,
    *,
    columns: Mapping[str, str] | None = None,
    on_bad: Literal["error", "skip"] = "error",
    min_value: float | None = None,
) -> Links:
    """The links of a file (CSV, TSV, TXT with tabs, JSONL, Parquet, Arrow), a list of tuples or dicts, a data frame, or a folder
    with train.*, valid.* and test.*.

    kind: "edges" (child, parent), "triples" (head, relation, tail), "interactions" (user, item, perhaps a value) or "pairs"
    (anchor, positive). Columns get their roles from their names (``awase.data.link_sources``) or from ``columns``, role -> column. A CSV,
    TSV or TXT file whose first row has no known name has no header: the roles go by position, and ``columns`` may name positions.

    Names are text, compared exactly but for white space around them ("007" is not "7"), and numbered as they first appear. Of equal links
    the first stays. Edges from a name to itself are left out. ``min_value``: interactions with a lower value are left out; unless it is
    given, those of zero or below are, such as thumbs down.

    Errors: E0101-E0117, each with the place; ``on_bad="skip"`` leaves refused rows out, counts them and lists the first 50.
    ConfigError E0150 for a kind that is not there or a ``min_value`` without values, InputError E0151 for columns that do not fit the
    kind, E0152 for a folder without its parts.

    >>> links = read_links([("dog", "mammal"), ("cat", "mammal"), ("dog", "mammal")], "edges")
    >>> links.head_names, links.heads.tolist(), links.tails.tolist(), links.duplicates
    (['dog', 'mammal', 'cat'], [0, 2], [1, 1], 1)
    """
    if kind not in LINK_ROLES:
        raise ConfigError("E0150", f"there is no kind of links {kind!r}", remedy=did_you_mean(str(kind), LINK_ROLES))
    if on_bad not in ("error", "skip"):
        raise ConfigError("E0117", "on_bad must be 'error' or 'skip'", value=on_bad)
    reading = _Reading(kind, on_bad, min_value)
    with progress("reading links") as job:
        for opened, part in sources_of(source, kind):
            for rows in reading.rows_of(opened, part, dict(columns or {})):
                job.advance(rows)
    return reading.links(str(source) if isinstance(source, str | Path) else reading.names[0])


class _Reading:
    """One pass over the sources: the columns of good rows, block by block, and what was counted on the way."""

    def __init__(self, kind: LinkKind, on_bad: str, min_value: float | None):
        self.kind: LinkKind = kind
        self.on_bad, self.min_value = on_bad, min_value
        self.head, self.relation, self.tail = {
            "edges": ("child", None, "parent"),
            "triples": ("head", "relation", "tail"),
            "interactions": ("user", None, "item"),
            "pairs": ("anchor", None, "positive"),
        }[kind]
        self.names: list[str] = []
        self.understood: dict[str, Any] = {}
        self.notes: list[str] = []
        self.bad, self.rows, self.low, self.disliked = BadRows(), 0, 0, 0
        self._heads: list[pa.DictionaryArray] = []
        self._tails: list[pa.DictionaryArray] = []
        self._relations: list[pa.DictionaryArray] = []
        self._values: list[np.ndarray] = []
        self._parts: list[np.ndarray] = []

    def rows_of(self, source: Source, part: int | None, given: dict[str, str]) -> Iterable[int]:
        """Reads a source; yields the rows of each block."""
        roles, notes = columns_of(source, self.kind, given)
        if self.min_value is not None and "value" not in roles:
            raise ConfigError(
                "E0150", "min_value needs interactions with a value", place=source.name, value=self.min_value,
                remedy="name its column: --columns value=COLUMN; or leave min_value out",
            )  # fmt: skip
        if not self.names:
            self.understood = {"format": source.format, "encoding": source.encoding, "columns": roles}
            self.notes += notes
        elif roles.keys() != (first := self.understood["columns"]).keys():
            raise InputError(
                "E0152", f"the parts have different columns: {', '.join(first)} in {self.names[0]}, {', '.join(roles)} here",
                place=source.name, remedy="write the same columns into each part",
            )  # fmt: skip
        self.names.append(source.name)
        kinds: dict[str, Kind] = {"value": Number(), "split": PARTS}
        fields = [Field(column, kinds.get(role, Key(needed=True))) for role, column in roles.items()]
        for chunk in chunks(source, fields):
            if chunk.bad and self.on_bad == "error":
                raise chunk.bad[0].error()
            self.bad.add(chunk.bad)
            self._keep(dict(zip(roles, chunk.batch.columns)), part)
            self.rows += chunk.batch.num_rows + len(chunk.bad)
            yield chunk.batch.num_rows

    def _keep(self, columns: dict[str, pa.Array], part: int | None) -> None:
        if self.min_value is not None:
            columns, self.low = _with(columns, pc.greater_equal(columns["value"], self.min_value), self.low)
        elif "value" in columns:
            columns, self.disliked = _with(columns, pc.greater(columns["value"], 0), self.disliked)
        self._heads.append(_encoded(columns[self.head]))
        self._tails.append(_encoded(columns[self.tail]))
        if self.relation is not None:
            self._relations.append(_encoded(columns[self.relation]))
        if "value" in columns:
            self._values.append(columns["value"].to_numpy(zero_copy_only=False))
        if "split" in columns:
            self._parts.append(columns["split"].to_numpy(zero_copy_only=False))
        elif part is not None:
            self._parts.append(np.full(len(columns[self.head]), part, np.int8))

    def links(self, name: str) -> Links:
        if self.low:
            self.notes.append(f"{self.low:,} rows have a value below {self.min_value:g}: left out")
        if self.disliked:
            self.notes.append(_DISLIKED.format(self.disliked))
        if not any(map(len, self._heads)):
            raise self._nothing(name)
        heads, tails, head_names, tail_names = self._ends()
        relations, relation_names = _joined(self._relations) if self.relation is not None else (None, None)
        parts = np.concatenate(self._parts) if self._parts else None
        numbers = _numbered(heads, relations, tails, len(head_names))
        # Numbers are given in order, so a link is new exactly when its number is above all before it.
        fresh = numbers > np.maximum.accumulate(np.concatenate([[-1], numbers]))[:-1]
        loops = fresh & (heads == tails) if head_names is tail_names else np.zeros(len(heads), bool)
        kept = fresh & ~loops if self.kind == "edges" else fresh
        self._note(int(loops.sum()), 0 if parts is None else int((~fresh & (parts > 0)).sum()))
        if not kept.any():
            raise self._nothing(name)
        heads, tails, head_list, tail_list = _ends_in_order(heads[kept], tails[kept], head_names, tail_names)
        relation_list: list[str] = []
        if relations is not None:
            (relations,), relation_list = _in_order([relations[kept]], relation_names)
        values = np.concatenate(self._values)[kept] if self._values else None
        if self.kind == "pairs":
            values = np.bincount(numbers).astype(np.float64)
        return Links(
            self.kind, heads, tails, head_list, tail_list, relations, relation_list, values, None if parts is None else parts[kept],
            understood={"source": name, **self.understood, "rows": self.rows, "notes": self.notes},
            bad=self.bad, duplicates=int((~fresh).sum()), self_loops=int(loops.sum()),
        )  # fmt: skip

    def _ends(self) -> tuple[np.ndarray, np.ndarray, pa.Array, pa.Array]:
        """heads and tails as numbers, and their names: the same array where heads and tails are of one kind."""
        if self.kind == "interactions":
            (heads, head_names), (tails, tail_names) = _joined(self._heads), _joined(self._tails)
            return heads, tails, head_names, tail_names
        both, names = _numbers([column for pair in zip(self._heads, self._tails) for column in pair])
        return np.concatenate(both[0::2]), np.concatenate(both[1::2]), names, names

    def _note(self, loops: int, again: int) -> None:
        if again:
            self.notes.append(f"{again:,} rows of valid or test came before, in training or twice: left out")
        if loops:
            self.notes.append(f"{loops:,} rows link a name with itself: {'left out' if self.kind == 'edges' else 'kept'}")

    def _nothing(self, name: str) -> InputError:
        if self.bad.n:
            first = self.bad.listed[0]
            return InputError(
                "E0106", f"none of the {self.rows:,} rows can be used; the first: {first['problem']}", place=first["place"],
                remedy="run without --on-bad skip to see the whole message",
            )  # fmt: skip
        return InputError(
            "E0106", f"there are no links{'; ' if self.notes else ''}{'; '.join(self.notes)}", place=name,
            remedy="give a file with at least one link",
        )  # fmt: skip


def _with(columns: dict[str, pa.Array], kept: pa.Array, n_left_out: int) -> tuple[dict[str, pa.Array], int]:
    """The rows that are kept, and how many have been left out with these."""
    if pc.all(kept).as_py() is not False:
        return columns, n_left_out
    return {role: column.filter(kept) for role, column in columns.items()}, n_left_out + pc.sum(pc.invert(kept)).as_py()


def _encoded(names: pa.Array) -> pa.DictionaryArray:
    """A block's names as numbers into its own list of names: what is kept of a block does not grow with the length of names."""
    return pc.utf8_trim_whitespace(names).dictionary_encode()


def _numbers(columns: list[pa.DictionaryArray]) -> tuple[list[np.ndarray], pa.Array]:
    """int64 numbers of each column into one list of all names."""
    unified = pa.chunked_array(columns).unify_dictionaries()
    return [column.indices.to_numpy().astype(np.int64) for column in unified.chunks], unified.chunk(0).dictionary


def _joined(columns: list[pa.DictionaryArray]) -> tuple[np.ndarray, pa.Array]:
    numbers, names = _numbers(columns)
    return np.concatenate(numbers), names


def _numbered(heads: np.ndarray, relations: np.ndarray | None, tails: np.ndarray, n_heads: int) -> np.ndarray:
    """int64 (n,): a number for each distinct link, from 0 in the order in which they first appear."""
    keys = np.empty((len(heads), 2), np.uint64)
    keys[:, 1] = tails
    # Given the tail, the first lane says which head and relation; the tail is mixed in so that it is a hash of the whole link.
    keys[:, 0] = heads if relations is None else heads + n_heads * relations
    keys[:, 0] += keys[:, 1] * _MIX
    return Interner().ids(combine(keys))


def _ends_in_order(
    heads: np.ndarray, tails: np.ndarray, head_names: pa.Array, tail_names: pa.Array
) -> tuple[np.ndarray, np.ndarray, list[str], list[str]]:
    if head_names is tail_names:
        (heads, tails), names = _in_order([heads, tails], head_names)
        return heads, tails, names, names
    ((heads,), head_list), ((tails,), tail_list) = _in_order([heads], head_names), _in_order([tails], tail_names)
    return heads, tails, head_list, tail_list


def _in_order(columns: list[np.ndarray], names: pa.Array) -> tuple[list[np.ndarray], list[str]]:
    """The columns, renumbered so that names stand as they first appear, row by row; names that do not appear are gone."""
    seen = np.stack(columns, axis=1).ravel()
    first = np.full(len(names), len(seen))
    first[seen[::-1]] = np.arange(len(seen))[::-1]  # of several places numpy keeps the last one written: the first
    order = np.argsort(first, kind="stable")[: int((first < len(seen)).sum())]
    numbers = np.empty(len(names), np.int64)
    numbers[order] = np.arange(len(order))
    return [numbers[column] for column in columns], names.take(pa.array(order)).to_pylist()
