"""The recipe that changes another's negatives: its options, what they become, and that it runs where the other does."""

import numpy as np
import pytest

import awase
from awase import recipes
from awase.contrast.negatives import Adversarial, Corrupted, Mixture
from awase.core.errors import ConfigError
from awase.recipes.ace import ace

ACE = recipes.get("ace")
PROPOSED = {  # options that become those of the generator
    "n_adversarial": ("n", 2, "2"),
    "entropy": ("entropy", "hinge", "hinge"),
    "entropy_weight": ("entropy_weight", 0.25, "0.25"),
    "keep": ("keep", 5, "5"),
    "penalty": ("penalty", 2.0, "2"),
    "generator": ("generator", "layer", "layer"),
    "subset": ("subset", 64, "64"),
    "every": ("every", 3, "3"),
}
OTHERS = {  # another value, the same as a command line's text, and where it ends up
    "on": ("cml", "cml", lambda made: {"interactions": "cml"}.get(made.positives.needs)),
    "weight": (0.25, "0.25", lambda made: made.negatives.weight),
    "dim": (16, "16", lambda made: made.encoder.dim),
    "batch": (64, "64", lambda made: made.plan.batch),
    "epochs": (3, "3", lambda made: made.plan.epochs),
    "rate": (0.3, "0.3", lambda made: made.plan.rate),
}
OPTIONS = OTHERS | {
    name: (value, text, lambda made, field=field: getattr(made.negatives.parts[1], field))
    for name, (field, value, text) in PROPOSED.items()
}


def test_every_option_is_in_the_table():
    assert set(OPTIONS) == set(ACE.options())
    print(f"{len(OPTIONS)} options")


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_ends_up_where_it_belongs_as_value_and_as_text(name):
    value, text, where = OPTIONS[name]
    for given in (value, text):
        assert where(ACE(**{name: given})) == value
    assert where(ACE()) != value


def test_all_but_the_negatives_is_the_other_recipes():
    made, other = ace(on="transd"), recipes.get("transd")()
    assert made.negatives == Mixture((other.negatives, Adversarial()), 0.5) and isinstance(other.negatives, Corrupted)
    assert (made.positives, made.encoder, made.score, made.loss) == (other.positives, other.encoder, other.score, other.loss)
    assert made.plan.epochs == other.plan.epochs and made.plan.rate == other.plan.rate and not made.plan.hogwild
    assert ACE.needs == "triples" and ACE.paper is not None and "ACL 2018" in ACE.paper.venue


@pytest.mark.parametrize("on", ["static", "sgns", "edrep", "ace"])
def test_a_recipe_without_noise_of_each_anchors_own_is_refused(on):
    with pytest.raises(ConfigError, match=rf"E0583: recipe '{on}' draws no noise for each anchor") as caught:
        ace(on=on)
    assert 'set negatives = "adversarial" in the recipe static' in str(caught.value)
    with pytest.raises(ConfigError, match=r"E0611: there is no recipe 'transx'\n  to do: did you mean 'transe'"):
        ace(on="transx")


def triples():
    """Neighbours on a ring of 30, three relations."""
    return [(f"e{i}", f"r{step}", f"e{(i + step) % 30}") for i in range(30) for step in (1, 2, 5)]


def edges():
    """A tree of three children each."""
    return [(f"n{i}", f"n{(i - 1) // 3}") for i in range(1, 60)]


def interactions():
    """Two circles of users, each with half of its circle's items."""
    rng = np.random.default_rng(0)
    return [(f"u{u}", f"i{i}") for u in range(30) for i in range(40) if i % 2 == u % 2 and rng.random() < 0.5]


@pytest.mark.parametrize(
    ("on", "data"), [("transe", triples), ("transd", triples), ("order", edges), ("cml", interactions), ("ns", triples)]
)
def test_it_runs_where_the_other_recipe_does(on, data):
    rows = data() if on != "ns" else [(head, tail) for head, _, tail in data()]
    fitted = awase.fit(rows, "ace", options={"on": on, "dim": 8, "epochs": 2, "batch": 32}, threads=1)
    assert "trained" in fitted.report.systems
    assert fitted.report.recipe["negatives"]["parts"][1]["part"] == "adversarial"


def test_static_has_it_as_negatives():
    pairs = [(f"animal {i}", f"the animal with number {i}") for i in range(60)]
    fitted = awase.fit(pairs, options={"negatives": "adversarial", "dim": 16, "epochs": 1}, threads=1)
    assert [part["part"] for part in fitted.report.recipe["negatives"]["parts"]] == ["topical", "adversarial"]
