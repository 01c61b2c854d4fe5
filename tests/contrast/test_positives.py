"""From texts to numbers: equal texts are one item, so masks by id are masks by text."""

import numpy as np
import pytest

from awase.contrast.negatives import CandidateMaker, Given, InBatch
from awase.contrast.positives import GivenPairs
from awase.data.pairs import read_pairs


def items_of(pairs, rows):
    return GivenPairs().items(pairs, rows)


def test_equal_texts_are_one_item():
    items = items_of(
        read_pairs([("Tea", "hot  drink"), ("ＴＥＡ", "leaves"), ("mate", " Hot drink"), ("cat", "purrs")]), np.arange(4)
    )
    assert items.anchors.to_pylist() == ["Tea", "mate", "cat"]
    assert items.documents.to_pylist() == ["hot  drink", "leaves", "purrs"]
    assert items.source.anchors.tolist() == [0, 0, 1, 2]
    assert items.source.documents.tolist() == [0, 1, 0, 2]
    assert (items.source.n_anchors, items.source.n_documents) == (3, 3)


def test_what_belongs_by_text_is_masked_in_the_batch():
    """ "tea" owns two documents, written differently; each is masked where the other is the target."""
    items = items_of(read_pairs([("tea", "hot drink"), ("Tea ", "LEAVES"), ("cat", "purrs")]), np.arange(3))
    made = CandidateMaker(items.source, InBatch()).make(np.arange(3), np.random.default_rng(0))
    texts = [items.documents[int(item)].as_py() for item in made.items]
    assert sorted((i, texts[j]) for i, j in zip(*made.mask)) == [(0, "LEAVES"), (1, "hot drink")]


def test_only_the_rows_asked_for_are_numbered():
    items = items_of(read_pairs([("a", "x"), ("b", "y"), ("c", "z")]), np.array([2, 0]))
    assert items.anchors.to_pylist() == ["c", "a"] and items.documents.to_pylist() == ["z", "x"]


def test_given_negatives_are_documents_too():
    """A negative that is a positive elsewhere has that number; one that belongs to the same anchor is masked when drawn."""
    rows = [
        {"anchor": "tea", "positive": "drink", "negative": ["purrs", "a new text"]},
        {"anchor": "cat", "positive": "purrs", "negative": []},
        {"anchor": "tea", "positive": "leaves", "negative": ["DRINK"]},
    ]
    items = items_of(read_pairs(rows), np.arange(3))
    assert items.documents.to_pylist() == ["drink", "purrs", "leaves", "a new text"]
    starts, documents = items.source.negatives
    assert starts.tolist() == [0, 2, 2, 3]
    assert documents.tolist() == [1, 3, 0]
    made = CandidateMaker(items.source, Given()).make(np.array([2]), np.random.default_rng(0))
    assert made.items.tolist() == [0, 2]
    assert [places.tolist() for places in made.mask] == [[0], [0]]


def test_scores_become_weights_of_mean_one():
    rows = [
        {"anchor": name, "positive": f"about {name}", "score": score}
        for name, score in (("a", 1), ("b", 3), ("c", 0), ("d", -5))
    ]
    assert items_of(read_pairs(rows), np.arange(4)).source.weight.tolist() == [1, 3, 0, 0]
    none = items_of(read_pairs([{"anchor": "a", "positive": "b", "score": 0.0}]), np.arange(1))
    assert none.source.weight.tolist() == [0]


def test_without_scores_and_negatives_there_are_none():
    source = items_of(read_pairs([("a", "x")]), np.arange(1)).source
    assert source.weight is None and source.negatives is None
    assert len(source) == 1
    assert pytest.approx(source.known()[0]) == [0, 1]
