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
    "awase evaluate graph triples.tsv",
    "awase evaluate words wordsim353.tsv",
)
PYTHON = 'awase.evaluate(model, "pairs.csv")'


def evaluate(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="A folder of Awase, sentence-transformers or model2vec, or a word2vec file.",
            show_default=False,
        ),
    ],
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="For texts a BEIR folder or pairs; for names triples, interactions, edges, word pairs with scores, or analogies.",
            show_default=False,
        ),
    ],
    split: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of a BEIR folder: which judgements; test if not given.", show_default=False),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--everything",
            help="Judge all, also what `awase fit` does not hold out of this file, or the model was trained on.",
        ),
    ] = False,
    out: ReportFolder = None,
    columns: Columns = None,
    on_bad: OnBad = "error",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Judge a model on data with known answers.

    Beside a model of texts stand BM25 and both together, beside triples and interactions what is frequent. What the model was trained on, or
    chosen by, is counted and left out; of a file that it was fitted on, only what `awase fit` holds out is judged.
    """
    import awase

    report = awase.evaluate(
        model, source, split=split, everything=everything, columns=named(columns, "--columns") or None, on_bad=on_bad, seed=seed
    )
    show(report, out, as_json)
