"""Splits of links: what each rule promises holds for any links, sizes are what was asked for, and the note says the rest."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import ConfigError, InputError
from awase.data.closure import transitive_closure
from awase.data.link_split import _spare, _spare_twin, split_links
from awase.data.links import read_links

TRIPLES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2), st.integers(0, 6)), min_size=6, max_size=40)


def named(rows):
    return [tuple(f"n{value}" for value in row) for row in rows]


def whole(split, n):
    """Each row stands in one part, in order."""
    assert sorted(np.concatenate(split[:3]).tolist()) == list(range(n))
    assert all((np.diff(rows) > 0).all() for rows in split[:3])


def names_of(links, rows):
    return set(links.heads[rows]) | set(links.tails[rows])


@settings(max_examples=60, deadline=None)
@given(TRIPLES, st.integers(0, 5))
def test_every_name_and_relation_is_left_in_training(rows, seed):
    links = read_links(named(rows), "triples")
    try:
        split = split_links(links, valid=0.2, test=0.2, seed=seed)
    except InputError as error:
        assert error.code == "E0155"
        return
    whole(split, len(links))
    assert names_of(links, split.train) == set(range(len(links.head_names)))
    assert set(links.relations[split.train]) == set(range(len(links.relation_names)))


@settings(max_examples=60, deadline=None)
@given(TRIPLES, st.integers(1, 10), st.randoms(use_true_random=False))
def test_what_is_spared_is_what_the_words_say(rows, wanted, random):
    rows = list(dict.fromkeys(rows))
    order = list(range(len(rows)))
    random.shuffle(order)
    heads, relations, tails = (np.array(column, np.int64) for column in zip(*rows))
    left = np.bincount(np.concatenate([heads, tails]), minlength=7)
    out, _ = _spare(heads, relations, tails, np.array(order), left, np.bincount(relations), wanted)
    assert out.tolist() == _spare_twin(rows, order, wanted)


def dense(n=30):
    return read_links([(f"a{i}", "r", f"b{j}") for i in range(n) for j in range(n)], "triples")


def test_sizes_are_fractions_or_numbers():
    links = dense()
    assert [len(rows) for rows in split_links(links, valid=0.05, test=0.2)[:3]] == [675, 45, 180]
    assert [len(rows) for rows in split_links(links, valid=7, test=100)[:3]] == [793, 7, 100]
    assert [len(rows) for rows in split_links(links, valid=0, test=0.5)[:3]] == [450, 0, 450]
    assert [len(rows) for rows in split_links(links, valid=0, test=0)[:3]] == [900, 0, 0]


def test_the_seed_decides():
    links = dense()
    one, same, other = (split_links(links, seed=seed) for seed in (1, 1, 2))
    assert (one.test == same.test).all()
    assert set(one.test) != set(other.test)
    assert abs(links.heads[one.test].mean() - links.heads.mean()) < 5  # from all over the file


def test_what_cannot_be_held_out_is_counted():
    """A star: every leaf stands in one link only. A triangle beside it can spare one link."""
    star = [("hub", "r", f"leaf{i}") for i in range(10)]
    links = read_links([*star, ("x", "r", "y"), ("y", "r", "z"), ("z", "r", "x")], "triples")
    split = split_links(links, valid=0, test=5)
    assert len(split.test) == 1
    assert split.test[0] >= 10
    assert split.note == "random triples, each name and relation left in training; 12 stayed there as the last of theirs"
    with pytest.raises(InputError, match="E0155: no link is left for test") as caught:
        split_links(read_links(star, "triples"), valid=0, test=0.5)
    assert caught.value.remedy == "give more links, ask for a larger part, or for none of it (0)"


def interactions():
    counts = {"u1": 1, "u2": 2, "u3": 3, "u10": 10, "u20": 20}
    return read_links([(user, f"i{item}") for user, n in counts.items() for item in range(n)], "interactions")


def held(links, rows):
    return Counter(links.head_names[head] for head in links.heads[rows])


def test_of_each_user_a_share():
    links = interactions()
    split = split_links(links, valid=0.1, test=0.2)
    whole(split, len(links))
    assert held(links, split.test) == {"u3": 1, "u10": 2, "u20": 4}
    assert held(links, split.valid) == {"u3": 1, "u10": 1, "u20": 2}
    assert split.note.startswith("of each user, random links; 2 with fewer than 3 stayed in training")


def test_of_each_user_a_number():
    links = interactions()
    split = split_links(links, valid=0, test=1)  # leave one out
    assert held(links, split.test) == {"u3": 1, "u10": 1, "u20": 1}
    greedy = split_links(links, valid=0, test=50)
    assert held(links, greedy.train) == {"u1": 1, "u2": 2, "u3": 1, "u10": 1, "u20": 1}


def test_items_that_training_does_not_have_are_counted():
    links = read_links([("u", f"i{item}") for item in range(10)], "interactions")
    split = split_links(links, valid=0, test=3)
    assert split.note.endswith("3 of 3 test links have a name that training does not")


def test_interactions_can_be_split_by_the_other_rule():
    links = read_links([(f"u{a}", f"i{b}") for a in range(6) for b in range(6)], "interactions")
    split = split_links(links, rule="transductive", valid=0, test=0.9)
    assert set(links.heads[split.train]) == set(links.tails[split.train]) == set(range(6))
    assert len(split.test) > 20


def test_direct_edges_of_a_closure_can_be_kept():
    edges = read_links([(f"n{i}", f"n{(i - 1) // 2}") for i in range(1, 64)], "edges")
    closure = transitive_closure(edges)
    split = split_links(closure, kept=edges, valid=0.1, test=0.1)
    whole(split, len(closure))
    direct = set(zip(edges.heads.tolist(), edges.tails.tolist()))
    inferred = len(closure) - len(edges)
    assert len(split.valid) == len(split.test) == inferred // 10
    for rows in (split.valid, split.test):
        assert not direct & set(zip(closure.heads[rows].tolist(), closure.tails[rows].tolist()))
    with pytest.raises(ConfigError, match="E0155: the links to keep have other names"):
        split_links(closure, kept=read_links([("a", "b")], "edges"))


def test_given_parts_stay_and_a_missing_one_is_taken_from_training(tmp_path):
    rows = [(f"a{i}", f"b{j}") for i in range(10) for j in range(10)]
    for name, some in {"train": rows[10:], "test": [*rows[:5], ("new", "b1")]}.items():
        (tmp_path / f"{name}.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in some))
    links = read_links(tmp_path, "pairs")
    split = split_links(links, valid=0.1)
    assert split.test.tolist() == np.flatnonzero(links.parts == 2).tolist()
    assert len(split.valid) == 9
    assert split.note == (
        "test as given; random pairs, each name left in training; 6 of 6 test links have a name that training does not"
    )
    untouched = split_links(links, valid=0)
    assert (len(untouched.train), len(untouched.valid)) == (90, 0)


@pytest.mark.parametrize("size", [-1, 1.0, 1.5, True, -0.1])
def test_sizes_that_are_none(size):
    with pytest.raises(ConfigError, match="E0155: test must be a fraction below 1 or a whole number"):
        split_links(dense(3), test=size)


def test_a_rule_that_is_not_there():
    with pytest.raises(ConfigError, match="E0155: there is no rule 'per user'\n  to do: did you mean 'per head'"):
        split_links(dense(3), rule="per user")
