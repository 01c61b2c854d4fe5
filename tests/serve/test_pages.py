"""The explorer in a real browser, and what can be said of its parts without one."""

import re
import shutil
import subprocess
from html import unescape
from importlib.resources import files
from urllib.parse import urlencode

import pytest
from served import ITEMS, make_collection, serving

from awase.index.collection import Collection

STATIC = files("awase.serve") / "static"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--enable-logging=stderr",
    "--virtual-time-budget=5000",
]  # fmt: skip
in_a_browser = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this machine")

HOSTILE = {
    "id": '"><script>document.title="owned"</script>',
    "text": "<img src=x onerror=\"document.title='owned'\"> hostile wine ${alert(1)} \u202e",
    "metadata": {"<b>field</b>": "<svg onload=alert(1)>", "list": ["<i>", {"a": None}]},
}


class Page:
    """What the browser shows for an address."""

    def __init__(self, tmp_path, server, *flags, **query):
        address = server.url + (f"?{urlencode(query)}" if query else "")
        command = [BROWSER, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags, "--dump-dom", address]
        done = subprocess.run(command, capture_output=True, timeout=300, check=True)
        self.dom = done.stdout.decode()
        self.console = [line for line in done.stderr.decode(errors="replace").splitlines() if "CONSOLE" in line]

    def part(self, element_id):
        """The outer HTML from an element with an id to the end of its kind."""
        found = re.search(rf'<(\w+)[^>]* id="{element_id}"[^>]*>.*?</\1>', self.dom, re.DOTALL)
        return found[0] if found else ""

    def lists(self):
        """mode -> the results that are shown, each a dict of its parts, as text."""
        sections = re.findall(r'<section data-mode="(\w+)"([^>]*)>(.*?)</section>', self.dom, re.DOTALL)
        return {mode: [shown(row) for row in row_html(body)] for mode, state, body in sections if "hidden" not in state}


def row_html(section):
    return re.findall(r"<li[ >].*?</li>", section, re.DOTALL)


def shown(row):
    parts = re.findall(r'<(?:p|span) class="(text|score|also|id|metadata)"[^>]*>(.*?)</(?:p|span)>', row, re.DOTALL)
    plain = {name: re.sub("</?mark>", "", value) for name, value in parts}  # the only element that the page puts into a text
    assert not [value for value in plain.values() if "<" in value], "HTML of the data became elements"
    return {name: unescape(value) for name, value in plain.items()}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    path = make_collection(tmp_path_factory.mktemp("pages"))
    with Collection.open(path) as docs:
        docs.upsert([HOSTILE, {"id": "long", "text": "wine " * 200}])
    with serving(path) as server:
        yield server


@in_a_browser
def test_three_searches_side_by_side(hostile, tmp_path):
    page = Page(tmp_path, hostile, q="red wine")
    assert page.console == []
    lists = page.lists()
    assert list(lists) == ["bm25", "dense", "hybrid"]
    for mode, rows in lists.items():
        expected = hostile.client.post("/v1/search", json={"query": "red wine", "mode": mode}).json()["results"]
        assert [row["id"] for row in rows] == [result["id"] for result in expected]
        for row, result in zip(rows, expected, strict=True):
            assert row["score"].replace("\u2212", "-") == f"{result['score']:.3f}"
    first = lists["hybrid"][0]
    assert re.fullmatch(r"BM25 \d+\.\d{3} · vectors \u2212?\d\.\d{3}", first["also"])
    assert "hybrid #" in lists["bm25"][0]["also"]
    assert {row["metadata"] for row in lists["bm25"]} >= {"year: 2016 · lang: en"}
    assert len(re.findall(r"<output>\d+\.\d ms</output>", page.dom)) == 3
    assert f"{len(ITEMS) + 2} items · tiny, 16 dimensions" in page.part("facts")
    assert "fields: " in page.part("fields")
    assert '<p class="text"><mark>red</mark> <mark>wine</mark> from the south</p>' in page.dom
    example = unescape(re.search(r'id="where"[^>]*placeholder="([^"]*)"', page.dom)[1])
    assert hostile.client.post("/v1/search", json={"query": "red wine", "where": example}).json()["results"]
    assert 'aria-busy="true"' not in page.dom
    assert "<title>red wine · Awase</title>" in page.dom


@in_a_browser
def test_what_the_data_holds_is_shown_as_text(hostile, tmp_path):
    page = Page(tmp_path, hostile, q="hostile")
    row = page.lists()["bm25"][0]
    assert row["id"] == HOSTILE["id"]
    assert row["text"] == HOSTILE["text"]
    assert row["metadata"] == '<b>field</b>: <svg onload=alert(1)> · list: ["<i>",{"a":null}]'
    assert "owned" not in re.search(r"<title>(.*?)</title>", page.dom)[1]
    assert page.console == []


@in_a_browser
def test_japanese(hostile, tmp_path):
    page = Page(tmp_path, hostile, "--lang=ja", "--accept-lang=ja", q="赤ワイン", where='lang = "ja"', k=5)
    assert page.console == []
    assert '<html lang="ja">' in page.dom
    assert ">絞り込み<" in page.dom
    lists = page.lists()
    assert lists["bm25"][0]["text"] == "赤ワインと白ワイン"
    assert "<mark>赤ワ</mark><mark>イン</mark>と" in page.dom
    assert lists["bm25"][0]["also"].startswith("ベクトル")
    assert {row["metadata"][-2:] for rows in lists.values() for row in rows} == {"ja"}
    assert '<p class="text" lang="ja">' in page.dom


@in_a_browser
def test_a_query_that_says_nothing_is_answered_so(hostile, tmp_path):
    page = Page(tmp_path, hostile, q="\u272a\u272a")
    assert page.lists() == {"bm25": [], "dense": [], "hybrid": []}
    assert page.dom.count("Nothing was found.") == 3


@in_a_browser
def test_a_wrong_filter_is_said_in_place(hostile, tmp_path):
    page = Page(tmp_path, hostile, q="wine", where="yaer > 2000")
    problem = page.part("problem")
    assert 'role="alert"' in problem
    assert "hidden" not in problem
    assert "no item has the field 'yaer' (column 1); did you mean 'year'?" in unescape(problem)
    assert re.search(r'<div id="results"[^>]* hidden', page.dom)


@in_a_browser
def test_a_server_with_a_key_asks_for_it(hostile, collection_path, tmp_path):
    with serving(collection_path, key="sesame") as server:
        page = Page(tmp_path, server, q="wine")
    assert "hidden" not in re.search(r'<form id="key-form"[^>]*>', page.dom)[0]
    assert page.lists() == {"bm25": [], "dense": [], "hybrid": []}


@in_a_browser
def test_without_a_model_there_is_one_list(tmp_path):
    with serving(make_collection(tmp_path, with_model=False)) as server:
        page = Page(tmp_path, server, q="wine")
    assert {mode: len(rows) for mode, rows in page.lists().items()} == {"bm25": 2}
    assert "no model: BM25 only" in page.part("facts")


# Without a browser


def colours(block):
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


def luminance(colour):
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_texts_can_be_read_in_both_schemes():
    light, dark = (
        colours(block) for block in re.findall(r":root \{(.*?)\}", (STATIC / "page.css").read_text("utf-8"), re.DOTALL)
    )
    assert set(dark) == set(light)
    for scheme in (light, dark):
        for ink in ("ink", "muted", "accent", "problem"):
            for paper in ("paper", "field", "tint", "problem-tint"):
                assert contrast(scheme[ink], scheme[paper]) >= 4.5, (ink, paper)
        assert contrast(scheme["on-accent"], scheme["accent"]) >= 4.5
        assert contrast(scheme["edge"], scheme["paper"]) >= 3  # the border of a field


def test_every_field_has_a_label_and_every_word_its_translation():
    page = (STATIC / "explorer.html").read_text("utf-8")
    fields = re.findall(r'<(?:input|select)[^>]* id="([\w-]+)"', page)
    labels = re.findall(r'<label[^>]* for="([\w-]+)"', page)
    assert sorted(fields) == sorted(labels)
    assert len(fields) == 4
    words = re.search(r"const japanese = \{(.*?)\n\};", (STATIC / "words.js").read_text("utf-8"), re.DOTALL)[1]
    keys = set(re.findall(r"(\w+): ", words))
    wanted = re.findall(r'data-t(?:-placeholder)?="(\w+)"', page)
    assert set(wanted) <= keys
    assert len(wanted) >= 12


def test_scripts_never_make_html():
    for name in ("explorer.js", "words.js"):
        code = (STATIC / name).read_text("utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|setAttribute\(.on", code
        )
