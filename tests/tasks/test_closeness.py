"""Pairs that are true against drawn ones."""

import numpy as np
import pytest
from sklearn import metrics

from awase.core.errors import AwaseError
from awase.tasks.closeness import closer_than_drawn


def test_it_is_the_area_under_the_roc_curve():
    rng = np.random.default_rng(0)
    of = rng.standard_normal((200, 60))
    anchors, targets, drawn = rng.integers(0, 200, 150), rng.integers(0, 60, 150), rng.integers(0, 60, (150, 20))
    found = closer_than_drawn(lambda a, items: np.take_along_axis(of[a], items, axis=1), anchors, targets, drawn)
    for k in (0, 70, 149):
        scores = np.append(of[anchors[k], drawn[k]], of[anchors[k], targets[k]])
        assert found[k] == pytest.approx(metrics.roc_auc_score([0] * 20 + [1], scores))


def test_ties_are_halves_and_wrong_shapes_are_refused():
    one = np.array([0])
    assert closer_than_drawn(lambda a, items: np.zeros(items.shape), one, one, np.array([[1, 2]])).tolist() == [0.5]
    with pytest.raises(AwaseError, match="E0821"):
        closer_than_drawn(lambda a, items: np.zeros(3), one, one, np.array([[1, 2]]))
