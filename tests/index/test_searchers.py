"""One contract for everything that searches: Exact, Ann, BM25, and a collection in each of its modes."""

import re

import numpy as np
import pytest
from words_model import WordsModel

from awase.core.errors import ConfigError, InputError
from awase.core.limits import MAX_K
from awase.core.protocols import Hits, Searcher
from awase.index.ann import Ann
from awase.index.collection import Collection
from awase.index.exact import Exact
from awase.index.find import MODES
from awase.index.lexical import BM25

TEXTS = ["red wine", "white wine", "beer", "red wine", "dark beer", "wine"] * 4
MODEL = WordsModel()
VECTORS = MODEL.encode(TEXTS)


class InMode:
    """A collection as a searcher of texts: rows are the places of the items, a mask is a filter."""

    def __init__(self, folder, texts, mode):
        self.docs, self.mode = Collection.create(folder / f"{mode}.awase", MODEL), mode
        self.docs.add({"id": str(n), "text": text, "n": n} for n, text in enumerate(texts))

    def search(self, queries, k, mask=None):
        where = None if mask is None else f"n in ({', '.join(map(str, [-1, *np.flatnonzero(mask)]))})"
        found = self.docs.search(queries, k, where, self.mode)
        hits = Hits(np.full((len(queries), k), -1), np.full((len(queries), k), -np.inf, np.float32))
        for q, results in enumerate(found):
            for at, one in enumerate(results):
                hits.rows[q, at], hits.scores[q, at] = int(one.id), one.score
        return hits


def bm25(folder, texts):
    index = BM25()
    index.add(texts)
    return index


def ann(folder, texts):
    return Ann.build(Exact(MODEL.encode(texts)))


MAKERS = {"exact": lambda folder, texts: Exact(MODEL.encode(texts)), "ann": ann, "bm25": bm25} | {
    f"collection, {mode}": lambda folder, texts, mode=mode: InMode(folder, texts, mode) for mode in MODES
}
DENSE = ("exact", "ann")


@pytest.fixture(params=MAKERS)
def kind(request):
    return request.param


@pytest.fixture
def make(kind, tmp_path):
    return lambda texts=TEXTS: MAKERS[kind](tmp_path, texts)


@pytest.fixture
def ask(kind):
    """Queries as this searcher takes them."""
    return lambda *texts: MODEL.encode(texts) if kind in DENSE else list(texts)


def test_the_suite_sees_all():
    assert len(MAKERS) == 6


def test_shape_order_and_ties(make, ask):
    searcher = make()
    assert isinstance(searcher, Searcher)
    hits = searcher.search(ask("red wine", "beer"), 8)
    assert hits.rows.shape == hits.scores.shape == (2, 8)
    assert (hits.rows.dtype, hits.scores.dtype) == (np.int64, np.float32)
    assert (np.diff(hits.scores, axis=1) <= 0).all()
    assert [TEXTS[row] for row in hits.rows[0]] == ["red wine"] * 8
    assert hits.rows[0].tolist() == [0, 3, 6, 9, 12, 15, 18, 21]  # equal scores: the lower row first
    assert TEXTS[hits.rows[1, 0]] == "beer"


def test_more_than_there_is(make, ask):
    hits = make().search(ask("red wine"), 50)
    found = hits.rows[0] >= 0
    n = found.sum()
    assert 16 <= n <= len(TEXTS)
    assert found[:n].all()
    assert len(set(hits.rows[0, :n])) == n
    assert (hits.rows[0, n:] == -1).all()
    assert (hits.scores[0, n:] == -np.inf).all()
    assert np.isfinite(hits.scores[0, :n]).all()


def test_no_queries_and_nothing_to_search(make, ask, kind):
    searcher = make()
    assert searcher.search(ask(), 3).rows.shape == (0, 3)
    assert [TEXTS[row] for row in searcher.search(ask("", "red wine"), 1).rows[1]] == ["red wine"]


def test_an_empty_index(make, ask):
    hits = make([]).search(ask("red wine", ""), 3)
    assert (hits.rows == -1).all()
    assert (hits.scores == -np.inf).all()


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_only_what_the_mask_allows(make, ask, share):
    searcher = make()
    mask = np.random.default_rng(4).random(len(TEXTS)) < share
    hits = searcher.search(ask("red wine", "beer"), len(TEXTS), mask)
    everything = searcher.search(ask("red wine", "beer"), len(TEXTS))
    for some, every in zip(hits.rows, everything.rows):
        assert [row for row in some if row >= 0] == [row for row in every if row >= 0 and mask[row]]


def test_one_query_or_many_is_the_same(make, ask):
    searcher = make()
    queries = ["red wine", "beer", "white", "dark red"] * 10
    many = searcher.search(ask(*queries), 6)
    for q, query in enumerate(queries[:4]):
        one = searcher.search(ask(query), 6)
        assert np.array_equal(one.rows[0], many.rows[q])
        assert np.array_equal(one.scores[0], many.scores[q])


def test_k_is_checked(make, ask):
    searcher = make()
    for k in (0, MAX_K + 1):
        with pytest.raises(ConfigError, match="E0703: k, the number of results"):
            searcher.search(ask("red wine"), k)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nonfinite_is_refused_by_name(make, kind, tmp_path, value):
    if kind == "bm25":
        pytest.skip("has no vectors")
    if kind in DENSE:
        queries = MODEL.encode(["a", "b", "c"])
        queries[1, 3] = value
        with pytest.raises(InputError, match="E0701: queries must be finite numbers\n  where: row 1\n"):
            make().search(queries, 2)
    else:
        vector = np.full(16, value)
        with pytest.raises(InputError, match=re.escape("E0701: vectors must be finite numbers\n  where: item 0 (id 'bad')")):
            make().docs.add([{"id": "bad", "text": "x", "vector": vector}])
