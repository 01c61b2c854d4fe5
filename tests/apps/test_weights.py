"""What is saved is never worse than the start: the choice among mixtures, and fits that go wrong on purpose."""

import numpy as np
import pytest

import awase
from awase.apps.weights import ALPHAS, choose_alpha

QUICK = {"epochs": 4, "dim": 32, "vocab_size": 3000}


def valued(gains, n=200, spread=0.2, seed=0):
    """The metric of n queries for each alpha: a start, and so much more on average, noisily."""
    rng = np.random.default_rng(seed)
    start = rng.random(n) * 0.5
    return {alpha: start + gain + spread * alpha * rng.standard_normal(n) * bool(alpha) for alpha, gain in zip(ALPHAS, gains)}


@pytest.mark.parametrize(
    ("gains", "saved"),
    [
        ((0, 0.05, 0.1, 0.15, 0.2), "trained"),
        ((0, 0.1, 0.05, -0.1, -0.2), "interpolated"),
        ((0, -0.05, -0.1, -0.2, -0.3), "untrained"),
        ((0, 0, 0, 0, 0.005), "untrained"),  # within chance
    ],
)
def test_the_surest_gain_is_kept(gains, saved):
    choice = choose_alpha(valued(gains))
    assert choice.saved == saved
    assert choice.as_dict()["validation"].keys() == {"0", "0.25", "0.5", "0.75", "1"}


def test_a_handful_of_queries_prove_nothing_and_a_full_validation_neither():
    n = 4
    assert choose_alpha({alpha: np.full(n, alpha) for alpha in ALPHAS}).saved == "untrained"
    full = choose_alpha({alpha: np.ones(60) for alpha in ALPHAS})
    assert full.saved == "trained" and "tells nothing" in full.why
    assert choose_alpha({alpha: np.zeros(60) for alpha in ALPHAS}).saved == "untrained"


def test_chance_ships_the_trained_weights_seldom():
    """Where training changes nothing on average, the start is given up in at most one case of ten (one of twenty for each share)."""
    given_up = [choose_alpha(valued((0,) * 5, n=60, seed=seed)).saved != "untrained" for seed in range(100)]
    assert np.mean(given_up) < 0.2


# Fits that go wrong on purpose; benchmarks/never_worse.py has all of it


@pytest.fixture(scope="module")
def start(rows, tmp_path_factory):
    """A model that was good before: fitted to pairs of the same kind."""
    folder = tmp_path_factory.mktemp("start") / "model"
    awase.fit(rows[400:], out=folder, options=QUICK | {"epochs": 8}, threads=1)
    return folder


def planted(rows, kind):
    parts = {"train": rows[:240], "valid": rows[240:300], "test": rows[300:400]}
    rng = np.random.default_rng(0)
    if kind == "shuffled":
        others = rng.permutation(240)
        parts["train"] = [(a, parts["train"][i][1]) for (a, _), i in zip(parts["train"], others)]
    if kind == "column":
        parts |= {part: [(a, f"{n:05d}") for n, (a, _) in enumerate(parts[part])] for part in ("train", "valid")}
    if kind == "few":
        parts |= {"train": rows[:16], "valid": rows[16:20]}
    if kind == "one document":
        parts["train"] = [(a, parts["train"][0][1]) for a, _ in parts["train"]]
    return [{"anchor": a, "positive": b, "split": part} for part, pairs in parts.items() for a, b in pairs]


@pytest.mark.parametrize("kind", ["rate", "shuffled", "column", "few", "one document"])
@pytest.mark.parametrize("begin", ["random", "a good model"])
def test_nothing_that_is_saved_is_worse_than_the_start(rows, start, kind, begin):
    options = {"epochs": 4, "rate": 3.0 if kind == "rate" else 0.1} | ({} if begin == "a good model" else QUICK)
    init = start if begin == "a good model" else None
    fit = awase.fit(planted(rows, kind), options=options, init=init, threads=1)
    assert fit.report.outcome["word"] != "REGRESSION"
    assert fit.report.outcome["saved"] == fit.report.split["weights"]["saved"]
    if fit.report.outcome["saved"] == "untrained":
        trained, untrained = (fit.report.systems[name] for name in ("trained", "untrained"))
        assert trained == untrained, "the report judges what is saved"
        assert any("Training did not help on validation" in text for text in fit.report.outcome["advice"])


def test_what_is_mixed_is_saved_as_it_was_judged(rows, start, tmp_path, monkeypatch):
    """Bytes of the same seed are the same, the alpha stands in the folder, and of half the rows are halfway."""
    from awase.apps import weights

    monkeypatch.setattr(weights, "ALPHAS", (0.0, 0.5))
    folder = tmp_path / "half"
    fit = awase.fit(rows[:400], out=folder, init=start, options={"epochs": 2}, threads=1)
    again = awase.fit(rows[:400], init=start, options={"epochs": 2}, threads=1)
    assert fit.model.fingerprint == again.model.fingerprint == awase.load(folder).fingerprint
    kept = awase.load(folder).info["weights"]
    assert kept == fit.report.split["weights"]
    monkeypatch.setattr(weights, "choose_alpha", lambda values: weights.Choice(1.0, {}, "asked"))
    trained = awase.fit(rows[:400], init=start, options={"epochs": 2}, threads=1).model
    monkeypatch.setattr(weights, "choose_alpha", lambda values: weights.Choice(0.5, {}, "asked"))
    half = awase.fit(rows[:400], init=start, options={"epochs": 2}, threads=1)
    np.testing.assert_allclose(half.model.table, (trained.table + awase.load(start).table) / 2, atol=1e-6)
    assert half.report.outcome["saved"] == "interpolated" and half.report.outcome["alpha"] == 0.5
    assert "alpha 0.5" in half.report.outcome["advice"][0]
