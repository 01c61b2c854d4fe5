"""awase explain: what an error code means."""

from typing import Annotated

import typer

from awase.cli.options import Json
from awase.cli.output import emit, emit_json

EXAMPLES = ("awase explain E0104", "awase explain            # all codes")
PYTHON = "awase.core.explain.explain(code)"


def explain(
    code: Annotated[
        str | None, typer.Argument(metavar="CODE", help="The code of an error; none lists them all.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what an error code means."""
    from awase.core import explain as pages

    if code is None:
        titles = {known: pages.explain(known).partition("\n")[0].partition(": ")[2] for known in pages.codes()}
        if as_json:
            emit_json(titles)
        else:
            emit("\n".join(f"{known}  {title}" for known, title in titles.items()))
        return
    page = pages.explain(code)
    title, _, text = page.partition("\n")
    if as_json:
        known, _, meaning = title.removeprefix("# ").partition(": ")
        emit_json({"code": known, "title": meaning, "text": text.strip()})
    else:
        emit(page)
