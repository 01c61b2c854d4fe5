"""The recipe of TransD: its options, what they become, and what its projections are for."""

import numpy as np
import pytest

from awase import recipes
from awase.apps.graph import Training
from awase.contrast.encoders import Projected
from awase.contrast.losses import Margin
from awase.contrast.negatives import Corrupted
from awase.contrast.scores import Distance
from awase.data.link_split import split_links
from awase.data.links import read_links
from awase.recipes.transd import transd
from awase.recipes.transe import transe
from awase.train.loop import Loop

TRANSD = recipes.get("transd")
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
    assert set(OPTIONS) == set(TRANSD.options())
    print(f"{len(OPTIONS)} options")


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_ends_up_where_it_belongs_as_value_and_as_text(name):
    value, text, where = OPTIONS[name]
    for given in (value, text):
        assert where(TRANSD(**{name: given})) == value
    assert where(TRANSD()) != value


def test_the_parts():
    made = transd()
    assert made.positives.needs == "triples" and isinstance(made.encoder.encoder(2, 1, seed=0), Projected)
    assert made.score == Distance(p=1) and made.loss == Margin(3.0)
    assert made.negatives == Corrupted(4, bernoulli=True, filtered=True)


def neighbours_on_a_ring(n=24):
    """A relation that holds both ways: from each place to the two beside it. No one step leads to both."""
    return read_links([(str(i), "beside", str((i + step) % n)) for i in range(n) for step in (1, -1)], "triples")


def trained(recipe, triples, seed=0):
    split = split_links(triples, valid=0, test=0.1, seed=0)
    training = Training(recipe, triples, split, seed=seed, threads=1)
    Loop(training.step, recipe.plan).run()
    return training, float(training.judge(split.test).per_triple()["mrr"].mean())


def test_a_relation_that_holds_both_ways_is_learned_better_than_by_a_step_alone():
    triples, options = neighbours_on_a_ring(), {"dim": 16, "batch": 8, "epochs": 300}
    by_projection = np.mean([trained(transd(**options), triples, seed)[1] for seed in range(3)])
    by_step = np.mean([trained(transe(**options), triples, seed)[1] for seed in range(3)])
    print(f"MRR {by_projection:.3f} by projection, {by_step:.3f} by a step alone")
    assert by_projection > by_step


def test_no_row_is_longer_than_one():
    training, _ = trained(transd(dim=8, batch=4, epochs=5), neighbours_on_a_ring())
    assert len(training.encoder.parameters) == 4
    for table in training.encoder.parameters.values():
        assert np.linalg.norm(table, axis=1).max() <= 1 + 1e-5
