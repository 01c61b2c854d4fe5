"""BM25 against its formula, and after any sequence of changes against a fresh index."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import ConfigError, InputError, IntegrityError
from awase.core.protocols import Searcher
from awase.data.text.analyze import analyzer
from awase.index.lexical import BM25
from awase.kernels import bm25 as kernels

WORDS = ["wine", "red", "white", "spain", "beer", "aroma", "grape", "oak"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)


def by_the_formula(query, texts, k1=0.9, b=0.75):
    """float64 scores, from the definition."""
    bags = [Counter(text.split()) for text in texts]
    average = sum(bag.total() for bag in bags) / len(bags)
    scores = np.zeros(len(texts))
    for term in query.split():
        df = sum(term in bag for bag in bags)
        idf = math.log(1 + (len(bags) - df + 0.5) / (df + 0.5))
        for row, bag in enumerate(bags):
            scores[row] += idf * bag[term] / (bag[term] + k1 * (1 - b + b * bag.total() / average)) if bag[term] else 0
    return scores


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=12), TEXTS, st.sampled_from([(1.2, 0.75), (0.9, 0.4), (0.0, 0.0), (2.0, 1.0)]))
def test_scores_are_those_of_the_formula(texts, query, parameters):
    k1, b = parameters
    index = BM25("simple", k1=k1, b=b)
    index.add(texts)
    want = by_the_formula(query, texts, k1, b)
    rows, scores = (part[0] for part in index.search([query], k=len(texts)))
    found = rows[rows >= 0]
    assert set(found) == set(np.flatnonzero(want > 0))
    np.testing.assert_allclose(scores[: len(found)], want[found], rtol=1e-5)
    assert np.isneginf(scores[len(found) :]).all()
    order = sorted(zip(-scores[: len(found)], found))
    assert [row for _, row in order] == found.tolist()
    np.testing.assert_allclose(index.scores_of([query], np.arange(len(texts))[None])[0], want, rtol=1e-5, atol=1e-7)


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(TEXTS, max_size=5)),
        st.tuples(st.just("delete"), st.lists(st.integers(0, 100), max_size=4)),
        st.tuples(st.just("upsert"), st.lists(st.tuples(st.integers(0, 100), TEXTS), max_size=3)),
        st.tuples(st.just("reload"), st.just(())),
    ),
    max_size=14,
)


@pytest.mark.parametrize("rows_per_segment", [4, kernels.MAX_ROWS])
@settings(deadline=None)
@given(changes=CHANGES, queries=st.lists(TEXTS, min_size=1, max_size=3))
def test_any_changes_leave_what_a_fresh_index_has(rows_per_segment, changes, queries):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "MAX_ROWS", rows_per_segment)
        index, texts = BM25("simple"), {}
        for change, given_ in changes:
            index.search(queries, 2)  # what was worked out for this must not outlive the change
            alive = list(texts)
            if change == "add":
                texts |= zip(index.add(given_).tolist(), given_)
            elif change == "delete" and alive:
                rows = {alive[i % len(alive)] for i in given_}
                index.delete(list(rows))
                texts = {row: text for row, text in texts.items() if row not in rows}
            elif change == "upsert" and alive:
                replaced = {alive[i % len(alive)]: text for i, text in given_}
                rows = index.upsert(list(replaced), list(replaced.values()))
                texts = {row: text for row, text in texts.items() if row not in replaced}
                texts |= zip(rows.tolist(), replaced.values())
            elif change == "reload":
                index = BM25.from_arrays(index.arrays())
        fresh = BM25("simple")
        fresh.add(list(texts.values()))
        row_of = np.array([*texts, -1])  # row i of the fresh index is row_of[i] here; -1 stays -1
        k = len(texts) + 1
        got, want = index.search(queries, k), fresh.search(queries, k)
        np.testing.assert_array_equal(got.rows, row_of[want.rows])
        np.testing.assert_array_equal(got.scores, want.scores)  # bit for bit
        assert len(index) - index.n_deleted == len(texts)
        everything = np.broadcast_to(np.arange(-1, len(fresh)), (len(queries), len(fresh) + 1))
        np.testing.assert_array_equal(index.scores_of(queries, row_of[everything]), fresh.scores_of(queries, everything.copy()))


def test_a_mask_leaves_rows_out_and_nothing_else():
    texts = ["red wine", "white wine", "wine wine", "beer"]
    index = BM25("simple")
    index.add(texts)
    everything = index.search(["wine"], 4)
    mask = np.array([True, False, True, True])
    masked = index.search(["wine"], 4, mask)
    kept = everything.rows[0] != 1
    np.testing.assert_array_equal(masked.rows[0, :2], everything.rows[0, kept][:2])
    np.testing.assert_array_equal(masked.scores[0, :2], everything.scores[0, kept][:2])
    assert masked.rows[0, 2:].tolist() == [-1, -1]
    assert index.search(["wine"], 4).rows.tolist() == everything.rows.tolist()


def test_threads_change_nothing():
    texts = [" ".join(WORDS[i % 8 : i % 5 + 3]) for i in range(300)]
    index = BM25("simple")
    index.add(texts)
    one, two = (index.search(texts, 10, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one.rows, two.rows)
    np.testing.assert_array_equal(one.scores, two.scores)


def test_a_repeated_query_term_counts_as_often():
    index = BM25("simple")
    index.add(["red wine", "beer"])
    once, twice = index.search(["wine"], 1), index.search(["wine wine"], 1)
    assert twice.scores[0, 0] == 2 * once.scores[0, 0]


@pytest.mark.parametrize("queries", [[""], ["unknown"], ["。、"], []])
def test_queries_without_a_known_term_find_nothing(queries):
    index = BM25("simple")
    index.add(["red wine"])
    hits = index.search(queries, 3)
    assert hits.rows.shape == hits.scores.shape == (len(queries), 3)
    assert (hits.rows == -1).all() and np.isneginf(hits.scores).all()


@pytest.mark.parametrize("texts", [[], [""], ["", "。"]])
def test_an_index_of_nothing_finds_nothing(texts):
    index = BM25()
    assert index.add(texts).tolist() == list(range(len(texts)))
    assert index.search(["wine"], 2).rows.tolist() == [[-1, -1]]
    assert BM25.from_arrays(index.arrays()).search(["wine"], 2).rows.tolist() == [[-1, -1]]


def test_rows_added_one_by_one_stay_in_few_segments_and_deleted_ones_leave():
    index = BM25("simple")
    for i in range(200):
        index.add([f"{WORDS[i % 8]} {i}"])
    assert len(index._segments) <= 8
    index.delete(range(150))
    assert index.search(["7"], 1).rows[0, 0] == -1
    assert index.search(["177"], 1).rows[0, 0] == 177
    assert sum(len(segment.rows) for segment in index._segments) < 2 * 2 * 50


def test_saved_arrays_may_be_memory_maps(tmp_path):
    index = BM25("english")
    index.add(["running in Spain", "東京の天気", "wines"])
    index.delete([0])
    arrays = {}
    for name, array in index.arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
        arrays[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r" if array.size else None)
    loaded = BM25.from_arrays(arrays)
    queries = ["wine", "東京", "running"]
    for got, want in zip(loaded.search(queries, 3), index.search(queries, 3)):
        np.testing.assert_array_equal(got, want)
    assert loaded.add(["beer"]).tolist() == [3]
    loaded.delete([2])
    assert loaded.search(["wine", "beer"], 1).rows.tolist() == [[-1], [3]]


def test_it_is_a_searcher():
    assert isinstance(BM25(), Searcher)


def test_one_analyser_can_serve_two_indexes():
    shared = analyzer("simple")
    first, second = BM25(shared), BM25(shared)
    first.add(["red wine"])
    second.add(["beer wine"])
    assert first.search(["beer", "wine"], 1).rows.tolist() == [[-1], [0]]
    first.add(["beer"])
    assert first.search(["beer"], 1).rows.tolist() == [[1]]


class TestErrors:
    def index(self):
        index = BM25("simple")
        index.add(["red wine", "beer"])
        return index

    def test_rows_that_do_not_exist_are_refused_and_nothing_is_deleted(self):
        index = self.index()
        with pytest.raises(InputError, match=r"E0211: row 2 does not exist\n  value: \[2\]\n  to do: give rows that add"):
            index.delete([0, 2])
        with pytest.raises(InputError, match="E0211: row -1 does not exist"):
            index.delete([-1])
        index.delete([1])
        with pytest.raises(InputError, match="E0211: row 1 is deleted already"):
            index.upsert([0, 1], ["a", "b"])
        assert index.search(["wine"], 1).rows.tolist() == [[0]]

    @pytest.mark.parametrize("k", [0, -1, 10_001])
    def test_k(self, k):
        with pytest.raises(ConfigError, match="E0703: k, the number of results, must be a whole number from 1 to 10,000"):
            self.index().search(["wine"], k)

    @pytest.mark.parametrize("mask", [np.ones(3, bool), np.ones(2, np.int8), np.ones((2, 1), bool)])
    def test_mask(self, mask):
        with pytest.raises(ConfigError, match="E0212: a mask must be 2 booleans, one a row"):
            self.index().search(["wine"], 1, mask)

    @pytest.mark.parametrize(
        ("k1", "b"), [(-0.1, 0.5), (1.2, 1.1), (1.2, -0.1), (math.inf, 0.5), (math.nan, 0.5), (1.2, math.nan)]
    )
    def test_parameters(self, k1, b):
        with pytest.raises(ConfigError, match="E0210: BM25 needs k1 >= 0 and b between 0 and 1"):
            BM25(k1=k1, b=b)

    def test_what_is_not_text_is_refused_by_its_row_and_nothing_is_added(self):
        index = self.index()
        with pytest.raises(InputError, match="row 1"):
            index.add(["wine", None])
        with pytest.raises(InputError, match="E0253: one string was given where a list of texts is expected"):
            index.search("wine", 1)
        assert len(index) == 2

    @pytest.mark.parametrize("name", ["parameters", "held", "segment0.rows", "analyzer.terms"])
    def test_an_array_that_is_missing(self, name):
        arrays = self.index().arrays()
        del arrays[name]
        with pytest.raises(IntegrityError, match="E0213: a saved BM25 index has no array"):
            BM25.from_arrays(arrays)


@pytest.mark.parametrize(
    ("query", "inside", "beginning"),
    [
        ("京都", "東京都に住んでいます", "京都のお寺を見に行く"),
        ("京都", "東京都に住んでいます", "来週は京都駅で会いましょう"),
        ("パン", "フライパンを買った", "パンを焼いて食べるのが好き"),
        ("部長", "本部長が来た", "部長の話が長くて会議が終わらない"),
        ("한국", "대한국민", "한국에서 온 친구를 만났다"),
    ],
)
def test_where_a_run_of_one_script_begins_is_told_from_its_inside(query, inside, beginning):
    index = BM25()
    index.add([inside, beginning])
    assert index.search([query], 2).rows.tolist() == [[1, 0]]
