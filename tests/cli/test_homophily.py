"""homophily and homophily simulate: what they write, what they pass on, what they refuse."""

import json

import pytest

import awase as package

QUICK = ("--no-topics", "--personas", "2", "--threads", "1")


@pytest.fixture
def made(awase):
    """The folder of a small simulated discussion."""
    ran = awase("homophily", "simulate", "-o", "made", "--users", 8, "--events", 40, "--communities", 2, "--no-texts")
    assert ran.code == 0
    assert "Next: awase homophily made/dump --stance made/stance.csv -o found" in ran.err
    assert ran.out == ""
    return "made"


def test_from_a_dump_to_a_report(awase, made, tmp_path):
    ran = awase("homophily", f"{made}/dump", "--stance", f"{made}/stance.csv", "-o", "found", *QUICK)
    assert ran.code == 0
    assert "What this data cannot show" in ran.out
    assert ran.err.endswith("The report with its plots is found/report.html; found/users.parquet has a row a user.\n")
    found = json.loads((tmp_path / "found/report.json").read_text())
    assert found["options"]["personas"] == 2
    assert found["privacy"] == {"names": "hashed", "texts": False, "key": "drawn"}
    assert "user0" not in "".join(
        (tmp_path / "found" / name).read_text() for name in ("report.json", "report.html", "report.md")
    )


def test_options_reach_the_job(awase, monkeypatch):
    given = {}

    class Report:
        def as_json(self):
            return "{}\n"

    def homophily(sources, out, **options):
        given.update(options, sources=[str(one) for one in sources], out=str(out))
        return Report()

    monkeypatch.setattr(package, "homophily", homophily, raising=False)
    ran = awase(
        "homophily", "a.zst", "b.zst", "-o", "found", "--communities", "news, memes", "--columns", "body=what", "--estimator", "irl_causal",
        "--own-threads", "--received", "repliers", "--missing", "neutral", "--names", "plain", "--texts", "--distances", "--seed", 7, "--json",
    )  # fmt: skip
    assert ran == (0, "{}\n", "")
    asked = {
        name: given[name]
        for name in ("sources", "out", "communities", "columns", "estimator", "own_threads", "received", "missing")
    }
    assert asked == {
        "sources": ["a.zst", "b.zst"], "out": "found", "communities": ("news", "memes"), "columns": {"body": "what"},
        "estimator": "irl_causal", "own_threads": True, "received": "repliers", "missing": "neutral",
    }  # fmt: skip
    assert (given["names"], given["texts"], given["distances"], given["seed"], given["topics"]) == ("plain", True, True, 7, 484)


def test_a_wrong_command_line(awase, made):
    assert awase("homophily", f"{made}/dump").err.startswith("E1050: missing option '-o' / '--out'")
    assert awase("homophily", f"{made}/dump", "-o", "found", "--estimator", "irl").code == 2
    ran = awase("homophily", f"{made}/dump", "-o", "found", "--min-events", 1)
    assert ran.err.startswith("E1047: min_events is at least 2\n  where: min_events\n  value: 1")
    assert awase("homophily", "simulate", "-o", "two", "--personas", "many").err.startswith(
        "E1050: invalid value for --personas: 'many' is neither a number nor swap"
    )


def test_simulate_in_json(awase):
    ran = awase("homophily", "simulate", "-o", "two", "--users", 4, "--events", 20, "--personas", "swap", "--dirt", "--json")
    assert ran.json["folder"] == "two"
    assert ran.json["census"]["bots"] == 1
