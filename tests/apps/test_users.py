"""From interactions to a model that recommends, a report, and clear errors for bad input."""

import json

import numpy as np
import pytest

import awase
from awase.core.errors import ConfigError, InputError

QUICK = {"dim": 8, "epochs": 12, "batch": 16}
GENRES = {f"item {item}": [float(item % 4 == genre) for genre in range(4)] for item in range(80)}


def interactions(n_users=60, seed=0):
    """Users in 4 circles; each has half of the 20 items of its circle, and a few of the others."""
    rng = np.random.default_rng(seed)
    return [
        (f"user {user}", f"item {item}")
        for user in range(n_users)
        for item in range(80)
        if rng.random() < (0.5 if item % 4 == user % 4 else 0.03)
    ]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("users")
    lines = ["user,item,rating", *(f"{user},{item},{3 + i % 3}" for i, (user, item) in enumerate(interactions()))]
    (folder / "ratings.csv").write_text("\n".join(lines), encoding="utf-8")
    return awase.fit(folder / "ratings.csv", "cml", out=folder / "model", options=QUICK, threads=1), folder / "model"


def test_the_report_compares_with_popularity(fitted):
    report = fitted[0].report
    assert list(report.systems) == ["trained", "popularity", "untrained"]
    assert report.judged["metrics"] == ["ndcg@10", "recall@50", "recall@10"], "50 of 80 items are too many to choose by"
    assert report.systems["trained"]["recall@10"] > 2 * report.systems["popularity"]["recall@10"]
    assert [(test["a"], test["b"]) for test in report.tests] == [("trained", "popularity"), ("trained", "untrained")]
    assert report.tests[0]["p"] < 0.01
    assert report.split["kernel"] == "metric"
    assert report.recipe["loss"]["n_items"] == 80
    assert "ndcg@10" in report.history and "Every item is ranked" in report.judged["protocol"]


def test_the_model_recommends_what_a_user_does_not_have(fitted):
    model = awase.load(fitted[1])
    had = {item for user, item in interactions() if user == "user 1"}
    found = [name for name, _ in model.recommend("user 1", 5)]
    assert sum(int(name.split()[1]) % 4 == 1 for name in found) >= 4, "from its own circle"
    held_out = had - {model.names["items"][row] for user, row in model.known if model.names["users"][user] == "user 1"}
    assert had.isdisjoint(set(found) - held_out) and held_out, "what was held out may be recommended"
    assert {name for name, _ in model.recommend("user 1", 10, known=True)} & had
    assert model.geometry == "euclidean" and np.linalg.norm(model.tables["items"], axis=1).max() <= 1 + 1e-6
    assert json.loads((fitted[1] / "report.json").read_text())["systems"].keys() == {"trained", "popularity", "untrained"}
    assert "recommend" in (fitted[1] / "README.md").read_text()


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(fitted):
    again = awase.fit(interactions(), "cml", options=QUICK, threads=1).model
    other = awase.fit(interactions(), "cml", options=QUICK, threads=1, seed=1).model
    tables = [model.tables["users"].tobytes() for model in (fitted[0].model, again, other)]
    assert tables[0] == tables[1] != tables[2]


def test_features_place_items_that_nobody_has(fitted):
    """Two items that stand in one interaction each: their genres say where they belong."""
    rare = [("user 0", "rare 0"), ("user 1", "rare 1")]
    known = {**GENRES, "rare 0": GENRES["item 2"], "rare 1": GENRES["item 3"]}
    options = QUICK | {"features": 30.0}
    model = awase.fit([*interactions(), *rare], "cml", options=options, features=known, threads=1).model
    for name, genre in (("rare 0", 2), ("rare 1", 3)):
        near = [int(other.split()[1]) % 4 for other, _ in model.neighbours(name, 5, table="items")]
        assert near.count(genre) >= 4, near


def test_users_with_few_or_all_items_are_no_trouble():
    """One has every item, so no negative is left for it; two have too few to be judged by."""
    more = [("all", f"item {item}") for item in range(80)] + [("one", "item 1"), ("two", "item 1"), ("two", "item 2")]
    fitted = awase.fit([*interactions(), *more], "cml", options=QUICK, threads=1)
    assert fitted.report.judged["n_items"] == 61
    assert "2 users without test items" in " ".join(fitted.report.verdict) or fitted.report.judged["left_out"] == {
        "users without test items": 2
    }
    assert fitted.model.recommend("all", 5) and len(fitted.model.recommend("one", 100)) == 79


def test_more_negatives_than_items_and_more_dimensions_than_users():
    few = [(f"u{user}", f"i{item}") for user in range(4) for item in range(5) if (user + item) % 5]
    fitted = awase.fit(few, "cml", options={"dim": 40, "n_negatives": 50, "epochs": 2}, threads=1)
    assert np.isfinite(fitted.model.tables["items"]).all()


def test_an_interaction_given_twice_counts_once():
    report = awase.fit([*interactions(), *interactions()], "cml", options=QUICK, threads=1).report
    assert report.data["duplicates"] == len(interactions()) == report.data["interactions"]


def ask(data=None, **more):
    return lambda: awase.fit(
        interactions() if data is None else data, "cml", options=QUICK | more.pop("options", {}), threads=1, **more
    )


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (
            ask([("ann", "tea"), ("bob", "tea"), ("cid", "tea")], valid=0, test=0),
            InputError,
            "E0564: recommending needs at least two items",
        ),
        (ask([("ann", "tea"), ("bob", "jam")]), InputError, "E0155: no link is left for"),
        (ask([("ann", "tea"), ("bob", "")]), InputError, "E0109: column 'item': the name is empty"),
        (ask(options={"features": 0.1}), ConfigError, "E0565: the recipe weighs item features, but none are given"),
        (ask(features=GENRES), ConfigError, "E0565: item features are given, but have no weight"),
        (ask(options={"features": 0.1}, features={"tea": [1]}), InputError, "E0566: no item has features"),
        (
            ask(options={"features": 0.1}, features={"item 1": [1], "item 2": [1, 2]}),
            InputError,
            "E0566: items have different numbers of features\n  value: [1, 2]",
        ),
        (
            ask(options={"features": 0.1}, features=GENRES | {"item 3": [0, float("inf"), 0, 0]}),
            InputError,
            "E0563: an item's feature is not a finite number\n  where: item 'item 3'",
        ),
        (ask(corpus=["x"]), ConfigError, "E1005: a fit of 'cml' has no 'corpus'"),
    ],
)
def test_bad_input_says_what_is_wrong(run, error, message):
    with pytest.raises(error) as caught:
        run()
    assert str(caught.value).startswith(message), str(caught.value)
