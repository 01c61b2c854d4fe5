"""The report of tasks that are no retrieval: their own words in every form, tables and pictures, and nothing that does not apply."""

import base64
import io
import json
import re

import numpy as np
import pytest
from rich.console import Console

from awase.core.errors import InputError
from awase.tasks.correlation import Correlation
from awase.tasks.items import Ratio
from awase.tasks.report import Picture, Report, Table
from awase.tasks.report.plots import plots

HOSTILE = "<script>alert('x')</script> | `a` **b** [c](javascript:d)"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
SVG = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
RNG = np.random.default_rng(0)
TRAINED, UNTRAINED = RNG.random(120), 0.3 * RNG.random(120)


def users(**changes):
    def of(values):
        return {"recall@20": values, "ndcg@20": values / 2, "mean_rank": Ratio(1 + 50 * (1 - values), np.ones(120))}

    parts = {
        "items": "users",
        "title": "cml fitted to ratings.csv",
        "name": "ratings.csv",
        "candidates": "items",
        "n_candidates": 1682,
        "left_out": {"users without test items": 12, "users without a name": 0},
        "protocol": "A fifth of each user's items is held out at random.",
        "pairs": [("trained", "popularity")],
        "data": {"rows": 500, "bad_rows": 0},
        "split": {"train": 400},
        "cost": {"train_s": 12.0},
        "history": [{"step": i, "loss": 1.0 / i} for i in range(1, 9)] + [{"step": 8, "recall@20": 0.3}],
        "tables": [
            Table(
                "By genre",
                ("genre", "users", "recall@20"),
                [(f"genre {i} {HOSTILE}", 1000 + i, -i / 9) for i in range(20)],
                "As tagged.",
            ),
            Table("Coverage", ("what", "share"), [("known", None)]),
        ],
        "pictures": [
            Picture("disc", f"The disc {HOSTILE}", SVG, "Items on the disc."),
            Picture("plane", "The plane", PNG, "A plane."),
        ],
    }
    return Report.of_items({"trained": of(TRAINED), "popularity": of(UNTRAINED)}, **(parts | changes))


@pytest.fixture(scope="module")
def report():
    return users()


def terminal(report, width=100):
    out = io.StringIO()
    report.print(Console(file=out, width=width))
    return out.getvalue()


def test_json(report):
    content = json.loads(report.as_json())
    assert content["judged"] == {
        "name": "ratings.csv",
        "items": "users",
        "n_items": 120,
        "candidates": "items",
        "n_candidates": 1682,
        "left_out": {"users without test items": 12, "users without a name": 0},
        "metrics": ["recall@20", "ndcg@20", "mean_rank"],
        "protocol": "A fifth of each user's items is held out at random.",
    }
    of = content["systems"]["trained"]
    assert of["recall@20"] == pytest.approx(TRAINED.mean())
    assert of["mean_rank_ci"][0] < of["mean_rank"] < of["mean_rank_ci"][1]
    assert content["tests"][0]["metric"] == "recall@20"
    assert sum(content["differences"][0]["counts"]) == 120
    assert content["tables"][1] == {"title": "Coverage", "heads": ["what", "share"], "rows": [["known", None]], "words": ""}
    assert base64.b64decode(content["pictures"][1]["base64"]) == PNG


def test_verdict(report):
    assert report.verdict[0].startswith("trained beats popularity by ")
    assert report.verdict[1:] == [
        f"Use trained: it has the best recall@20, {TRAINED.mean():.3f}.",
        f"On validation recall@20 reached 0.300, on test it is {TRAINED.mean():.3f}: validation was on other users. What counts is the test.",
        "12 users without test items were left out.",
    ]


def test_no_form_speaks_of_queries(report):
    files = report.files()
    page, markdown, text = files["report.html"].decode(), files["report.md"].decode(), terminal(report)
    for form in (page, markdown, text):
        assert "120 users, 1,682 candidate items" in form
        assert not re.search("quer(y|ies)|document", form)
    assert "bootstrap over the users" in page
    assert re.search(r"trained is better on \d+ users, popularity on \d+,", page)
    assert "candidate items" in page.split("<h2>Judged</h2>")[1]
    assert "A fifth of each user&#x27;s items" in page.split("</header>")[0]
    assert all("A fifth of each user's items is held out at random." in form for form in (markdown, text))


def test_the_best_rank_is_the_lowest(report):
    markdown = report.files()["report.md"].decode()
    row = next(line for line in markdown.splitlines() if line.startswith("| trained | **"))
    assert row.count("**") == 6
    assert "mean rank" in markdown


def test_tables_are_whole_on_the_page_and_cut_in_the_terminal(report):
    files, text = report.files(), terminal(report)
    for name in ("report.html", "report.md"):
        assert files[name].decode().count("genre 1") == 11
        assert "−2.111" in files[name].decode()
        assert "1,019" in files[name].decode()
    assert "genre 11" in text
    assert "genre 12" not in text
    assert "and 8 more on the page" in text
    assert "–" in text


def test_pictures(report):
    files = report.files()
    assert set(files) == {"report.json", "report.md", "report.html", "disc.svg", "plane.png"}
    assert (files["disc.svg"], files["plane.png"]) == (SVG, PNG)
    assert "![A plane.](plane.png)" in files["report.md"].decode()
    page = files["report.html"].decode()
    assert "img-src data:" in page
    assert f"src='data:image/png;base64,{base64.b64encode(PNG).decode()}'" in page
    assert "<script" not in page, "an SVG stays an image, and texts stay texts"
    assert "alt='Items on the disc.'" in page


def test_only_what_was_measured_is_explained(report):
    page = report.files()["report.html"].decode()
    meanings = page.split("What the measures mean")[1]
    assert re.findall("<dt>(.*?)</dt>", meanings) == ["recall@k", "nDCG@k", "mean rank", "interval", "p"]


def test_a_correlation_has_no_value_for_each_item():
    gold = RNG.random(50)
    of = {
        name: {"spearman": Correlation(gold + noise * RNG.random(50), gold)} for name, noise in (("sgns", 0.2), ("edrep", 3.0))
    }
    report = Report.of_items(of, items="word pairs", title="Words", pairs=[("sgns", "edrep")], data={}, split={}, cost={})
    assert report.verdict[0].startswith("sgns beats edrep by ")
    assert "points of Spearman's ρ" in report.verdict[0]
    assert report.verdict[-1].startswith("Only 50 word pairs: the intervals are wide")
    assert report.differences == []
    assert [plot.title for plot in plots(report)] == ["Systems"]
    text = terminal(report)
    assert "\n50 word pairs, 95 % bootstrap intervals over the word pairs" in text
    assert "candidate" not in text


def test_systems_that_the_items_do_not_tell_apart():
    of = {name: {"mrr": RNG.random(200)} for name in ("transe", "transd")}
    report = Report.of_items(of, items="test triples", title="t", pairs=[("transe", "transd")], data={}, split={}, cost={})
    assert "these test triples do not tell it apart from" in report.verdict[-1]
    assert "judge on more test triples" in report.verdict[-1]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tables": [Table("T", ("a", "b"), [("x",)])]}, "a row of a table needs 2 cells"),
        ({"tables": [Table("T", ("a", "b"), [("x", np.nan)])]}, "report.tables[0].rows[0][1]"),
        ({"pictures": [Picture("p", "P", b"GIF89a", "w")]}, "a picture is a PNG or an SVG"),
        ({"pictures": [Picture("../p", "P", PNG, "w")]}, "a picture's file name"),
    ],
)
def test_what_is_refused(changes, says):
    with pytest.raises(InputError, match="E0809") as caught:
        users(**changes)
    assert says in str(caught.value)
