"""From triples to a model that predicts heads and tails, a report, and clear errors for bad input."""

import json

import numpy as np
import pytest

import awase
from awase.apps.graph import Training, scorer, trained_names
from awase.core.errors import ConfigError, InputError
from awase.data.link_split import split_links
from awase.data.links import read_links
from awase.recipes.transd import transd
from awase.recipes.transe import transe

QUICK = {"dim": 16, "epochs": 40, "batch": 16, "rate": 0.5}
RELATIONS = ("plays", "speaks", "drinks", "reads")


def habits(n_people=30, n_circles=5):
    """Four facts about each person, all of which follow from the circle it belongs to."""
    return [(f"person {i}", relation, f"{relation} {i % n_circles}") for i in range(n_people) for relation in RELATIONS]


@pytest.fixture(scope="module", params=["transe", "transd"])
def fitted(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("graph")
    (folder / "triples.tsv").write_text("".join("\t".join(triple) + "\n" for triple in habits()), encoding="utf-8")
    return awase.fit(folder / "triples.tsv", request.param, out=folder / "model", options=QUICK, threads=1), folder / "model"


def test_the_report_compares_with_frequency_and_no_training(fitted):
    report = fitted[0].report
    assert list(report.systems) == ["trained", "untrained", "frequency"]
    assert report.metric == "mrr" and {"mrr", "hits@1", "hits@10"} <= set(report.judged["metrics"])
    best, frequency, untrained = (report.systems[name]["mrr"] for name in ("trained", "frequency", "untrained"))
    assert best > 1.3 * frequency > 0 and frequency > untrained
    assert [(test["a"], test["b"]) for test in report.tests] == [("trained", "frequency"), ("trained", "untrained")]
    assert (report.data["triples"], report.data["entities"], report.data["relations"]) == (120, 50, 4)
    assert report.judged["n_items"] == report.split["test"] == 12 and report.judged["n_candidates"] == 50
    assert report.split["kernel"] == "translation"
    assert report.history["mrr"] and report.cost["train_cpu_s"] >= 0


def test_the_report_has_both_sides_and_each_relation(fitted):
    report = fitted[0].report
    sides, relations = report.tables
    assert [row[0] for row in sides["rows"]] == ["heads", "tails"]
    mean = np.mean([row[sides["heads"].index("mrr")] for row in sides["rows"]])
    assert mean == pytest.approx(report.systems["trained"]["mrr"], abs=1e-9)
    assert {row[0] for row in relations["rows"]} <= set(RELATIONS)
    counts = [row[1] for row in relations["rows"]]
    assert sum(counts) == 12 and counts == sorted(counts, reverse=True)
    assert sum(row[1] * row[2] for row in relations["rows"]) / 12 == pytest.approx(report.systems["trained"]["mrr"])


def test_the_saved_model_predicts_what_was_judged(fitted):
    """The same scores as the ranks were counted with, and nothing that training had."""
    fit, folder = fitted
    model = awase.load(folder)
    assert model.geometry == "translation-l1" and model.info["recipe"]["loss"]["part"] == "margin"
    recipe = (transd if "entity_projections" in model.tables else transe)(dim=16)
    triples = read_links(habits(), "triples")
    training = Training(recipe, triples, split_links(triples), seed=0, threads=1)
    for name, table in training.encoder.parameters.items():
        table[...] = model.tables[name]
    scores = scorer(training.encoder, recipe.score)(np.array([0]), np.array([1]), "tail")[0]
    found = model.predict("person 0", "speaks", k=50, known=True)
    assert [name for name, _ in found] == [triples.head_names[i] for i in np.argsort(-scores, kind="stable")]
    np.testing.assert_allclose([score for _, score in found], np.sort(scores)[::-1], rtol=1e-5)
    held_out = {tuple(row) for row in model.known.tolist()}
    assert len(held_out) == 108, "training and validation"
    left = [name for name, _ in model.predict("person 0", "speaks", k=50)]
    assert len(left) == 50 - sum(row[:2] == (0, 1) for row in held_out)
    assert "model.predict" in (folder / "README.md").read_text()
    assert json.loads((folder / "report.json").read_text())["systems"].keys() == fit.report.systems.keys()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda model: model.predict("person 99", "speaks"), "E0420: "),
        (lambda model: model.predict("person 0", "sings"), "E0420: "),
    ],
)
def test_an_unknown_entity_or_relation_is_named(fitted, ask, message):
    with pytest.raises(InputError) as caught:
        ask(fitted[0].model)
    assert str(caught.value).startswith(message)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(fitted):
    name = "transd" if "entity_projections" in fitted[0].model.tables else "transe"
    again = awase.fit(habits(), name, options=QUICK, threads=1).model
    other = awase.fit(habits(), name, options=QUICK, threads=1, seed=1).model
    tables = [model.tables["entities"].tobytes() for model in (fitted[0].model, again, other)]
    assert tables[0] == tables[1] != tables[2]


# Splits that come with the data


def folder_of(tmp_path, **parts):
    for name, triples in parts.items():
        (tmp_path / f"{name}.txt").write_text("".join("\t".join(triple) + "\n" for triple in triples), encoding="utf-8")
    return tmp_path


def test_a_given_split_is_used_and_what_training_has_not_is_left_out(tmp_path):
    """Triples of an entity or a relation without a vector cannot be judged; they are counted, and their names are not in the model."""
    facts = habits()
    given = folder_of(
        tmp_path,
        train=[fact for i, fact in enumerate(facts) if i % 7 not in (3, 5)],
        valid=[*facts[3::7], ("person 0", "sings", "plays 0")],
        test=[*facts[5::7], ("stranger", "plays", "plays 0"), ("person 0", "plays", "unheard of")],
    )
    fitted = awase.fit(given, "transe", options=QUICK, threads=1)
    report = fitted.report
    assert {name: report.split[name] for name in ("train", "valid", "test")} == {"train": 86, "valid": 17, "test": 17}
    assert report.judged["n_items"] == 17 and report.judged["left_out"] == {
        "triples of valid that name what training does not": 1,
        "triples of test that name what training does not": 2,
    }
    assert "2 triples of test that name what training does not" in " ".join(report.verdict)
    assert len(fitted.model.names["entities"]) == report.judged["n_candidates"] == 50
    assert list(fitted.model.names["relations"]) == list(RELATIONS)


def test_numbers_are_made_anew_without_the_names_left_out():
    links = read_links([("x", "r", "y"), ("a", "s", "b"), ("b", "s", "a"), ("a", "s", "a")], "triples")
    split = split_links(links, valid=0, test=0)._replace(train=np.array([1, 2]), test=np.array([0, 3]))
    kept, rows, left_out = trained_names(links, split)
    assert (kept.head_names, kept.relation_names) == (["a", "b"], ["s"]) and kept.tail_names is kept.head_names
    assert [column.tolist() for column in (kept.heads, kept.relations, kept.tails)] == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    assert (rows.train.tolist(), rows.test.tolist(), left_out) == ([0, 1], [2], {"valid": 0, "test": 1})


# Bad input


@pytest.mark.parametrize(
    ("triples", "options", "error", "message"),
    [
        ([("a", "r", "b"), ("b", "r")], {}, InputError, "E0107: the item is not a tuple of 3 like the first one"),
        (habits(), {"n_negatives": 50}, ConfigError, "E0551: more negatives are asked for than the 50 entities can give"),
        (habits(), {"dims": 3}, ConfigError, "E0610: recipe 'transe' has no option 'dims'"),
    ],
)
def test_bad_input(triples, options, error, message):
    with pytest.raises(error) as caught:
        awase.fit(triples, "transe", options=options, threads=1)
    assert str(caught.value).startswith(message)


def test_a_test_part_of_strangers(tmp_path):
    given = folder_of(tmp_path, train=habits()[:100], test=[("x", "plays", "y")])
    with pytest.raises(InputError) as caught:
        awase.fit(given, "transe", options=QUICK, threads=1)
    assert str(caught.value).startswith("E0552: every test triple names an entity or a relation that no training triple has\n")


def test_what_only_other_recipes_know():
    with pytest.raises(ConfigError) as caught:
        awase.fit(habits(), "transe", threads=1, corpus=["a"])
    assert str(caught.value).startswith("E1005: a fit of 'transe' has no 'corpus'")


def test_numbers_self_loops_and_duplicates_are_taken_as_they_are():
    """Names are texts, even where they look like numbers; a fact given twice counts once; one about an entity and itself counts."""
    triples = [(str(i), "7", str((i + 1) % 20)) for i in range(20)] + [(str(i), "8", str(i)) for i in range(20)]
    fitted = awase.fit([*triples, *triples], "transe", options=QUICK, threads=1)
    assert fitted.report.data["duplicates"] == 40 and fitted.report.data["triples"] == 40
    assert {"0", "7"} <= set(fitted.model.names["entities"]) and list(fitted.model.names["relations"]) == ["7", "8"]


def test_a_dimension_larger_than_the_graph():
    fitted = awase.fit(habits(), "transd", options=QUICK | {"dim": 200, "epochs": 2}, threads=1)
    assert fitted.model.dim == 200 and np.isfinite(fitted.model.tables["entities"]).all()
