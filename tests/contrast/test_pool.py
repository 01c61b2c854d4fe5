"""StarSpace's parts: the pool, the sources of bags, and the encoder of all but one."""

import numpy as np
import pytest

from awase.contrast.encoders import Bag, LinkedBag, OthersBag, ThingsBag
from awase.contrast.losses import Violations
from awase.contrast.negatives import Pool
from awase.contrast.positives import Labelled, LabelSource, Others, OthersSource, SetSource
from awase.contrast.scores import Cosine
from awase.core.errors import ConfigError, InputError
from awase.data.links import read_links
from awase.train.loop import Loop
from awase.train.plan import Plan
from awase.train.step import Generic


@pytest.fixture
def labelled():
    """60 texts, three labels of which the first is as frequent as the others together."""
    labels = np.array([0, 0, 1, 2] * 15)
    return LabelSource(np.arange(60), labels, 60, 3)


def others(n_users=4, n_things=6, seed=0):
    rng = np.random.default_rng(seed)
    links = [(user, thing) for user in range(n_users) for thing in rng.choice(n_things, 1 + user, replace=False)]
    return OthersSource(*np.array(links, np.int64).T, n_users, n_things)


# The pool


def test_a_batch_has_its_own_targets_and_the_pool_each_once(labelled):
    rows = np.array([0, 2, 5])
    anchors, candidates = Pool(size=40).bind(labelled, 0).make(rows, 0)
    assert anchors.tolist() == [0, 2, 5]
    assert candidates.items.tolist() == [60, 61, 62]
    assert candidates.items[candidates.target].tolist() == [60, 61, 60]


def test_targets_are_drawn_as_often_as_they_occur(labelled):
    source = LabelSource(labelled.texts, np.arange(60), 60, 60)  # as many labels, so that draws can be counted
    bound, seen = Pool(size=5).bind(source, 0), np.zeros(60)
    for row in range(60):
        for epoch in range(20):
            seen[bound.make(np.array([row]), epoch)[1].items - 60] += 1
    assert seen.min() > 50 and seen.max() < 250  # 20 as targets, about 97 drawn


def test_what_is_known_to_belong_is_left_out_unless_asked_for():
    """Text 0 has both labels."""
    source = LabelSource(np.array([0, 0, 1]), np.array([0, 1, 1]), 2, 2)
    filtered, plain = (
        Pool(size=30, filtered=filtered).bind(source, 0).make(np.array([0, 2]), 0)[1] for filtered in (True, False)
    )
    assert [places.tolist() for places in filtered.mask] == [[0], [1]]
    assert [len(places) for places in plain.mask] == [0, 0]


def test_draws_depend_on_seed_epoch_and_batch_alone(labelled):
    source = LabelSource(labelled.texts, np.arange(60), 60, 60)
    one, same, other = (Pool(size=9).bind(source, seed) for seed in (0, 0, 1))
    one.make(np.array([5]), 3)
    rows = np.array([7, 8])
    assert one.make(rows, 1)[1].items.tolist() == same.make(rows, 1)[1].items.tolist()
    assert one.make(rows, 1)[1].items.tolist() != one.make(rows, 2)[1].items.tolist()
    assert one.make(rows, 1)[1].items.tolist() != other.make(rows, 1)[1].items.tolist()
    assert sorted(one.order(0).tolist()) == list(range(60)) and one.order(0).tolist() != one.order(1).tolist()


# Sources


def test_a_member_of_a_set_meets_each_other_one_and_never_itself():
    source = SetSource.of(np.arange(8), np.array([3, 3, 3, 9, 5, 5, 5, 5]))
    assert len(source) == 7 and 3 not in source.texts
    met = {text: set() for text in source.texts.tolist()}
    rng = np.random.default_rng(0)
    for _ in range(60):
        for anchor, target in zip(*source.sides(np.arange(7), rng)):
            met[anchor].add(int(target))
    assert met[0] == {1, 2} and met[6] == {4, 5, 7}
    starts, texts = source.known()
    assert texts[starts[source.groups[0]] : starts[source.groups[0] + 1]].tolist() == [0, 1, 2]


def test_no_set_with_two_members():
    with pytest.raises(InputError) as caught:
        SetSource.of(np.arange(3), np.arange(3))
    assert str(caught.value).startswith("E0578: no two texts have one label, so none belong together\n  value: 3")


def test_others_know_all_of_a_user_and_ask_for_one():
    source = others()
    anchors, targets = source.sides(np.array([1, 2]), np.random.default_rng(0))
    assert anchors.tolist() == [11, 12] and (targets - 4).tolist() == source.things[[1, 2]].tolist()
    starts, known = source.known()
    assert sorted(known[starts[1] : starts[2]] - 4) == sorted(source.things[source.users == 1])


def test_the_parts_of_a_recipe_make_these_sources():
    links = read_links([("ann", "tea"), ("bob", "tea"), ("bob", "jam")], "interactions")
    source = Others().source(links, np.array([1, 2]))
    assert (source.users.tolist(), source.things.tolist(), source.n_users, source.n_things) == ([1, 1], [0, 1], 2, 2)
    texts, labels = np.array([0, 1, 2]), np.array([0, 0, 1])
    assert isinstance(Labelled().source(texts, labels, 3, 2), LabelSource)
    assert len(Labelled(together=True).source(texts, labels, 3, 2)) == 2


# The encoder


@pytest.mark.parametrize("power", [1.0, 0.5])
def test_a_user_is_the_bag_of_its_things_and_an_example_lacks_its_own(power):
    source = others()
    table = np.random.default_rng(1).standard_normal((6, 3)).astype(np.float32)
    encoder = OthersBag(table, source, power=power)
    for user in range(4):
        rows = table[source.things[source.users == user]]
        np.testing.assert_allclose(encoder.encode(np.array([user]))[0], rows.sum(axis=0) / len(rows) ** power, atol=1e-6)
    for example, (user, thing) in enumerate(zip(source.users, source.things)):
        left = table[[one for one in source.things[source.users == user] if one != thing]]
        expected = left.sum(axis=0) / len(left) ** power if len(left) else np.zeros(3)
        np.testing.assert_allclose(encoder.encode(np.array([10 + example]))[0], expected, atol=1e-5)
    np.testing.assert_array_equal(encoder.encode(np.array([4, 9])), table[[0, 5]])


@pytest.mark.parametrize("power", [1.0, 0.5])
def test_its_pull_equals_differences(power):
    """Linear in the table, so a step of 1 is exact."""
    source = others()
    table = np.random.default_rng(1).standard_normal((6, 2)).astype(np.float32)
    encoder = OthersBag(table, source, power=power)
    items = np.array([10, 15, 19, 15, 2, 5])
    dV = np.random.default_rng(2).standard_normal((6, 2)).astype(np.float32)
    (found,) = encoder.pull(items, dV)
    assert len(set(found.rows.tolist())) == len(found.rows)
    for row in range(6):
        for column in range(2):
            table[row, column] += 1
            up = float((encoder.encode(items) * dV).sum())
            table[row, column] -= 2
            down = float((encoder.encode(items) * dV).sum())
            table[row, column] += 1
            expected = (up - down) / 2
            at = np.flatnonzero(found.rows == row)
            assert float(found.values[at, column].sum()) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("power", [1.0, 0.5, 0.0])
def test_a_bag_divides_by_a_power_of_its_size(power):
    table = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    ids, offsets = np.array([0, 1, 1, 4], np.int32), np.array([0, 3, 4, 4])
    bag = Bag(table, np.zeros(5, np.float32), ids, offsets, power=power)
    np.testing.assert_allclose(bag.encode(np.array([0]))[0], (table[0] + 2 * table[1]) / 3**power, atol=1e-6)
    assert not bag.encode(np.array([2])).any()
    rows = bag.pull(np.array([0]), np.ones((1, 4), np.float32))[0]
    np.testing.assert_allclose(rows.values[rows.rows == 1], 2 / 3**power, atol=1e-6)


def test_a_relation_has_a_row_for_each_direction_and_its_pull_equals_differences():
    encoder = LinkedBag(dim=2).encoder(3, 2, seed=0)
    entities, relations = encoder.parameters["entities"], encoder.parameters["relations"]
    forward, backward = encoder.codes.forward(2, 1), encoder.codes.backward(2, 1)
    items = np.array([0, forward, backward, encoder.codes.seen(1, 0), forward])
    np.testing.assert_array_equal(
        encoder.encode(items),
        [entities[0], entities[2] + relations[1], entities[2] + relations[3], entities[1], entities[2] + relations[1]],
    )
    dV = np.arange(10, dtype=np.float32).reshape(5, 2)
    pulled = {name: dict(zip(rows.tolist(), values.tolist())) for name, rows, values in encoder.pull(items, dV)}
    assert pulled["entities"] == {0: [0, 1], 1: [6, 7], 2: [2 + 4 + 8, 3 + 5 + 9]}
    assert pulled["relations"] == {1: [2 + 8, 3 + 9], 3: [4, 5]}


def test_new_users_need_no_training():
    """Two kinds of things; a user of one kind, who was not trained on, comes to lie by the rest of its kind."""
    rng = np.random.default_rng(0)
    links = [(user, 10 * (user % 2) + thing) for user in range(40) for thing in rng.choice(10, 5, replace=False)]
    source = OthersSource(*np.array(links).T, 40, 20)
    encoder = ThingsBag(8).over(source, seed=0)
    step = Generic(encoder, Pool(size=20).bind(source, 0), Cosine(), Violations(0.2), Plan(batch=8, epochs=10, rate=0.1))
    Loop(step, Plan(batch=8, epochs=10, rate=0.1, warmup=0.0)).run()
    things = encoder.encode(np.arange(40, 60))
    newcomer = things[[0, 3, 7]].mean(axis=0)
    scores = Cosine()(newcomer[None], things)[0]
    assert scores[:10].min() > scores[10:].max()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Pool(size=0), "E0577: the pool must hold at least 1 negative\n  value: 0"),
        (lambda: Violations(k=0), "E0577: at least 1 violation must be paid for\n  value: 0"),
        (lambda: Violations(margin=-1), "E0502: margin must not be negative\n  value: -1"),
        (lambda: ThingsBag(dim=0), "E0520: dim must lie between 1 and 65,536\n  value: 0"),
    ],
)
def test_wrong_options(make, says):
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value).startswith(says)
