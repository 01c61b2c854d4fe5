"""awase export: a table of names in a format that other programs read."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from awase.cli.options import Json, OnBad, Table, TableModel
from awase.cli.output import emit_json, remark

EXAMPLES = (
    "awase export model words.vec",
    "awase export model words.bin --format word2vec-binary",
    "awase export graph entities.vec --table entities --space _",
    "awase export glove.6B.100d.txt words.vec --on-bad skip",
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
    on_bad: OnBad = "error",
    as_json: Json = False,
) -> None:
    """Write a table of names for other programs.

    The table is a model's, or a word2vec file.
    With --on-bad skip, rows of a word2vec file that cannot be read are left out and counted: what is written opens everywhere.
    """
    from awase.models import named_table, word2vec

    is_file = model.is_file() and word2vec.is_one(model)
    opened = word2vec.read_word2vec(model, on_bad=on_bad) if is_file else named_table(model)
    n, bad = word2vec.write(opened, out, format, table=table, space=space), opened.info["bad_rows"] if is_file else 0
    if as_json:
        emit_json({"out": str(out), "names": n, "dim": opened.dim, "format": format, "bad_rows": bad})
    else:
        remark(f"{n:,} names with {opened.dim} dimensions each are in {out}." + (f" {bad:,} rows were skipped." if bad else ""))
