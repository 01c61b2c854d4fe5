"""Fitting pairs of names from the list to the saved model."""

import numpy as np
import pytest

import awase
from awase.core.errors import AwaseError


@pytest.fixture(scope="module")
def pairs():
    """People buy things of one of three kinds; a few pairs are given often."""
    rng = np.random.default_rng(0)
    return [(f"person{p}", f"k{p % 3}thing{i}") for p, i in zip(rng.integers(0, 30, 1500), rng.integers(0, 8, 1500))]


def test_it_learns_and_saves_both_sides(pairs, tmp_path):
    fitted = awase.fit(pairs, "ns", out=tmp_path / "model", options={"dim": 8, "rate": 0.1}, threads=1, test=0.2)
    systems = fitted.report.systems
    assert systems["trained"]["auc"] > 0.7 > 0.6 > systems["frequency"]["auc"]
    model = awase.load(tmp_path / "model")
    assert list(model.tables) == ["anchors", "targets"] and model.tables["anchors"].shape == (30, 8)
    assert {one.name[:2] for one in model.neighbours("k1thing3", k=6, table="targets")} == {"k1"}
    assert {int(one.name[6:]) % 3 for one in model.neighbours("person4", k=6)} == {1}
    assert fitted.report.data["distinct pairs"] == len(set(pairs)) and fitted.report.data["rows"] == 1500


def test_the_same_seed_and_one_thread_give_the_same_bytes(pairs):
    one, two = (awase.fit(pairs, "ns", options={"dim": 8, "epochs": 2}, threads=1).model.tables["targets"] for _ in range(2))
    assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize(
    ("pairs", "more", "message"),
    [
        ([("a", "b")] * 4, {}, "E0155: no link is left for test\n"),
        ([("a", "b"), ("b", None)], {}, "E0109: "),
        ([("a", "b"), ("b", "c")], {"lang": "ja"}, "E1005: a fit of 'ns' has no 'lang'\n  value: 'ja'\n  to do: valid: half"),
    ],
)
def test_bad_input(pairs, more, message):
    with pytest.raises(AwaseError) as caught:
        awase.fit(pairs, "ns", **more)
    assert str(caught.value).startswith(message)
