"""Pairs of texts that belong together, read from whatever holds them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from awase.core.errors import ConfigError, InputError
from awase.core.progress import progress
from awase.data import labels, lists
from awase.data.beir import beir_source, is_beir
from awase.data.formats.delimited import Delimited
from awase.data.headers import ask_about_header
from awase.data.keeper import keep
from awase.data.keys import Interner, combine, text_keys
from awase.data.kinds import LIST_TYPE, PARTS, TEXT_TYPE, Key, Number, Text, Texts
from awase.data.roles import PAIR_ROLES, assign, recognised
from awase.data.rows import BadRows, Chunk, Field, Source, chunks
from awase.data.sources import open_source

PARTS_NAMES = ("train", "valid", "test")
_POSITIONS = ("anchor", "positive", "negative")
_KINDS = {
    "anchor": Text(),
    "positive": Texts(needed=True),
    "negative": Texts(),
    "label": Number(),
    "score": Number(),
    "id": Key(),
    "group": Key(),
}
_KEPT = {"anchor": TEXT_TYPE, "positive": TEXT_TYPE, "negative": LIST_TYPE, "id": TEXT_TYPE, "group": TEXT_TYPE}


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows of (anchor, positive) and what came with them; row i of every column belongs together.

    anchors, positives: large_string; negatives: list<large_string>, the negatives given for a row; scores: float64 (n,);
    groups, ids: large_string with nulls; parts: int8 (n,), 0 train, 1 valid, 2 test, as the file's ``split`` column says.
    anchor_keys, positive_keys: uint64 (n, 2), equal where the normalised texts are equal (``awase.data.keys``).
    understood: how the source was read. bad: the rows that were refused. duplicates: rows removed because an equal one came before.
    """

    anchors: pa.ChunkedArray
    positives: pa.ChunkedArray
    anchor_keys: np.ndarray
    positive_keys: np.ndarray
    negatives: pa.ChunkedArray | None = None
    scores: np.ndarray | None = None
    groups: pa.ChunkedArray | None = None
    ids: pa.ChunkedArray | None = None
    parts: np.ndarray | None = None
    understood: dict[str, Any] = field(default_factory=dict)
    bad: BadRows = field(default_factory=BadRows)
    duplicates: int = 0

    def __len__(self) -> int:
        return len(self.anchors)

    def take(self, rows: np.ndarray) -> "Pairs":
        """The pairs at ``rows`` (int64), in that order."""
        index = pa.array(rows, pa.int64())
        taken = {name: getattr(self, name) for name in ("anchors", "positives", "negatives", "groups", "ids")}
        arrays = {name: getattr(self, name) for name in ("anchor_keys", "positive_keys", "scores", "parts")}
        return replace(
            self,
            **{name: column.take(index) for name, column in taken.items() if column is not None},
            **{name: array[rows] for name, array in arrays.items() if array is not None},
        )


def read_pairs(
    source: Any,
    *,
    columns: Mapping[str, str] | None = None,
    on_bad: Literal["error", "skip"] = "error",
    spill: Path | None = None,
) -> Pairs:
    """The pairs of a file (CSV, TSV, JSONL, Parquet, Arrow; by suffix), a BEIR folder, a list of tuples or dicts, or a data frame.

    Columns get their roles from their names (``anchor``/``query``/``question``..., ``positive``/``document``/``answer``..., see
    ``awase.data.roles``) or from ``columns``, role -> column. A CSV or TSV file of two columns with no known name has no header:
    anchor and positive by position; a first row unlike the others is asked about. ``label`` 0/1: rows with 0 (or -1) become negatives
    of their anchor; other numbers are scores. Equal rows (normalised) are removed and counted. With ``spill``, rows are kept in that
    file instead of memory.

    Errors: E0101-E0116 and E0160-E0164, each with the place; ``on_bad="skip"`` leaves refused rows out, counts them and lists the first 50.

    >>> pairs = read_pairs([("dog", "a barking animal"), ("cat", "a purring animal"), ("Dog ", "a barking animal")])
    >>> len(pairs), pairs.duplicates, pairs.anchors.to_pylist()
    (2, 1, ['dog', 'cat'])
    """
    if on_bad not in ("error", "skip"):
        raise ConfigError("E0117", "on_bad must be 'error' or 'skip'", value=on_bad)
    opened = beir_source(Path(source)) if is_beir(source) else open_source(source, _POSITIONS)
    roles, notes = _roles(opened, dict(columns or {}))
    reading = _Reading(opened, roles, on_bad)
    table = keep(reading.batches(), reading.schema, spill)
    if not len(table):
        raise reading.nothing()
    return _pairs(table, reading, notes, spill)


def _roles(source: Source, given: dict[str, str]) -> tuple[dict[str, list[str]], list[str]]:
    """Which columns play which role, and what a user should know about how that was decided."""
    notes = []
    if isinstance(source, Delimited) and _is_headless(source.columns, given):
        if not given:
            given = {"anchor": "1", "positive": "2"}
            ask_about_header(source, given)
        source.without_header()
        notes.append(
            "no header: the first row is data; " + ", ".join(f"column {at} is the {role}" for role, at in given.items())
        )
    return assign(source.columns, given, PAIR_ROLES, ("anchor", "positive"), source.name), notes


def _is_headless(first_row: list[str], given: dict[str, str]) -> bool:
    """Whether the first row is data: it has no known name, and the user names columns by position or there are just two."""
    if any(recognised(value, PAIR_ROLES) in ("anchor", "positive") for value in first_row):
        return False
    if not given:
        return len(first_row) == 2
    return all(column.isdigit() for column in given.values()) and not all(column in first_row for column in given.values())


class _Reading:
    """One pass over a source: clean, new rows; and what was counted on the way."""

    def __init__(self, source: Source, roles: dict[str, list[str]], on_bad: str):
        self.source, self.roles, self.on_bad = source, roles, on_bad
        self.fields = [
            Field(column, PARTS if role == "split" else _KINDS[role]) for role, named in roles.items() for column in named
        ]
        self.schema = pa.schema([(role, kind) for role, kind in _KEPT.items() if role in roles])
        self.bad, self.rows, self.duplicates, self.from_lists = BadRows(), 0, 0, 0
        self._numbers: dict[str, list[np.ndarray]] = {}
        self._seen = Interner()

    def batches(self) -> Iterator[pa.RecordBatch]:
        with progress("reading pairs") as job:
            for chunk in chunks(self.source, self.fields):
                self._refuse(chunk)
                job.advance(chunk.batch.num_rows)
                self.rows += chunk.batch.num_rows + len(chunk.bad)
                yield self._fresh(chunk.batch)

    def _refuse(self, chunk: Chunk) -> None:
        if chunk.bad and self.on_bad == "error":
            raise chunk.bad[0].error()
        self.bad.add(chunk.bad)

    def _fresh(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows that have not been seen, with one column a role."""
        batch = self._one_positive_a_row(batch)
        columns = {role: batch.column(named[0]) for role, named in self.roles.items()}
        columns["positive"] = columns["positive"].flatten()
        keys = {role: text_keys(columns[role]) for role in ("anchor", "positive")}
        whole = [keys["anchor"], keys["positive"]]
        if "negative" in self.roles:
            columns["negative"] = lists.concat([batch.column(name) for name in self.roles["negative"]])
            whole.append(_list_keys(columns["negative"]))
        numbers = {
            role: columns[role].to_numpy(zero_copy_only=False) for role in ("label", "score", "split") if role in columns
        }
        # Rows that say different things of a pair are no duplicates.
        said = [numbers[role].astype(np.float64) for role in ("label", "score") if role in numbers]
        whole += [np.repeat(values[:, None], 2, axis=1).view(np.uint64) for values in said]
        fresh = self._seen.fresh(combine(*whole))
        self.duplicates += int((~fresh).sum())
        for name, array in {**keys, **numbers}.items():
            self._numbers.setdefault(name, []).append(array[fresh])
        kept = pa.RecordBatch.from_arrays([columns[name] for name in self.schema.names], schema=self.schema)
        return kept if fresh.all() else kept.filter(pa.array(fresh))

    def _one_positive_a_row(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A row with a list of positives as that many rows."""
        rows = lists.parents(batch.column(self.roles["positive"][0]))
        if len(rows) == batch.num_rows:  # each row has at least one
            return batch
        self.from_lists += len(rows) - batch.num_rows
        position = batch.schema.get_field_index(self.roles["positive"][0])
        single = lists.from_parents(np.arange(len(rows)), batch.column(position).flatten(), len(rows))
        return batch.take(pa.array(rows)).set_column(position, batch.schema.field(position), single)

    def numbers(self) -> dict[str, np.ndarray]:
        """For all kept rows: the keys of ``anchor`` and ``positive``, the values of ``label``, ``score`` and ``split``."""
        return {role: np.concatenate(arrays) for role, arrays in self._numbers.items()}

    def nothing(self) -> InputError:
        if self.bad.n:
            first = self.bad.listed[0]
            return InputError(
                "E0106",
                f"none of the {self.bad.n:,} rows can be used; the first: {first['problem']}",
                place=first["place"],
                remedy="run without --on-bad skip to see the whole message",
            )
        return InputError("E0106", "there are no rows", place=self.source.name, remedy="give a file with at least one row")


def _list_keys(column: pa.ListArray) -> np.ndarray:
    """One key for the texts of each list, in any order."""
    keys = np.zeros((len(column), 2), dtype=np.uint64)
    np.add.at(keys, lists.parents(column), text_keys(column.flatten()))
    return keys


def _pairs(table: pa.Table, reading: _Reading, notes: list[str], spill: Path | None) -> Pairs:
    arrays = reading.numbers()
    label = arrays.pop("label", None)
    if label is not None and np.isin(label, (-1, 0, 1)).all():
        table, note = labels.settle(table, label == 1, arrays["anchor"], arrays["positive"], spill)
        arrays = {role: array[label == 1] for role, array in arrays.items()}
        notes = [*notes, note, *["label: -1 counts as 0"] * bool((label < 0).any())]
        if not len(table):
            raise InputError(
                "E0106", "no row has label 1", place=reading.source.name, remedy="give at least one pair that belongs together"
            )
    elif label is not None:
        arrays.setdefault("score", label)
        notes = [*notes, "the labels are not all 0 or 1: every row is a pair, and the labels are its scores"]
    notes = [*notes, *getattr(reading.source, "notes", [])]
    if reading.from_lists:
        notes = [*notes, f"rows with several positives are one pair each: {reading.from_lists:,} more pairs than rows"]
    understood = {
        "source": reading.source.name,
        "format": reading.source.format,
        "encoding": reading.source.encoding,
        "columns": {role: named[0] if len(named) == 1 else named for role, named in reading.roles.items()},
        "rows": reading.rows,
        "notes": notes,
    }
    columns = {name: table[name] for name in table.column_names}
    return Pairs(
        anchors=columns["anchor"],
        positives=columns["positive"],
        anchor_keys=arrays["anchor"],
        positive_keys=arrays["positive"],
        negatives=columns.get("negative"),
        scores=arrays.get("score"),
        groups=columns.get("group"),
        ids=columns.get("id"),
        parts=arrays.get("split"),
        understood=understood,
        bad=reading.bad,
        duplicates=reading.duplicates,
    )
