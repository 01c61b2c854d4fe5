"""Skip-gram: its options, and that words in the same surroundings end up near each other."""

import numpy as np
import pytest

from awase import recipes
from awase.core.errors import ConfigError
from awase.data.corpus import read_corpus
from awase.train.loop import Loop
from awase.train.step import choose

SGNS = recipes.get("sgns")
OPTIONS = {  # each option: another value, the same as a command line's text, and where it ends up
    "dim": (64, "64", lambda made: made.encoder.dim),
    "window": (2, "2", lambda made: made.positives.window),
    "n_negatives": (10, "10", lambda made: made.negatives.n),
    "power": (1.0, "1.0", lambda made: made.negatives.power),
    "subsample": (0.0, "0", lambda made: made.positives.subsample),
    "dynamic": (False, "false", lambda made: made.positives.dynamic),
    "epochs": (3, "3", lambda made: made.plan.epochs),
    "rate": (0.1, "0.1", lambda made: made.plan.rate),
    "hogwild": (False, "false", lambda made: made.plan.hogwild),
}


def test_every_option_is_in_the_table():
    assert set(OPTIONS) == set(SGNS.options())
    print(f"{len(OPTIONS)} options")


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_ends_up_where_it_belongs_as_value_and_as_text(name):
    value, text, where = OPTIONS[name]
    assert where(SGNS(**{name: value})) == where(SGNS(**{name: text})) == value != where(SGNS())


def test_the_papers_parts():
    made = SGNS()
    parts = made.positives.name, made.encoder.name, made.score.name, made.negatives.name, made.loss.name
    assert parts == ("windows", "two tables", "dot", "shared noise", "logistic")
    assert (made.positives.needs, made.plan.batch, made.plan.optimizer, made.negatives.power) == ("a corpus", 1, "sgd", 0.75)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 0}, "E0520: dim must lie between 1 and 65,536\n  value: 0\n  to do: 100 to 300 is usual"),
        ({"window": -1}, "E0532: window must lie between 1 and 1,000\n  value: -1\n  to do: 5 is usual"),
        ({"n_negatives": 0}, "E0533: the number of negatives must lie between 1 and 65,535\n  value: 0\n  to do: 5 is usual"),
        ({"rate": 0.0}, "E0601: the learning rate must be above 0\n  value: 0.0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError) as caught:
        SGNS(**options)
    assert str(caught.value).startswith(message)


def trained(corpus, **options):
    recipe = SGNS(**options)
    source = recipe.positives.source(corpus)
    encoder = recipe.encoder.encoder(source.offset, source.offset, seed=0)
    Loop(choose(encoder, recipe.negatives.bind(source, 0), recipe.score, recipe.loss, recipe.plan), recipe.plan).run()
    return encoder.parameters["table"], source.offset


def test_words_of_one_topic_are_near_each_other():
    """Four topics of ten words each; a sentence is about one."""
    rng = np.random.default_rng(0)
    corpus = read_corpus([" ".join(f"t{t}w{i}" for i in rng.integers(0, 10, 12)) for t in rng.integers(0, 4, 600)], min_count=1)
    table, v = trained(corpus, dim=16, epochs=5, rate=0.1, subsample=0.0)
    unit = table[:v] / np.linalg.norm(table[:v], axis=1, keepdims=True)
    topics = np.array([int(word[1]) for word in corpus.words])
    nearest = np.argsort(-(unit @ unit.T), axis=1)[:, 1:10]
    assert (topics[nearest] == topics[:, None]).mean() > 0.95


def test_scores_approach_the_pointwise_mutual_information():
    """x · y = log (p(c, w) / p(c) p_noise(w)) - log k at the optimum (Levy and Goldberg 2014), here of two words with known odds."""
    rng = np.random.default_rng(1)
    lines = [
        f"{a} {a if rng.random() < 0.9 else b}"
        for a, b in zip(*np.array([["x", "y"], ["y", "x"]])[:, rng.integers(0, 2, 20_000)])
    ]
    corpus = read_corpus(lines, min_count=1)
    table, v = trained(corpus, dim=2, epochs=8, rate=0.02, window=1, n_negatives=3, power=1.0, subsample=0.0)
    scores = table[:v] @ table[v:].T
    same, other = scores.diagonal().mean(), (scores.sum() - scores.trace()) / 2
    # A noise word equal to the centre is left out, so word w is noise only where the centre is the other word.
    expected = np.log([0.9 / (3 * 0.5 * 0.1), 0.1 / (3 * 0.5 * 0.9)])
    np.testing.assert_allclose([same, other], expected, atol=0.2)


def test_more_dimensions_than_words_are_allowed():
    table, v = trained(read_corpus(["a b c"] * 5, min_count=1), dim=40, epochs=1)
    assert table.shape == (2 * v, 40) and np.isfinite(table).all()
