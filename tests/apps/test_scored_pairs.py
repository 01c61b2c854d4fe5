"""Pairs with scores by people are judged by the scores, and a score of 0 is no positive."""

import json

import numpy as np
import pytest
from scipy import stats

import awase
from awase.contrast.positives import GivenPairs
from awase.data.pairs import read_pairs
from awase.tasks.scored_pairs import Pearson, are_scored, scored_pairs

WORDS = [f"{a}{b}" for a in ("ba", "ko", "ri", "tu", "me", "sa", "lo", "vi") for b in ("ran", "tok", "lis", "mer", "dun")]


def alike(n, seed=0):
    """Pairs of texts of five words, scored by how many words they share, more or less."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        words, shared = rng.permutation(WORDS), int(rng.integers(0, 6))
        rows.append(
            {
                "sentence1": " ".join(words[:5]),
                "sentence2": " ".join(words[5 - shared : 10 - shared]),
                "label": float(max(shared + rng.integers(-1, 2), 0)),
            }
        )
    return rows


def bag(texts):
    return np.array([[text.split().count(word) for word in WORDS] for text in texts], np.float32) + 1e-6


def test_evaluate_gives_correlations_with_intervals_over_all_pairs():
    rows = alike(300)
    report = awase.evaluate(bag, rows, everything=True)
    gold = np.array([row["label"] for row in rows])
    sides = [bag([row[f"sentence{i}"] for row in rows]) for i in (1, 2)]
    A, B = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in sides)
    cosines = (A * B).sum(axis=1)
    found = report.systems["model"]
    assert found["spearman"] == pytest.approx(stats.spearmanr(cosines, gold).statistic, abs=0.01)
    assert found["pearson"] == pytest.approx(stats.pearsonr(cosines, gold).statistic, abs=1e-3)
    for system in ("bm25", "model"):
        for metric in ("spearman", "pearson"):
            low, high = report.systems[system][f"{metric}_ci"]
            assert low - 1e-9 <= report.systems[system][metric] <= high + 1e-9
    assert report.judged["scored_pairs"] == 300, "those scored 0 too"
    assert report.judged["n_queries"] < 300
    assert report.verdict[0].startswith("Of the scores of 300 pairs: ")
    assert "Scores of pairs" in [table["title"] for table in report.tables]
    assert json.loads(report.as_json())["systems"]["model"]["spearman"] == found["spearman"]


def test_fit_judges_the_held_out_pairs_by_their_scores(tmp_path):
    rows = alike(400, seed=1)
    (tmp_path / "sts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    fitted = awase.fit(tmp_path / "sts.jsonl", out=tmp_path / "model", options={"dim": 16, "epochs": 1}, threads=1)
    report = fitted.report
    assert report.judged["scored_pairs"] == report.split["test"]
    assert all("spearman" in report.systems[name] for name in ("bm25", "untrained", "trained"))
    assert sum("Spearman's ρ" in sentence for sentence in report.verdict) == 2
    assert "Spearman" in (tmp_path / "model" / "report.md").read_text()
    again = awase.evaluate(tmp_path / "model", tmp_path / "sts.jsonl")
    assert again.systems["model"]["spearman"] == pytest.approx(report.systems["trained"]["spearman"], abs=1e-6)


@pytest.mark.parametrize("label", [[0, 1], [1, 1], [2.5, 2.5]])
def test_yes_and_no_and_one_score_for_all_are_no_scores(label):
    rows = [row | {"label": label[i % 2]} for i, row in enumerate(alike(60))]
    assert "spearman" not in awase.evaluate(bag, rows, everything=True).systems["model"]


def test_a_score_of_0_is_no_positive():
    rows = [
        {"query": q, "answer": a, "score": s} for q, a, s in [("q", "a", 5), ("q", "b", 0), ("r", "c", 2.5), ("s", "d", -1)]
    ]
    source = GivenPairs().items(read_pairs(rows), np.arange(4)).source
    assert source.weight.tolist() == pytest.approx([5 / 1.875, 0, 2.5 / 1.875, 0])
    report = awase.evaluate(lambda texts: np.ones((len(texts), 2), np.float32), rows, everything=True)
    assert (report.judged["n_queries"], report.judged["n_skipped"]) == (2, 1)


def test_pearson_equals_scipy_on_any_resample():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=30), rng.integers(0, 6, 30).astype(float)
    counts = np.array([np.bincount(rng.integers(0, 30, 30), minlength=30) for _ in range(5)])
    expected = [stats.pearsonr(np.repeat(x, row), np.repeat(y, row)).statistic for row in counts]
    np.testing.assert_allclose(Pearson(x + 1e4, y).resampled(counts), expected, atol=1e-9)
    assert Pearson(np.full(30, 0.1), y).value == 0


def test_a_better_system_is_told_apart():
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 26, 200) / 5
    found = scored_pairs({"good": gold + rng.normal(size=200), "bad": rng.normal(size=200)}, gold, pairs=[("good", "bad")])
    assert found.tests[0]["p_holm"] < 0.01 and found.sentences[0].startswith("Of the scores of 200 pairs: good beats bad by")
    assert not are_scored(None) and not are_scored(np.arange(5.0)) and are_scored(np.arange(12.0))
