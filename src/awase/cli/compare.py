"""awase compare: several recipes on the same data."""

from pathlib import Path
from typing import Annotated

import typer

from awase.cli.options import Columns, Json, Lang, OnBad, ReportFolder, Seed, Similarity, Size, Threads, named, size
from awase.cli.output import show

EXAMPLES = (
    "awase compare pairs.csv --recipes static",
    "awase compare pairs.csv --recipes static:dim=64,static:dim=256,negatives=mined",
    "awase compare pairs.csv --recipes static:negatives=in-batch --recipes static -o report --json",
    "awase compare triples.tsv --recipes transe,transd,ace",
    "awase compare kinds.tsv --recipes poincare,order --test 0.05",
    "awase compare corpus.txt --recipes sgns:window=2,sgns --lang en --similarity wordsim353.tsv",
)
PYTHON = 'awase.compare("pairs.csv", ["static:dim=64", "static"])'


def compare(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="What the recipes need, as `awase fit` reads it. All need the same.", show_default=False
        ),
    ],
    recipes: Annotated[
        list[str],
        typer.Option(
            metavar="RECIPE,...",
            help="What to compare, each with its options: NAME:OPTION=VALUE,OPTION=VALUE. May be given several times.",
        ),
    ] = ["static"],  # noqa: B006
    out: ReportFolder = None,
    columns: Columns = None,
    on_bad: OnBad = "error",
    test: Size = None,
    lang: Lang = None,
    similarity: Similarity = None,
    seed: Seed = 0,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Train several recipes and test their differences.

    All on the same split and judged on the same held-out queries, triples, users ..., beside the baselines of a fit. The report shows
    quality against size against seconds.
    """
    import awase

    more = {"lang": lang, "similarity": similarity}
    report = awase.compare(
        file,
        arms(",".join(recipes)),
        columns=named(columns, "--columns") or None,
        on_bad=on_bad,
        test=size(test, "--test"),
        seed=seed,
        threads=threads,
        **{name: value for name, value in more.items() if value is not None},
    )
    show(report, out, as_json)


def arms(text: str) -> list[str]:
    """The recipes of a list; an option that follows a comma belongs to the recipe before it.

    >>> arms("static:dim=64,epochs=2,static:dim=128,static")
    ['static:dim=64,epochs=2', 'static:dim=128', 'static']
    """
    found: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        if found and "=" in part and ":" not in part.partition("=")[0]:
            found[-1] += f",{part}"
        else:
            found.append(part)
    return found
