"""awase demo: the main job on data that comes with Awase."""

import time
from pathlib import Path
from typing import Annotated

import typer

from awase.cli.options import Json, Threads
from awase.cli.output import emit, emit_json, remark

EXAMPLES = ("awase demo", "awase demo --out elsewhere --threads 1")
PYTHON = "awase.fit(awase.data.demo.demo_path())"

# None of these is a sentence of the data.
QUERIES = (
    "駅までの道を教えてください",
    "明日は雨らしいよ",
    "姉は犬が怖い",
    "この料理は辛すぎる",
    "もっと早く寝るべきだった",
)
_SHOWN = 2  # results of each


def demo(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the model and the collection go.")] = Path("awase-demo"),
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Do the main job on data that comes with Awase.

    Fits a model to 60,000 Japanese-English sentence pairs, judges it, indexes the English sentences and searches them in Japanese.
    """
    import awase
    from awase.data.demo import demo_path
    from awase.store import database

    started = time.monotonic()
    model, english = out / "model", out / "english.awase"
    remark(f"Fitting a model to the bundled sentence pairs (Tatoeba, CC BY 2.0 FR) into {model} ...")
    fitted = awase.fit(demo_path(), out=model, threads=threads)
    if not as_json:
        fitted.report.print()
    remark(f"Indexing the English sentences into {english} ...")
    database.remove(english)
    with awase.Collection.create(english, model) as collection:
        collection.add(_sentences(demo_path()))
        found = dict(zip(QUERIES, collection.search(QUERIES, _SHOWN), strict=True))
    if as_json:
        searches = [{"query": query, "found": [one.text for one in results]} for query, results in found.items()]
        emit_json({"report": fitted.report.as_dict(), "searches": searches})
        return
    for query, results in found.items():
        emit("\n".join([query, *(f"    {one.score:.3f}  {one.text}" for one in results)]))
    remark(
        f"\nDone in {time.monotonic() - started:.0f} s. The report is {model / 'report.html'}. Next:\n"
        f'  awase search {english} "猫が好きです"      your own query\n'
        f"  awase serve {english}                    the same in a browser, and over HTTP\n"
        f"  awase fit pairs.csv -o my-model          a file of your own with two columns of text"
    )


def _sentences(path: Path) -> list[tuple[str, str]]:
    """(id, sentence) of each distinct English sentence."""
    from awase.data.pairs import read_pairs

    texts = dict.fromkeys(read_pairs(path).positives.to_pylist())
    return [(f"en-{number}", text) for number, text in enumerate(texts, start=1)]
