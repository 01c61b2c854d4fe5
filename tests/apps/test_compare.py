"""Comparing recipes on data of any kind: the same split, the same items, the baselines once, differences tested, costs beside them."""

import numpy as np
import pytest

import awase
from awase.core.errors import ConfigError

SMALL = "dim=8,epochs=30,batch=16,rate=0.5"


def habits(n_people=30, n_circles=5):
    relations = ("plays", "speaks", "drinks", "reads")
    return [(f"person {i}", relation, f"{relation} {i % n_circles}") for i in range(n_people) for relation in relations]


def tree(depth=5):
    """Every node of a binary tree and its parent."""
    return [(f"n{i}", f"n{(i - 1) // 2}") for i in range(1, 2**depth - 1)]


def tastes(n_users=40, n_items=24, seed=0):
    """Users of two tastes, each for one half of the items."""
    rng = np.random.default_rng(seed)
    return [
        (f"u{u}", f"i{u % 2 * n_items // 2 + item}") for u in range(n_users) for item in rng.permutation(n_items // 2)[:8].tolist()
    ]  # fmt: skip


def sentences(n=300):
    rng = np.random.default_rng(0)
    return [" ".join(f"w{topic}{word}" for word in rng.integers(0, 6, 8)) for topic in rng.integers(0, 5, n)]


def topics(n=200):
    return [(f"{sentence} x{i}", sentence[:2]) for i, sentence in enumerate(sentences(n))]


@pytest.fixture(scope="module")
def graph():
    arms = [f"transe:{SMALL}", f"transd:{SMALL}", f"transe:{SMALL},margin=1.0"]
    return arms, awase.compare(habits(), arms, threads=1, seed=3)


def test_each_arm_scores_what_its_own_fit_reports(graph):
    arms, report = graph
    own = awase.fit(habits(), "transd", options=dict(part.split("=") for part in SMALL.split(",")), threads=1, seed=3).report
    assert report.systems[arms[1]] == own.systems["trained"]
    assert report.systems["frequency"] == own.systems["frequency"]
    assert report.judged["n_items"] == own.split["test"] and report.judged["n_candidates"] == 50
    assert report.split == {name: value for name, value in own.split.items() if name in report.split}
    assert (report.split["train"], report.split["test"]) == (96, 12)


def test_baselines_stand_once_and_what_differs_by_arm_does_not(graph):
    """An untrained table depends on the recipe, so it is no baseline of all arms; how often an answer occurs does not."""
    arms, report = graph
    assert list(report.systems) == [*arms, "frequency"]


def test_every_two_arms_are_tested_and_each_against_the_baseline(graph):
    arms, report = graph
    tested = [(test["a"], test["b"]) for test in report.tests]
    assert tested == [
        (arms[0], arms[1]), (arms[0], arms[2]), (arms[1], arms[2]), *((arm, "frequency") for arm in arms)
    ]  # fmt: skip
    assert all(test["p_holm"] >= test["p"] for test in report.tests)
    assert sum(test["p_holm"] > test["p"] for test in report.tests) > 0


def test_quality_stands_against_size_and_seconds(graph):
    arms, report = graph
    (table,) = report.tables
    assert table["heads"] == ["system", "MRR", "size", "training, CPU", ""]
    assert [row[0] for row in table["rows"]] == arms
    assert [row[1] for row in table["rows"]] == [report.systems[arm]["mrr"] for arm in arms]
    assert [row[2] for row in table["rows"]] == ["1.73 KB", "3.46 KB", "1.73 KB"], "(50 entities + 4 relations) x 8 x 4 bytes"
    assert report.cost[f"{arms[1]} model_bytes"] == 2 * report.cost[f"{arms[0]} model_bytes"] == 3456
    assert all(report.cost[f"{arm} train_cpu_s"] >= 0 for arm in arms)


@pytest.mark.parametrize(
    ("data", "arms", "baseline", "items", "more"),
    [
        (tastes(), ["cml:dim=4,epochs=2", "starspace:mode=others,dim=4,epochs=2"], "popularity", "test users", {}),
        (topics(), ["starspace:dim=4,epochs=1", "starspace:dim=8,epochs=1"], "majority", "test texts", {}),
        (tree(), ["poincare:dim=2,epochs=2,burn_in=0", "order:dim=4,epochs=2"], "closure", "test pairs", {"test": 0.1}),
        (tree(), ["poincare:dim=2,epochs=2,burn_in=0", "poincare:dim=3,epochs=2,burn_in=0"], None, "nodes", {}),
        (sentences(), ["sgns:dim=4,epochs=1", "sgns:dim=4,epochs=1,window=2"], "frequency", "held-out pairs of words", {}),
        (tree(), ["edrep:dim=4,epochs=2", "edrep:dim=4,epochs=2,length=1"], None, "held-out pairs", {}),
        (tree(), ["ns:dim=4,epochs=1", "ns:dim=8,epochs=1"], "frequency", "held-out pairs", {}),
    ],
    ids=["interactions", "labelled texts", "edges held out", "edges given back", "corpus", "graph", "pairs of names"],
)
def test_every_kind_of_data_can_be_compared_on(data, arms, baseline, items, more):
    report = awase.compare(data, arms, threads=1, **more)
    assert report.judged["items"] == items and report.judged["n_items"] > 0
    assert list(report.systems)[:2] == arms and (baseline in report.systems or baseline is None)
    assert (report.tests[0]["a"], report.tests[0]["b"]) == tuple(arms)
    assert set(report.cost) == {f"{arm} {what}" for arm in arms for what in ("train_cpu_s", "model_bytes")}


def test_data_that_can_be_read_once_only():
    arms = ["transe:dim=4,epochs=1", "transe:dim=8,epochs=1"]
    assert awase.compare(iter(habits()), arms, threads=1).systems == awase.compare(habits(), arms, threads=1).systems


@pytest.mark.parametrize(
    ("arms", "more", "message"),
    [
        (
            ["transe", "static", "cml"],
            {},
            "E1007: the recipes need different kinds of data\n  value: 'transe: triples, static: pairs of texts, cml: interactions'\n"
            "  to do: compare recipes that need the same",
        ),
        (["transe", "transd", "transe"], {}, "E1006: a system is named twice\n  value: 'transe'"),
        (["transe"], {"lang": "en"}, "E1005: a fit of 'transe' has no 'lang'"),
        (["static"], {"lang": "en"}, "E1005: a comparison on pairs of texts has no 'lang'"),
    ],
)
def test_bad_comparisons(arms, more, message):
    with pytest.raises(ConfigError) as caught:
        awase.compare(habits(), arms, threads=1, **more)
    assert str(caught.value).startswith(message)


def test_arms_that_are_judged_on_different_things():
    """Poincaré embeddings by the edges trained on, order embeddings by held-out ones, unless something is held out for both."""
    with pytest.raises(ConfigError) as caught:
        awase.compare(tree(), ["poincare:dim=2,epochs=1,burn_in=0", "order:dim=4,epochs=1"], threads=1)
    assert str(caught.value) == (
        "E1008: poincare:dim=2,epochs=1,burn_in=0 and order:dim=4,epochs=1 are not judged on the same items, "
        "but by MAP of 30 nodes, 30 candidate nodes and accuracy of 8 test pairs\n"
        "  to do: hold out as much for both: --test 0.05, or test=0.05 in Python"
    )
