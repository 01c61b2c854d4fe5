"""Windows and pairs by kernels against their twins, and what a window may hold."""

import numpy as np
import pytest

from awase.kernels import draws
from awase.kernels.sets import pair_set
from awase.kernels.skipgram import reach, sift, sift_twin, train_pairs, train_pairs_twin, train_windows, train_windows_twin

V = 30


class Text:
    """Six sentences of 0, 1, 9, 50, 120 and 200 words, of which the last but one is not trained on; a third is the word 0."""

    def __init__(self, seed: int):
        rng = np.random.default_rng(seed)
        bounds = np.cumsum([0, 0, 1, 9, 50, 120, 200])
        lines = np.array([0, 1, 2, 3, 5])
        self.ids = rng.integers(0, V, bounds[-1]).astype(np.int32)
        self.ids[rng.random(bounds[-1]) < 0.33] = 0
        self.starts = bounds[:-1][lines]
        self.edges = np.concatenate([[0], np.cumsum(np.diff(bounds)[lines])])
        self.keep = rng.uniform(0.2, 1.2, V)
        self.noise = draws.alias_table(rng.uniform(0.1, 1, V))
        self.n = int(self.edges[-1])

    def sift(self, kernel, key, first, last):
        words, rows, lines = (
            np.empty(last - first, np.int32),
            np.empty(last - first, np.int64),
            np.empty(last - first, np.int64),
        )
        n = kernel(self.ids, self.starts, self.edges, self.keep, key, first, last, words, rows, lines)
        return words[:n], rows[:n], lines[:n]


@pytest.mark.parametrize("span", [(0, 260), (5, 6), (0, 1), (57, 61), (100, 100)])
def test_sifting_equals_the_twin(span):
    text, key = Text(1), draws.key(3, 1)
    for got, expected in zip(text.sift(sift, key, *span), text.sift(sift_twin, key, *span)):
        assert got.tolist() == expected.tolist()


def test_words_are_kept_as_often_as_they_should_be():
    text = Text(2)
    kept = np.zeros(V)
    for epoch in range(400):
        kept += np.bincount(text.sift(sift, draws.key(0, epoch), 0, text.n)[0], minlength=V)
    trained = np.concatenate([text.ids[a : a + b] for a, b in zip(text.starts, np.diff(text.edges))])
    occurs = 400 * np.bincount(trained, minlength=V)
    wanted = np.minimum(text.keep, 1)
    np.testing.assert_allclose(kept[occurs > 0] / occurs[occurs > 0], wanted[occurs > 0], atol=0.05)


def test_a_window_reaches_each_distance_alike():
    drawn = np.bincount([reach(draws.key(7, 0), row, 4, True) for row in range(8000)])
    assert drawn[0] == 0 and len(drawn) == 5
    assert (np.abs(drawn[1:] - 2000) < 200).all()
    assert {reach(draws.key(7, 0), row, 4, False) for row in range(20)} == {4}


@pytest.mark.parametrize("dynamic", [True, False])
@pytest.mark.parametrize(("dim", "window", "n_noise"), [(1, 1, 1), (16, 4, 5), (20, 3, 6), (33, 5, 13)])
def test_windows_equal_the_twin_in_one_call_or_several(dim, window, n_noise, dynamic):
    text, key = Text(dim), draws.key(3, dim)
    start = np.random.default_rng(dim).normal(0, 0.5, (2 * V, dim)).astype(np.float32)
    rates = np.linspace(0.05, 0.01, text.n).astype(np.float32)
    tables = [start.copy() for _ in range(3)]

    def train(kernel, table, first, last):
        return kernel(
            table, V, text.ids, text.starts, text.edges, text.keep, *text.noise, key, window, dynamic, n_noise,
            first, last, rates[first:last],
        )  # fmt: skip

    whole = train(train_windows, tables[0], 0, text.n)
    parts = sum(train(train_windows, tables[1], a, b) for a, b in ((0, 7), (7, 8), (8, 58), (58, text.n)))
    expected = train(train_windows_twin, tables[2], 0, text.n)
    assert tables[0].tobytes() == tables[1].tobytes()
    assert np.abs(tables[2] - start).max() > 0.1
    np.testing.assert_allclose(tables[0], tables[2], atol=1e-5)
    np.testing.assert_allclose([whole, parts], expected, rtol=1e-6)


def test_large_scores_stay_finite_and_are_paid():
    """σ and the logarithm beyond what float32 holds: 400 for a noise word, nothing for a centre that fits; and no step is infinite."""
    text, key = Text(0), draws.key(0, 0)
    text.keep[:] = 1
    table = np.full((2 * V, 4), 10, np.float32)
    rates = np.full(text.n, 1e-4, np.float32)
    total = train_windows(
        table, V, text.ids, text.starts, text.edges, text.keep, *text.noise, key, 2, False, 30, 0, text.n, rates
    )
    assert np.isfinite(total) and np.isfinite(table).all()
    assert total > 30 * text.n, "each noise word of each pair pays its score, up to 30"


@pytest.mark.parametrize(("dim", "n_noise"), [(1, 1), (16, 5), (20, 6), (33, 13)])
@pytest.mark.parametrize("sizes", [(1,) * 60, (8, 3, 1, 20), (60,)], ids=["one", "some", "all"])
def test_pairs_equal_the_twin(dim, n_noise, sizes):
    rng = np.random.default_rng(dim)
    anchors, targets = rng.integers(0, V, 300), rng.integers(0, V, 300)
    anchors[:60] = anchors[0]  # many steps of one row in a batch
    known = pair_set(anchors[:150], targets[:150], V)
    share, alias = draws.alias_table(rng.uniform(0.1, 1, V))
    edges = np.concatenate([[0], np.cumsum(sizes)])
    rows = rng.permutation(300)[: edges[-1]]
    rates = np.linspace(0.5, 0.1, len(sizes)).astype(np.float32)
    start = rng.normal(0, 0.5, (2 * V, dim)).astype(np.float32)
    got, expected = start.copy(), start.copy()
    common = V, anchors, targets, known, V, share, alias, draws.key(1, 2), n_noise, rows, edges, 0, len(sizes), rates
    paid = [kernel(table, *common) for kernel, table in ((train_pairs, got), (train_pairs_twin, expected))]
    np.testing.assert_allclose(got, expected, atol=2e-6)
    np.testing.assert_allclose(paid[0], paid[1], rtol=1e-6)
    assert np.abs(got - start).max() > 0.01
