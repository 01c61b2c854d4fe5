"""awase encode: texts to vectors, in a file."""

from pathlib import Path
from typing import Annotated

import typer

from awase.cli.options import Columns, Json, named
from awase.cli.output import emit_json, remark

EXAMPLES = (
    "awase encode docs.jsonl -m model -o vectors.npy",
    "awase encode queries.txt -m model -o queries.npy --role query      # one text a line",
    "awase encode docs.csv -m model -o small.npy --dim 64 --columns text=body",
)
PYTHON = 'awase.load("model").encode(texts)'


def encode(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Documents (JSONL, CSV, TSV, Parquet, Arrow), or a .txt with one text a line.",
            show_default=False,
        ),
    ],
    model: Annotated[Path, typer.Option("-m", "--model", envvar="AWASE_MODEL", help="The model folder.", show_default=False)],
    out: Annotated[Path, typer.Option("-o", "--out", help="The .npy file to write.", show_default=False)],
    role: Annotated[
        str, typer.Option(help="What the texts are: query, document, or another role the model has a prompt for.")
    ] = "document",
    dim: Annotated[int | None, typer.Option(min=1, help="Keep only so many dimensions.")] = None,
    columns: Columns = None,
    as_json: Json = False,
) -> None:
    """Write the vectors of texts to a file.

    The file is a .npy array, float32 (texts, dim), in the order of the texts.
    """
    from awase import models
    from awase.apps.encode import encode_to_file
    from awase.cli.reading import Texts

    n, width = encode_to_file(models.load(model), Texts(file, named(columns, "--columns")), out, role=role, dim=dim)
    if as_json:
        emit_json({"out": str(out), "texts": n, "dim": width})
    else:
        remark(f"{n:,} vectors of {width} dimensions are in {out}.")
