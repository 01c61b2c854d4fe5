"""Corrupted triples: which side, which entities, what is left out, and that all of it comes from seed, epoch and row."""

import numpy as np
import pytest

from awase.contrast.negatives import Corrupted
from awase.contrast.negatives.corrupted import bernoulli
from awase.contrast.positives import GivenTriples, TripleSource
from awase.core.errors import ConfigError
from awase.data.links import read_links

# Relation 0 goes from entity 0 to many, relation 1 from many to entity 0, relation 2 once around.
HEADS = np.array([0, 0, 0, 0, 1, 2, 3, 4, 0, 1, 2])
RELATIONS = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2])
TAILS = np.array([1, 2, 3, 4, 0, 0, 0, 0, 1, 2, 0])
SOURCE = TripleSource(HEADS, RELATIONS, TAILS, n_entities=6, n_relations=3)
KNOWN = set(zip(HEADS.tolist(), RELATIONS.tolist(), TAILS.tolist()))
ROWS = np.arange(len(HEADS))


def triples_of(batch):
    """Each row's candidates as triples (head, relation, tail), the right one first; masked ones are None. And whether heads are replaced."""
    anchors, candidates = batch
    masked = set(zip(*(places.tolist() for places in candidates.mask)))
    out, replaced = [], []
    for i, (anchor, items) in enumerate(zip(anchors, candidates.items)):
        (fixed,), (r,), (sign,) = SOURCE.codes.unpack(np.array([anchor]))
        entities, relations, signs = SOURCE.codes.unpack(items)
        assert (relations == r).all() and not signs.any(), "a candidate is seen by the relation, and not moved"
        assert sign in (1, -1)
        found = [(int(fixed), int(r), int(e)) if sign == 1 else (int(e), int(r), int(fixed)) for e in entities]
        out.append([None if (i, j) in masked else triple for j, triple in enumerate(found)])
        replaced.append(sign == -1)
    return out, replaced


def test_one_side_of_each_triple_is_replaced_and_never_by_a_known_triple():
    batches = Corrupted(3).bind(SOURCE, seed=0)
    replaced = []
    for epoch in range(50):
        batch = batches.make(ROWS, epoch)
        assert batch.candidates.items.shape == (len(ROWS), 4) and not batch.candidates.target.any()
        triples, heads = triples_of(batch)
        replaced += heads
        for (right, *corrupted), of_head, row in zip(triples, heads, ROWS):
            assert right == (HEADS[row], RELATIONS[row], TAILS[row])
            for triple in corrupted:
                assert triple is not None and triple not in KNOWN
                assert (triple[2] == right[2]) if of_head else (triple[0] == right[0])
    assert 0.4 < np.mean(replaced) < 0.6


def test_unfiltered_negatives_are_even_over_all_entities_but_the_right_one():
    batches = Corrupted(5, filtered=False).bind(SOURCE, seed=1)
    counts = np.zeros(6)
    for epoch in range(400):
        (row,), _ = triples_of(batches.make(np.array([8]), epoch))
        assert row[0] not in row[1:]
        counts += np.bincount([head for head, _, tail in row[1:] if tail == 1], minlength=6)
    assert counts[0] == 0, "the right head is no negative"
    assert counts[1:] == pytest.approx(np.full(5, counts.sum() / 5), rel=0.15)


def test_what_a_row_gets_depends_on_seed_epoch_and_row_alone():
    batches = Corrupted(2).bind(SOURCE, seed=7)
    whole = batches.make(ROWS, 3)
    turned = batches.make(ROWS[::-1].copy(), 3)
    one = batches.make(ROWS[4:5], 3)
    assert (turned.candidates.items[::-1] == whole.candidates.items).all() and (turned.anchors[::-1] == whole.anchors).all()
    assert (one.candidates.items == whole.candidates.items[4]).all()
    others = [Corrupted(2).bind(SOURCE, seed=8).make(ROWS, 3), batches.make(ROWS, 4)]
    assert all((other.candidates.items != whole.candidates.items).any() for other in others)
    assert sorted(batches.order(0)) == ROWS.tolist() and (batches.order(0) != batches.order(1)).any()


def test_bernoulli_replaces_the_side_with_more_right_answers_less_often():
    """One head with four tails: tph 4, hpt 1, so that the head is replaced 4 times out of 5 (Wang et al. 2014, section 3.2)."""
    assert bernoulli(SOURCE) == pytest.approx([0.8, 0.2, 0.5])
    batches = Corrupted(1, bernoulli=True).bind(SOURCE, seed=0)
    replaced = np.mean([triples_of(batches.make(ROWS, epoch))[1] for epoch in range(300)], axis=0)
    assert replaced[:4] == pytest.approx(np.full(4, 0.8), abs=0.08)
    assert replaced[4:8] == pytest.approx(np.full(4, 0.2), abs=0.08)


def test_a_relation_without_triples_has_even_sides():
    assert bernoulli(TripleSource(HEADS, RELATIONS, TAILS, 6, 4)).tolist()[3] == 0.5


def test_where_everything_is_known_the_places_stay_empty():
    """All entities are linked with all: no corrupted triple is left, and no draw goes on for ever."""
    heads, tails = (side.ravel() for side in np.indices((3, 3)))
    source = TripleSource(heads, np.zeros(9, np.int64), tails, n_entities=3, n_relations=1)
    candidates = Corrupted(2).bind(source, seed=0).make(np.arange(9), 0).candidates
    rows, columns = candidates.mask
    assert sorted(zip(rows.tolist(), columns.tolist())) == [(i, j) for i in range(9) for j in (1, 2)]
    assert (candidates.items == candidates.items[:, :1]).all(), "an empty place holds an item that can be encoded"
    assert Corrupted(2, filtered=False).bind(source, seed=0).make(np.arange(9), 0).candidates.mask[0].tolist() == []


def test_triples_become_a_source():
    links = read_links([("a", "likes", "b"), ("b", "knows", "c"), ("a", "likes", "c")], "triples")
    source = GivenTriples().source(links, np.array([0, 2]))
    assert [column.tolist() for column in (source.heads, source.relations, source.tails)] == [[0, 0], [0, 0], [1, 2]]
    assert (source.n_entities, source.n_relations, len(source)) == (3, 2, 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Corrupted(0), "E0551: the number of negatives must be at least 1\n  value: 0"),
        (
            lambda: Corrupted(6).bind(SOURCE, 0),
            "E0551: more negatives are asked for than the 6 entities can give\n  value: 6\n  to do: ask for at most 5",
        ),
        (
            lambda: Corrupted(1).bind(TripleSource(*np.zeros((3, 1), np.int64), 1, 1), 0),
            "E0551: more negatives are asked for than the 1 entities can give\n  value: 1\n  to do: give a graph of two entities or more",
        ),
    ],
)
def test_wrong_numbers_of_negatives(make, message):
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value) == message
