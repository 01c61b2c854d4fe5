"""The recipe of TransE: its options, what they become, and that it predicts facts that follow from others."""

import numpy as np
import pytest

from awase import recipes
from awase.apps.graph import Training, frequency
from awase.contrast.encoders import Translated
from awase.contrast.losses import Margin
from awase.contrast.negatives import Corrupted
from awase.contrast.scores import Distance
from awase.core.errors import ConfigError
from awase.data.link_split import split_links
from awase.data.links import read_links
from awase.recipes.transe import transe
from awase.tasks.link_prediction import Triples
from awase.train.loop import Loop

TRANSE = recipes.get("transe")
OPTIONS = {  # each option: another value, the same as a command line's text, and where it ends up
    "dim": (16, "16", lambda made: made.encoder.dim),
    "p": (2, "2", lambda made: made.score.p),
    "margin": (0.5, "0.5", lambda made: made.loss.margin),
    "n_negatives": (7, "7", lambda made: made.negatives.n),
    "bernoulli": (False, "false", lambda made: made.negatives.bernoulli),
    "filtered": (False, "false", lambda made: made.negatives.filtered),
    "batch": (1, "1", lambda made: made.plan.batch),
    "epochs": (3, "3", lambda made: made.plan.epochs),
    "optimizer": ("sgd", "sgd", lambda made: made.plan.optimizer),
    "rate": (0.01, "0.01", lambda made: made.plan.rate),
    "hogwild": (True, "true", lambda made: made.plan.hogwild),
}


def test_every_option_is_in_the_table():
    assert set(OPTIONS) == set(TRANSE.options())
    print(f"{len(OPTIONS)} options")


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_ends_up_where_it_belongs_as_value_and_as_text(name):
    value, text, where = OPTIONS[name]
    for given in (value, text):
        assert where(TRANSE(**{name: given})) == value
    assert where(TRANSE()) != value


def test_the_parts():
    made = transe()
    assert made.positives.needs == "triples" and isinstance(made.encoder.encoder(2, 1, seed=0), Translated)
    assert made.score == Distance(p=1) and made.loss == Margin(2.0) and made.loss.over == "all"
    assert made.negatives == Corrupted(4, bernoulli=True, filtered=True)
    assert made.plan.warmup == 0, "Adagrad needs none"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p": 3}, "E0550: p must be 1 or 2\n  value: 3"),
        ({"margin": -1}, "E0502: margin must not be negative\n  value: -1.0"),
        ({"n_negatives": 0}, "E0551: the number of negatives must be at least 1\n  value: 0"),
        ({"optimizer": "adam"}, "E0601: optimizer must be 'adagrad' or 'sgd'\n  value: 'adam'"),
        ({"dim": 0}, "E0520: dim must lie between 1 and 65,536\n  value: 0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError) as caught:
        TRANSE(**options)
    assert str(caught.value).startswith(message)


def habits(n_people=48, n_circles=6):
    """Five facts about each person, all of which follow from the circle it belongs to."""
    relations = ("plays", "speaks", "drinks", "reads", "wears")
    return read_links(
        [(f"person {i}", relation, f"{relation} {i % n_circles}") for i in range(n_people) for relation in relations], "triples"
    )


def facts(triples, rows):
    some = triples.take(rows)
    return Triples(some.heads, some.relations, some.tails)


def mrr(recipe, triples, score=None):
    """Filtered, of the test triples, after training; or by another score."""
    split = split_links(triples, valid=0, test=0.1, seed=0)
    training = Training(recipe, triples, split, seed=0, threads=1)
    Loop(training.step, recipe.plan).run()
    given = None if score is None else score(facts(triples, split.train), len(triples.head_names), len(triples.relation_names))
    return float(training.judge(split.test, given).per_triple()["mrr"].mean())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"p": 2, "margin": 0.5},
        {"bernoulli": False, "filtered": False, "n_negatives": 1},
        {"optimizer": "sgd", "batch": 1, "rate": 0.05},
    ],
    ids=str,
)
def test_facts_that_follow_from_others_are_predicted(options):
    triples = habits()
    assert mrr(transe(dim=16, **{"batch": 32, "epochs": 100, **options}), triples) > 0.75
    assert mrr(transe(dim=16, epochs=1), triples, frequency) < 0.4


def test_entities_keep_unit_length():
    triples = habits(12, 3)
    training = Training(transe(dim=8, batch=4, epochs=5), triples, split_links(triples, valid=0, test=4), seed=0, threads=1)
    Loop(training.step, training.recipe.plan).run()
    lengths = np.linalg.norm(training.encoder.parameters["entities"], axis=1)
    assert lengths == pytest.approx(np.ones(len(triples.head_names)), abs=1e-5)
