"""awase search: the items that match a query."""

import shutil
from typing import Annotated

import typer

from awase.cli.options import Collection, Json, Mode, Model
from awase.cli.output import coloured, emit, emit_json, remark
from awase.core.limits import MAX_K

EXAMPLES = (
    'awase search docs.awase "red wine"',
    'awase search docs.awase "赤いワイン" -k 3 --mode dense',
    "awase search docs.awase wine --where 'year >= 2020 and lang = \"en\"' --json",
)
PYTHON = 'awase.Collection.open("docs.awase").search(["red wine"], k=10)'


def search(
    collection: Collection,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What to look for.", show_default=False)],
    k: Annotated[int, typer.Option("-k", min=1, max=MAX_K, help="How many results.")] = 10,
    mode: Annotated[
        Mode, typer.Option(metavar="hybrid|dense|bm25", help="By words (bm25), by vectors (dense), or by both.")
    ] = "hybrid",
    where: Annotated[
        str | None,
        typer.Option(metavar="FILTER", help='Only items whose metadata fits: year >= 2020 and lang in ("en", "ja").'),
    ] = None,
    model: Model = None,
    as_json: Json = False,
) -> None:
    """Find the items that match a query best."""
    import awase

    with awase.Collection.open(collection, model=model) as opened:
        results = opened.search([query], k, where=where, mode=mode)[0]
    if as_json:
        emit_json([{"id": one.id, "score": one.score, "text": one.text, "metadata": one.metadata} for one in results])
        return
    if not results:
        remark("Nothing was found.")
        return
    from awase.cli.ranked import ranked

    emit(ranked(results, query, width=shutil.get_terminal_size().columns, colours=coloured()))
