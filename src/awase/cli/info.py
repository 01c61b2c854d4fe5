"""awase info: what a collection, a model or the cache of a folder is."""

from pathlib import Path
from typing import Annotated

import typer

from awase.cli.options import Json
from awase.cli.output import emit, emit_json, facts

EXAMPLES = (
    "awase info docs.awase",
    "awase info model",
    "awase info model --json",
    "awase info notes            # a folder that was searched",
)
PYTHON = 'awase.Collection.open("docs.awase").info(), awase.load("model").info'


def info(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A collection, a model folder, or a folder, text or table that was searched.",
            show_default=False,
        ),
    ],
    as_json: Json = False,
) -> None:
    """Say what a collection, a model or a folder's cache is."""
    from awase.apps.local.found import kind_of

    kind = kind_of(path)
    found = _model(path) if kind == "model" else _collection(path) if kind == "collection" else _cache(path, kind)
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


def _cache(path: Path, kind: str) -> dict:
    from awase.apps.local.cached import describe

    return describe(path, kind)
