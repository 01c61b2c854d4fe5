"""awase delete: items out of a collection."""

import sys
from typing import Annotated

import typer

from awase.cli.options import Collection, Json
from awase.cli.output import emit_json, remark

EXAMPLES = ("awase delete docs.awase doc-17 doc-18", "awase delete docs.awase - < ids.txt      # one id a line")
PYTHON = 'awase.Collection.open("docs.awase").delete(ids)'


def delete(
    collection: Collection,
    ids: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Their ids; - reads one a line from stdin.", show_default=False)
    ],
    as_json: Json = False,
) -> None:
    """Delete items of a collection by id.

    All of them in one step. An id that is not there is counted, and is no error.
    """
    import awase

    wanted = sys.stdin.read().splitlines() if ids == ["-"] else ids
    with awase.Collection.open(collection) as opened:
        deleted = opened.delete(wanted)
        found = {"deleted": deleted, "absent": len(set(wanted)) - deleted, "items": len(opened)}
    if as_json:
        emit_json(found)
    else:
        remark(f"{deleted:,} items deleted, {found['absent']:,} were not there; {found['items']:,} in all.")
