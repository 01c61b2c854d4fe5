"""awase recipes: the methods there are."""

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from awase.cli.options import Json
from awase.cli.output import emit, emit_json, facts

if TYPE_CHECKING:
    from awase.recipes import Entry

EXAMPLES = ("awase recipes", "awase recipes static", "awase recipes --json")
PYTHON = "awase.recipes.names(), awase.recipes.get(name)"


def recipes(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A recipe; none lists them all.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List the recipes, or show all of one."""
    from awase import recipes as room

    if name is None:
        entries = [room.get(one) for one in room.names()]
        if as_json:
            emit_json([_described(entry) for entry in entries])
        else:
            emit("\n".join(f"{entry.name:<12}{entry.summary}" for entry in entries))
        return
    entry = room.get(name)
    if as_json:
        emit_json(_described(entry))
        return
    described = _described(entry)
    parts = [f"{part}\n{facts(_settings(value))}" for part, value in described["parts"].items()]
    options = facts({option: f"{of['default']!s:<12} {of['type']}" for option, of in described["options"].items()})
    emit("\n\n".join([described["text"], "The parts", *parts, "Options: `awase fit --set NAME=VALUE`", options]))


def _described(entry: "Entry") -> dict:
    paper = entry.paper and {"title": entry.paper.title, "venue": entry.paper.venue, "arxiv": entry.paper.arxiv}
    return {
        "name": entry.name,
        "summary": entry.summary,
        "needs": entry.needs,
        "paper": paper,
        "parts": entry().resolved(),
        "options": entry.options(),
        "text": inspect.getdoc(entry.make),
    }


def _settings(value: Any) -> dict:
    return value if isinstance(value, dict) else {"part": value}
