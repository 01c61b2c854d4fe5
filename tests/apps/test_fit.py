import json
from html.parser import HTMLParser

import numpy as np
import pytest

import awase
from awase.apps.systems import Lexical
from awase.apps.texts import data_hash
from awase.core.errors import ConfigError, InputError
from awase.data.pairs import read_pairs
from awase.index.weighting import Weighting
from awase.tasks.retrieval import METRICS

QUICK = {"epochs": 3, "dim": 32, "vocab_size": 4000}


def test_the_report_file_has_what_scripts_rely_on(fitted):
    fit, folder = fitted
    report = json.loads((folder / "report.json").read_text())
    assert report == fit.report.as_dict()
    assert {"data", "split", "systems", "tests", "cost"} <= report.keys()
    assert list(report["systems"]) == ["bm25", "untrained", "trained", "hybrid"]
    for name, values in report["systems"].items():
        for metric in METRICS:
            low, high = values[f"{metric}_ci"]
            assert low <= values[metric] <= high, (name, metric)
    tested = {(test["a"], test["b"]): test for test in report["tests"]}
    assert ("trained", "bm25") in tested
    for (a, b), test in tested.items():
        assert test["metric"] == "ndcg@10"
        assert 0 < test["p"] <= 1
        expected = report["systems"][a]["ndcg@10"] - report["systems"][b]["ndcg@10"]
        assert test["difference"] == pytest.approx(expected, abs=1e-12)
    # The hybrid is tested against the best single system.
    best = max(("bm25", "trained"), key=lambda name: report["systems"][name]["ndcg@10"])
    assert ("hybrid", best) in tested
    assert report["cost"]["peak_rss_bytes"] > 50e6
    assert all(report["cost"][name] > 0 for name in ("train_s", "train_cpu_s", "model_bytes"))


def test_candidates_are_all_documents_not_only_the_held_out(fitted, rows):
    fit, _ = fitted
    assert fit.report.judged["n_candidates"] == len({document for _, document in rows})
    assert fit.report.judged["n_queries"] < 500


def test_training_helps_on_real_pairs(fitted):
    systems = fitted[0].report.systems
    assert systems["trained"]["ndcg@10"] > 3 * systems["untrained"]["ndcg@10"]
    assert systems["trained"]["ndcg@10"] > systems["bm25"]["ndcg@10"]


def test_the_saved_model_is_the_fitted_one(fitted):
    fit, folder = fitted
    texts = ["駅はどこですか。", "Where is the station?", ""]
    loaded = awase.load(folder)
    np.testing.assert_array_equal(loaded.encode(texts), fit.model.encode(texts))
    assert loaded.fingerprint == fit.model.fingerprint
    assert loaded.info["recipe"]["loss"]["part"] == "infonce"
    assert loaded.info["fusion"]["weight"] == fit.report.fusion["weight"]


def test_nothing_is_left_of_the_run_but_the_model(fitted):
    """What it noted on its way is the report's history."""
    fit, folder = fitted
    assert not folder.with_name(f"{folder.name}.run").exists()
    assert fit.report.as_dict()["history"]["loss"]


def test_the_bm25_of_the_report_is_that_of_the_collection(fitted, rows, tmp_path):
    fit, folder = fitted
    report, model = fit.report, awase.load(folder)
    weighting = Weighting(
        **{name.removeprefix("bm25_"): value for name, value in report.fusion.items() if name.startswith("bm25_")}
    )
    assert Weighting.chosen_for(model) == weighting
    documents = list(dict.fromkeys(document for _, document in rows))
    lexical = Lexical(documents, weighting)
    queries = [anchor for anchor, _ in rows[::97]] + ["in the middle of the road there was a dog"]
    with awase.Collection.create(tmp_path / "docs.awase", folder) as docs:
        docs.add((str(row), text) for row, text in enumerate(documents))
        assert docs.weighting == weighting
        assert docs.fusion.weight == report.fusion["weight"]
        found = docs.search(queries, 10, mode="bm25")
    for results, hit_rows, scores in zip(found, *lexical.search(queries, 10), strict=True):
        assert [int(one.id) for one in results] == [row for row in hit_rows.tolist() if row >= 0]
        assert [one.score for one in results] == pytest.approx(scores[hit_rows >= 0].tolist(), abs=1e-6)
    assert any(found)


def test_the_page_asks_the_network_for_nothing(fitted):
    asked = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            asked.extend(
                value for name, value in attrs if name in ("src", "href") and value and not value.startswith(("#", "data:"))
            )

    Reader().feed((fitted[1] / "report.html").read_text())
    assert asked == []


def test_same_seed_same_bytes(rows, fitted, tmp_path):
    again = awase.fit(rows, out=tmp_path / "again", options=QUICK, threads=1)
    assert again.model.fingerprint == fitted[0].model.fingerprint
    other = awase.fit(rows, options=QUICK, threads=1, seed=1)
    assert other.model.fingerprint != again.model.fingerprint


def test_more_documents_compete(rows):
    extra = [f"a sentence that is nobody's answer, number {i}" for i in range(50)]
    report = awase.fit(rows[:300], options=QUICK, corpus=extra, threads=1).report
    assert report.judged["n_candidates"] == len({document for _, document in rows[:300]}) + 50


def test_the_data_s_negatives_join(rows):
    given = [{"anchor": a, "positive": p, "negative": rows[i - 1][1]} for i, (a, p) in enumerate(rows[:300])]
    report = awase.fit(given, options=QUICK, threads=1).report
    assert report.recipe["negatives"]["part"] == "mixture"
    assert [part["part"] for part in report.recipe["negatives"]["parts"]] == ["topical", "given"]
    assert any("negatives that the data give" in reason for reason in report.split["plan"])


def test_the_hash_of_the_data_is_over_all_that_training_sees():
    """Else a run could be resumed with other data than it began with."""
    base = [{"anchor": f"a{i}", "positive": f"p{i}", "negative": [f"n{i}", f"m{i}"], "score": 1.0} for i in range(6)]

    def changed(**what):
        return [base[0] | what, *base[1:]]

    data = {
        "as given": base,
        "another case": changed(anchor="A0"),
        "another anchor": changed(anchor="b"),
        "another positive": changed(positive="b"),
        "another negative": changed(negative=["n0", "b"]),
        "a negative less": changed(negative=["n0"]),
        "a negative of the next row": [base[0] | {"negative": ["n0"]}, base[1] | {"negative": ["m0", "n1", "m1"]}, *base[2:]],
        "another score": changed(score=0.5),
        "another order": [base[1], base[0], *base[2:]],
        "without negatives": [{key: row[key] for key in ("anchor", "positive", "score")} for row in base],
    }
    hashes = {name: data_hash(read_pairs(rows)) for name, rows in data.items()}
    assert hashes.pop("another case") == hashes["as given"], "texts are compared in their normalised form"
    assert len(set(hashes.values())) == len(hashes) == 9


@pytest.mark.parametrize(
    "options", [{"negatives": "mined"}, {"loss": "margin"}, {"symmetric": True}, {"learn_temperature": True}]
)
def test_other_options_train_too(rows, options):
    systems = awase.fit(rows[:1_000], options=QUICK | options, threads=1).report.systems
    assert systems["trained"]["ndcg@10"] > systems["untrained"]["ndcg@10"]


def test_matryoshka_reports_each_prefix(rows):
    report = awase.fit(rows[:600], options=QUICK | {"matryoshka": (8, 16)}, threads=1).report
    assert [row["dim"] for row in report.dims] == [8, 16, 32]
    assert report.dims[-1]["ndcg@10"] == pytest.approx(report.systems["trained"]["ndcg@10"], abs=1e-9)


def test_starting_from_another_model(rows, fitted):
    _, folder = fitted
    start = awase.fit(rows, init=folder, options={"epochs": 1}, threads=1)
    assert start.model.dim == 32
    # Before training it is the model it started from, which has seen pairs of this very file.
    assert start.report.systems["untrained"]["ndcg@10"] == pytest.approx(
        fitted[0].report.systems["trained"]["ndcg@10"], abs=0.02
    )


def test_tuning_looks_at_validation_only_and_is_not_worse_than_nothing(rows):
    tuned = awase.fit(rows[:400], options={"epochs": 1, "dim": 16}, tune_minutes=0.02, threads=1)
    assert tuned.report.recipe["encoder"]["dim"] == 16  # what the user fixed stays
    assert tuned.report.cost["tune_s"] > 0


@pytest.mark.parametrize(
    ("pairs", "options", "error", "says"),
    [
        ([("a", "b")], {}, InputError, "E0113"),
        ([("a", "b"), ("c", "d")], {}, InputError, "E0113"),
        ([("a", "b")] * 100, {}, InputError, "E0113"),
        ([(f"a {i}", f"b {i}") for i in range(90)], {"dimm": 3}, ConfigError, "did you mean 'dim'"),
        ([(f"a {i}", f"b {i}") for i in range(90)], {"negatives": "topicl"}, ConfigError, "did you mean 'topical'"),
        ([(f"a {i}", f"b {i}") for i in range(90)], {"temperature": 0}, ConfigError, "E0501"),
    ],
)
def test_what_cannot_be_fitted_says_why(pairs, options, error, says):
    with pytest.raises(error, match=says):
        awase.fit(pairs, options=options)


def test_a_folder_of_somebody_else_s_is_not_replaced(rows, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="E0303"):
        awase.fit(rows[:100], out=tmp_path / "mine", options=QUICK)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
