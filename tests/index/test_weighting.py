"""How BM25 weighs: what long queries do without, what is chosen, and who remembers it."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from words_model import WordsModel

from awase.core.errors import ConfigError
from awase.index.collection import Collection
from awase.index.hybrid import Fusion
from awase.index.lexical import BM25
from awase.index.weighting import FEW_WORDS, Weighting, choose

TEXTS = [
    "the who played in the park",
    "articles about the history of wine",
    "IT support for all",
    "京都のお寺を見に行く",
    "to be or not to be",
    "wine",
]
DEFAULT = Weighting()


def index_of(texts, weighting=DEFAULT, name="english"):
    index = BM25(name, **weighting.values())
    index.add(texts)
    return index


def same(index, query, other):
    """Whether two queries score all rows alike."""
    rows = np.arange(len(index))[None]
    return np.array_equal(index.scores_of([query], rows), index.scores_of([other], rows))


def test_a_long_query_does_without_its_stop_words():
    index = index_of(TEXTS)
    assert same(index, "all about the history of wine", "history wine")
    assert not same(index.weighed(Weighting(drop_stop_words=False)), "all about the history of wine", "history wine")


@pytest.mark.parametrize("query", ["the who", "IT support for all", "to be or not to be", "the of in about all to"])
def test_a_short_query_and_one_of_nothing_else_keep_them(query):
    rows = np.arange(len(TEXTS))[None]
    plain = index_of(TEXTS, Weighting(drop_stop_words=False))
    np.testing.assert_array_equal(index_of(TEXTS).scores_of([query], rows), plain.scores_of([query], rows))
    assert plain.scores_of([query], rows).any()


def test_characters_are_no_words_that_make_a_query_long():
    assert not same(index_of([*TEXTS, "IT企業とは"]), "ITで京都のお寺を見に行く", "で京都のお寺を見に行く")


@pytest.mark.parametrize(("name", "drops"), [("auto", True), ("porter", True), ("simple", False), ("german", False)])
def test_stop_words_are_those_of_the_language(name, drops):
    index = index_of(["the red wine from the hills", "in the park"], name=name)
    assert same(index, "the red wine from the hills", "red wine hills") == drops


WORDS = ["the", "of", "in", "wine", "beer", "oak", "spain", "who"]
SENTENCES = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


@settings(deadline=None)
@given(st.lists(SENTENCES, min_size=1, max_size=8), st.sets(st.integers(0, 7)), st.lists(SENTENCES, min_size=1, max_size=3))
def test_what_was_deleted_does_not_make_a_query_long(texts, gone, queries):
    index = index_of(texts)
    index.delete([row for row in gone if row < len(texts)])
    kept = [row for row in range(len(texts)) if row not in gone]
    fresh = index_of([texts[row] for row in kept])
    wanted = np.broadcast_to(np.array(kept, np.int64), (len(queries), len(kept)))
    np.testing.assert_array_equal(
        index.scores_of(queries, wanted), fresh.scores_of(queries, np.broadcast_to(np.arange(len(kept)), wanted.shape))
    )


def test_another_weighting_is_that_of_an_index_made_with_it():
    index, other = index_of(TEXTS), Weighting(1.5, 0.4, False)
    index.delete([1])
    index.add(["more wine"])
    made = BM25("english", **other.values())
    made.add(TEXTS)
    made.delete([1])
    made.add(["more wine"])
    got, want = (one.search(TEXTS, 5) for one in (index.weighed(other), made))
    np.testing.assert_array_equal(got.scores, want.scores)
    assert index.weighting == DEFAULT
    assert BM25.from_arrays(made.arrays()).weighting == other


def test_the_best_is_chosen_and_the_default_of_equals():
    asked = []

    def quality(best, noise=0.0):
        def of(one):
            asked.append(one)
            mean = -abs(one.k1 - best.k1) - abs(one.b - best.b) - (one.drop_stop_words != best.drop_stop_words)
            return mean + noise * np.array([-1, 1, -1, 1]) * (one.b != 0.75)

        return of

    assert choose(lambda one: np.zeros(3)) == DEFAULT == Weighting(0.9, 0.75, True)
    assert choose(quality(Weighting(1.5, 0.4, False))) == Weighting(1.5, 0.4, False)
    assert len(asked) == len(set(asked)) <= 12
    assert choose(quality(Weighting(1.2, 0.4, True), noise=5)) == Weighting(1.2, 0.75, True)  # so much of b may be chance
    assert choose(quality(DEFAULT)) == DEFAULT


@pytest.mark.parametrize(("k1", "b"), [(-1, 0.5), (np.inf, 0.5), (1, 1.5), ("1", 0.5), (None, 0.5), (1, "x")])
def test_numbers_that_make_no_sense(k1, b):
    with pytest.raises(ConfigError, match="E0210: BM25 needs k1 >= 0 and b between 0 and 1"):
        Weighting(k1, b)


class Fitted(WordsModel):
    """A model with what a fit leaves in it."""

    def __init__(self, **info):
        super().__init__()
        self.info = json.loads(json.dumps(info))


ITEMS = [
    ("a", "red wine of the hills of the south"),
    ("b", "wine"),
    ("c", "the red the hills"),
    ("d", "beer of the south and the hills"),
]
QUERIES = ["red wine of the hills in the south", "wine", "beer"]


@pytest.mark.parametrize("weighting", [Weighting(2.0, 0.4, False), Weighting(0.6, 0.9, True)])
@pytest.mark.parametrize("weight", [0.0, 0.35, 1.0])
def test_a_collection_weighs_as_was_chosen_when_its_model_was_fitted(tmp_path, weighting, weight):
    model = Fitted(fusion={"weight": weight, "depth": 50, "bm25_k1": 7}, bm25=weighting.values())
    with Collection.create(tmp_path / "docs.awase", model) as docs:
        docs.add(ITEMS)
    index = BM25("auto", **weighting.values())
    index.add([text for _, text in ITEMS])
    for readonly in (False, True):  # with a cache, too
        with Collection.open(tmp_path / "docs.awase", Fitted(), readonly=readonly) as docs:
            assert (docs.weighting, docs.fusion) == (weighting, Fusion(weight, 50))
            assert docs.info()["bm25"] == weighting.values()
            for query, rows, scores in zip(QUERIES, *index.search(QUERIES, 4), strict=True):
                found = docs.search(query, 4, mode="bm25")[0]
                assert [one.id for one in found] == [ITEMS[row][0] for row in rows if row >= 0]
                assert [one.score for one in found] == pytest.approx(scores[rows >= 0].tolist(), abs=1e-6)
                best = scores[0]
                for one in docs.search(query, 4, mode="hybrid")[0]:
                    assert one.score == pytest.approx(
                        weight * one.sources["dense"] + (1 - weight) * one.sources["bm25"] / best, abs=1e-6
                    )


def test_a_collection_without_a_choice_has_the_defaults_and_an_old_one_what_it_had(tmp_path):
    for model in (None, WordsModel(), Fitted()):
        path = tmp_path / f"{id(model)}.awase"
        with Collection.create(path, model) as docs:
            assert docs.weighting == DEFAULT
    assert Weighting.remembered({"analyzer": "auto"}) == Weighting(0.9, 0.75, False)


def test_a_few_words(tmp_path):
    assert FEW_WORDS == 4
    assert Weighting.chosen_for(
        Fitted(bm25={"k1": 1.5, "b": 0.4, "drop_stop_words": False, "of a later version": 1})
    ) == Weighting(1.5, 0.4, False)
