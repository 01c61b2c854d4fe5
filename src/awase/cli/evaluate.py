"""awase evaluate: judge a model that exists."""

from pathlib import Path
from typing import Annotated

import typer

from awase.cli.options import Columns, Json, OnBad, ReportFolder, Seed, named
from awase.cli.output import show

EXAMPLES = (
    "awase evaluate model beir-folder",
    "awase evaluate model pairs.csv --json",
    "awase evaluate all-MiniLM-L6-v2 other-pairs.csv --everything -o report",
)
PYTHON = 'awase.evaluate(model, "pairs.csv")'


def evaluate(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A folder of Awase, sentence-transformers or model2vec.", show_default=False)
    ],
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A BEIR folder, or a file of pairs.", show_default=False)],
    split: Annotated[str, typer.Option(help="Of a BEIR folder: which judgements.")] = "test",
    everything: Annotated[
        bool, typer.Option("--everything", help="Of pairs: judge all, for a file the model was not trained on.")
    ] = False,
    out: ReportFolder = None,
    columns: Columns = None,
    on_bad: OnBad = "error",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Judge a model on queries with known answers.

    Beside it stand BM25 and both together. Of a file of pairs, the queries judged are those that `awase fit` holds out of it.
    """
    import awase

    report = awase.evaluate(
        model, source, split=split, everything=everything, columns=named(columns, "--columns") or None, on_bad=on_bad, seed=seed
    )
    show(report, out, as_json)
