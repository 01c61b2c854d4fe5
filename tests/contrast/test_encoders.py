"""Encoders: what they compute, and that ``pull`` is its gradient."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.contrast.encoders import Bag, BallTable, OrderTable, PoincareTable, SphereTable, StaticBag, Table, TwoTables, tables
from awase.core.errors import ConfigError

VOCABULARY, DIM = 6, 3
TEXTS = st.lists(st.lists(st.integers(0, VOCABULARY - 1), max_size=5), min_size=1, max_size=6)
BATCHES = TEXTS.flatmap(
    lambda texts: st.tuples(st.just(texts), st.lists(st.integers(0, len(texts) - 1), min_size=1, max_size=8))
)


def bag_of(texts, threads=1):
    rng = np.random.default_rng(0)
    ids = np.array([token for text in texts for token in text], np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
    table = rng.standard_normal((VOCABULARY, DIM), np.float32)
    return Bag(table, rng.uniform(-1, 1, VOCABULARY).astype(np.float32), ids, offsets, threads=threads)


def dense(encoder, gradients):
    """Gradients of some rows as gradients of whole parameters."""
    whole = {name: np.zeros_like(value) for name, value in encoder.parameters.items()}
    for name, rows, values in gradients:
        assert len(set(rows.tolist())) == len(rows) and rows.dtype == np.int64
        whole[name][rows] = values
    return whole


# Bags


@settings(max_examples=60, deadline=None)
@given(BATCHES)
def test_a_bag_is_the_weighted_mean_of_its_rows(batch):
    texts, items = batch
    bag = bag_of(texts)
    rows = bag.folded()
    expected = [rows[texts[item]].mean(axis=0) if texts[item] else np.zeros(DIM) for item in items]
    np.testing.assert_allclose(bag.encode(np.array(items)), expected, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(BATCHES)
def test_the_pull_of_a_bag_equals_differences(batch):
    """Of <dV, encode(items)>. It is linear in the table, so there a step of 1 is exact; the weights enter by exp."""
    texts, items = batch
    bag, items = bag_of(texts), np.array(items)
    dV = np.random.default_rng(1).standard_normal((len(items), DIM), np.float32)
    found = dense(bag, bag.pull(items, dV))
    for name, step in (("table", 1.0), ("log_weights", 0.01)):
        parameter = bag.parameters[name]
        expected = np.zeros(parameter.shape)
        for at in np.ndindex(parameter.shape):
            kept = parameter[at]
            along = []
            for moved in (kept + step, kept - step):
                parameter[at] = moved
                along.append(float((bag.encode(items).astype(np.float64) * dV).sum()))
            parameter[at] = kept
            expected[at] = (along[0] - along[1]) / (2 * step)
        np.testing.assert_allclose(found[name], expected, atol=2e-3 if name == "log_weights" else 1e-5, rtol=1e-3)


def test_only_tokens_of_the_batch_get_a_gradient():
    bag = bag_of([[0, 1, 1], [4], [5]])
    table, weights = bag.pull(np.array([0, 1]), np.ones((2, DIM), np.float32))
    assert (table.name, weights.name) == ("table", "log_weights")
    assert table.rows.tolist() == weights.rows.tolist() == [0, 1, 4]
    assert table.values.shape == (3, DIM) and weights.values.shape == (3,)


def test_empty_bags_are_zero_and_pull_nothing():
    bag = bag_of([[], [2], []])
    vectors = bag.encode(np.array([0, 1, 2, 0]))
    assert not vectors[[0, 2, 3]].any() and vectors[1].any()
    assert bag.pull(np.array([0, 2]), np.ones((2, DIM), np.float32))[0].rows.tolist() == []
    assert bag.pull(np.array([0, 1]), np.ones((2, DIM), np.float32))[0].rows.tolist() == [2]
    assert bag.encode(np.array([], np.int64)).shape == (0, DIM)


@pytest.mark.parametrize("common", [0.0, 0.9])
def test_bags_give_the_same_bytes_for_any_threads(common):
    """Also where one token stands in nearly every place, so that the threads' shares are uneven."""
    rng = np.random.default_rng(2)
    texts = np.where(rng.random((900, 30)) < common, 0, rng.integers(0, VOCABULARY, (900, 30))).tolist()
    items, dV = rng.integers(0, 900, 700), rng.standard_normal((700, DIM), np.float32)
    results = []
    for threads in (1, 2, 3):
        bag = bag_of(texts, threads)
        pulled = bag.pull(items, dV)
        results.append([bag.encode(items).tobytes(), *(rows.values.tobytes() + rows.rows.tobytes() for rows in pulled)])
    assert results[0] == results[1] == results[2]


# Tables


def test_the_pull_of_a_table_is_the_sum_over_where_a_row_stands():
    table = Table(np.random.default_rng(0).standard_normal((5, 2)))
    items = np.array([3, 1, 3])
    assert (table.encode(items) == table.parameters["table"][items]).all()
    dV = np.array([[1.0, 2.0], [3.0, 4.0], [10.0, 20.0]])
    found = dense(table, table.pull(items, dV))["table"]
    assert found.tolist() == [[0, 0], [3, 4], [0, 0], [11, 22], [0, 0]]
    assert table.dim == 2


# The part of a recipe


@pytest.fixture(scope="module")
def tokenizer():
    return StaticBag(vocab_size=50).tokenizer(["red wine", "white wine", "a red apple"])


def test_a_static_bag_starts_at_about_unit_length_and_even_weights(tokenizer):
    tokens = tokenizer.encode(["red wine", "apple"])
    made, again, other = (StaticBag(dim=64).bag(tokenizer, tokens, seed=seed, threads=1) for seed in (0, 0, 1))
    table = made.parameters["table"]
    assert table.shape == (tokenizer.vocab_size, 64) and table.dtype == np.float32
    assert np.linalg.norm(table, axis=1) == pytest.approx(np.ones(len(table)), abs=0.4)
    assert not made.parameters["log_weights"].any()
    assert table.tobytes() == again.parameters["table"].tobytes() != other.parameters["table"].tobytes()


def test_a_given_table_is_copied(tokenizer):
    tokens, table = tokenizer.encode(["red wine"]), np.ones((tokenizer.vocab_size, 4))
    bag = StaticBag(dim=4).bag(tokenizer, tokens, seed=0, threads=1, table=table)
    bag.parameters["table"][:] = 5
    assert bag.parameters["table"].dtype == np.float32
    assert (table == 1).all()


@pytest.mark.parametrize("dim", [0, -1, 65_537])
def test_a_dimension_out_of_range(dim):
    with pytest.raises(ConfigError) as caught:
        StaticBag(dim=dim)
    assert str(caught.value) == (f"E0520: dim must lie between 1 and 65,536\n  value: {dim}\n  to do: 256 is the default")


# Tables


def test_rows_on_the_disk_are_those_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_BLOCK", 7)
    inside = TwoTables(dim=3).encoder(20, 5, seed=4).parameters["table"]
    outside = TwoTables(dim=3).encoder(20, 5, seed=4, on_disk=tmp_path / "rows").parameters["table"]
    assert isinstance(outside, np.memmap) and not isinstance(inside, np.memmap)
    assert outside.tobytes() == inside.tobytes()
    assert np.abs(inside[:20]).max() <= 1 / 6 and len(np.unique(inside[:20])) == 60 and not inside[20:].any()


@pytest.mark.parametrize("spec", [TwoTables, BallTable, SphereTable, PoincareTable, OrderTable])
def test_tables_have_a_sensible_number_of_dimensions(spec):
    for dim in (0, 10**6):
        with pytest.raises(ConfigError, match=f"E0520: dim must lie between 1 and 65,536\n  value: {dim}\n  to do: "):
            spec(dim=dim)
    spec(dim=1)
