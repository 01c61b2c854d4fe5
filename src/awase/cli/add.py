"""awase add: more documents for a collection."""

from typing import Annotated

import typer

from awase.cli.index import documents, put, summary
from awase.cli.options import Collection, Columns, Documents, Json, Model, OnBad
from awase.cli.output import emit_json, remark

EXAMPLES = ("awase add docs.awase more.jsonl", "awase add docs.awase changed.jsonl --upsert")
PYTHON = 'awase.Collection.open("docs.awase").add(items), .upsert(items)'


def add(
    collection: Collection,
    docs: Documents,
    upsert: Annotated[
        bool, typer.Option("--upsert", help="Replace items whose id is there; without it that is an error.")
    ] = False,
    model: Model = None,
    columns: Columns = None,
    on_bad: OnBad = "error",
    as_json: Json = False,
) -> None:
    """Add documents to a collection."""
    import awase

    with awase.Collection.open(collection, model) as opened:
        found = put(opened, documents(docs, columns, on_bad), replace=upsert)
        found |= {"collection": str(collection), "items": len(opened)}
    if as_json:
        emit_json(found)
    else:
        remark(summary(found))
