"""awase delete: items out of a collection, or the cache of a folder."""

import sys
from typing import Annotated

import typer

from awase.cli.options import Collection, Json
from awase.cli.output import emit_json, remark

EXAMPLES = (
    "awase delete docs.awase doc-17 doc-18",
    "awase delete docs.awase - < ids.txt      # one id a line",
    "awase delete notes --cache               # what `awase search notes` keeps; the notes stay",
)
PYTHON = 'awase.Collection.open("docs.awase").delete(ids)'


def delete(
    collection: Collection,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID...", help="Their ids; - reads one a line from stdin.", show_default=False)
    ] = None,
    cache: Annotated[
        bool, typer.Option("--cache", help="Remove what a search of this folder, text or table keeps, and nothing else.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Delete items of a collection, or a folder's cache.

    All items in one step. An id that is not there is counted, and is no error.
    """
    if cache == bool(ids):
        raise typer.BadParameter("give ids, or --cache and no ids", param_hint="ID...")
    if cache:
        from awase.apps.local.cached import remove

        removed = remove(collection)
        if as_json:
            emit_json(removed)
        else:
            remark(f"{removed['bytes']:,} bytes are free: {removed['cache']} is gone.")
        return
    import awase

    assert ids
    wanted = sys.stdin.read().splitlines() if ids == ["-"] else ids
    with awase.Collection.open(collection) as opened:
        deleted = opened.delete(wanted)
        found = {"deleted": deleted, "absent": len(set(wanted)) - deleted, "items": len(opened)}
    if as_json:
        emit_json(found)
    else:
        remark(f"{deleted:,} items deleted, {found['absent']:,} were not there; {found['items']:,} in all.")
