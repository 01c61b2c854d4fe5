"""The StarSpace recipe: its modes and options, and that each mode learns through the command's door."""

import json

import numpy as np
import pytest

import awase
from awase import recipes
from awase.contrast.encoders import LinkedBag, StaticBag, ThingsBag
from awase.contrast.losses import InfoNCE, Violations
from awase.contrast.scores import Cosine, Dot
from awase.core.errors import ConfigError

STARSPACE = recipes.get("starspace")
OPTIONS = {  # each option: another value, and where it ends up
    "mode": ("pairs", lambda made: {"labelled texts": "labels", "given pairs": "pairs"}[made.positives.name]),
    "dim": (64, lambda made: made.encoder.dim),
    "vocab_size": (500, lambda made: made.encoder.vocab_size),
    "similarity": ("dot", lambda made: made.score.name),
    "power": (0.25, lambda made: made.encoder.power),
    "loss": ("softmax", lambda made: {"first violations": "margin", "infonce": "softmax"}[made.loss.name]),
    "margin": (0.05, lambda made: made.loss.margin),
    "temperature": (0.5, lambda made: made.loss.temperature if isinstance(made.loss, InfoNCE) else None),
    "n_negatives": (3, lambda made: made.loss.k),
    "pool": (20, lambda made: made.negatives.size),
    "filtered": (False, lambda made: made.negatives.filtered),
    "weights": (True, lambda made: made.plan.weight_rate > 0),
    "batch": (8, lambda made: made.plan.batch),
    "epochs": (2, lambda made: made.plan.epochs),
    "rate": (0.3, lambda made: made.plan.rate),
}
ALONGSIDE = {"power": {"similarity": "dot"}, "temperature": {"loss": "softmax"}}


def test_every_option_is_in_the_table():
    assert set(OPTIONS) == set(STARSPACE.options())


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_ends_up_where_it_belongs_as_value_and_as_text(name):
    value, where = OPTIONS[name]
    for given in (value, str(value)):
        assert where(STARSPACE(**ALONGSIDE.get(name, {}), **{name: given})) == value
    assert where(STARSPACE(**ALONGSIDE.get(name, {}))) != value


def test_the_modes():
    made = {mode: STARSPACE(mode=mode) for mode in ("labels", "together", "pairs", "others", "relations")}
    needs = {mode: one.positives.needs for mode, one in made.items()}
    assert needs == {
        "labels": "labelled texts",
        "together": "labelled texts",
        "pairs": "pairs of texts",
        "others": "interactions",
        "relations": "triples",
    }
    assert isinstance(made["others"].encoder, ThingsBag) and isinstance(made["labels"].encoder, StaticBag)
    assert isinstance(made["relations"].encoder, LinkedBag)
    assert made["labels"].encoder.power == 1.0, "cosine does not see the length"
    for one in made.values():
        assert isinstance(one.score, Cosine) and isinstance(one.loss, Violations)
        negatives = json.loads(json.dumps(one.resolved()))["negatives"]
        assert negatives.get("size", negatives.get("n")) == 50 and negatives["filtered"] is True
    assert isinstance(STARSPACE(similarity="dot").score, Dot)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mode": "lables"}, "E0613: there is no mode 'lables'\n  to do: did you mean 'labels'?"),
        ({"similarity": "cosin"}, "E0613: there is no similarity 'cosin'\n  to do: did you mean 'cosine'?"),
        ({"loss": "hinge"}, "E0613: there is no loss 'hinge'"),
        ({"pool": 0}, "E0577: the pool must hold at least 1 negative"),
        ({"n_negatives": 0}, "E0577: at least 1 violation must be paid for"),
        ({"margin": -0.1}, "E0502: margin must not be negative"),
        ({"dim": 0}, "E0520: dim must lie between 1"),
    ],
)
def test_wrong_options(options, says):
    with pytest.raises(ConfigError) as caught:
        STARSPACE(**options)
    assert str(caught.value).startswith(says)


# Each mode, from data to a report


def labelled(n=400, seed=0):
    """Four labels; half of a text's words are its label's, and no text has a word that is its label's name."""
    rng = np.random.default_rng(seed)
    own = [[f"{label}{i}" for i in range(40)] for label in "abcd"]
    common = [f"word{i}" for i in range(60)]
    return [(" ".join([*rng.choice(own[i % 4], 4), *rng.choice(common, 4)]), f"label {'abcd'[i % 4]}") for i in range(n)]


@pytest.mark.parametrize(
    "options",
    [{}, {"mode": "together"}, {"loss": "softmax"}, {"similarity": "dot"}, {"weights": True, "filtered": False}],
    ids=str,
)
def test_labels_of_texts(options):
    report = awase.fit(
        labelled(), "starspace", options={"dim": 16, "vocab_size": 400, "epochs": 12, **options}, threads=1
    ).report
    systems = report.systems
    assert systems["trained"]["accuracy"] > 0.85
    assert systems["majority"]["accuracy"] < 0.5


def test_pairs_of_texts():
    rng = np.random.default_rng(0)
    rows = [(f"q{a} q{b}", f"d{a} d{b} and more") for a, b in rng.integers(0, 30, (500, 2))]
    systems = awase.fit(rows, "starspace", options={"mode": "pairs", "dim": 16, "vocab_size": 300}, threads=1).report.systems
    assert systems["trained"]["ndcg@10"] > systems["untrained"]["ndcg@10"] + 0.3


def test_users_and_items():
    rng = np.random.default_rng(0)
    rows = [(f"u{user}", f"i{60 * (user % 3) + item}") for user in range(90) for item in rng.choice(60, 15, replace=False)]
    fitted = awase.fit(rows, "starspace", options={"mode": "others", "dim": 8, "epochs": 12}, threads=1)
    assert fitted.report.systems["trained"]["recall@10"] > 2 * fitted.report.systems["popularity"]["recall@10"]
    assert {int(one.name[1:]) // 60 for one in fitted.model.recommend("u4", 5)} == {1}


def test_relations_and_what_they_are_backwards():
    """Things on shelves of rooms: each thing's room is found from it, and the things of a room backwards."""
    rows = [(f"thing{i}", "lies in", f"room{i % 6}") for i in range(60)] + [
        (f"thing{i}", "beside", f"thing{(i + 6) % 60}") for i in range(60)
    ]
    fitted = awase.fit(rows, "starspace", options={"mode": "relations", "dim": 16, "epochs": 60, "pool": 20}, threads=1)
    systems = fitted.report.systems
    assert systems["trained"]["mrr"] > systems["frequency"]["mrr"] and systems["trained"]["mrr"] > 0.15
    assert [one.name for one in fitted.model.predict("thing7", "lies in", 1, known=True)] == ["room1"]
    found = fitted.model.predict("room2", "lies in, backwards", 5, known=True)
    assert sum(int(one.name.removeprefix("thing")) % 6 == 2 for one in found if one.name.startswith("thing")) >= 4


def test_more_negatives_are_no_worse():
    """From one to fifty, on texts whose labels are many."""
    rng = np.random.default_rng(0)
    rows = [
        (f"w{label} w{(label * 7) % 50} x{rng.integers(9)} x{rng.integers(9)}", f"label {label}")
        for label in rng.integers(0, 50, 900)
    ]

    def accuracy(k):
        options = {"dim": 16, "vocab_size": 300, "n_negatives": k, "epochs": 2, "margin": 0.4}
        return awase.fit(rows, "starspace", options=options, threads=1).report.systems["trained"]["accuracy"]

    assert accuracy(1) - 0.03 <= accuracy(10) and accuracy(1) - 0.03 <= accuracy(50)
