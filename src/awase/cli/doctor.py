"""awase doctor: is everything whole?"""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from awase.cli.options import Json
from awase.cli.output import emit, emit_json, facts

EXAMPLES = ("awase doctor                # this installation", "awase doctor docs.awase", "awase doctor model --json")
PYTHON = 'awase.Collection.open("docs.awase").doctor()'

# extra -> the module that shows it is there
EXTRAS = {
    "ann": "faiss", "homophily": "zstandard", "ja": "sudachipy", "mcp": "mcp", "plot": "matplotlib", "serve": "starlette", "torch": "torch",
    "excel": "python_calamine",
    "tune": "optuna",
}  # fmt: skip


def doctor(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", help="A collection or a model; none: this installation.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a collection, a model or this installation.

    Of a collection and a model every byte is read, and the exit code is 1 if one is not what was written; of the installation
    the versions and extras are listed.
    """
    found = _installation() if path is None else _model(path) if path.is_dir() else _collection(path)
    if as_json:
        emit_json(found)
    else:
        emit(facts(found))
    if not found.get("whole", True):
        raise typer.Exit(1)


def _installation() -> dict:
    from awase.tasks.report import environment

    extras = {extra: "yes" if find_spec(module) else f"no: pip install 'awase[{extra}]'" for extra, module in EXTRAS.items()}
    return {**environment(), **{f"extra {extra}": there for extra, there in extras.items()}}


def _model(path: Path) -> dict:
    from awase import models

    model = models.load(path)  # checks every file against the manifest, and the table for NaN
    return {"kind": "model", "whole": True, "name": model.name, "dim": model.dim}


def _collection(path: Path) -> dict:
    import awase

    with awase.Collection.open(path) as collection:
        return {"kind": "collection", **collection.doctor()}
