"""What every batch's candidates must satisfy, whatever the data and whatever is drawn."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.contrast.negatives import CandidateMaker, InBatch
from awase.contrast.positives import PairSource

N_ANCHORS, N_DOCUMENTS = 5, 8


@dataclass(frozen=True)
class Drawn:
    """A negatives part that draws what it is told."""

    documents: np.ndarray

    def draw(self, source, rows, rng):
        return self.documents


def numbers(below, **size):
    return st.lists(st.integers(0, below - 1), **size)


PAIRS = st.lists(st.tuples(st.integers(0, N_ANCHORS - 1), st.integers(0, N_DOCUMENTS - 1)), min_size=1, max_size=15)


@settings(max_examples=200, deadline=None)
@given(PAIRS, numbers(N_DOCUMENTS, max_size=6), st.data())
def test_invariants(pairs, drawn, data):
    anchors, documents = np.array(pairs).T
    source = PairSource(anchors, documents, N_ANCHORS, N_DOCUMENTS)
    rows = np.array(data.draw(numbers(len(pairs), min_size=1, max_size=8)))
    maker = CandidateMaker(source, Drawn(np.array(drawn, np.int64)))
    made = maker.make(rows, np.random.default_rng(0))

    assert len(set(made.items.tolist())) == len(made.items), "a document is one candidate"
    assert set(made.items.tolist()) == set(documents[rows].tolist()) | set(drawn)
    assert (made.items[made.target] == documents[rows]).all(), "the target column holds the own document"
    masked = set(zip(*(places.tolist() for places in made.mask)))
    assert not any(made.target[i] == j for i, j in masked), "a target is never masked"
    for i, row in enumerate(rows):
        for j, item in enumerate(made.items):
            belongs = (anchors[row], item) in set(pairs) and j != made.target[i]
            assert ((i, j) in masked) == belongs
    again = maker.make(rows, np.random.default_rng(0))
    assert [places.tolist() for places in again.mask] == [places.tolist() for places in made.mask], "the scratch is clean"


def test_weights_follow_their_pairs():
    source = PairSource(np.arange(3), np.arange(3), 3, 3, weight=np.float32([1, 2, 3]))
    made = CandidateMaker(source, InBatch()).make(np.array([2, 0]), np.random.default_rng(0))
    assert made.weight is not None and made.weight.tolist() == [3, 1]
    assert made.logq is None


def test_correction_is_the_log_of_how_often_a_document_stands_in_the_pairs():
    source = PairSource(np.arange(4), np.array([0, 0, 0, 2]), 4, 3)
    made = CandidateMaker(source, InBatch(corrected=True)).make(np.array([1, 3]), np.random.default_rng(0))
    assert made.items.tolist() == [0, 2]
    assert made.logq is not None
    np.testing.assert_allclose(made.logq, np.log([3 / 4, 1 / 4]))
