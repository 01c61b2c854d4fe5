"""Documents for an index: an id, a text and metadata, streamed."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from awase.core.errors import ConfigError
from awase.core.limits import MAX_METADATA_BYTES
from awase.data.beir import corpus_file, is_beir
from awase.data.formats.delimited import Delimited
from awase.data.kinds import TEXT_TYPE, Key, Kind, Refused, Text
from awase.data.roles import DOCUMENT_ROLES, assign
from awase.data.rows import BadRow, BadRows, Record, Source, records
from awase.data.sources import open_source

ROW_NUMBERS = "#"  # columns={"id": "#"}: the number of the row is its id
_BATCH = 4_096
_FIELDS = ("id", "text")
_KINDS: dict[str, Kind] = {"id": Key(), "text": Text(needed=False), "title": Text(needed=False)}
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,15})(\.\d{1,15})?")  # not 007 and not 1e5: those are codes as often as numbers


class DocumentBatch(NamedTuple):
    """Documents in the order of the source; the i-th of each list belong together."""

    ids: list[str]
    texts: list[str]
    metadata: list[dict[str, Any]]


class Documents:
    """The batches of a source, read anew by each loop over them. ``bad`` fills while a loop runs."""

    def __init__(self, source: Source, roles: dict[str, str], on_bad: str):
        self._source, self._roles, self._on_bad = source, roles, on_bad
        self.understood = {
            "source": source.name,
            "format": source.format,
            "encoding": source.encoding,
            "columns": roles,
            "metadata": [column for column in source.columns if column not in roles.values()],
        }
        self.bad = BadRows()

    def __iter__(self) -> Iterator[DocumentBatch]:
        self.bad = BadRows()
        batch = _Batch(isinstance(self._source, Delimited))
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
    goes before the text on a line of its own, and everything else as metadata: JSON values without nulls. ``columns`` maps a role
    to a column; ``{"id": "#"}`` takes the number of the row (from 1) as the id where there is none. CSV and TSV columns that hold
    numbers in all of the first rows become numbers. Empty texts are allowed. Whether ids are unique is for the collection to say.

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
        value = _KINDS[role].accept(values.pop(column, None))
        if isinstance(value, Refused):
            return BadRow.of(row.at, row.place, column, value)
        if not value and (role == "id" or (value is None and role == "text")):
            what = "the value is missing" if value is None else "the id is empty"
            return BadRow.of(row.at, row.place, column, Refused("E0109", what, None, "fill it in or leave the row out"))
        read[role] = value
    metadata = {key: value for key, value in values.items() if value is not None}
    try:
        size = len(_to_json(metadata).encode()) if metadata else 0
    except (TypeError, ValueError, RecursionError) as cause:
        why = Refused(
            "E0104", f"the metadata has no JSON form: {cause}", None, "keep text, numbers, true, false, lists and objects"
        )
        return BadRow.of(row.at, row.place, "", why)
    if size > MAX_METADATA_BYTES:
        why = Refused(
            "E0110", f"{size:,} bytes of metadata; at most {MAX_METADATA_BYTES:,} are allowed", None, "keep less of it"
        )
        return BadRow.of(row.at, row.place, "", why)
    text = "\n".join(part for part in (read["title"], read["text"]) if part)
    return str(read["id"]), text, metadata


class _Batch:
    """Documents that wait for their last checks, which are made for many at once."""

    def __init__(self, types_numbers: bool):
        self.rows: list[Record] = []
        self._ids: list[str] = []
        self._texts: list[str] = []
        self._metadata: list[dict[str, Any]] = []
        self._types_numbers = types_numbers
        self._numeric: set[str] | None = None

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
        metadata = self._typed() if self._types_numbers else self._metadata
        kept = [row for row in range(len(self.rows)) if row not in faults]
        documents = DocumentBatch(
            [self._ids[row] for row in kept], [self._texts[row] for row in kept], [metadata[row] for row in kept]
        )
        bad = [BadRow.of(self.rows[row].at, self.rows[row].place, *faults[row]) for row in sorted(faults)]
        self.rows, self._ids, self._texts, self._metadata = [], [], [], []
        return documents, bad

    def _typed(self) -> list[dict[str, Any]]:
        """Metadata of a text table: empty cells left out, numbers as numbers in the columns that began with numbers alone."""
        filled = [{key: value for key, value in metadata.items() if value} for metadata in self._metadata]
        if self._numeric is None:
            seen = {key for metadata in filled for key in metadata}
            texts = {key for metadata in filled for key, value in metadata.items() if not _NUMBER.fullmatch(value)}
            self._numeric = seen - texts
        numeric = self._numeric
        return [
            {
                key: (float(value) if "." in value else int(value)) if key in numeric and _NUMBER.fullmatch(value) else value
                for key, value in metadata.items()
            }
            for metadata in filled
        ]
