"""Negative sampling over given pairs: its options, and that names with the same partners end up near each other."""

import numpy as np
import pytest

from awase import recipes
from awase.core.errors import ConfigError
from awase.data.links import read_links
from awase.train.loop import Loop
from awase.train.step import choose

NS = recipes.get("ns")
OPTIONS = {  # each option: another value, the same as a command line's text, and where it ends up
    "dim": (64, "64", lambda made: made.encoder.dim),
    "n_negatives": (10, "10", lambda made: made.negatives.n),
    "power": (1.0, "1.0", lambda made: made.negatives.power),
    "filtered": (True, "true", lambda made: made.negatives.filtered),
    "batch": (8, "8", lambda made: made.plan.batch),
    "epochs": (3, "3", lambda made: made.plan.epochs),
    "rate": (0.1, "0.1", lambda made: made.plan.rate),
    "hogwild": (False, "false", lambda made: made.plan.hogwild),
}


def test_every_option_is_in_the_table():
    assert set(OPTIONS) == set(NS.options())
    print(f"{len(OPTIONS)} options")


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_ends_up_where_it_belongs_as_value_and_as_text(name):
    value, text, where = OPTIONS[name]
    assert where(NS(**{name: value})) == where(NS(**{name: text})) == value != where(NS())


def test_its_parts():
    made = NS()
    parts = made.positives.name, made.encoder.name, made.score.name, made.negatives.name, made.loss.name
    assert parts == ("pairs of names", "two tables", "dot", "noise", "logistic")
    assert (made.positives.needs, made.plan.batch, made.plan.optimizer) == ("pairs of names", 1, "sgd")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 100_000}, "E0520: dim must lie between 1 and 65,536\n  value: 100000"),
        ({"n_negatives": 0}, "E0522: the number of negatives must be at least 1\n  value: 0"),
        ({"power": -0.5}, "E0522: the power of the frequency lies between 0 (uniform) and 1\n  value: -0.5"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError) as caught:
        NS(**options)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("options", [{}, {"filtered": True, "batch": 4, "rate": 0.2}], ids=str)
def test_items_of_one_basket_are_near_each_other(options):
    """Four kinds of baskets over ten items each: as in item2vec, each two items of a basket are a pair."""
    rng = np.random.default_rng(0)
    baskets = [(kind, rng.choice(10, 3, replace=False)) for kind in rng.integers(0, 4, 400)]
    pairs = [(f"k{kind}i{a}", f"k{kind}i{b}") for kind, items in baskets for a in items for b in items if a != b]
    links = read_links(pairs, "pairs")
    recipe = NS(dim=16, epochs=20, **options)
    source = recipe.positives.source(links, np.arange(len(links)))
    assert len(source) == len(pairs), "a pair counts as often as it is given"
    encoder = recipe.encoder.encoder(source.n_anchors, source.n_targets, seed=0)
    Loop(choose(encoder, recipe.negatives.bind(source, 0), recipe.score, recipe.loss, recipe.plan), recipe.plan).run()
    vectors = encoder.parameters["table"][: source.n_anchors]
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    kinds = np.array([int(name[1]) for name in links.head_names])
    nearest = np.argsort(-(unit @ unit.T), axis=1)[:, 1:6]
    assert (kinds[nearest] == kinds[:, None]).mean() > 0.9
