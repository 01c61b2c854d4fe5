"""Documents for an index: an id, a text and metadata, streamed."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from awase.core.errors import ConfigError
from awase.core.limits import MAX_METADATA_BYTES
from awase.data.beir import corpus_file, is_beir
from awase.data.formats.delimited import Delimited
from awase.data.kinds import TEXT_TYPE, Key, Kind, Refused, Text
from awase.data.numbers import number_columns
from awase.data.roles import DOCUMENT_ROLES, assign
from awase.data.rows import BadRow, BadRows, Record, Source, records, value_of
from awase.data.sources import open_source
from awase.data.values import plain_fields

ROW_NUMBERS = "#"  # columns={"id": "#"}: the number of the row is its id
_BATCH = 4_096
_FIELDS = ("id", "text")
_TITLED = "the title (column {!r}) goes before the text, on a line of its own, and is kept as a field too"
_KINDS: dict[str, Kind] = {"id": Key(), "text": Text(needed=False), "title": Text(needed=False)}
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class DocumentBatch(NamedTuple):
    """Documents in the order of the source; the i-th of each list belong together."""

    ids: list[str]
    texts: list[str]
    metadata: list[dict[str, Any]]


class Documents:
    """The batches of a source, read anew by each loop over them. ``bad`` fills while a loop runs."""

    def __init__(self, source: Source, roles: dict[str, str], on_bad: str):
        self._source, self._roles, self._on_bad = source, roles, on_bad
        self._titled = [_TITLED.format(roles["title"])] if "title" in roles else []
        self.understood = {
            "source": source.name,
            "format": source.format,
            "encoding": source.encoding,
            "columns": roles,
            "metadata": [column for column in source.columns if column not in roles.values()],
            "notes": self._titled,
        }
        self.bad = BadRows()

    def __iter__(self) -> Iterator[DocumentBatch]:
        self.bad = BadRows()
        batch = _Batch(self._numeric())
        for number, row in enumerate(records(self._source), start=1):
            if isinstance(row, BadRow):
                self._refuse(row)
                continue
            document = _document(row, number, self._roles)
            if isinstance(document, BadRow):
                self._refuse(document)
                continue
            batch.add(row, document)
            if len(batch.rows) == _BATCH:
                yield self._checked(batch)
        if batch.rows:
            yield self._checked(batch)

    def _numeric(self) -> frozenset[str] | None:
        """Of a text table, the columns of numbers; None where values have types already."""
        if not isinstance(self._source, Delimited):
            return None
        found = number_columns(self._source, self.understood["metadata"])
        self.understood["notes"] = [*self._titled, *found.notes]
        return found.columns

    def _checked(self, batch: "_Batch") -> DocumentBatch:
        documents, bad = batch.take()
        for row in bad:
            self._refuse(row)
        return documents

    def _refuse(self, row: BadRow) -> None:
        if self._on_bad == "error":
            raise row.error()
        self.bad.add([row])


def read_documents(
    source: Any, *, columns: Mapping[str, str] | None = None, on_bad: Literal["error", "skip"] = "error"
) -> Documents:
    """The documents of a file, a BEIR folder (its corpus), a list of dicts or (id, text) tuples, or a data frame.

    A document has an id (``id``, ``_id``, ``doc_id``...), a text (``text``, ``body``, ``passage``...), perhaps a ``title``, which
    goes before the text on a line of its own and stays as a field, and everything else as metadata: JSON values without nulls. What
    is missing (None, NaN, NaT) is absent, whatever it is read from; an infinity is refused. ``columns`` maps a role to a column;
    ``{"id": "#"}`` takes the number of the row (from 1) as the id where there is none. A CSV or TSV column becomes numbers if each of its
    values is written as that number is: 1.5, but not 1.50 or 007. Empty texts are allowed. Whether ids are unique is for the collection
    to say.

    >>> documents = read_documents([{"id": "a", "text": "first", "year": 2020}, {"id": "b", "text": "second"}])
    >>> next(iter(documents))
    DocumentBatch(ids=['a', 'b'], texts=['first', 'second'], metadata=[{'year': 2020}, {}])
    """
    if on_bad not in ("error", "skip"):
        raise ConfigError("E0117", "on_bad must be 'error' or 'skip'", value=on_bad)
    opened = open_source(corpus_file(Path(source)) if is_beir(source) else source, _FIELDS)
    given = dict(columns or {})
    numbered = given.get("id") == ROW_NUMBERS
    if numbered:
        del given["id"]
    wanted = {role: names for role, names in DOCUMENT_ROLES.items() if not (numbered and role == "id")}
    required = [role for role in _FIELDS if role in wanted]
    roles = {role: named[0] for role, named in assign(opened.columns, given, wanted, required, opened.name).items()}
    return Documents(opened, roles, on_bad)


def _document(row: Record, number: int, roles: dict[str, str]) -> tuple[str, str, dict[str, Any]] | BadRow:
    """id, text and metadata of one row."""
    values = dict(row.values)
    read: dict[str, str | None] = {"id": str(number), "title": None}
    for role, column in roles.items():
        given = values.pop(column, None) if column in values else value_of(values, column)
        value = _KINDS[role].accept(given)
        if isinstance(value, Refused):
            return BadRow.of(row.at, row.place, column, value)
        if not value and (role == "id" or (value is None and role == "text")):
            what = "the value is missing" if value is None else "the id is empty"
            return BadRow.of(row.at, row.place, column, Refused("E0109", what, None, "fill it in or leave the row out"))
        read[role] = value
    if read["title"]:
        values[roles["title"]] = read["title"]
    metadata = {key: value for key, value in values.items() if value is not None}
    try:
        size = len(_to_json(metadata).encode()) if metadata else 0
    except RecursionError:
        return BadRow.of(row.at, row.place, "", Refused("E0104", "the metadata is nested too deeply", None, "keep less of it"))
    except (TypeError, ValueError):  # something has no form in JSON; only such rows pay for finding out what
        metadata, refused = plain_fields(metadata)
        if refused is not None:
            return BadRow.of(row.at, row.place, *refused)
        size = len(_to_json(metadata).encode())
    if size > MAX_METADATA_BYTES:
        why = Refused(
            "E0110", f"{size:,} bytes of metadata; at most {MAX_METADATA_BYTES:,} are allowed", None, "keep less of it"
        )
        return BadRow.of(row.at, row.place, "", why)
    text = "\n".join(part for part in (read["title"], read["text"]) if part)
    return str(read["id"]), text, metadata


class _Batch:
    """Documents that wait for their last checks, which are made for many at once."""

    def __init__(self, numeric: frozenset[str] | None):
        """numeric: of a text table, the columns whose values are numbers; None where values have types already."""
        self.rows: list[Record] = []
        self._ids: list[str] = []
        self._texts: list[str] = []
        self._metadata: list[dict[str, Any]] = []
        self._numeric = numeric

    def add(self, row: Record, document: tuple[str, str, dict[str, Any]]) -> None:
        self.rows.append(row)
        self._ids.append(document[0])
        self._texts.append(document[1])
        self._metadata.append(document[2])

    def take(self) -> tuple[DocumentBatch, list[BadRow]]:
        """The good ones and the refused ones; the batch is empty afterwards."""
        faults: dict[int, tuple[str, Refused]] = {}
        for name, values in (("id", self._ids), ("text", self._texts)):
            for row, why in _KINDS[name].convert(name, pa.array(values, TEXT_TYPE))[1].items():
                faults.setdefault(row, (name, why))
        metadata = self._metadata if self._numeric is None else [_typed(fields, self._numeric) for fields in self._metadata]
        kept = [row for row in range(len(self.rows)) if row not in faults]
        documents = DocumentBatch(
            [self._ids[row] for row in kept], [self._texts[row] for row in kept], [metadata[row] for row in kept]
        )
        bad = [BadRow.of(self.rows[row].at, self.rows[row].place, *faults[row]) for row in sorted(faults)]
        self.rows, self._ids, self._texts, self._metadata = [], [], [], []
        return documents, bad


def _typed(fields: dict[str, str], numeric: frozenset[str]) -> dict[str, Any]:
    """Metadata of a text table: empty cells left out, numbers as numbers."""
    return {
        key: (float(value) if "." in value else int(value)) if key in numeric else value
        for key, value in fields.items()
        if value
    }
