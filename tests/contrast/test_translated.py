"""Entities that relations move or project: their numbers, what the encoders of TransE and TransD compute, and that ``pull`` is the gradient."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.contrast.codes import Codes
from awase.contrast.encoders import Projected, Projection, Translated, Translation
from awase.contrast.encoders.gradient import summed
from awase.core.errors import ConfigError

N_ENTITIES, N_RELATIONS, DIM = 4, 3, 3
CODES = Codes(N_ENTITIES, N_RELATIONS)
N_ITEMS = N_ENTITIES * (1 + 3 * N_RELATIONS)


def tables(seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((n, DIM)) for n in (N_ENTITIES, N_RELATIONS, N_ENTITIES, N_RELATIONS)]


def encoders():
    entities, relations, *projections = tables()
    return [Translated(entities, relations), Projected(entities, relations, *projections)]


each_encoder = pytest.mark.parametrize("encoder", encoders(), ids=lambda encoder: type(encoder).__name__)


# Numbers


def test_every_item_has_its_own_number_and_unpacks_to_what_it_was_made_of():
    made = {}
    for e in range(N_ENTITIES):
        made[e] = (e, -1, 0)
        for r in range(N_RELATIONS):
            made |= {CODES.forward(e, r): (e, r, 1), CODES.backward(e, r): (e, r, -1), CODES.seen(e, r): (e, r, 0)}
    assert sorted(made) == list(range(N_ITEMS))
    unpacked = CODES.unpack(np.array(list(made)))
    assert list(zip(*(part.tolist() for part in unpacked))) == list(made.values())


def test_arrays_are_numbered_as_single_ones():
    e, r = np.array([0, 3]), np.array([2, 1])
    for number in (CODES.forward, CODES.backward, CODES.seen):
        assert number(e, r).tolist() == [number(0, 2), number(3, 1)]


# Vectors


def expected_vector(encoder, item):
    """As the papers write it, for one item."""
    p = encoder.parameters
    (e,), (r,), (sign,) = CODES.unpack(np.array([item]))
    v = p["entities"][e].copy()
    if isinstance(encoder, Projected) and r >= 0:
        # (r_p e_pᵀ + I) e, Ji et al. 2015, equation 8.
        v = (np.outer(p["relation_projections"][r], p["entity_projections"][e]) + np.eye(DIM)) @ v
    return v + sign * p["relations"][r] if r >= 0 else v


@each_encoder
def test_vectors_are_those_of_the_paper(encoder):
    items = np.arange(N_ITEMS)
    np.testing.assert_allclose(encoder.encode(items), [expected_vector(encoder, item) for item in items], rtol=1e-12)
    assert encoder.encode(items[:0]).shape == (0, DIM) and encoder.dim == DIM


def test_a_true_triple_has_its_tail_where_the_head_is_moved_to():
    """h + r = t holds from both sides: t - r = h."""
    entities, relations = tables()[:2]
    entities[1] = entities[0] + relations[2]
    encoder = Translated(entities, relations)
    moved, back = encoder.encode(np.array([CODES.forward(0, 2), CODES.backward(1, 2)]))
    seen = encoder.encode(np.array([CODES.seen(1, 2), CODES.seen(0, 2)]))
    np.testing.assert_allclose([moved, back], seen, atol=1e-12)


@each_encoder
def test_encoding_does_not_write_to_the_tables(encoder):
    before = {name: table.copy() for name, table in encoder.parameters.items()}
    encoder.encode(np.arange(N_ITEMS))[:] = 7
    assert all((encoder.parameters[name] == table).all() for name, table in before.items())


# Gradients


@each_encoder
@settings(max_examples=25, deadline=None)
@given(items=st.lists(st.integers(0, N_ITEMS - 1), min_size=1, max_size=8))
def test_the_pull_equals_differences(encoder, items):
    """Of <dV, encode(items)>, also where a row stands in several places."""
    items = np.array(items)
    dV = np.random.default_rng(1).standard_normal((len(items), DIM))
    found = {name: np.zeros_like(table) for name, table in encoder.parameters.items()}
    for name, rows, values in encoder.pull(items, dV):
        assert len(set(rows.tolist())) == len(rows) and rows.dtype == np.int64
        found[name][rows] = values
    for name, table in encoder.parameters.items():
        expected = np.zeros_like(table)
        for at in np.ndindex(table.shape):
            kept, along = table[at], []
            for moved in (kept + 1e-5, kept - 1e-5):
                table[at] = moved
                along.append((encoder.encode(items) * dV).sum())
            table[at] = kept
            expected[at] = (along[0] - along[1]) / 2e-5
        np.testing.assert_allclose(found[name], expected, atol=1e-7, rtol=1e-6)


def test_only_rows_of_the_items_get_a_gradient():
    entities, relations = Translated(*tables()[:2]).pull(np.array([CODES.forward(1, 2), CODES.seen(3, 0)]), np.ones((2, DIM)))
    assert (entities.name, entities.rows.tolist()) == ("entities", [1, 3])
    assert (relations.name, relations.rows.tolist()) == ("relations", [2]), (
        "an item that is only seen does not move the relation"
    )


def test_sums_by_row_keep_the_type_and_take_nothing():
    of = summed("table", np.array([5, 2, 5, 5]), np.array([[1], [2], [3], [4]], np.float32))
    assert of.rows.tolist() == [2, 5] and of.values.tolist() == [[2], [8]] and of.values.dtype == np.float32
    of = summed("table", np.empty(0, np.int64), np.empty((0, 3), np.float32))
    assert of.rows.tolist() == [] and of.values.shape == (0, 3)


# Before training


@pytest.mark.parametrize("spec", [Translation(64), Projection(64)], ids=repr)
def test_the_start_lies_on_the_manifolds_and_comes_from_the_seed(spec):
    made, again, other = (spec.encoder(20, 5, seed=seed) for seed in (0, 0, 1))
    rows = {"entities": 20, "relations": 5, "entity_projections": 20, "relation_projections": 5}
    for name, table in made.parameters.items():
        assert table.shape == (rows[name], 64) and table.dtype == np.float32
        assert np.linalg.norm(table, axis=1) == pytest.approx(np.ones(rows[name]), abs=1e-5)
        assert table.tobytes() == again.parameters[name].tobytes() != other.parameters[name].tobytes()
    distinct = {table.tobytes() for table in made.parameters.values()}
    assert len(distinct) == len(made.parameters), "tables start alike"


def test_entities_of_transe_stay_on_the_sphere_and_all_rows_of_transd_in_the_ball():
    translated, projected = encoders()
    assert {name: on.name for name, on in translated.manifolds.items()} == {"entities": "sphere"}
    assert {(name, on.name, on.radius) for name, on in projected.manifolds.items()} == {
        (name, "ball", 1.0) for name in projected.parameters
    }


@pytest.mark.parametrize("spec", [Translation, Projection])
@pytest.mark.parametrize("dim", [0, 65_537])
def test_a_dimension_out_of_range(spec, dim):
    with pytest.raises(ConfigError) as caught:
        spec(dim)
    assert str(caught.value) == f"E0520: dim must lie between 1 and 65,536\n  value: {dim}\n  to do: 50 is usual for graphs"
