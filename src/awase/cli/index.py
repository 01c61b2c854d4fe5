"""awase index: documents to a collection that can be searched."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from awase.cli.options import Columns, Documents, Json, OnBad, OnBadRows, named
from awase.cli.output import emit_json, remark

if TYPE_CHECKING:
    from awase.data.documents import Documents as Source
    from awase.index.collection import Collection, Item

EXAMPLES = (
    "awase index docs.jsonl -m model -o docs.awase",
    "awase index docs.csv -o words.awase                 # no model: by words only",
    "awase index docs.jsonl -m new-model -o docs.awase --fresh",
    "awase index docs.parquet -m model -o docs.awase --columns id=key,text=body",
)
PYTHON = 'awase.Collection.create("docs.awase", "model").upsert(items)'


def index(
    docs: Documents,
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="COLLECTION", help="The collection to write.", show_default=False)
    ],
    model: Annotated[
        Path | None,
        typer.Option("-m", "--model", envvar="AWASE_MODEL", help="The model folder; without one, search is by words alone."),
    ] = None,
    analyzer: Annotated[
        str, typer.Option(help="How words are found: auto, simple, cjk, sudachi, or a language such as english.")
    ] = "auto",
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove the collection that is there, and begin anew.")] = False,
    columns: Columns = None,
    on_bad: OnBad = "error",
    as_json: Json = False,
) -> None:
    """Put documents into a collection.

    They are streamed, some thousands at a time, and each batch is there whole or not at all. After an interruption give the same
    command again: what is there already is not encoded again and nothing is doubled.
    """
    from awase.index.collection import Collection
    from awase.store import database

    source = documents(docs, columns, on_bad)  # its errors come before anything is removed
    if fresh:
        database.remove(out)
    opened = Collection.open(out, model) if database.begun(out) else Collection.create(out, model, analyzer=analyzer)
    with opened as collection:
        found = put(collection, source)
        found |= {"collection": str(out), "items": len(collection)}
    if as_json:
        emit_json(found)
        return
    remark(summary(found))
    remark(f'Next: awase search {out} "..."')


def documents(docs: Path, columns: str | None, on_bad: OnBadRows) -> "Source":
    """The documents that a command line names."""
    from awase.data.documents import read_documents

    return read_documents(docs, columns=named(columns, "--columns") or None, on_bad=on_bad)


def put(collection: "Collection", source: "Source", *, replace: bool = True) -> dict:
    """Write documents into a collection and count them: those read, written, already there as they are, and bad."""
    counted = _Counted(source)
    written = (collection.upsert if replace else collection.add)(counted)
    return {
        "read": counted.n,
        "written": written,
        "unchanged": counted.n - written,
        "bad_rows": source.bad.n,
        "bad": source.bad.listed,
        "notes": source.understood["notes"],
    }


def summary(found: dict) -> str:
    """What was done, in one line, and one more for each note of the reader and each bad row that is listed."""
    lines = [f"{found['written']:,} items written, {found['unchanged']:,} were there already; {found['items']:,} in all."]
    lines += [f"Note: {note}." for note in found["notes"]]
    if found["bad_rows"]:
        lines.append(f"{found['bad_rows']:,} rows were skipped:")
        lines += [f"  {row['place']}: {row['problem']}" for row in found["bad"]]
    return "\n".join(lines)


class _Counted:
    """The items of a source, and how many there were."""

    def __init__(self, source: "Source"):
        self._source, self.n = source, 0

    def __iter__(self) -> Iterator["Item"]:
        from awase.index.collection import Item

        for batch in self._source:
            for item_id, text, metadata in zip(*batch, strict=True):
                self.n += 1
                yield Item(item_id, text, metadata)
