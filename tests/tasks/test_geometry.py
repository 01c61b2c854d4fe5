"""Alignment and uniformity against their formulas written as loops, and against what is known of random directions."""

import numpy as np
import pytest

from awase.core.errors import InputError
from awase.data.judged import Judged
from awase.tasks import geometry as room
from awase.tasks.geometry import alignment, geometry, uniformity


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def uniformity_by_loop(z):
    pairs = [np.exp(-2 * np.sum((z[i] - z[j]) ** 2)) for i in range(len(z)) for j in range(i + 1, len(z))]
    return np.log(np.mean(pairs))


def test_uniformity_equals_its_formula(monkeypatch):
    """Blocks of 7 rows, so that 60 vectors cross many block borders."""
    monkeypatch.setattr(room, "_BLOCK_ROWS", 7)
    vectors = np.random.default_rng(0).normal(size=(60, 5))
    assert uniformity(vectors) == pytest.approx(uniformity_by_loop(unit(vectors)), abs=1e-6)


def test_alignment_equals_its_formula():
    a, b = np.random.default_rng(1).normal(size=(2, 50, 8))
    assert alignment(a, b) == pytest.approx(np.mean([np.sum((x - y) ** 2) for x, y in zip(unit(a), unit(b))]), abs=1e-6)


def test_the_extremes():
    same = np.ones((30, 4))
    assert alignment(same, same) == 0.0
    assert alignment(same, -same) == pytest.approx(4.0)
    assert uniformity(same) == pytest.approx(0.0, abs=1e-6)
    spread = np.random.default_rng(0).normal(size=(4_000, 256))
    assert uniformity(spread) == pytest.approx(-4 + 8 / 256, abs=0.01)


def test_a_sample_stands_for_all(monkeypatch):
    vectors = np.random.default_rng(0).normal(size=(3_000, 16)) + 0.3
    of_all = uniformity(vectors)
    monkeypatch.setattr(room, "MAX_ROWS", 1_000)
    assert uniformity(vectors, seed=1) == pytest.approx(of_all, abs=0.03)
    assert uniformity(vectors, seed=1) == uniformity(vectors, seed=1) != uniformity(vectors, seed=2)


def test_zero_vectors_are_left_out():
    a, b = np.random.default_rng(2).normal(size=(2, 20, 6))
    b[3], a[7] = 0, 0
    kept = np.setdiff1d(np.arange(20), [3, 7])
    assert alignment(a, b) == pytest.approx(alignment(a[kept], b[kept]))
    assert uniformity(a) == pytest.approx(uniformity(np.delete(a, 7, axis=0)), abs=1e-6)
    assert alignment(np.zeros((2, 3)), np.ones((2, 3))) is None
    assert uniformity(np.array([[1.0, 0.0], [0.0, 0.0]])) is None


def test_geometry_takes_the_relevant_pairs_only():
    judged = Judged(
        ["q", "r"], list("abc"), np.array([0, 2, 3]), np.array([1, 0, 2]), np.array([1, 0, 2.0]), ["1", "2"], list("abc"), "x"
    )
    queries, documents = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    found = geometry(queries, documents, judged)
    assert found["alignment"] == 0.0
    assert found["uniformity"] == pytest.approx(-8.0)
    assert found["uniformity_queries"] == pytest.approx(-4.0)
    assert (found["n_pairs"], found["n_zero_vectors"]) == (2, 1)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: alignment(np.ones((2, 3)), np.ones((3, 3))), "(2, 3) and (3, 3)"),
        (lambda: uniformity(np.ones(3)), "shape (n, dim)"),
        (lambda: uniformity(np.array([[1.0, 0.0], [np.nan, 0.0]])), "where: row 1"),
        (
            lambda: geometry(
                np.ones((1, 2)),
                np.ones((2, 2)),
                Judged(["q"], ["a"], np.array([0, 1]), np.array([0]), np.ones(1), ["1"], ["a"], "x"),
            ),
            "2 vectors for 1 texts",
        ),
    ],
)
def test_bad_vectors(call, says):
    with pytest.raises(InputError, match="E0808") as caught:
        call()
    assert says in str(caught.value)
