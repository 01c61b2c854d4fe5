"""Every kind of fit, and an evaluation, ends in an outcome: in a word, in all four forms of the report, and in the model folder."""

import io
import json
import re

import numpy as np
import pytest
from rich.console import Console
from worlds import WORLDS, run

import awase
from awase import recipes
from awase.cli.fit import _next
from awase.tasks.report.outcome import said

WORDS = {"WIN", "TIE", "REGRESSION", "TOO_FEW", None}
BASELINES = {
    "static": "bm25",
    "starspace": "bm25",
    "transe": "frequency",
    "transd": "frequency",
    "ace": "frequency",
    "cml": "popularity",
    "order": "closure",
    "poincare": "closure",
    "ns": "frequency",
    "edrep": "neighbours",
    "sgns": "frequency",
}
KINDS = [*sorted({world.recipe: name for name, world in reversed(WORLDS.items())}.values()), "sgns"]


def test_every_kind_is_here():
    assert {WORLDS[name].recipe if name in WORLDS else name for name in KINDS} == set(BASELINES) == set(recipes.names())
    assert len(KINDS) == 11


def fitted(name, folder):
    out = folder / "model"
    if name == "sgns":
        rng = np.random.default_rng(5)
        words = [[f"{kind}{i}" for i in range(12)] for kind in ("fish", "bird", "tree")]
        lines = [" ".join(rng.choice(words[i % 3], 9)) for i in range(300)]
        (folder / "corpus.txt").write_text("\n".join(lines), encoding="utf-8")
        return awase.fit(
            folder / "corpus.txt", "sgns", out=out, options={"dim": 8, "epochs": 2}, min_count=1, test=60, threads=1
        ), out
    return run(name, WORLDS[name], WORLDS[name].write(folder), {"out": out}), out


def plain(text):
    return " ".join(re.sub(r"[\\*`]|<[^>]*>", "", text).replace("&nbsp;", " ").split())


@pytest.mark.parametrize("name", KINDS)
def test_a_fit_ends_in_an_outcome(name, tmp_path):
    fit, folder = fitted(name, tmp_path)
    written = json.loads((folder / "report.json").read_text())
    outcome = written["outcome"]
    baseline = BASELINES[WORLDS[name].recipe if name in WORLDS else name]
    assert set(outcome) == {"word", "against", "saved", "alpha", "level", "advice"}
    assert set(outcome["against"]) == {"untrained", baseline}
    assert outcome["word"] == outcome["against"]["untrained"]["word"]
    assert outcome["saved"] in ("trained", "untrained", "interpolated") and 0 <= outcome["alpha"] <= 1
    assert outcome["advice"] and all(isinstance(text, str) for text in outcome["advice"])
    for other, found in outcome["against"].items():
        assert found["word"] in WORDS
        low, high = found["ci"]
        assert low <= found["difference"] <= high and (found["p"] < 0.05) == (not low <= 0 <= high)
        test = next(test for test in written["tests"] if (test["a"], test["b"]) == ("trained", other))
        assert (found["difference"], found["ci"], found["p"]) == (test["difference"], test["ci"], test["p"])
        assert found["sentence"].startswith(found["word"] or "No word")
        assert found["word"] != "TIE" or re.search(
            r"could have shown [\d.]+ points or more \(at 80 % power\)", found["sentence"]
        )
    terminal = io.StringIO()
    fit.report.print(Console(file=terminal, width=2_000))
    forms = [terminal.getvalue(), *((folder / file).read_text() for file in ("report.md", "report.html", "README.md"))]
    for sentence in said(outcome):
        assert all(plain(sentence) in plain(form.replace("&#x27;", "'")) for form in forms), sentence
    assert terminal.getvalue().rindex("Outcome") > terminal.getvalue().rindex("Cost"), "it is what is read last"
    assert awase.load(folder).info["metrics"] == written["systems"]["trained"]
    assert set(outcome["against"]) - {"untrained"} <= set(written["systems"])


def test_an_evaluation_has_one_too(fitted_texts):
    fit, folder, pairs = fitted_texts
    outcome = awase.evaluate(folder, pairs).outcome
    assert outcome["word"] is None and outcome["against"]["untrained"]["word"] is None
    assert "does not keep what it started from" in outcome["against"]["untrained"]["why"]
    assert outcome["against"]["bm25"]["word"] in WORDS - {None}
    assert (outcome["saved"], outcome["alpha"]) == (fit.report.outcome["saved"], fit.report.outcome["alpha"])
    other = awase.evaluate(lambda texts: np.ones((len(texts), 4), np.float32), pairs).outcome
    assert (other["saved"], other["alpha"]) == (None, None)


@pytest.fixture(scope="module")
def fitted_texts(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("outcome") / "model"
    return awase.fit(rows, out=folder, options={"epochs": 3, "dim": 32, "vocab_size": 4000}, threads=1), folder, rows


def test_the_next_command_follows_from_the_outcome(fitted_texts):
    report = fitted_texts[0].report

    def after(word, both=False):
        outcome = report.outcome | {"against": report.outcome["against"] | {"bm25": {"word": word}}}
        tests = [test | {"p": 0.001 if both else 0.9, "difference": 0.1} for test in report.tests]
        return _next(fitted_texts[0].model, outcome, tests, "model")

    assert after("WIN") == after("TIE") == after("REGRESSION", both=True) == "awase index DOCS -m model -o docs.awase"
    assert after("REGRESSION") == "awase index DOCS -o docs.awase"
