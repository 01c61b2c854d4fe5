"""Judging tables of names on data with known answers: what a fit holds out gives the figures of the fit, strangers are counted."""

import numpy as np
import pytest

import awase
from awase.core.errors import AwaseError, ConfigError, InputError
from awase.models import TableModel

TREE = [(f"n{i}", f"n{(i - 1) // 2}") for i in range(1, 63)]
RELATIONS = ("plays", "speaks", "drinks", "reads")
HABITS = [(f"person {i}", relation, f"{relation} {i % 5}") for i in range(30) for relation in RELATIONS]


def tastes(n_users=40, n_items=24):
    rng = np.random.default_rng(0)
    return [
        (f"u{u}", f"i{u % 2 * n_items // 2 + item}") for u in range(n_users) for item in rng.permutation(n_items // 2)[:8].tolist()
    ]  # fmt: skip


@pytest.fixture(scope="module", params=["transe", "transd", "starspace"])
def graph(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluated") / "graph"
    options = {"dim": 8, "epochs": 20, "batch": 16, "rate": 0.5}
    options |= {"mode": "relations", "pool": 10} if request.param == "starspace" else {}
    return awase.fit(HABITS, request.param, out=folder, options=options, threads=1), folder


@pytest.fixture(scope="module")
def shop():
    return awase.fit(tastes(), "cml", options={"dim": 8, "epochs": 5}, threads=1)


@pytest.fixture(scope="module")
def words():
    rows = [[1, 0, 0], [1, 0, 1], [0, 1, 0], [0, 1, 1], [-1, 0, 0.1], [0.9, 0.1, 0]]
    return TableModel(
        {"words": np.array(rows, np.float32)}, {"words": ["man", "king", "woman", "queen", "stone", "Male"]}, name="six"
    )


# Triples and interactions


def test_triples_that_a_fit_holds_out_give_the_figures_of_the_fit(graph):
    fit, folder = graph
    report = awase.evaluate(folder, HABITS)
    assert report.systems["model"] == fit.report.systems["trained"]
    assert report.judged["n_items"] == fit.report.judged["n_items"] == 12
    assert report.judged["left_out"] == {"triples that the model was trained on or chosen by": 108}
    assert [(test["a"], test["b"]) for test in report.tests] == [("model", "frequency")]
    assert report.title == "graph on the list"


def test_everything_is_judged_when_asked(graph):
    report = awase.evaluate(graph[0].model, HABITS, everything=True)
    assert report.judged["n_items"] == 120 and list(report.systems) == ["model"]


def test_strangers_are_left_out_and_counted(graph):
    fit, _ = graph
    new = [*HABITS, ("person 0", "sings", "plays 0"), ("nobody", "plays", "plays 1"), ("person 0", "plays", "chess")]
    report = awase.evaluate(fit.model, new)
    assert report.judged["left_out"]["triples with a name that the model does not have"] == 3
    assert report.systems["model"] == fit.report.systems["trained"]
    assert "3 triples with a name that the model does not have were left out." in report.verdict


def test_interactions_that_a_fit_holds_out_give_the_figures_of_the_fit(shop):
    report = awase.evaluate(shop.model, tastes())
    assert report.systems["model"] == shop.report.systems["trained"]
    assert list(report.systems) == ["model", "popularity"] and report.judged["n_candidates"] == 24
    everything = awase.evaluate(shop.model, tastes(), everything=True)
    assert everything.judged["n_items"] == 40 and everything.systems["model"]["recall@10"] > 0.5


# Hierarchies


def test_edges_that_the_ball_was_trained_on_are_given_back():
    fit = awase.fit(TREE, "poincare", options={"dim": 2, "epochs": 10, "burn_in": 2}, threads=1)
    report = awase.evaluate(fit.model, [*TREE, ("stranger", "n3")])
    assert report.systems["model"]["map"] == pytest.approx(fit.report.systems["trained"]["map"], abs=1e-4)
    assert report.systems["model"]["mean_rank"] == pytest.approx(fit.report.systems["trained"]["mean_rank"], abs=1e-3)
    assert report.judged["left_out"] == {"edges with a name that the model does not have": 3}, (
        "n3, n1 and n0 are above the stranger"
    )


def test_directions_of_edges_are_told():
    """Vectors that hold the tree: node i has a 1 at each node from it up to the root."""
    table = np.eye(63, dtype=np.float32)
    for i in range(1, 63):
        table[i] += table[(i - 1) // 2]
    model = TableModel({"nodes": table}, {"nodes": [f"n{i}" for i in range(63)]}, geometry="order")
    report = awase.evaluate(model, TREE)
    assert report.systems["model"]["accuracy"] == report.systems["model"]["reversed_rejected"] == 1
    assert report.judged["n_items"] == 258, "half of 258 edges of the closure, and as many that are none"
    turned = TableModel({"nodes": table[::-1].copy()}, {"nodes": [f"n{i}" for i in range(63)]}, geometry="order")
    assert awase.evaluate(turned, TREE).systems["model"]["accuracy"] < 0.8


# Words


def test_word_pairs(words, tmp_path):
    path = tmp_path / "people.tsv"
    path.write_text("man\tking\t8\nman\tMALE\t9\nman\tstone\t1\nwoman\tqueen\t7\nwoman\tqi\t3\n")
    report = awase.evaluate(words, path)
    assert report.metric == "spearman" and report.systems["model"]["spearman"] == pytest.approx(0.9487, abs=1e-4)
    assert report.judged["n_items"] == 4 and report.judged["left_out"] == {
        "word pairs with a name that the model does not have": 1
    }
    assert report.tables[0]["rows"] == [["people", pytest.approx(0.9487, abs=1e-4), 0.8, 5, 1]]
    assert report.title == "six on people.tsv"


def test_analogies_by_section(words, tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(
        "\n: royal\nman king woman queen\nking man queen woman\n: other\nman king woman stone\nman king girl queen\n"
    )
    report = awase.evaluate(words, path)
    assert report.systems["model"]["accuracy"] == pytest.approx(2 / 3)
    assert report.tables[0]["rows"] == [["royal", 2, 2, 1.0], ["other", 2, 1, 0.0]]
    assert report.judged["left_out"] == {"analogies with a name that the model does not have": 1}


# What does not fit


def test_triples_that_say_nothing(graph):
    model = graph[0].model
    names, relations = (list(model.names[table]) for table in ("entities", "relations"))
    known = [(names[h], relations[r], names[t]) for h, r, t in model.known[:4].tolist()]
    for source, message in (
        (
            [("a", "r", "b"), ("b", "r", "c")],
            "E1010: the model does not have the names of any of the 2 triples\n  where: the list\n",
        ),
        (known, "E1010: the model was trained on all 4 triples or chosen by them\n  where: the list\n"),
        ([("a", "b")], "E0105: no column is the tail"),
    ):
        with pytest.raises(InputError) as caught:
            awase.evaluate(model, source)
        assert str(caught.value).startswith(message)


def test_words_that_say_nothing(words, tmp_path):
    for content, message in (
        ("red\tblue\t1\nred\tgreen\t2\n", "E1010: the model does not have the names of any of the 2 word pairs\n"),
        (": capitals\nParis France Rome Italy\n", "E1010: the model does not have the names of any of the 1 analogies\n"),
        ("the king and the queen\n", "E0822: "),
    ):
        (tmp_path / "file.txt").write_text(content)
        with pytest.raises(AwaseError) as caught:
            awase.evaluate(words, tmp_path / "file.txt")
        assert str(caught.value).startswith(message)


def test_a_table_that_nothing_judges(words):
    model = TableModel({"things": np.eye(3, dtype=np.float32)}, {"things": ["a", "b", "c"]}, geometry="euclidean", name="three")
    with pytest.raises(ConfigError) as caught:
        awase.evaluate(model, [("a", "b")])
    assert str(caught.value).startswith(
        "E1009: nothing here judges tables of things that measure by 'euclidean'\n  value: 'three'"
    )
    with pytest.raises(ConfigError, match="E1009: files of word pairs and analogies have no columns to name"):
        awase.evaluate(words, "pairs.tsv", columns={"score": "c"})
