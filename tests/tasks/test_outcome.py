"""The words: by hand, and how often they are wrong where nothing differs."""

import numpy as np
import pytest

from awase.tasks.report import Asked, Report
from awase.tasks.report.outcome import FEWEST, said


def report_of(trained, untrained, bm25=None, **asked):
    values = {"trained": trained, "untrained": untrained} | ({} if bm25 is None else {"bm25": bm25})
    return Report.of_items(
        {name: {"ndcg@10": np.asarray(of, np.float64)} for name, of in values.items()},
        items="queries",
        title="t",
        pairs=[("trained", other) for other in list(values)[1:]],
        data={},
        split={},
        cost={},
        outcome=Asked(baseline=None if bm25 is None else "bm25", **asked),
    )


RNG = np.random.default_rng(0)
START = RNG.random(200) * 0.5


def test_the_words():
    better, level, worse = START + 0.2, START + RNG.normal(0, 0.1, 200), START - 0.1
    found = report_of(better, START, np.full(200, 0.9)).outcome
    assert (found["word"], found["against"]["bm25"]["word"]) == ("WIN", "REGRESSION")
    assert report_of(level, START).outcome["word"] == "TIE"
    assert report_of(worse + 0.2, START + 0.2).outcome["word"] == "REGRESSION"
    assert report_of(better[: FEWEST - 1], START[: FEWEST - 1]).outcome["word"] == "TOO_FEW"
    assert report_of(better[:FEWEST], START[:FEWEST]).outcome["word"] == "WIN"


def test_a_tie_says_what_could_have_been_shown():
    outcome = report_of(START + RNG.normal(0, 0.1, 200), START).outcome
    found = outcome["against"]["untrained"]
    assert found["smallest_shown"] == pytest.approx(2.8 * 0.1 / np.sqrt(200), rel=0.2)
    assert f"could have shown {100 * found['smallest_shown']:.1f} points or more (at 80 % power)" in found["sentence"]
    same = report_of(START, START, saved="untrained", alpha=0.0).outcome
    assert same["against"]["untrained"]["smallest_shown"] > 0
    assert same["advice"][0].startswith("Training did not help on validation")


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_constant_metric_gives_no_word_and_says_why(value):
    flat = np.full(80, value)
    report = report_of(flat, flat, flat)
    for found in report.outcome["against"].values():
        assert found["word"] is None
        assert found["why"] == f"nDCG@10 is {value:.3f} for both on all 80 queries"
        assert found["sentence"].startswith("No word against")
    assert report.outcome["word"] is None
    assert "No evidence" not in " ".join(report.verdict) and "choose by size" not in " ".join(report.verdict)
    assert any("cannot tell the systems apart" in text for text in report.outcome["advice"])


def test_the_verdict_tells_the_same_story():
    """Where the word is WIN the sentence says that it beats, with the same interval and p, however many tests there are."""
    seen = set()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        start = rng.random(60) * 0.5
        report = report_of(start + rng.normal(0.04, 0.15, 60), start, start + rng.normal(0.02, 0.15, 60))
        for test, found, sentence in zip(report.tests, report.outcome["against"].values(), report.verdict):
            assert (found["word"] == "TIE") == sentence.startswith("No evidence of a difference")
            assert (test["p"] < 0.05) == (not test["ci"][0] <= 0 <= test["ci"][1])
            assert (test["p_holm"] < 0.05) == (not test["ci_holm"][0] <= 0 <= test["ci_holm"][1])
            seen.add(found["word"])
    assert {"WIN", "TIE"} <= seen


def test_what_to_do_next():
    beaten = report_of(START, START + 0.1, START + 0.3).outcome
    assert beaten["advice"][0].startswith("Keep what it started from")
    assert "Use BM25 in place of the model." in beaten["advice"]
    assert report_of(START + 0.3, START, START + 0.1).outcome["advice"] == ["Use the model."]
    between = report_of(START + 0.3, START, saved="interpolated", alpha=0.5).outcome
    assert "alpha 0.5" in between["advice"][0]
    few = report_of(START[:20], START[:20] + 0.1).outcome
    assert any("--test 50" in text for text in few["advice"])
    lines = said(beaten)
    assert lines[0].startswith("REGRESSION against untrained: −10.0 points of nDCG@10")
    assert "Each at 95 %, not corrected for looking at several." in lines


def test_where_nothing_differs_a_word_is_given_in_one_case_of_twenty():
    """1,000 comparisons of exchangeable systems: within the 99 % binomial interval of .05. benchmarks/verdict.py has other shapes."""
    words = [word(seed, effect=0.0) for seed in range(1_000)]
    assert 33 <= sum(one != "TIE" for one in words) <= 69
    assert sum(one == "WIN" for one in words) > 8 and sum(one == "REGRESSION" for one in words) > 8


def test_an_effect_of_two_standard_errors_is_found_in_two_cases_of_five():
    assert np.mean([word(seed, effect=2.0) == "WIN" for seed in range(200)]) >= 0.4


def word(seed, effect):
    """The word on 60 queries; both systems score a query alike but for noise, and one is better by so many standard errors."""
    from awase.tasks.report.outcome import _word
    from awase.tasks.significance import paired_test

    rng = np.random.default_rng((seed, 7))
    hard = rng.random(60)
    a, b = (np.clip(hard + rng.normal(0, 0.3, 60), 0, 1) for _ in range(2))
    a = a + effect * np.std(a - b, ddof=1) / np.sqrt(60)
    test = paired_test(a, b, permutations=999, seed=seed)
    return _word({"constant": test.constant, "p": test.p, "difference": test.difference}, 60)
