"""Mean rank and MAP by hand and against the definition; what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import InputError
from awase.tasks.reconstruction import reconstruction


def on_a_line(*points):
    points = np.array(points)
    return lambda rows: np.abs(points[rows][:, None] - points)


def test_by_hand():
    """Node 0 has neighbours 1 and 3; between them stands 2, which does not belong. Node 3 has 2, its nearest."""
    found = reconstruction(on_a_line(0.0, 1.0, 2.0, 3.5), np.array([0, 0, 3, 0]), np.array([3, 1, 2, 1]), 4)
    assert found.nodes.tolist() == [0, 3]
    assert found.degrees.tolist() == [2, 1]
    assert found.ranks.tolist() == [1.0, 2.0, 1.0]
    assert found.average_precision.tolist() == [pytest.approx((1 / 1 + 2 / 3) / 2), 1.0]
    assert found.summary() == pytest.approx({"mean_rank": 4 / 3, "map": (5 / 6 + 1) / 2, "n_nodes": 2, "n_edges": 3})
    assert found.metrics()["mean_rank"].value == pytest.approx(4 / 3)
    assert found.metrics()["map"].tolist() == found.average_precision.tolist()


def test_a_collapsed_model_is_at_chance():
    """Ten nodes in one place: of the eight that are no neighbours half stand before each."""
    found = reconstruction(on_a_line(*np.zeros(10)), np.array([0]), np.array([9]), 10)
    assert found.ranks.tolist() == [5.0]
    assert found.average_precision.tolist() == [1 / 5]


def naive(distances, edges, n):
    ranks, precisions = [], []
    for u in sorted({u for u, _ in edges}):
        mine = sorted({v for w, v in edges if w == u})
        ahead = []
        for v in mine:
            others = [distances[u, w] for w in range(n) if w not in mine and w != u]
            ahead.append(sum(d < distances[u, v] for d in others) + sum(d == distances[u, v] for d in others) / 2)
        ranks += [1 + of for of in ahead]
        precisions.append(np.mean([i / (i + of) for i, of in enumerate(sorted(ahead), 1)]))
    return ranks, precisions


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(2, 8), st.sampled_from([1, 20, 1000]))
def test_equals_the_definition_whatever_the_blocks(data, n, block):
    node = st.integers(0, n - 1)
    edges = data.draw(st.lists(st.tuples(node, node).filter(lambda edge: edge[0] != edge[1]), min_size=1, max_size=15))
    distances = np.random.default_rng(n).integers(0, 4, (n, n)).astype(np.float32)
    children, parents = np.array(edges).T
    found = reconstruction(lambda rows: distances[rows], children, parents, n, block=block)
    ranks, precisions = naive(distances, edges, n)
    assert found.ranks.tolist() == ranks
    assert found.average_precision == pytest.approx(precisions)


@pytest.mark.parametrize(
    ("children", "parents", "code", "says"),
    [
        ([0, 1], [1, 1], "E0820", "an edge leads from a node to itself"),
        ([0], [3], "E0820", "parents must be rows 0 to 2"),
        ([0], [1, 2], "E0820", "1 children, 2 parents"),
        ([], [], "E0824", "there are no edges"),
    ],
)
def test_what_is_refused(children, parents, code, says):
    with pytest.raises(InputError, match=code) as caught:
        reconstruction(on_a_line(0.0, 1.0, 2.0), np.array(children, int), np.array(parents, int), 3)
    assert says in str(caught.value)


def test_nan_is_refused():
    with pytest.raises(InputError, match="E0821: a score is NaN"):
        reconstruction(lambda rows: np.full((len(rows), 3), np.nan), np.array([0]), np.array([1]), 3)
