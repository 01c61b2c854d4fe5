"""The blocked path equals the definition, whatever the sizes, and always the same bytes.

Tolerance: the definition is computed in float64, so what is left is the rounding of the blocked path. A logit is rounded by its size, a
probability by as much, and a gradient is a probability over the temperature and over the vector's length.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.contrast import joint, nested
from awase.contrast.candidates import Candidates
from awase.contrast.losses import InfoNCE, Margin
from awase.contrast.scores import Cosine, Dot

BLOCK = nested._BLOCK
each_score = pytest.mark.parametrize("score", [Dot(), Cosine()], ids=repr)


def assert_equal(found, A, C, candidates, score, loss, dims):
    """To the definition in float64."""
    expected = joint.generic(A.astype(np.float64), C.astype(np.float64), candidates, score, loss, loss.init(), dims=dims)
    lengths = [np.linalg.norm(V[:, :dim], axis=1) for V in (A, C) for dim in dims or (A.shape[1],)]
    shortest = min(some[some > 0].min() for some in lengths) if score.normalized else 1.0
    steep = 1 / loss.temperature
    rounding = np.finfo(np.float32).eps * (16 + 2 * steep * np.abs(score(A, C)).max())
    per_anchor = steep / min(shortest, 1) / len(A)  # the gradient is that of the mean
    scales = (1.0, per_anchor, per_anchor * max(len(A) / len(C), 1), steep)
    for name, one, other, scale in zip(expected._fields, found, expected, scales):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=rounding * scale, err_msg=name)


@each_score
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    b=st.integers(1, 9),
    c=st.integers(1, 12),
    dims=st.sampled_from([None, (8,), (2, 8), (1, 3, 4, 8)]),
    masked=st.sampled_from([0, 0.3, 1]),
    logq=st.booleans(),
    weight=st.booleans(),
    learned=st.booleans(),
)
def test_small_batches(score, batch, seed, b, c, dims, masked, logq, weight, learned):
    A, C, candidates = batch(seed, b, c, 8, masked=masked, logq=logq, weight=weight, dtype=np.float32)
    loss = InfoNCE(temperature=0.2, learned=learned)
    found = joint.contrast(A, C, candidates, score, loss, loss.init(), dims=dims)
    assert found.dA.dtype == found.dC.dtype == found.value.dtype == np.float32
    assert_equal(found, A, C, candidates, score, loss, dims)


@each_score
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("b", [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_batches_of_several_blocks(score, batch, b, threads):
    A, C, candidates = batch(b, b, 300, 16, masked=0.01, dtype=np.float32)
    loss = InfoNCE(temperature=0.1, learned=True)
    dims = (4, 16)
    found, again = (joint.contrast(A, C, candidates, score, loss, loss.init(), dims=dims, threads=threads) for _ in range(2))
    assert_equal(found, A, C, candidates, score, loss, dims)
    assert [array.tobytes() for array in found[:4]] == [array.tobytes() for array in again[:4]]


@pytest.mark.parametrize("temperature", [0.01, 0.05, 1.0])
def test_extreme_logits(temperature, batch):
    """At temperature 0.01 the logits of a row lie up to 200 apart: exp of that is no float32."""
    A, C, candidates = batch(1, 40, 60, 4, dtype=np.float32)
    C[candidates.target[:10]] = A[:10]
    C[candidates.target[10:20]] = -A[10:20]
    loss = InfoNCE(temperature=temperature)
    assert_equal(joint.contrast(A, C, candidates, Cosine(), loss, loss.init()), A, C, candidates, Cosine(), loss, None)


def test_zero_vectors_masked_or_not(batch):
    """A zero vector scores 0 with all; masked, it must not come back as a logit of 0."""
    A, C, candidates = batch(2, 12, 9, 6, masked=0, dtype=np.float32)
    A[:3], C[:2] = 0, 0
    rows, columns = np.nonzero(np.ones((12, 9), bool))
    keep = (columns != candidates.target[rows]) & (columns < 2) & (rows % 2 == 0)
    candidates = Candidates(candidates.items, candidates.target, (rows[keep], columns[keep]))
    loss = InfoNCE(temperature=0.05, learned=True)
    found = joint.contrast(A, C, candidates, Cosine(), loss, loss.init(), dims=(3, 6))
    assert not found.dA[:3].any() and not found.dC[:2].any()
    assert_equal(found, A, C, candidates, Cosine(), loss, (3, 6))


def test_a_pair_masked_twice_is_masked(batch):
    """The same pair comes twice when the data have two rows for it, with other negatives say."""
    A, C, once = batch(3, 5, 6, 4, logq=False, weight=False, dtype=np.float32)
    twice = Candidates(once.items, once.target, tuple(np.tile(places, 2) for places in once.mask))
    loss = InfoNCE()
    assert len(once.mask[0])
    results = [joint.contrast(A, C, one, Cosine(), loss, loss.init(), dims=(2, 4)) for one in (once, twice)]
    assert results[0].dA.tobytes() == results[1].dA.tobytes()
    assert results[0].value.tobytes() == results[1].value.tobytes()


def test_inputs_are_not_written_to(batch):
    A, C, candidates = batch(4, 6, 7, 8, dtype=np.float32)
    before = [array.tobytes() for array in (A, C, candidates.logq, candidates.weight)]
    loss = InfoNCE()
    joint.contrast(A, C, candidates, Cosine(), loss, loss.init(), dims=(4, 8))
    assert [array.tobytes() for array in (A, C, candidates.logq, candidates.weight)] == before


@pytest.mark.parametrize(
    ("dtype", "loss", "fits"),
    [
        (np.float32, InfoNCE(), True),
        (np.float32, InfoNCE(learned=True), True),
        (np.float64, InfoNCE(), False),
        (np.float32, InfoNCE(symmetric=True), False),
        (np.float32, Margin(), False),
    ],
)
def test_what_takes_this_path(dtype, loss, fits):
    A = np.zeros((1, 1), dtype)
    assert nested.fits(A, A, Cosine(), loss) is fits
    assert not nested.fits(A, A[None], Cosine(), loss), "each anchor has its own candidates"


def test_prefixes_may_come_in_any_order(batch):
    A, C, candidates = batch(5, 4, 5, 8, dtype=np.float32)
    loss = InfoNCE()
    one, other = (joint.contrast(A, C, candidates, Cosine(), loss, loss.init(), dims=dims) for dims in ((8, 2, 4), (2, 4, 8)))
    assert one.dA.tobytes() == other.dA.tobytes()
