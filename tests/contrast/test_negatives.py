"""Each kind of negatives: what it draws, what it never draws, and what it says when it cannot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.contrast.negatives import Given, InBatch, Mined, Mixture, Topical
from awase.contrast.negatives.pick import pick_from_lists
from awase.contrast.positives import PairSource
from awase.core.errors import ConfigError, InputError
from awase.core.protocols import Hits, Searcher

N = 12


class Ranking:
    """A searcher that ranks documents for anchor a as a, a + 1, a + 2, ..., around the end; it notes what it was asked."""

    def __init__(self, n_documents=N):
        self.n_documents, self.asked = n_documents, []

    def search(self, queries, k):
        self.asked.append((len(queries), k))
        rows = (np.array(queries)[:, None] + np.arange(k)) % self.n_documents
        rows[:, self.n_documents :] = -1
        return Hits(rows, np.where(rows < 0, -np.inf, 1.0).astype(np.float32))


@pytest.fixture
def source():
    """12 pairs; pair i has the documents i and i + 1 as given negatives, but for pairs 3 and 4, which have none."""
    lists = [[] if i in (3, 4) else [i, (i + 1) % N] for i in range(N)]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in lists])])
    given = (starts, np.array([document for one in lists for document in one]))
    return PairSource(np.arange(N), np.roll(np.arange(N), 3), N, N, negatives=given)


def prepared(source, **ranks):
    mined = Mined(**ranks)
    mined.prepare(source, Ranking(), range(N))
    return mined


PARTS = {
    "InBatch": lambda source: InBatch(),
    "Given": lambda source: Given(per_pair=2),
    "Mined": lambda source: prepared(source, first_rank=0, last_rank=4),
    "Mixture": lambda source: Mixture((Topical(), Given(), InBatch())),
    "Topical": lambda source: Topical(),
}


@pytest.mark.parametrize("name", PARTS)
def test_draws_are_document_numbers_and_repeat_with_the_seed(name, source):
    part = PARTS[name](source)
    rows = np.array([0, 3, 11, 5])
    drawn, again = (part.draw(source, rows, np.random.default_rng(7)) for _ in range(2))
    assert drawn.dtype == np.int64 and drawn.ndim == 1
    assert ((drawn >= 0) & (drawn < source.n_documents)).all()
    assert drawn.tolist() == again.tolist()
    assert isinstance(part.name, str)


def test_in_batch_and_topical_add_nothing(source):
    for part in (InBatch(), Topical()):
        assert len(part.draw(source, np.arange(N), np.random.default_rng(0))) == 0


# Given


def test_given_draws_of_each_pair_its_own(source):
    drawn = Given(per_pair=3).draw(source, np.array([7, 3, 0]), np.random.default_rng(0))
    assert len(drawn) == 6, "a pair without given negatives adds none"
    assert set(drawn[:3].tolist()) <= {7, 8} and set(drawn[3:].tolist()) <= {0, 1}
    many = Given(per_pair=200).draw(source, np.array([7]), np.random.default_rng(0))
    assert set(many.tolist()) == {7, 8}


def test_given_without_any_says_what_to_do():
    source = PairSource(np.arange(2), np.arange(2), 2, 2)
    with pytest.raises(InputError) as caught:
        Given().draw(source, np.arange(2), np.random.default_rng(0))
    assert str(caught.value) == (
        "E0510: these pairs have no negatives\n  to do: give a column 'negative', or train with in-batch or mined negatives"
    )


@settings(max_examples=100, deadline=None)
@given(
    lists=st.lists(st.lists(st.integers(0, 99), max_size=4), min_size=1, max_size=6),
    n=st.integers(0, 4),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_picking(lists, n, seed, data):
    which = data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=6))
    starts = np.concatenate([[0], np.cumsum([len(one) for one in lists])])
    items = np.array([item for one in lists for item in one], np.int64)
    picked = pick_from_lists(starts, items, np.array(which, np.int64), n, np.random.default_rng(seed))
    full = [lists[w] for w in which if lists[w]]
    assert len(picked) == n * len(full)
    assert all(item in full[i // n] for i, item in enumerate(picked.tolist()))


# Mined


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), min_size=1, max_size=20),
    ranks=st.tuples(st.integers(0, 5), st.integers(1, 9)),
    block=st.integers(1, 7),
)
def test_mined_are_those_between_the_ranks_less_what_belongs(pairs, ranks, block):
    first, last = ranks[0], ranks[0] + ranks[1]
    anchors, documents = np.array(pairs).T
    source = PairSource(anchors, documents, 6, 9)
    mined = Mined(per_pair=40, first_rank=first, last_rank=last)
    mined.prepare(source, Ranking(9), range(6), block=block)
    for row, (anchor, _) in enumerate(pairs):
        ranked = [(anchor + rank) % 9 for rank in range(first, min(last, 9))]
        expected = {document for document in ranked if (anchor, document) not in pairs}
        drawn = set(mined.draw(source, np.array([row]), np.random.default_rng(0)).tolist())
        assert drawn <= expected
        assert drawn == expected or len(expected) > 4, "40 draws of at most 4 leave none out"


def test_mining_asks_in_blocks_and_once_for_each_anchor(source):
    searcher = Ranking()
    assert isinstance(searcher, Searcher)
    Mined(last_rank=7).prepare(source, searcher, range(N), block=5)
    assert searcher.asked == [(5, 7), (5, 7), (2, 7)]


@pytest.mark.parametrize(("first", "last"), [(-1, 5), (5, 5), (6, 5)])
def test_ranks_that_make_no_range(first, last):
    with pytest.raises(ConfigError) as caught:
        Mined(first_rank=first, last_rank=last)
    assert str(caught.value) == (f"E0511: ranks to mine must satisfy 0 <= first_rank < last_rank\n  value: ({first}, {last})")


def test_mined_before_mining(source):
    with pytest.raises(ConfigError) as caught:
        Mined().draw(source, np.arange(2), np.random.default_rng(0))
    assert str(caught.value) == (
        "E0512: mined negatives were not prepared\n  to do: call prepare(source, searcher, anchors) first"
    )


def test_a_search_over_other_documents_is_refused(source):
    """Its rows would be taken for numbers of the source's documents."""
    with pytest.raises(ConfigError) as caught:
        Mined(first_rank=0, last_rank=3).prepare(source, Ranking(N + 1), range(N))
    assert str(caught.value) == (
        "E0513: the searcher found a document that is none of the 12 trained on\n  value: 12\n"
        "  to do: mine with a search over the source's own documents, in their order"
    )


# Mixture


def test_a_mixture_draws_what_its_parts_draw_in_order(source):
    rows, parts = np.arange(N), (Given(2), prepared(source, first_rank=2, last_rank=6))
    rng = np.random.default_rng(3)
    expected = np.concatenate([part.draw(source, rows, rng) for part in parts])
    assert Mixture(parts).draw(source, rows, np.random.default_rng(3)).tolist() == expected.tolist()


def test_a_mixture_orders_as_its_first_part_that_does():
    topical = Topical()
    assert Mixture((InBatch(), topical, Topical(9))).order == topical.order
    assert Mixture((InBatch(), Given())).order is None


# Topical


def world(n_topics=8, per_topic=64, dim=16):
    """Pairs whose documents lie in clear topics, in mixed order: (source, vectors, topic of each pair)."""
    rng = np.random.default_rng(0)
    n = n_topics * per_topic
    topic = rng.permutation(np.repeat(np.arange(n_topics), per_topic))
    vectors = np.eye(n_topics, dim, dtype=np.float32)[topic] + 0.1 * rng.standard_normal((n, dim), np.float32)
    documents = rng.permutation(n)
    return PairSource(np.arange(n), documents, n, n), vectors.astype(np.float32), topic[documents]


def ordered(source, vectors, epoch=1, batch=64, seed=0, **options):
    return Topical(**options).order(source, epoch, batch, lambda numbers: vectors[numbers], np.random.default_rng(seed))


def topics_a_batch(order, topic, batch=64):
    return np.mean([len(set(topic[order[start : start + batch]].tolist())) for start in range(0, len(order), batch)])


def test_topical_batches_are_about_few_topics():
    source, vectors, topic = world()
    assert topics_a_batch(ordered(source, vectors, epoch=0), topic) > 7.5, "the first epoch is in random order"
    assert topics_a_batch(ordered(source, vectors, per_batch=1), topic) < 2.5
    assert topics_a_batch(ordered(source, vectors, per_batch=4), topic) < 5


@pytest.mark.parametrize(("epoch", "batch"), [(0, 64), (1, 64), (1, 100), (3, 511), (1, 512), (1, 4096), (1, 1)])
def test_the_order_is_a_permutation_and_repeats_with_the_seed(epoch, batch):
    source, vectors, _ = world()
    one, again, other = (ordered(source, vectors, epoch, batch, seed) for seed in (0, 0, 1))
    assert sorted(one.tolist()) == list(range(len(source)))
    assert one.tolist() == again.tolist() != other.tolist()


def test_batches_of_one_topic_do_not_follow_each_other():
    """Else a whole topic would be trained on at the start of each epoch and forgotten at its end."""
    source, vectors, topic = world()
    order = ordered(source, vectors, batch=16)
    leading = np.array([np.bincount(topic[order[start : start + 16]]).argmax() for start in range(0, len(order), 16)])
    assert (leading[1:] == leading[:-1]).mean() < 0.5


def test_zero_vectors_and_few_documents_have_an_order_too():
    """Before a token is known all vectors may be zero; and many pairs may share three documents."""
    source = PairSource(np.arange(40), np.arange(40) % 3, 40, 3)
    order = ordered(source, np.zeros((3, 4), np.float32), batch=8)
    assert sorted(order.tolist()) == list(range(40))
