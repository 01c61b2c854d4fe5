"""Options that several verbs have, so that they mean the same everywhere."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import typer

OnBadRows = Literal["error", "skip"]
Mode = Literal["hybrid", "dense", "bm25"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
Columns = Annotated[
    str | None,
    typer.Option(metavar="ROLE=COLUMN,...", help="Which column plays which role, where its name does not say so."),
]
OnBad = Annotated[
    OnBadRows,
    typer.Option(
        "--on-bad", metavar="error|skip", help="At a row that cannot be read: stop with an error, or skip, count and list it."
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(min=1, envvar="AWASE_THREADS", help="Threads to use; all if not given. One gives the same bytes each time."),
]
Seed = Annotated[int, typer.Option(min=0, help="Of all that is random.")]
Size = Annotated[
    str | None, typer.Option(metavar="SIZE", help="How much to judge by: a share below 1, or a number.", show_default=False)
]
Lang = Annotated[
    str | None,
    typer.Option(
        metavar="LANG", help="Of a corpus: en, ja, words (cut already, at spaces), or auto, which looks.", show_default=False
    ),
]
Similarity = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="Word pairs with scores by people, to judge word vectors by; may be repeated."),
]
Model = Annotated[
    Path | None,
    typer.Option(
        "-m", "--model", envvar="AWASE_MODEL", help="The model folder; if not given, the one the collection was made with."
    ),
]
TableModel = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL", help="The folder of a model of names, or a word2vec file (.vec, .txt, .bin).", show_default=False
    ),
]
Table = Annotated[str | None, typer.Option(metavar="NAME", help="Which of the model's tables; the first if not given.")]
ReportFolder = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FOLDER", help="Write report.json, report.md and report.html here.")
]
Collection = Annotated[
    Path, typer.Argument(metavar="COLLECTION", help="A collection, as `awase index` made it.", show_default=False)
]
Searchable = Annotated[
    Path,
    typer.Argument(
        metavar="PATH",
        help="A collection, a folder of texts, a text, or a table of documents (what is no collection is read into a cache).",
        show_default=False,
    ),
]
Documents = Annotated[
    Path,
    typer.Argument(
        metavar="DOCS",
        help="JSONL, CSV, TSV, Parquet, Arrow or a BEIR folder, with id, text and any metadata.",
        show_default=False,
    ),
]


def named(text: str | None, what: str) -> dict[str, str]:
    """ "a=b,c=d" as a dict.

    >>> named("anchor=question, positive=answer", "--columns")
    {'anchor': 'question', 'positive': 'answer'}
    """
    return pairs((text or "").split(",") if text else [], what)


def pairs(parts: Iterable[str], what: str) -> dict[str, str]:
    """["a=b", "c=d"] as a dict; a part without "=" is a wrong command line."""
    found = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not (equals and name.strip() and value.strip()):
            raise typer.BadParameter(f"{part!r} is not NAME=VALUE", param_hint=what)
        found[name.strip()] = value.strip()
    return found


def size(text: str | None, what: str) -> float | int | None:
    """A share or a number.

    >>> size("0.05", "--test"), size("200", "--test"), size(None, "--test")
    (0.05, 200, None)
    """
    try:
        return None if text is None else int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a share nor a number", param_hint=what) from None
