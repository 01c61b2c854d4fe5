"""What training gives away of test triples."""

import random

import numpy as np
import pytest

import awase
from awase.tasks.given_away import alike, given_away
from awase.tasks.link_prediction import Triples


def triples(rows):
    return Triples(*np.array(rows, np.int64).reshape(-1, 3).T)


def test_each_kind_equals_a_plain_reading():
    r = random.Random(0)
    rows = sorted({(r.randrange(12), r.randrange(4), r.randrange(12)) for _ in range(300)})
    r.shuffle(rows)
    train, test = rows[:200], rows[200:] + rows[:5]
    found = given_away(triples(test), triples(train), 12)
    known, links = set(train), {}
    for h, relation, t in train:
        links.setdefault((h, t), set()).add(relation)
    assert found.repeated.tolist() == [row in known for row in test]
    assert found.symmetric.tolist() == [h != t and (t, relation, h) in known for h, relation, t in test]
    assert found.reversed.tolist() == [h != t and bool(links.get((t, h), set()) - {relation}) for h, relation, t in test]
    assert found.duplicate.tolist() == [bool(links.get((h, t), set()) - {relation}) for h, relation, t in test]
    assert found.none.tolist() == [not links.get((h, t)) and (h == t or not links.get((t, h))) for h, _, t in test]
    assert all(0 < column.sum() < len(test) for column in (*found, found.none))


def test_relations_that_say_the_same():
    r = random.Random(0)
    pairs = r.sample([(a, b) for a in range(40) for b in range(40) if a < b], 100)
    rows = [(a, 0, b) for a, b in pairs] + [(b, 1, a) for a, b in pairs[:90]]  # 1 is 0 backwards, mostly
    rows += [(a, 2, b) for a, b in pairs] + [(b, 2, a) for a, b in pairs]  # 2 is symmetric, and has all of 0
    rows += [(r.randrange(40), 3, r.randrange(40)) for _ in range(5)] + [(40 + a, 4, b) for a, b in pairs]
    found = {(row.relation, row.how, row.other): round(row.share, 2) for row in alike(triples(sorted(set(rows))), 100)}
    assert found == {
        (0, "reversed", 1): 0.9, (1, "reversed", 0): 1.0, (2, "symmetric", 2): 1.0, (0, "near-duplicate", 2): 1.0, (0, "reversed", 2): 1.0,
        (1, "near-duplicate", 2): 1.0, (1, "reversed", 2): 1.0,
    }  # fmt: skip


def graph(kind, n=250):
    """A graph in which most links stand twice."""
    r = random.Random(1)
    links = sorted({tuple(r.sample(range(n), 2)) for _ in range(3 * n)})
    others = {
        "reversed": lambda a, b: (b, "child of", a),
        "symmetric": lambda a, b: (b, "of", a),
        "duplicate": lambda a, b: (a, "von", b),
    }
    rows = {(f"e{a}", "of", f"e{b}") for a, b in links}
    if kind in others:
        rows |= {(f"e{h}", relation, f"e{t}") for h, relation, t in (others[kind](a, b) for a, b in links)}
    return sorted(rows)


SAID = {
    "reversed": ("in training turned round, under another relation", "(relations: 2 reversed)"),
    "symmetric": ("in training turned round, under the same relation", "(relations: 1 symmetric)"),
    "duplicate": ("in training under another relation", "(relations: 2 near-duplicate)"),
}


@pytest.mark.parametrize("recipe", ["transe", "transd"])
@pytest.mark.parametrize("kind", SAID)
def test_the_report_says_so_and_the_score_without(kind, recipe):
    fitted = awase.fit(graph(kind), recipe, options={"dim": 8, "epochs": 1}, threads=1)
    (said,) = [sentence for sentence in fitted.report.verdict if sentence.startswith("Training gives away")]
    assert all(part in said for part in SAID[kind]) and "Without them trained has an MRR of 0." in said
    table = next(table for table in fitted.report.tables if table["title"] == "Given away")
    n = fitted.report.judged["n_items"]
    counts = {row[0]: row[1] for row in table["rows"]}
    assert 0.6 * n < n - counts["none of these"] < n
    again = awase.evaluate(fitted.model, graph(kind))
    told = next(sentence for sentence in again.verdict if sentence.startswith("Training gives away"))
    assert f"of {n} test triples" in told and all(part in told for part in SAID[kind]), (
        "what it was chosen by is remembered too"
    )


def test_of_a_given_split_too(tmp_path):
    rows = graph("reversed")
    lines = ["head\trelation\ttail\tsplit"]
    lines += ["\t".join((*row, "test" if row[1] == "child of" and i % 4 == 0 else "train")) for i, row in enumerate(rows)]
    (tmp_path / "graph.tsv").write_text("\n".join(lines) + "\n")
    report = awase.fit(tmp_path / "graph.tsv", "transe", options={"dim": 8, "epochs": 1}, threads=1).report
    said = next(sentence for sentence in report.verdict if sentence.startswith("Training gives away"))
    assert f"of {report.judged['n_items']} test triples" in said and "turned round, under another relation" in said


def test_where_nothing_is_given_away_nothing_is_said():
    report = awase.fit(graph("none"), "transe", options={"dim": 8, "epochs": 1}, threads=1).report
    assert not any("gives away" in sentence for sentence in report.verdict)
