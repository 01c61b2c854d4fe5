"""Noise negatives for links."""

import numpy as np
import pytest

from awase.contrast.negatives import Noise
from awase.contrast.positives import LinkSource
from awase.core.errors import ConfigError

LINKS = LinkSource(np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 1, 3]), n_anchors=3, n_targets=5, offset=3)


def test_a_batch_is_each_anchor_with_its_target_first():
    batch = Noise(n=4, power=0).bind(LINKS, seed=0).make(np.array([4, 0]), epoch=0)
    assert batch.anchors.tolist() == [2, 0]
    assert batch.candidates.items[:, 0].tolist() == [3 + 3, 3 + 0]
    assert batch.candidates.target.tolist() == [0, 0]
    assert batch.candidates.items.shape == (2, 5)
    assert set(batch.candidates.items[0, 1:].tolist()) <= {3, 5, 7}, "targets 1 and 3 are known to belong to anchor 2"
    assert not len(batch.candidates.mask[0])


def test_unfiltered_noise_may_be_anything_but_the_target():
    batches = Noise(n=50, power=0, filtered=False).bind(LINKS, seed=0)
    items = batches.make(np.array([4]), epoch=0).candidates.items[0, 1:] - 3
    assert set(items.tolist()) == {0, 1, 2, 4}


@pytest.mark.parametrize("power", [0, 0.75, 1])
def test_noise_follows_the_power_of_the_frequency(power):
    targets = np.repeat(np.arange(4), [1, 10, 100, 1000])
    source = LinkSource(np.zeros(len(targets), np.int64), targets, n_anchors=1, n_targets=4)
    drawn = Noise(n=20, power=power, filtered=False).bind(source, 0).make(np.zeros(2000, np.int64) + 1110, 0)
    assert (drawn.candidates.items[:, 1:] == drawn.candidates.items[0, 1:]).all(), "a row draws the same in each batch"
    items = Noise(n=20, power=power, filtered=False).bind(source, 0).make(np.arange(111), 0).candidates.items[:, 1:]
    # Rows 0..110 own the targets 0, 1 and 2, of which their own is left out; 3 is never.
    weights = np.array([1, 10, 100, 1000.0]) ** power
    share = (items[11:] == 3).mean()
    assert share == pytest.approx(weights[3] / (weights.sum() - weights[2]), abs=0.04)


def test_epochs_and_seeds_draw_anew_and_chunks_do_not():
    batches = Noise(n=6).bind(LINKS, seed=0)
    rows = np.arange(5)
    one = batches.make(rows, 3).candidates.items
    assert (np.vstack([batches.make(rows[:2], 3).candidates.items, batches.make(rows[2:], 3).candidates.items]) == one).all()
    assert (batches.make(rows, 4).candidates.items != one).any()
    assert (Noise(n=6).bind(LINKS, seed=1).make(rows, 3).candidates.items != one).any()
    assert sorted(batches.order(0).tolist()) == rows.tolist()
    assert batches.order(0).tolist() == batches.order(0).tolist() != batches.order(1).tolist()


def test_where_everything_is_known_the_places_are_masked():
    source = LinkSource(np.zeros(3, np.int64), np.arange(3), n_anchors=1, n_targets=3)
    candidates = Noise(n=2).bind(source, 0).make(np.array([1]), 0).candidates
    assert [places.tolist() for places in candidates.mask] == [[0, 0], [1, 2]]
    assert candidates.items.tolist() == [[1, 1, 1]], "what is masked is the anchor's own target, which exists"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Noise(n=0), "E0522: the number of negatives must be at least 1\n  value: 0"),
        (lambda: Noise(power=1.5), "E0522: the power of the frequency lies between 0 (uniform) and 1\n  value: 1.5"),
    ],
)
def test_wrong_settings_say_what_is_right(make, message):
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value).startswith(message)
