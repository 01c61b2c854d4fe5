"""awase info: what a collection or a model is."""

from pathlib import Path
from typing import Annotated

import typer

from awase.cli.options import Json
from awase.cli.output import emit, emit_json, facts

EXAMPLES = ("awase info docs.awase", "awase info model", "awase info model --json")
PYTHON = 'awase.Collection.open("docs.awase").info(), awase.load("model").info'


def info(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A collection or a model folder.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Say what a collection or a model is."""
    found = _model(path) if path.is_dir() else _collection(path)
    if as_json:
        emit_json(found)
    else:
        emit(facts(found))


def _model(path: Path) -> dict:
    from awase import models

    model = models.load(path)
    tables = {}
    if isinstance(model, models.TableModel):
        tables = {"geometry": model.geometry, "names": {table: len(names) for table, names in model.names.items()}}
    return {
        "kind": "model",
        "name": model.name,
        "dim": model.dim,
        **tables,
        "fingerprint": model.fingerprint,
        **getattr(model, "info", {}),
    }


def _collection(path: Path) -> dict:
    import awase

    with awase.Collection.open(path) as collection:
        return {"kind": "collection", **collection.info()}
