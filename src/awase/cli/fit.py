"""awase fit: the main job."""

from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from awase.cli.options import Columns, Json, OnBad, Seed, Threads, named, pairs
from awase.cli.output import emit, remark

EXAMPLES = (
    "awase fit pairs.csv -o model",
    "awase fit pairs.jsonl -o model --columns anchor=question,positive=answer --on-bad skip",
    "awase fit pairs.parquet -o model --set dim=512 --set epochs=10 --threads 1 --json",
    "awase fit pairs.csv -o model --resume      # goes on where a killed run stopped",
)
PYTHON = 'awase.fit("pairs.csv", out="model")'


def fit(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Pairs: CSV, TSV, JSONL, Parquet, Arrow or a BEIR folder.", show_default=False, dir_okay=True
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The model folder to write.", show_default=False)],
    recipe: Annotated[str, typer.Option(help="The method; `awase recipes` lists them.")] = "static",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An option of the recipe; may be repeated.")
    ] = None,
    columns: Columns = None,
    on_bad: OnBad = "error",
    corpus: Annotated[
        Path | None, typer.Option(metavar="DOCS", help="More documents that compete as candidates when the model is judged.")
    ] = None,
    init: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Start from the tokenizer and the token vectors of this model.")
    ] = None,
    tune: Annotated[
        float,
        typer.Option(metavar="MINUTES", min=0, help="First search the recipe's options on validation queries for so long."),
    ] = 0.0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    seed: Seed = 0,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Fit a model to your pairs, and judge it.

    Reads and splits the pairs, trains, judges against BM25 and the untrained model on queries it has not seen, and writes a model
    folder with its report. Beside it, FOLDER.run keeps what --resume needs.
    """
    import awase
    from awase.cli.reading import Texts

    try:
        fitted = awase.fit(
            file,
            recipe,
            out=out,
            options=pairs(settings or (), "--set"),
            columns=named(columns, "--columns") or None,
            on_bad=on_bad,
            corpus=chain.from_iterable(Texts(corpus)) if corpus else (),
            init=init,
            seed=seed,
            threads=threads,
            resume=resume,
            tune_minutes=tune,
        )
    except KeyboardInterrupt:
        remark("The same command with --resume goes on where this one stopped.")
        raise
    if as_json:
        emit(fitted.report.as_json())
        return
    fitted.report.print()
    remark(f"The model is in {out}, its report in {out / 'report.html'}.\nNext: awase index DOCS -m {out} -o docs.awase")
