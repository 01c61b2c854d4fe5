"""awase export: a table of names in a format that other programs read."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from awase.cli.options import Json, Table, TableModel
from awase.cli.output import emit_json, remark

EXAMPLES = (
    "awase export model words.vec",
    "awase export model words.bin --format word2vec-binary",
    "awase export graph entities.vec --table entities --space _",
)
PYTHON = 'awase.models.word2vec.write(awase.load("model"), "words.vec")'


def export(
    model: TableModel,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.", show_default=False)],
    format: Annotated[
        Literal["word2vec", "word2vec-binary"],
        typer.Option(metavar="word2vec|word2vec-binary", help="Text, or float32; gensim, fastText and spaCy read both."),
    ] = "word2vec",
    table: Table = None,
    space: Annotated[
        str | None,
        typer.Option(metavar="CHARACTER", help="What takes the place of white space in names; else they are refused."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the rows of a model for other programs."""
    from awase.models import named_table, word2vec

    opened = named_table(model)
    n = word2vec.write(opened, out, format, table=table, space=space)
    if as_json:
        emit_json({"out": str(out), "names": n, "dim": opened.dim, "format": format})
    else:
        remark(f"{n:,} names with {opened.dim} dimensions each are in {out}.")
