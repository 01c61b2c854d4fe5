"""neighbours, analogy and export; and what the other verbs say of a model of names."""

import numpy as np
import pytest

import awase as package
from awase.models import TableModel


@pytest.fixture
def animals(tmp_path):
    rows = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 2], [0.1, 3, 2.9], [5, 0, 1], [-1, 0, 0]], np.float32)
    model = TableModel(
        {"words": rows}, {"words": ["man", "king", "woman", "queen", "male\x1b[2J", "low\nline"]}, name="animals"
    )
    model.save(tmp_path / "words")
    return model


@pytest.fixture
def graph(tmp_path):
    rng = np.random.default_rng(0)
    tables = {"entities": rng.normal(size=(6, 4)).astype("f4"), "relations": rng.normal(size=(2, 4)).astype("f4")}
    names = {"entities": [f"e{i}" for i in range(6)], "relations": ["likes", "knows"]}
    model = TableModel(tables, names, geometry="translation", known=np.array([[1, 0, 2], [1, 0, 3]]))
    model.save(tmp_path / "graph")
    return model


@pytest.fixture
def shop(tmp_path):
    tables = {"users": np.eye(2, dtype=np.float32), "items": np.array([[1, 0], [0, 1], [0.9, 0]], np.float32)}
    model = TableModel(tables, {"users": ["u", "v"], "items": ["a", "b", "c"]}, geometry="euclidean", known=np.array([[0, 0]]))
    model.save(tmp_path / "shop")
    return model


def listed(found):
    return [one._asdict() for one in found]


def test_neighbours_for_people_and_for_machines(awase, animals):
    ran = awase("neighbours", "words", "man", "-k", "3")
    assert ran == (0, "1  0.9806  male\ufffd[2J\n2  0.7071  king\n3  0.0240  queen\n", "")
    assert awase("neighbours", "words", "man", "--json").json == listed(animals.neighbours("man"))
    assert awase("neighbours", "words", "low\nline", "-k", "1").code == 0


def test_neighbours_of_an_unknown_name(awase, animals):
    ran = awase("neighbours", "words", "quen")
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.startswith(
        "E0420: there is no name like this among the 6 of 'words'\n  value: 'quen'\n  to do: did you mean 'queen'?"
    )
    assert awase("neighbours", "words", "man", "--table", "word").err.startswith("E0424: the model has no table 'word'")


def test_predictions(awase, graph):
    ran = awase("neighbours", "graph", "e1", "--relation", "likes", "--json")
    assert ran.json == listed(graph.predict("e1", "likes"))
    assert not {"e2", "e3"} & {one["name"] for one in ran.json}
    assert len(awase("neighbours", "graph", "e1", "--relation", "likes", "--known", "--json").json) == 6
    assert awase("neighbours", "graph", "likes", "--table", "relations").out.splitlines()[0].endswith("knows")
    assert "did you mean 'likes'" in awase("neighbours", "graph", "e1", "--relation", "like").err


def test_recommendations(awase, shop):
    assert awase("neighbours", "shop", "u", "--items").out == "1  -0.1000  c\n2  -1.4142  b\n"
    assert [one["name"] for one in awase("neighbours", "shop", "u", "--items", "--known", "--json").json] == ["a", "c", "b"]
    assert awase("neighbours", "shop", "u", "-k", "1").out == "1  -1.4142  v\n"


def test_nothing_to_list(awase, tmp_path):
    TableModel({"words": np.ones((1, 2), np.float32)}, {"words": ["alone"]}).save(tmp_path / "one")
    assert awase("neighbours", "one", "alone") == (0, "", "Nothing is left to list.\n")
    assert awase("neighbours", "one", "alone", "--json").json == []


def test_questions_that_exclude_each_other_or_the_model(awase, animals, graph):
    ran = awase("neighbours", "graph", "e1", "--relation", "likes", "--items")
    assert (ran.code, ran.out) == (2, "")
    assert "only one of --table, --relation and --items can be asked for at a time" in ran.err
    assert awase("neighbours", "words", "man", "--items").err.startswith("E0423: recommending needs tables of users and items")
    assert awase("analogy", "graph", "e1", "e2", "e3").err.startswith("E0423: analogies are differences of directions")


def test_analogy(awase, animals):
    assert awase("analogy", "words", "man", "king", "woman", "-k", "1").out == "1  0.9498  queen\n"
    assert awase("analogy", "words", "man", "king", "woman", "--json").json == listed(animals.analogy("man", "king", "woman"))


def test_export_and_asking_what_was_exported(awase, animals, tmp_path):
    ran = awase("export", "words", "words.vec")
    assert ran.code == 1
    assert ran.err.startswith(
        "E0426: a name with white space cannot be written in this format\n  where: row 5\n  value: 'low\\nline'"
    )
    assert "--space _" in ran.err
    ran = awase("export", "words", "words.vec", "--space", "_")
    assert ran == (0, "", "6 names with 3 dimensions each are in words.vec.\n")
    ran = awase("export", "words", "words.bin", "--format", "word2vec-binary", "--space", "_", "--json")
    assert ran.json == {"out": "words.bin", "names": 6, "dim": 3, "format": "word2vec-binary", "bad_rows": 0}
    for name in ("words.vec", "words.bin"):
        assert awase("neighbours", name, "man", "-k", "3").out == awase("neighbours", "words", "man", "-k", "3").out


def test_a_model_of_texts_has_no_names(awase, model):
    for ran in (awase("neighbours", model, "red"), awase("export", model, "w.vec"), awase("analogy", model, "a", "b", "c")):
        assert ran.code == 1
        assert ran.err.startswith("E0423: this model encodes texts: it has no names of its own")


def test_info_and_doctor_know_a_model_of_names(awase, graph):
    facts = awase("info", "graph", "--json").json
    assert facts["kind"] == "model"
    assert (facts["dim"], facts["geometry"], facts["names"]) == (4, "translation", {"entities": 6, "relations": 2})
    assert facts["fingerprint"] == graph.fingerprint
    assert "entities=6, relations=2" in awase("info", "graph").out
    assert awase("doctor", "graph", "--json").json["whole"]


def test_encode_writes_the_rows_of_names(awase, animals, tmp_path):
    (tmp_path / "asked.txt").write_text("queen\nman\n")
    assert awase("encode", "asked.txt", "-m", "words", "-o", "v.npy").err == "2 vectors of 3 dimensions are in v.npy.\n"
    np.testing.assert_array_equal(np.load(tmp_path / "v.npy"), animals.tables["words"][[3, 0]])
    (tmp_path / "asked.txt").write_text("queen\nquean\n")
    ran = awase("encode", "asked.txt", "-m", "words", "-o", "w.npy")
    assert "E0420" in ran.err
    assert not (tmp_path / "w.npy").exists()


def test_verbs_for_texts_say_what_the_model_is(awase, animals, pairs, docs):
    ran = awase("index", docs, "-m", "words", "-o", "docs.awase")
    assert ran.code == 1
    assert ran.err.startswith("E0422: this model is a table of names: it cannot encode texts\n  value: 'animals'")
    assert "awase neighbours MODEL NAME" in ran.err
    assert awase("evaluate", "words", pairs).err.startswith("E0822: a word pair has two words and a score")
    assert package.load("words").name == "animals"


def test_evaluate_a_table_of_names(awase, animals, graph, tmp_path):
    (tmp_path / "people.tsv").write_text("man\tking\t8\nwoman\tqueen\t9\nman\twoman\t1\nman\tboy\t7\n")
    ran = awase("evaluate", "words", "people.tsv", "-o", "report", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["systems"]["model"]["spearman"] == 0.5 and ran.json["judged"]["n_items"] == 3
    assert (tmp_path / "report" / "report.html").exists()
    assert "1 word pairs with a name that the model does not have were left out" in awase("evaluate", "words", "people.tsv").out
    (tmp_path / "facts.tsv").write_text("e1\tlikes\te2\ne1\tknows\te4\ne0\tlikes\te5\n")
    ran = awase("evaluate", "graph", "facts.tsv", "--json")
    assert ran.json["judged"]["n_items"] == 2 and sorted(ran.json["systems"]) == ["frequency", "model"]
    assert awase("evaluate", "graph", "facts.tsv", "--everything", "--json").json["judged"]["n_items"] == 3
    assert awase("evaluate", "graph", "people.tsv").err.startswith(
        "E1010: the model does not have the names of any of the 4 triples"
    )


def test_compare_recipes_of_names(awase, tmp_path):
    (tmp_path / "kinds.tsv").write_text("".join(f"n{i}\tn{(i - 1) // 2}\n" for i in range(1, 31)))
    arms = ["poincare:dim=2,epochs=1,burn_in=0", "order:dim=4,epochs=1"]
    ran = awase("compare", "kinds.tsv", "--recipes", ",".join(arms), "--test", "8", "--threads", "1", "--json")
    assert ran.code == 0, ran.err
    assert list(ran.json["systems"]) == [*arms, "closure"] and ran.json["split"]["test"] == 8
    assert awase("compare", "kinds.tsv", "--recipes", "order,cml").err.startswith(
        "E1007: the recipes need different kinds of data"
    )
    ran = awase("compare", "kinds.tsv", "--recipes", "order", "--test", "some")
    assert ran.code == 2 and "'some' is neither a share nor a number" in ran.err


def test_compare_recipes_of_a_corpus(awase, tmp_path):
    (tmp_path / "corpus.txt").write_text("".join(f"a{i % 7} b{i % 7} c{i % 3}\n" for i in range(300)))
    (tmp_path / "people.tsv").write_text("a0\tb0\t9\na1\tb1\t8\na1\tb2\t1\na2\tb4\t0\n")
    arms = ["sgns:dim=4,epochs=1", "sgns:dim=8,epochs=1"]
    ran = awase(
        "compare", "corpus.txt", "--recipes", ",".join(arms), "--lang", "en", "--similarity", "people.tsv", "--threads", "1", "--json"
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert ran.json["data"]["lang"] == "en"
    table = next(table for table in ran.json["tables"] if table["title"] == "Word similarity")
    assert table["heads"][:2] == ["system", "set"] and [row[0] for row in table["rows"]] == arms
    assert [row[4] for row in table["rows"]] == [4, 4]
    (tmp_path / "kinds.tsv").write_text("a\tb\n")
    assert awase("compare", "kinds.tsv", "--recipes", "order", "--lang", "en").err.startswith(
        "order:\nE1005: a fit of 'order' has no 'lang'\n  value: 'en'"
    )


def test_evaluate_a_split_of_what_has_none(awase, animals, tmp_path):
    (tmp_path / "people.tsv").write_text("man\tking\t8\n")
    ran = awase("evaluate", "words", "people.tsv", "--split", "dev")
    assert ran.code == 1 and ran.err.startswith(
        "E1012: only a BEIR folder has judgements with names to choose from\n  where: people.tsv\n  value: 'dev'"
    )
