"""Joining two searches: the formula, against a plain loop; ties, padding, and the choice of the weight."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import ConfigError
from awase.core.protocols import Hits
from awase.index.hybrid import Fusion, choose_weight


def top(scores, k):
    """Hits of a score matrix (q, n); a score of -inf is no hit."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    found = np.take_along_axis(scores, order, 1).astype(np.float32)
    return Hits(np.where(found == -np.inf, -1, order), found)


def bent(x, turn):
    return x if x >= turn else turn + 0.2 * (x - turn)


def plain(dense, lexical, depth, weight, k, exact):
    """The docstring's formula for one query, as a loop over the rows; dense and lexical are the scores of all rows."""
    hits = [top(scores[None], depth) for scores in (dense, lexical)]
    listed = [{int(r): float(s) for r, s in zip(h.rows[0], h.scores[0], strict=True) if r >= 0} for h in hits]
    least = [min(listed[0].values(), default=0.0), min(listed[1].values()) if len(listed[1]) == depth else 0.0]
    turns = []
    for h, low in zip(hits, least, strict=True):
        at = min(20, depth) - 1
        turns.append(float(h.scores[0, at]) if h.rows[0, at] >= 0 else low)
    best = max(listed[1].values(), default=0.0)
    scored = {}
    for row in sorted(set(listed[0]) | set(listed[1])):
        one = float(dense[row]) if exact else listed[0].get(row, least[0])
        other = max(float(lexical[row]), 0.0) if exact else listed[1].get(row, least[1])
        scored[row] = weight * bent(one, turns[0]) + (1 - weight) * bent(other, turns[1]) / (best if best > 0 else 1)
    return sorted(scored.items(), key=lambda pair: (-round(pair[1], 5), pair[0]))[:k]


@settings(deadline=None)  # the first example compiles
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 40), st.floats(0, 1), st.booleans())
def test_equals_the_formula(seed, n, depth, weight, exact):
    draw = np.random.default_rng(seed)
    dense = draw.permuted(np.linspace(-0.5, 0.97, n))[None].repeat(2, 0).astype(np.float32)
    lexical = np.where(draw.random((2, n)) < 0.5, draw.uniform(0.1, 20, (2, n)), -np.inf).astype(np.float32)
    depth = min(depth, n)
    lookups = {}
    if exact:
        lookups["dense_of"] = lambda rows: np.where(rows < 0, -np.inf, np.take_along_axis(dense, np.maximum(rows, 0), 1))
        known = np.maximum(lexical, 0)
        lookups["lexical_of"] = lambda rows: np.where(rows < 0, -np.inf, np.take_along_axis(known, np.maximum(rows, 0), 1))
    hits = Fusion(weight).fuse(top(dense, depth), top(lexical, depth), 10, **lookups)
    for q in range(2):
        wanted = plain(dense[q], lexical[q], depth, weight, 10, exact)
        found = [(int(r), float(s)) for r, s in zip(hits.rows[q], hits.scores[q], strict=True) if r >= 0]
        assert len(found) == len(wanted)
        np.testing.assert_allclose([s for _, s in found], [s for _, s in wanted], rtol=1e-4, atol=1e-4)
        assert len({r for r, _ in found}) == len(found)


def test_extreme_weights_are_the_single_searches():
    draw = np.random.default_rng(0)
    dense, lexical = top(draw.random((5, 100)), 30), top(draw.random((5, 100)), 30)
    assert np.array_equal(Fusion(1.0).fuse(dense, lexical, 10).rows, dense.rows[:, :10])
    assert np.array_equal(Fusion(0.0).fuse(dense, lexical, 10).rows, lexical.rows[:, :10])


def test_ties_go_to_the_lower_row_and_missing_rows_stay_missing():
    dense = Hits(np.array([[7, 5, -1]]), np.float32([[0.5, 0.5, -np.inf]]))
    nothing = Hits(np.array([[-1, -1, -1]]), np.full((1, 3), -np.inf, np.float32))
    hits = Fusion(0.5).fuse(dense, nothing, 4)
    assert hits.rows.tolist() == [[5, 7, -1, -1]]
    assert hits.scores.tolist() == [[0.25, 0.25, -np.inf, -np.inf]]
    assert (Fusion().fuse(nothing, nothing, 2).rows == -1).all()
    none = Hits(np.empty((0, 3), np.int64), np.empty((0, 3), np.float32))
    assert Fusion().fuse(none, none, 2).rows.shape == (0, 2)


def test_the_weight_that_measures_best_is_chosen():
    draw = np.random.default_rng(1)
    right = draw.integers(0, 200, 60)
    truth = np.eye(200)[right]
    dense = top(truth * 0.3 + draw.random((60, 200)) * 0.5, 50)  # each search is right about a part of the queries
    lexical = top(truth * 6 + draw.random((60, 200)) * 12, 50)

    def quality(hits):
        return float(np.mean((hits.rows[:, :1] == right[:, None]).any(axis=1)))

    fusion = choose_weight(dense, lexical, quality)
    chosen = quality(fusion.fuse(dense, lexical, 10))
    assert chosen == max(quality(Fusion(w / 20).fuse(dense, lexical, 10)) for w in range(21))
    assert chosen > max(quality(dense), quality(lexical))
    assert fusion.depth == 50
    assert choose_weight(dense, lexical, lambda hits: 0.0).weight == Fusion().weight  # of equals the default


def test_wrong_values_are_refused():
    with pytest.raises(ConfigError, match=r"E0704: the weight of the dense search must be 0 to 1\n  value: 1\.5"):
        Fusion(1.5)
    with pytest.raises(ConfigError, match="E0704: the depth of a hybrid search must be at least 1\n  value: 0"):
        Fusion(depth=0)
