"""Poincaré embeddings: their options, and that few dimensions hold a tree."""

import json

import numpy as np
import pytest

import awase
from awase import recipes
from awase.contrast.losses import InfoNCE
from awase.contrast.manifolds import Poincare as Ball
from awase.contrast.scores import Poincare
from awase.core.errors import ConfigError
from awase.tasks.correlation import spearman

POINCARE = recipes.get("poincare")
OPTIONS = {  # each option: another value, and where it ends up
    "dim": (2, lambda made: made.encoder.dim),
    "n_negatives": (7, lambda made: made.negatives.n),
    "closure": (False, lambda made: made.positives.closure),
    "batch": (32, lambda made: made.plan.batch),
    "epochs": (3, lambda made: made.plan.epochs),
    "burn_in": (1, lambda made: made.plan.burn_in),
    "rate": (0.3, lambda made: made.plan.rate),
    "hogwild": (True, lambda made: made.plan.hogwild),
}
TREE = [(f"n{i}", f"n{(i - 1) // 3}") for i in range(1, 364)]  # a ternary tree of depth 5


def test_every_option_is_in_the_table():
    assert set(OPTIONS) == set(POINCARE.options())


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_ends_up_where_it_belongs(name):
    value, where = OPTIONS[name]
    for given in (value, str(value)):
        assert where(POINCARE(**{name: given})) == value
    assert where(POINCARE()) != value


def test_the_parts():
    made = POINCARE()
    assert isinstance(made.score, Poincare) and made.loss == InfoNCE(temperature=1.0)
    assert (made.negatives.power, made.negatives.filtered) == (0.0, True), "each node as likely, none that it is below"
    assert (made.plan.optimizer, made.plan.decay, made.plan.burn_in_rate) == ("sgd", "none", 0.01)
    assert POINCARE.needs == "a hierarchy" and POINCARE.paper.arxiv == "1705.08039"
    assert json.loads(json.dumps(made.resolved())) == made.resolved()
    assert isinstance(made.encoder.encoder(3, seed=0).manifolds["table"], Ball)


def test_a_dimension_out_of_range():
    with pytest.raises(ConfigError, match="E0520: dim must lie between 1 and 65,536"):
        POINCARE(dim=0)


@pytest.fixture(scope="module")
def fits():
    return {dim: awase.fit(TREE, "poincare", options={"dim": dim, "epochs": 100}, threads=1) for dim in (2, 5)}


def test_few_dimensions_hold_a_tree(fits):
    """In the plane a tree of this size fits nearly, in five dimensions wholly; where nothing was learned, no better than by chance."""
    for dim, least_map, most_rank in ((2, 0.8, 2.5), (5, 0.97, 1.1)):
        trained, untrained = (fits[dim].report.systems[name] for name in ("trained", "untrained"))
        assert trained["map"] > least_map and trained["mean_rank"] < most_rank
        assert untrained["map"] < 0.05 and untrained["mean_rank"] > 100
    assert fits[2].report.split["kernel"] == "poincare"


def test_general_things_lie_near_the_centre(fits):
    model = fits[5].model
    depth = {"n0": 0}
    for child, parent in TREE:
        depth[child] = depth[parent] + 1
    names = model.names["nodes"]
    lengths = np.linalg.norm(model.vector(names), axis=1)
    assert spearman(lengths, np.array([depth[name] for name in names], float)) > 0.75
    assert names[int(lengths.argmin())] == "n0" and lengths.max() < 1


def test_without_burning_in_nodes_leave_the_centre_in_any_direction(fits):
    hasty = awase.fit(TREE, "poincare", options={"dim": 2, "epochs": 80, "burn_in": 0}, threads=1).report.systems["trained"][
        "map"
    ]
    assert hasty < fits[2].report.systems["trained"]["map"]


def test_the_same_seed_gives_the_same_bytes_and_another_others():
    first, again, other = (
        awase.fit(TREE[:40], "poincare", options={"dim": 2, "epochs": 2}, seed=seed, threads=1).model.tables["nodes"].tobytes()
        for seed in (1, 1, 2)
    )
    assert first == again != other
