"""The recipe of collaborative metric learning: its options, what they become, and that each part does what it is for."""

import numpy as np
import pytest

from awase import recipes
from awase.apps.users import Training
from awase.contrast.losses import Margin, Warp
from awase.contrast.regularisers import Covariance, Features
from awase.contrast.scores import Distance
from awase.core.errors import ConfigError
from awase.data.link_split import split_links
from awase.data.links import read_links
from awase.recipes.cml import cml
from awase.train.loop import Loop
from awase.train.step import Generic

CML = recipes.get("cml")
OPTIONS = {  # each option: another value, the same as a command line's text, and where it ends up
    "dim": (16, "16", lambda made: made.encoder.dim),
    "margin": (0.5, "0.5", lambda made: made.loss.margin),
    "n_negatives": (3, "3", lambda made: made.negatives.n),
    "ranked": (False, "false", lambda made: isinstance(made.loss, Warp)),
    "radius": (2.0, "2.0", lambda made: made.encoder.radius),
    "covariance": (
        10.0,
        "10",
        lambda made: sum(part.weight for part in made.regularisers if part.name == "covariance") or None,
    ),
    "features": (0.5, "0.5", lambda made: sum(part.weight for part in made.regularisers if part.name == "features") or None),
    "hidden": (8, "8", lambda made: next((part.hidden for part in made.regularisers if part.name == "features"), None)),
    "batch": (128, "128", lambda made: made.plan.batch),
    "epochs": (3, "3", lambda made: made.plan.epochs),
    "rate": (0.3, "0.3", lambda made: made.plan.rate),
    "hogwild": (True, "true", lambda made: made.plan.hogwild),
}


def test_every_option_is_in_the_table():
    assert set(OPTIONS) == set(CML.options())
    print(f"{len(OPTIONS)} options")


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_ends_up_where_it_belongs_as_value_and_as_text(name):
    value, text, where = OPTIONS[name]
    others = {"features": 0.1} if name == "hidden" else {}
    for given in (value, text):
        made = CML(**others, **{name: given})
        assert where(made) == value
    assert where(CML(**others)) != value


def test_the_parts():
    made = cml()
    assert made.score == Distance(p=2, squared=True) and made.positives.needs == "interactions"
    assert made.negatives.power == 0 and made.negatives.filtered
    assert isinstance(made.loss, Warp) and made.regularisers == ()
    assert cml(ranked=False).loss == Margin(1.5, over="hardest")
    assert cml(covariance=3.0, features=0.1, hidden=4).regularisers == (Covariance(3.0), Features(0.1, 4))
    assert made.resolved()["loss"] == {"part": "warp", "margin": 1.5, "n_items": 0}
    assert CML.needs == "interactions" and CML.paper is not None and CML.summary


def test_a_negative_weight_is_refused():
    with pytest.raises(ConfigError, match=r"E0562: the weight of a regulariser must be above 0\n  value: -1.0"):
        cml(covariance=-1.0)


@pytest.fixture(scope="module")
def links():
    """60 users in 4 circles; each has half of the 20 items of its circle, and a few of the others."""
    rng = np.random.default_rng(0)
    rows = [
        (f"user {user}", f"item {item}")
        for user in range(60)
        for item in range(80)
        if rng.random() < (0.5 if item % 4 == user % 4 else 0.03)
    ]
    return read_links(rows, "interactions")


def trained(links, **options):
    """(training, recall@50... of 10 here) after training; and the longest row after any call."""
    split = split_links(links, valid=0, test=0.2, seed=0)
    training = Training(cml(dim=8, epochs=15, batch=16, **options), links, split, features=None, seed=0, threads=1)
    longest, run = [], training.step.run

    def watched(*given):
        total = run(*given)
        longest.append(float(np.linalg.norm(training.encoder.parameters["table"], axis=1).max()))
        return total

    training.step.run = watched
    training.step.at_once = 1
    Loop(training.step, training.recipe.plan).run()
    recall = training.judge(training.score, split.train, split.test, ["recall@10"]).values["recall@10"].mean()
    return training, float(recall), max(longest)


def test_it_finds_the_circles_and_stays_in_the_ball(links):
    training, recall, longest = trained(links)
    assert training.step.name == "metric"
    assert training.recipe.loss.n_items == 80
    assert recall > 0.4, "of 80 items; 10 at random are a seventh of those left"
    assert 0.99 < longest <= 1 + 1e-6


def test_without_the_ball_rows_run_away(links):
    assert trained(links, radius=100.0)[2] > 1.3


def test_the_covariance_term_takes_the_generic_step_and_makes_dimensions_independent(links):
    def correlation(training):
        C = np.abs(np.corrcoef(training.encoder.parameters["table"], rowvar=False))
        return (C.sum() - len(C)) / (C.size - len(C))

    plain, (with_term, recall, longest) = trained(links)[0], trained(links, covariance=100.0)
    assert isinstance(with_term.step, Generic)
    assert correlation(with_term) < 0.8 * correlation(plain)
    assert recall > 0.4 and longest <= 1 + 1e-6
