"""The report in its four forms: the contract of report.json, and pages that show hostile texts as texts."""

import io
import json
import re
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

from awase.core.errors import InputError
from awase.core.protocols import Hits
from awase.data.judged import Judged
from awase.tasks.report import Report, environment
from awase.tasks.report.plots import plots
from awase.tasks.retrieval import System, judge

N = 150
HOSTILE = "id=\"x\" #1a0001 <script>alert('x')</script> & | `a` **b** [c](javascript:d) $e$ \n# 見出し"


def searching(name, shift):
    """Finds the document of most queries at rank 1 + shift, of every fifth at rank 4, of every seventh never."""

    def search(queries, k):
        rows = (np.arange(N)[:, None] + 1 + np.arange(k)) % N
        ranks = np.where(np.arange(N) % 5 == 0, 3, shift)
        found = np.arange(N) % 7 > 0
        rows[np.flatnonzero(found), ranks[found]] = np.flatnonzero(found)
        return Hits(rows, np.tile(-np.arange(k, dtype=np.float32), (N, 1)))

    return System(name, search)


@pytest.fixture(scope="module")
def judgement():
    ids = [str(i) for i in range(N)]
    texts = [f"文書 {i}: 雨が降っていたから、家にいた。{HOSTILE}" for i in range(N)]
    judged = Judged(
        [f"質問 {i} {HOSTILE}" for i in range(N)],
        texts,
        np.arange(N + 1),
        np.arange(N),
        np.ones(N, np.float32),
        ids,
        ids,
        "made",
    )
    systems = [searching("bm25", 0), searching("untrained", 3), searching("trained", 1), searching(f"hybrid {HOSTILE}", 0)]
    pairs = [("trained", "bm25"), (systems[3].name, ("bm25", "trained"))]
    return judge(systems, judged, pairs=pairs, k=20)


def full(judgement, **changes):
    parts = {
        "title": f"Fitted to {HOSTILE}",
        "data": {"path": "x.csv", "rows": np.int64(500), "bad_rows": 3, "note": HOSTILE},
        "split": {"train": 300, "valid": 50, "test": 150},
        "cost": {"train_s": np.float32(12.5), "train_cpu_s": 20.0, "peak_rss_bytes": 10**9, "model_bytes": 45_000_000},
        "recipe": {"name": "static", "dims": (32, 64)},
        "environment": environment(),
        "geometry": {"alignment": 0.6, "uniformity": None},
        "fusion": {"weight": 0.6},
        "worst": ("trained", "bm25"),
        "n_bytes": {name: 1_000_000 * (i + 1) for i, name in enumerate(judgement.systems)},
        "dims": [{"dim": 32, "ndcg@10": 0.4, "ndcg@10_ci": [0.3, 0.5]}, {"dim": 64, "ndcg@10": 0.5, "ndcg@10_ci": [0.4, 0.6]}],
        "history": [{"step": i, "loss": 2.0 / i, "lr": 0.1} for i in range(1, 2001)]
        + [{"step": 1000, "ndcg@10": 0.3}, {"step": 2000, "ndcg@10": 0.5}],
    }
    return Report.of(judgement, **(parts | changes))


@pytest.fixture(scope="module")
def report(judgement):
    return full(judgement)


@pytest.fixture(scope="module")
def html(report):
    return report.files()["report.html"].decode()


def least(judgement):
    """A report with nothing that may be left out."""
    return Report.of(judgement, title="t", data={}, split={}, cost={})


def test_report_json_keeps_its_contract(report, judgement):
    content = json.loads(report.as_json())
    assert list(content["systems"]) == list(judgement.systems)
    trained = content["systems"]["trained"]
    assert set(trained) == {f"{name}{ci}" for name in ("ndcg@10", "recall@10", "mrr@10", "accuracy@1") for ci in ("", "_ci")}
    assert trained["ndcg@10"] == judgement.systems["trained"]["ndcg@10"].mean
    assert trained["ndcg@10_ci"][0] < trained["ndcg@10"] < trained["ndcg@10_ci"][1]
    test = content["tests"][0]
    assert (test["a"], test["b"], test["metric"]) == ("trained", "bm25", "ndcg@10")
    assert test["difference"] == pytest.approx(trained["ndcg@10"] - content["systems"]["bm25"]["ndcg@10"])
    assert test["p"] <= test["p_holm"]
    assert content["cost"] == {"train_s": 12.5, "train_cpu_s": 20.0, "peak_rss_bytes": 10**9, "model_bytes": 45_000_000}
    assert content["judged"]["n_candidates"] == N
    assert content["data"]["rows"] == 500
    assert content["recipe"]["dims"] == [32, 64]
    assert content["format"] == 1
    assert content["verdict"] == report.verdict
    assert content["verdict"][0].startswith("BM25 beats trained by ")


def test_differences_add_up(report):
    """Two systems that differ on some queries: bins, equal ones and the counts say the same."""
    of = report.differences[0]
    assert sum(of["counts"]) == of["n_better"] + of["n_worse"]
    assert of["n_better"] + of["n_worse"] + of["n_equal"] == N
    assert sum(of["counts"][:20]) == of["n_worse"] > 0
    assert report.differences[1]["n_equal"] == N


def test_a_long_curve_is_averaged(report):
    losses = np.array(report.history["loss"])
    assert losses.shape == (400, 2)
    assert losses[0].tolist() == [3.0, pytest.approx(np.mean(2.0 / np.arange(1, 6)))]
    assert report.history["ndcg@10"] == [[1000, 0.3], [2000, 0.5]]


def test_pareto_flags(report):
    flags = {row["system"]: row["dominated"] for row in report.pareto}
    assert flags["bm25"] is False
    assert all(row["latency_s"] > 0 for row in report.pareto)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"cost": {"train_s": float("nan")}}, "report.cost.train_s"),
        ({"data": {"sizes": [1.0, np.inf]}}, "report.data.sizes[1]"),
        ({"data": {"when": object()}}, "a report cannot hold this type"),
        ({"n_bytes": {"bm24": 1}}, "unknown system"),
    ],
)
def test_what_json_cannot_hold(judgement, changes, says):
    with pytest.raises(InputError, match="E0809") as caught:
        full(judgement, **changes)
    assert says in str(caught.value)


def test_a_file_name_that_is_no_text(judgement):
    content = full(judgement, title="caf\udce9.csv").files()
    assert json.loads(content["report.json"])["title"] == "caf?.csv"


def test_write(report, tmp_path):
    report.write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "report.md", "report.html"}
    assert (tmp_path / "report.json").read_text("utf-8") == report.as_json()


def test_same_report_same_bytes(report, html):
    assert report.files()["report.html"].decode() == html


class Outline(HTMLParser):
    """Tags that are open, ids, text, and every attribute that could fetch something."""

    void = frozenset({"meta", "link", "br", "img", "path", "use", "rect"})

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.tags, self.text, self.links = [], [], set(), [], []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag not in self.void:
            self.open.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "xlink:href", "action", "srcset") or "url(" in (value or ""):
                self.links.append(value)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.void:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.void:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_fetches_nothing_and_runs_nothing(html):
    outline = Outline()
    outline.feed(html)
    assert outline.open == []
    assert not outline.tags & {"script", "link", "img", "iframe", "object", "form", "b", "a"}
    assert len(outline.ids) == len(set(outline.ids)) > 0
    assert all(re.fullmatch(r"#[\w-]+|url\(#[\w-]+\)", link) for link in outline.links)
    assert {link.strip("url()#") for link in outline.links} <= set(outline.ids)
    assert "default-src 'none'" in html


def test_the_page_shows_hostile_texts_as_texts(html):
    outline = Outline()
    outline.feed(html)
    text = " ".join(outline.text)
    assert f"Fitted to {HOSTILE}" in text
    assert "質問" in text
    assert "文書" in text
    assert "<script>alert" not in html


def test_the_page_follows_light_and_dark(html):
    """No colour is fixed outside the style sheet: every drawn one is a variable that both schemes define."""
    style, body = html.split("</style>", 1)
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    used = set(re.findall(r"var\(--(\w+)\)", body))
    assert used == {"ink", "muted", "grid", "best", "other"}
    light, dark = style.split("prefers-color-scheme: dark", 1)
    for name in used:
        assert f"--{name}: #" in light
        assert f"--{name}: #" in dark
    assert not re.search(r"(?:fill|stroke|color): ?#(?!000000)[0-9a-f]{3,6}", body.replace("#ffffff", "#000000"))


def test_the_text_of_the_page_is_readable_in_both_schemes(html):
    """WCAG contrast of at least 4.5 of every colour that text has, on both backgrounds."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return np.dot(linear, [0.2126, 0.7152, 0.0722])

    schemes = [dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", html, flags=re.DOTALL)]
    assert len(schemes) == 2
    for scheme in schemes:
        for paper in ("paper", "tint"):
            for name in ("ink", "muted", "best", "other"):
                low, high = sorted((luminance(scheme[name]), luminance(scheme[paper])))
                assert (high + 0.05) / (low + 0.05) >= 4.5, (name, paper)


def test_each_plot_is_a_drawing_with_words(report):
    drawn = plots(report)
    assert [plot.title.split(" ")[0] for plot in drawn] == ["Systems", "trained", "hybrid", "Fewer", "Training", "Quality,"]
    for plot in drawn:
        ElementTree.fromstring(plot.svg)
        assert "width=" not in plot.svg.split(">", 1)[0]
    assert "BM25 is better" not in drawn[1].words
    assert drawn[1].words.startswith("trained is better on ")
    assert "loss from 0.913 to 0.001; nDCG@10 from 0.300 to 0.500" in drawn[4].words
    assert "<script>" not in "".join(plot.svg for plot in drawn)


def test_without_matplotlib_the_page_has_the_numbers_and_says_how_to_get_plots(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = report.files()["report.html"].decode()
    assert "pip install &#x27;awase[plot]&#x27;" in page
    assert "<svg" not in page
    assert f"{report.systems['bm25']['ndcg@10']:.3f}" in page


def test_markdown_is_only_the_markup_we_wrote(report):
    text = report.files()["report.md"].decode()
    assert "<script" not in text.replace("\\<", "")
    assert "\\<script\\>" in text
    assert "[c](" not in text.replace("\\[", "")
    tables = [line for line in text.splitlines() if line.startswith("|")]
    unescaped = re.compile(r"(?<!\\)\|")
    widths = [len(unescaped.findall(line)) for line in tables]
    assert {7, 6, 3} <= set(widths)
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[1:4] == ["## Systems", "## Tests", "## Quality, size and speed"]


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_terminal_form_fits(report, width):
    out = io.StringIO()
    report.print(Console(file=out, width=width))
    from rich.cells import cell_len

    lines = out.getvalue().splitlines()
    assert max(cell_len(line) for line in lines) <= width
    text = out.getvalue()
    for said in ("nDCG@10", "BM25", "95 % CI", "What the evidence supports", "BM25 beats trained by", "Where trained falls"):
        assert said in text
    assert ("-o-" in text) == (width == 140)


def test_the_drawn_interval_lies_where_the_numbers_are(judgement):
    out = io.StringIO()
    least(judgement).print(Console(file=out, width=140))
    rows = {line.split()[0]: line for line in out.getvalue().splitlines() if "-o" in line or "o-" in line}
    assert rows["untrained"].index("o-") < rows["trained"].rindex("-o") < rows["BM25"].rindex("o")


def test_the_least_report(judgement):
    """Nothing optional given: no empty headings, no drawing of what is not there."""
    report = least(judgement)
    content = report.files()
    assert "Fewer dimensions" not in content["report.html"].decode()
    assert [plot.title.split(" ")[0] for plot in plots(report)] == ["Systems", "trained", "hybrid"]
    out = io.StringIO()
    report.print(Console(file=out, width=100))
    assert "Cost" not in out.getvalue()
    assert "Where" not in out.getvalue()


def test_a_comparison_of_five(judgement):
    """Every two of five systems are tested; the sentences and plots are those of the best, the table has all ten."""
    systems = [searching(f"recipe {i}", shift) for i, shift in enumerate([3, 2, 0, 1, 3])]
    compared = judge(systems, judgement.judged, pairs="all", k=20)
    report = Report.of(
        compared,
        title="Five",
        data={},
        split={},
        cost={},
        n_bytes={f"recipe {i}": 10_000_000 - 1_000_000 * i for i in range(5)},
    )
    assert len(report.tests) == 10
    assert all(test["p"] <= test["p_holm"] for test in report.tests)
    assert len(report.verdict) == 5
    assert all("recipe 2" in sentence for sentence in report.verdict)
    assert report.verdict[-1].startswith("Use recipe 2")
    text = report.files()["report.md"].decode()
    assert text.count("| recipe") == 5 + 10 + 5
    assert len(plots(report)) == 1 + 4 + 1
