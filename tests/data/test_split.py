"""Splits: nothing leaks, the order of rows does not matter, sizes are what was asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import ConfigError, InputError
from awase.data.components import _components_twin, components
from awase.data.pairs import read_pairs
from awase.data.split import _fill, split_pairs

PARTS = ("train", "valid", "test")


def naive_components(rows):
    """Union-find over what stands in the rows, in plain Python: two rows are connected when they have a value in common."""
    parent = list(range(len(rows)))

    def find(row):
        while parent[row] != row:
            row = parent[row]
        return row

    for a in range(len(rows)):
        for b in range(a):
            if set(rows[a]) & set(rows[b]):
                parent[find(a)] = find(b)
    return [find(row) for row in range(len(rows))]


def sides(split, n):
    side = np.full(n, -1)
    for number, part in enumerate(PARTS):
        side[getattr(split, part)] = number
    return side


TEXTS = st.integers(0, 60).map(lambda n: f"text {n}")
ROWS = st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from([None, None, None, "g1", "g2"])), min_size=1, max_size=40)


@given(ROWS)
@settings(max_examples=150, deadline=None)
def test_components_equal_a_naive_union_find(rows):
    pairs = read_pairs([{"anchor": a, "positive": b, "group": g} for a, b, g in rows])
    try:
        split = split_pairs(pairs)
    except InputError:
        return
    kept = list(zip(pairs.anchors.to_pylist(), pairs.positives.to_pylist(), pairs.groups.to_pylist()))
    by_document = "WARNING" not in split.note
    values = [[a] + ([b] if by_document else []) + ([("group", g)] if g else []) for a, b, g in kept]
    naive, side = naive_components(values), sides(split, len(pairs))
    assert (side >= 0).all()
    assert all(side[a] == side[b] for a in range(len(kept)) for b in range(a) if naive[a] == naive[b])
    assert split.components == len(set(naive))


@given(st.lists(st.lists(st.integers(-1, 6), min_size=8, max_size=8), min_size=1, max_size=3))
@settings(deadline=None)
def test_the_kernel_equals_its_twin(labels):
    arrays = [np.array(label, dtype=np.int64) for label in labels]
    assert components(arrays).tolist() == _components_twin(arrays).tolist()


@given(st.permutations(list(range(12))), st.integers(0, 15), st.integers(0, 15))
def test_the_filling_kernel_equals_plain_python(order, n_valid, n_test):
    sizes = np.array([1, 1, 1, 2, 2, 3, 5, 1, 8, 1, 1, 4])
    side, plain = np.zeros(12, np.int8), np.zeros(12, np.int8)
    assert _fill(np.array(order), sizes, n_valid, n_test, side) == _fill.py_func(order, sizes, n_valid, n_test, plain)
    assert (side == plain).all()


def example(n=300):
    """Anchors with several positives, and positives of several anchors."""
    return [(f"question {i // 2}", f"answer {i - i % 3 if i % 5 else i}") for i in range(n)]


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_rows_does_not_matter(random):
    def contents(rows):
        pairs = read_pairs(rows)
        side = sides(split_pairs(pairs), len(pairs))
        return set(zip(pairs.anchors.to_pylist(), pairs.positives.to_pylist(), side.tolist()))

    rows = example()
    shuffled = rows.copy()
    random.shuffle(shuffled)
    assert contents(rows) == contents(shuffled)


def test_texts_that_are_equal_when_normalised_stay_together():
    rows = [(f"question {i}", f"answer {i}") for i in range(200)] + [
        (f"ＱＵＥＳＴＩＯＮ  {i}", f"other {i}") for i in range(200)
    ]
    side = sides(split_pairs(read_pairs(rows)), 400)
    assert (side[:200] == side[200:]).all() and len(set(side)) == 3


def test_a_text_connects_rows_from_either_column():
    rows = [(f"a {i}", f"b {i}") for i in range(200)] + [(f"b {i}", f"c {i}") for i in range(200)]
    split = split_pairs(read_pairs(rows))
    side = sides(split, 400)
    assert (side[:200] == side[200:]).all() and split.components == 200


@pytest.mark.parametrize(
    ("n", "options", "expected"),
    [
        (3, {}, (1, 1)),
        (100, {}, (20, 20)),
        (600, {}, (50, 50)),
        (4_000, {}, (200, 200)),
        (50_000, {}, (2_000, 2_000)),
        (600, {"valid": 7, "test": 0.25}, (7, 150)),
        (600, {"valid": 0, "test": 0}, (0, 0)),
        (600, {"test": 100.0}, (50, 100)),
    ],
)
def test_sizes(n, options, expected):
    split = split_pairs(read_pairs([(f"q {i}", f"a {i}") for i in range(n)]), **options)
    assert (len(split.valid), len(split.test)) == expected
    assert sorted(np.concatenate(split[:3]).tolist()) == list(range(n))
    assert split.note == "rows that share a text stay on one side"


def test_a_handful_of_documents_falls_back_to_anchors_and_says_so():
    rows = [(f"question {i // 2} variant {i % 2 if i % 4 else 0}", f"class {i % 3}") for i in range(600)]
    split = split_pairs(read_pairs(rows))
    assert len(split.test) >= 25 and len(split.valid) >= 25
    assert split.note == (
        "WARNING: 33% of the rows are connected through shared documents, so only rows that share an anchor stay on one side: "
        "documents of held-out pairs are also trained on"
    )


def test_groups_stay_together():
    rows = [{"query": f"q {i}", "answer": f"a {i}", "group": f"g{i // 10}" if i < 500 else None} for i in range(1000)]
    split = split_pairs(read_pairs(rows))
    side = sides(split, 1000)
    assert all(len(set(side[start : start + 10])) == 1 for start in range(0, 500, 10))
    assert split.components == 50 + 500 and split.note == "rows that share a text or a group stay on one side"


def test_one_group_cannot_be_split():
    rows = [{"query": f"q {i}", "answer": f"a {i}", "group": "all"} for i in range(100)]
    with pytest.raises(
        InputError, match=r"E0113: the rows cannot be split: too many share one anchor or one group\n.*'split' column"
    ):
        split_pairs(read_pairs(rows))


def test_too_few_and_too_much():
    with pytest.raises(
        InputError, match=r"E0113: 1 distinct anchor cannot be split into train, validation and test\n.*at least 3"
    ):
        split_pairs(read_pairs([("a", "b")]))
    with pytest.raises(ConfigError, match="8 queries for validation and 2 for test leave none of the 10 to train on"):
        split_pairs(read_pairs([(f"a{i}", f"b{i}") for i in range(10)]), valid=8, test=2)
    with pytest.raises(ConfigError, match=r"test must be a fraction below 1 or a number of queries\n.*-1"):
        split_pairs(read_pairs([(f"a{i}", f"b{i}") for i in range(10)]), test=-1)
    with pytest.raises(ConfigError, match=r"valid must be a fraction below 1 or a number of queries\n.*1\.5"):
        split_pairs(read_pairs([(f"a{i}", f"b{i}") for i in range(10)]), valid=1.5)


def given_split(*parts):
    return read_pairs([{"query": f"q {i}", "answer": f"a {i}", "split": part} for i, part in enumerate(parts)])


def test_the_split_column_is_obeyed():
    split = split_pairs(given_split("train", "Test", "dev", "validation", "TRAIN "))
    assert (split.train.tolist(), split.valid.tolist(), split.test.tolist()) == ([0, 4], [2, 3], [1])
    assert split.note == "the file's own split"


def test_a_part_that_the_column_lacks_is_taken_from_training():
    split = split_pairs(given_split(*["train"] * 100, *["test"] * 30))
    assert split.test.tolist() == list(range(100, 130)) and len(split.valid) == 20 and set(split.valid) < set(range(100))
    assert (
        split.note
        == "the file's own split, with validation taken from its training rows (rows that share a text stay on one side)"
    )


def test_leakage_across_the_column_is_counted_and_left_where_it_is():
    rows = [{"query": f"q {i}", "answer": f"a {i}", "split": "train"} for i in range(10)]
    rows += [{"query": "Q  3", "answer": "new", "split": "test"}, {"query": "new q", "answer": "a 4", "split": "test"}]
    rows += [{"query": "clean", "answer": "too", "split": "test"}, {"query": "v", "answer": "w", "split": "valid"}]
    split = split_pairs(read_pairs(rows))
    assert split.test.tolist() == [10, 11, 12]
    assert split.note == "the file's own split; WARNING: 2 of 3 test rows share a text with a training row"


def test_a_column_without_training_rows():
    with pytest.raises(InputError, match="E0113: the split column has no training rows"):
        split_pairs(given_split("test", "valid", "test"))


def test_a_size_for_a_part_that_the_column_gives():
    with pytest.raises(ConfigError, match="E0113: the test rows are given by the split column"):
        split_pairs(given_split("train", "test"), test=10)


def test_a_column_with_two_rows_of_training_is_enough_when_nothing_is_missing():
    assert len(split_pairs(given_split("train", "valid", "test")).train) == 1


@pytest.mark.parametrize(("alone", "connected"), [(15, False), (14, True), (20, False)])
def test_a_part_that_is_half_filled_is_enough(alone, connected):
    """100 anchors, of which all but `alone` share one document. Test has its 10 first, so of validation's 10 there are 5, 4 or 10."""
    rows = [(f"query {i}", f"document {i}" if i < alone else "one for all") for i in range(100)]
    split = split_pairs(read_pairs(rows), valid=10, test=10)
    assert ("WARNING" in split.note) is connected
    assert (len(split.test), len(split.valid)) == ((10, 10) if connected else (10, alone - 10))
