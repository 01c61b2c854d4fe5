"""awase fit: the main job."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from awase.cli.options import Columns, Json, Lang, OnBad, Seed, Similarity, Size, Threads, named, pairs, size
from awase.cli.output import emit, remark

if TYPE_CHECKING:
    from awase.models import StaticModel, TableModel

EXAMPLES = (
    "awase fit pairs.csv -o model",
    "awase fit pairs.jsonl -o model --columns anchor=question,positive=answer --on-bad skip",
    "awase fit pairs.parquet -o model --set dim=512 --set epochs=10 --threads 1 --json",
    "awase fit pairs.csv -o model --resume      # goes on where a killed run stopped",
    "awase fit corpus.txt -o words --recipe sgns --lang en",
    "awase fit triples.tsv -o graph --recipe transe",
    "awase fit ratings.csv -o taste --recipe cml",
)
PYTHON = 'awase.fit("pairs.csv", out="model")'


def fit(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="What the recipe needs: pairs, triples, ratings ... as CSV, TSV, JSONL, Parquet or Arrow; a corpus as text.",
            show_default=False,
            dir_okay=True,
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
    lang: Lang = None,
    min_count: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Of a corpus: words seen less often are left out (5).", show_default=False),
    ] = None,
    min_value: Annotated[
        float | None, typer.Option(metavar="X", help="Of ratings: lower ones are no positives.", show_default=False)
    ] = None,
    on_disk: Annotated[
        bool, typer.Option("--on-disk", help="Of a corpus: train the table in a file, for more words than memory has room for.")
    ] = False,
    half: Annotated[bool, typer.Option("--half", help="Save vectors of names in 16 bits: half the size.")] = False,
    no_trained_on: Annotated[
        bool,
        typer.Option(
            "--no-trained-on",
            help="Of texts: keep no hashes of them, by which `awase evaluate` leaves out what was trained on.",
        ),
    ] = False,
    similarity: Similarity = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    valid: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="How much to choose by: a share below 1, or a number.", show_default=False),
    ] = None,
    test: Size = None,
    seed: Seed = 0,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Fit a model to what belongs together, and judge it.

    Reads and splits the data, trains, judges against simple baselines and the untrained model on what it has not seen, and writes a
    model folder with its report. Beside it, FOLDER.run keeps what --resume needs.
    """
    import awase
    from awase.cli.reading import Texts

    more = {
        "corpus": chain.from_iterable(Texts(corpus)) if corpus else None,
        "init": init,
        "tune_minutes": tune or None,
        "lang": lang,
        "on_disk": on_disk or None,
        "half": half or None,
        "trained_on": False if no_trained_on else None,
        "min_count": min_count,
        "min_value": min_value,
        "similarity": similarity,
    }
    from awase.train.checkpoint import has_state

    try:
        fitted = awase.fit(
            file,
            recipe,
            out=out,
            options=pairs(settings or (), "--set"),
            columns=named(columns, "--columns") or None,
            on_bad=on_bad,
            valid=size(valid, "--valid"),
            test=size(test, "--test"),
            seed=seed,
            threads=threads,
            resume=resume,
            **{name: value for name, value in more.items() if value is not None},
        )
    except KeyboardInterrupt:
        saved = has_state(out)
        again = "with --resume goes on from its last checkpoint" if saved else "starts anew: there was no checkpoint yet"
        remark(f"Stopped. The same command {again}.")
        raise
    if as_json:
        emit(fitted.report.as_json())
        return
    fitted.report.print()
    following = _next(fitted.model, fitted.report.outcome or {}, fitted.report.tests, out)
    remark(f"The model is in {out}, its report in {out / 'report.html'}.\nNext: {following}")


def _next(model: "StaticModel | TableModel", outcome: Mapping, tests: Sequence[Mapping], out: Path | str) -> str:
    """The command that makes use of what was found: of BM25 alone, where that is better than the model and than both together."""
    from awase.models import StaticModel
    from awase.tasks.report.outcome import REGRESSION, beaten_by_both

    if not isinstance(model, StaticModel):
        return f"awase neighbours {out} NAME"
    words_alone = outcome.get("against", {}).get("bm25", {}).get("word") == REGRESSION and not beaten_by_both(tests)
    return "awase index DOCS -o docs.awase" if words_alone else f"awase index DOCS -m {out} -o docs.awase"
