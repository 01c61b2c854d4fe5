"""The parts that only hierarchies use: the two-sided table, edges as positives, corrupted edges."""

import numpy as np
import pytest

from awase.contrast.encoders import OrderTable, PoincareTable, TwoSided
from awase.contrast.negatives import CorruptedEdges, Noise
from awase.contrast.positives import Hypernyms, LinkSource
from awase.contrast.scores import Order
from awase.core.errors import ConfigError
from awase.data.links import read_links

N = 6
SOURCE = LinkSource(np.array([1, 2, 3, 4, 5]), np.array([0, 0, 1, 1, 2]), N, N)


def test_turning_the_signs_swaps_the_sides():
    table = np.random.default_rng(0).random((N, 4)).astype(np.float32)
    encoder, nodes = TwoSided(table), np.arange(N)
    forward = Order()(encoder.encode(nodes), encoder.encode(nodes))
    np.testing.assert_array_equal(Order()(encoder.encode(N + nodes), encoder.encode(N + nodes)), forward.T)


def test_the_two_sided_table_pulls_with_its_signs():
    encoder = TwoSided(np.ones((N, 2), np.float32))
    ((name, rows, values),) = encoder.pull(np.array([1, N + 1, 4]), np.array([[1, 2], [10, 20], [5, 5]], np.float32))
    assert (name, rows.tolist(), values.tolist()) == ("table", [1, 4], [[-9, -18], [5, 5]])


def test_starts():
    ball, order = PoincareTable(dim=3).encoder(500, seed=1), OrderTable(dim=3).encoder(500, seed=1)
    assert 0.9e-3 < np.abs(ball.parameters["table"]).max() <= 1e-3 and abs(ball.parameters["table"].mean()) < 1e-4
    assert order.parameters["table"].min() >= 0 and order.parameters["table"].max() > 0.99
    for spec in (PoincareTable(dim=3), OrderTable(dim=3)):
        again, other = (spec.encoder(500, seed=seed).parameters["table"].tobytes() for seed in (1, 2))
        assert spec.encoder(500, seed=1).parameters["table"].tobytes() == again != other


@pytest.mark.parametrize("spec", [PoincareTable, OrderTable])
@pytest.mark.parametrize("dim", [0, 65_537])
def test_dimensions_out_of_range(spec, dim):
    with pytest.raises(ConfigError) as caught:
        spec(dim=dim)
    assert str(caught.value) == (
        f"E0520: dim must lie between 1 and 65,536\n  value: {dim}\n  to do: hierarchies need few: 5 to 50"
    )


def test_no_node_is_its_own_negative():
    batcher = Noise(n=200, power=0.0).bind(SOURCE, 0)
    batch = batcher.make(np.arange(5), 0)
    drawn = {(int(a), int(c)) for a, row in zip(batch.anchors, batch.candidates.items[:, 1:]) for c in row}
    own = set(zip(SOURCE.anchors.tolist(), SOURCE.targets.tolist()))
    assert drawn == {(a, c) for a in range(1, N) for c in range(N) if a != c} - own


def test_turned_edges_are_anchors_of_their_own():
    batch = CorruptedEdges(n=2).bind(SOURCE, 0).make(np.array([0, 3]), 0)
    assert batch.anchors.shape == (4,) and batch.candidates.items.shape == (4, 3)
    assert batch.anchors[2:].tolist() == [0, 1], "the parents"
    assert batch.candidates.items[2:].tolist() == [[0, 1, 0], [1, 4, 1]], "itself, the child, and a place that is masked"
    masked = set(zip(*(side.tolist() for side in batch.candidates.mask)))
    assert {(2, 2), (3, 2)} <= masked and not {(2, 1), (3, 1)} & masked
    plain = CorruptedEdges(n=2, turned=False).bind(SOURCE, 0).make(np.array([0, 3]), 0)
    np.testing.assert_array_equal(plain.candidates.items, batch.candidates.items[:2])


def test_a_turned_edge_alone_is_pushed_apart():
    """An edge between the only two nodes: nothing else can be drawn, so only its direction is learned."""
    from awase.contrast.losses import Hinge
    from awase.train.plan import Plan
    from awase.train.step import choose

    source = LinkSource(np.array([0]), np.array([1]), 2, 2)
    encoder = OrderTable(dim=4).encoder(2, seed=0)
    step = choose(encoder, CorruptedEdges(n=3).bind(source, 0), Order(), Hinge(1.0), Plan(rate=0.05))
    for epoch in range(200):
        step.run(step.order(epoch), np.array([0, 1]), epoch, np.ones(1))
    child, parent = encoder.parameters["table"][:, None]
    assert float(-Order()(child, parent)[0, 0]) < 0.01 and float(-Order()(parent, child)[0, 0]) > 0.99


def test_no_negatives_are_refused():
    with pytest.raises(ConfigError) as caught:
        CorruptedEdges(n=0)
    assert str(caught.value) == "E0541: the number of negatives must be at least 1\n  value: 0"


def test_hypernyms_are_the_links_as_they_are():
    links = read_links([("dog", "animal"), ("animal", "thing")], "edges")
    source = Hypernyms().source(links, np.array([1, 0]))
    assert (source.anchors.tolist(), source.targets.tolist(), source.n_items, source.offset) == ([1, 0], [2, 1], 3, 0)
