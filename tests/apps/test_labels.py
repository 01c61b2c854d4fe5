"""The job of labelled texts: the split, the model folder that predicts, and what it refuses."""

import numpy as np
import pytest

import awase
from awase.apps.labels import Lexical
from awase.core.errors import ConfigError, InputError
from awase.data.labelled import read_labelled

QUICK = {"dim": 16, "vocab_size": 300, "epochs": 4}


def rows(n=300, seed=0):
    rng = np.random.default_rng(seed)
    words = {label: [f"{label}{i}" for i in range(30)] for label in ("sea", "sky", "sand")}
    return [(" ".join(rng.choice(words[label], 5)), label.upper()) for label in rng.choice(list(words), n)]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels") / "model"
    return awase.fit(rows(), "starspace", out=folder, options=QUICK, threads=1), folder


def test_the_folder_predicts_labels_and_encodes_texts(fitted):
    fit, folder = fitted
    model = awase.load(folder)
    assert sorted(model.labels) == ["SAND", "SEA", "SKY"]  # type: ignore[union-attr]
    found = model.predict(["sea3 sea7 sky1", "sand2 sand9"], k=2)  # type: ignore[union-attr]
    assert [one[0].name for one in found] == ["SEA", "SAND"] and found[0][0].score > found[0][1].score
    assert [len(one) for one in found] == [2, 2]
    texts = ["sea1 sky2", "nothing known"]
    np.testing.assert_array_equal(model.encode(texts), fit.model.encode(texts))  # type: ignore[union-attr]
    assert "model.predict(" in (folder / "README.md").read_text()
    assert model.info["metrics"]["accuracy"] == fit.report.systems["trained"]["accuracy"]  # type: ignore[union-attr]


def test_the_report_says_what_it_is_compared_with(fitted):
    report = fitted[0].report
    assert list(report.systems) == ["trained", "knn", "probe", "bm25", "untrained", "majority"]
    assert report.judged["n_candidates"] == 3 and report.split["test labels not in training"] == 0
    assert report.systems["trained"]["accuracy"] > 0.9


def test_no_text_is_on_two_sides():
    """Texts that repeat, with several labels: every label may be in every part, no text may."""
    data = [(f"text {i}", f"label {j}") for i in range(90) for j in (i % 3, 3 + i % 2)]
    report = awase.fit(data, "starspace", options=QUICK, threads=1).report
    assert "share a text stay on one side" in report.split["note"]
    assert (report.split["train"] + report.split["valid"] + report.split["test"]) == 180
    assert report.split["test"] % 2 == 0


def test_without_labels_there_is_nothing_to_predict():
    fit = awase.fit(rows(), "starspace", options=QUICK | {"mode": "together"}, threads=1)
    assert fit.report.systems["trained"]["accuracy"] > 0.9
    with pytest.raises(ConfigError) as caught:
        fit.model.predict(["sea1"])  # type: ignore[union-attr]
    assert str(caught.value).startswith("E0429: this model knows no labels")


def test_bm25_votes_and_falls_back_to_the_most_frequent_label():
    data = read_labelled([("a b", "x"), ("a c", "x"), ("b d", "y"), ("e f", "z"), ("e g", "z"), ("h e", "z")])
    lexical = Lexical(data, np.arange(6))
    assert lexical.predicted(["a", "d", "nothing"]).tolist() == [0, 1, 2]


def test_a_run_goes_on_where_it_stopped_with_the_same_bytes(tmp_path):
    whole = awase.fit(rows(), "starspace", options=QUICK, threads=1)
    again = awase.fit(rows(), "starspace", out=tmp_path / "model", options=QUICK, threads=1, resume=True)
    assert whole.model.table.tobytes() == again.model.table.tobytes()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        ([(f"text {i}", "one") for i in range(50)], InputError, "E0579: every text has the same label"),
        ([("text", f"label {i}") for i in range(50)], InputError, "E0113"),
        ([(f"text {i}", f"label {i}") for i in range(50)], None, ""),
        ([(f"text {i}", "") for i in range(50)], InputError, "E0109"),
    ],
)
def test_few_texts_or_labels(data, error, says):
    if error is None:  # as many labels as texts: what is held out cannot be known, and that is what the report says
        report = awase.fit(data, "starspace", options=QUICK, threads=1).report
        assert report.systems["trained"]["accuracy"] == 0.0
        assert report.split["test labels not in training"] == report.split["test"]
        return
    with pytest.raises(error) as caught:
        awase.fit(data, "starspace", options=QUICK, threads=1)
    assert str(caught.value).startswith(says)
