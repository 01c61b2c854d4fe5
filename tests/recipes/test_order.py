"""Order embeddings: their options, and that they tell held-out edges from false ones, and which way round."""

import json

import numpy as np
import pytest

import awase
from awase import recipes
from awase.contrast.losses import Hinge
from awase.contrast.manifolds import NonNegative
from awase.contrast.scores import Order
from awase.core.errors import ConfigError

ORDER = recipes.get("order")
OPTIONS = {  # each option: another value, and where it ends up
    "dim": (20, lambda made: made.encoder.dim),
    "margin": (2.0, lambda made: made.loss.margin),
    "n_negatives": (7, lambda made: made.negatives.n),
    "turned": (False, lambda made: made.negatives.turned),
    "closure": (False, lambda made: made.positives.closure),
    "batch": (32, lambda made: made.plan.batch),
    "epochs": (3, lambda made: made.plan.epochs),
    "rate": (0.3, lambda made: made.plan.rate),
    "hogwild": (True, lambda made: made.plan.hogwild),
}
TREE = [(f"n{i}", f"n{(i - 1) // 3}") for i in range(1, 364)]  # a ternary tree of depth 5


def test_every_option_is_in_the_table():
    assert set(OPTIONS) == set(ORDER.options())


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_ends_up_where_it_belongs(name):
    value, where = OPTIONS[name]
    for given in (value, str(value)):
        assert where(ORDER(**{name: given})) == value
    assert where(ORDER()) != value


def test_the_parts():
    made = ORDER()
    assert isinstance(made.score, Order) and isinstance(made.loss, Hinge) and made.negatives.turned
    assert ORDER.needs == "a hierarchy" and ORDER.paper.arxiv == "1511.06361"
    assert json.loads(json.dumps(made.resolved())) == made.resolved()
    assert isinstance(made.encoder.encoder(3, seed=0).manifolds["table"], NonNegative)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 0}, "E0520: dim must lie between 1 and 65,536\n  value: 0\n  to do: hierarchies need few"),
        ({"n_negatives": 0}, "E0541: the number of negatives must be at least 1\n  value: 0"),
        ({"margin": 0}, "E0502: margin must be above 0\n  value: 0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError) as caught:
        ORDER(**options)
    assert str(caught.value).startswith(message)


@pytest.fixture(scope="module")
def fitted():
    return awase.fit(TREE, "order", threads=1)


def test_held_out_edges_are_told_from_false_ones_with_their_direction(fitted):
    """Better than what follows from the training edges alone; a distance would accept most edges turned round."""
    systems = fitted.report.systems
    assert systems["trained"]["accuracy"] > max(0.85, systems["closure"]["accuracy"])
    (direction,) = fitted.report.tables
    assert direction["heads"] == ["system", "accuracy", "turned round and rejected"]
    rejected = {name: value for name, _, value in direction["rows"]}
    assert rejected["trained"] > 0.95 and rejected["closure"] == 1
    assert fitted.report.split["kernel"] == "order"


def test_the_vectors_are_in_order(fitted):
    """Ancestors are the nearest by the model's own measure, and no coordinate is negative."""
    model = fitted.model
    assert model.tables["nodes"].min() >= 0
    above = {"n0": set()}
    for child, parent in TREE:
        above[child] = above[parent] | {parent}
    leaves = [f"n{i}" for i in range(200, 220)]
    hits = [len({one.name for one in model.neighbours(leaf, 5)} & above[leaf]) / 5 for leaf in leaves]
    assert np.mean(hits) > 0.8


def test_the_same_seed_gives_the_same_bytes_and_another_others():
    first, again, other = (
        awase.fit(TREE[:80], "order", options={"dim": 2, "epochs": 2}, seed=seed, threads=1).model.tables["nodes"].tobytes()
        for seed in (1, 1, 2)
    )
    assert first == again != other
