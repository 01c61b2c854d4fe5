"""awase search: the items that match a query."""

import shutil
from typing import TYPE_CHECKING, Annotated

import typer

from awase.cli.options import Json, Mode, Model, Searchable
from awase.cli.output import coloured, emit, emit_json, remark
from awase.core.limits import MAX_K

if TYPE_CHECKING:
    from awase.apps.local.search import Searched

EXAMPLES = (
    'awase search notes "red wine"                # a folder of texts: read now, and again when they change',
    'awase search docs.awase "red wine"',
    'awase search docs.awase "赤いワイン" -k 3 --mode dense',
    "awase search docs.awase wine --where 'year >= 2020 and lang = \"en\"' --json",
)
PYTHON = 'awase.Collection.open("docs.awase").search(["red wine"], k=10)'

_NAMED = 50  # files without a text that are named at once


def search(
    path: Searchable,
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
    """Find what matches a query in a collection or folder.

    PATH is a collection, or what holds texts as they are. A folder is searched by words, with a model (-m) also by vectors. What Git
    ignores, hidden files, links and binary files are passed over.
    """
    from awase.apps.local.search import Searched
    from awase.kernels.start import one_answer

    one_answer()
    with Searched(path, model) as opened:
        _say(opened, as_json)
        results = opened.search(query, k, where=where, mode=mode)
    if as_json:
        emit_json([{"id": one.id, "score": one.score, "text": one.text, "metadata": one.metadata} for one in results])
        return
    if not results:
        remark("Nothing was found.")
        return
    from awase.cli.ranked import ranked

    emit(ranked(results, query, width=shutil.get_terminal_size().columns, colours=coloured()))


def _say(opened: "Searched", as_json: bool) -> None:
    """What was read, when something was; which files have no text, the first time that it is seen."""
    changes = opened.changes
    if not (changes.changed or changes.removed or changes.news):
        return
    parts = [f"{n:,} {reason}" for reason, n in changes.passed_over.items()]
    if opened.kind == "texts" and (parts or changes.news or not as_json):
        passed_over = f"; passed over: {', '.join(parts)}" if parts else ""
        remark(f"{changes.files:,} files, {changes.changed:,} read now, {changes.removed:,} gone{passed_over}.")
    if not changes.news:
        return
    from awase.cli.ranked import printable

    for path, why in list(changes.news.items())[:_NAMED]:
        remark(f"not read: {printable(path)}: {why}")
    if len(changes.news) > _NAMED:
        remark(f"not read: {len(changes.news) - _NAMED:,} more; `awase info {opened.path}` lists them")
