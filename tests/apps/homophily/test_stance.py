"""Stances: exact gradients, a classifier that says how often it is wrong, files of labels, and unknown ones counted."""

import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from awase.apps.homophily.stance import Classifier, LabelFile, Neutral, fit_stance, label
from awase.apps.homophily.stance.fit import calibrated, log_softmax
from awase.apps.homophily.stance.network import Step, features, scaled
from awase.apps.homophily.stance.pairs import read_stance_pairs
from awase.apps.homophily.stance.report import calibration_error, quality
from awase.apps.homophily.states import AGREE, DISAGREE, NEUTRAL, UNKNOWN
from awase.apps.homophily.streams import Streams
from awase.contrast.encoders import Bag
from awase.contrast.losses import InfoNCE, MajorityOrMinority
from awase.core.errors import AwaseError, ConfigError, InputError
from awase.data.discussions.hashing import name_hashes
from awase.train.plan import Plan

QUICK = {"dim": 16, "vocab_size": 300, "epochs": 12, "rate": 0.1}


def said(n=600, seed=0, shares=(0.2, 0.5, 0.3), noise=0.1):
    """Pairs whose stance is not in the reply alone: it agrees when it takes up the parent's thing, unless it negates it; noise in labels."""
    rng = np.random.default_rng(seed)
    things = [f"thing{i}" for i in range(12)]
    rows = []
    for i, stance in enumerate(rng.choice(3, n, p=shares)):
        thing, other = rng.choice(things, 2, replace=False)
        reply = (f"not {thing} at all", f"what of {other}", f"{thing} for sure")[stance]
        labelled = stance if rng.random() > noise else rng.integers(3)
        rows.append((f"I like {thing} number {i // 2}", reply, ("disagree", "neutral", "agree")[labelled]))
    return rows


class Discussion:
    """Texts by id, as a dump has them: those that were deleted are not there."""

    def __init__(self, texts):
        self.held, self.passes = dict(zip(name_hashes(pa.array(list(texts))).tolist(), texts.values())), 0

    def texts(self, ids):
        assert (np.diff(ids.astype(object)) > 0).all(), "sorted and distinct"
        self.passes += 1
        known = [i for i in ids.tolist() if i in self.held]
        return pa.table(
            {"id": pa.array(known, pa.uint64()), "text": pa.array([self.held[i] for i in known], pa.large_string())}
        )


def streams_of(rows):
    """Streams of (user, code, id, parent), one a second."""
    users, codes, ids, parents = zip(*rows)
    ids, parents = (name_hashes(pa.array(names)) for names in (ids, parents))
    n = len(rows)
    return Streams.merged(
        max(users) + 1, user=users, code=codes, id=ids, parent=parents, thread=[7] * n, time=range(n), community=[0] * n
    )


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stance") / "model"
    return fit_stance(said(), out=folder, **QUICK), folder


# The network


@pytest.mark.parametrize("loss", [InfoNCE(temperature=1.0), MajorityOrMinority(majority=1, share=0.3)], ids=["ce", "mom"])
def test_the_gradients_equal_differences(loss):
    """Of table, token weights, head and bias; item 3 has no token, item 2 one twice."""
    rng = np.random.default_rng(0)
    table, weights = rng.standard_normal((6, 3)).astype(np.float32), rng.standard_normal(6).astype(np.float32) / 3
    ids, offsets = np.array([0, 1, 2, 3, 3, 4, 5], np.int32), np.array([0, 2, 3, 5, 5, 7])
    parents, replies, stances = np.array([0, 2, 3, 4]), np.array([1, 0, 4, 2]), np.array([0, 1, 2, 1])
    step = Step(Bag(table, weights, ids, offsets), parents, replies, stances, loss, Plan(batch=4, epochs=1))
    step.head[:], step.bias[:] = rng.standard_normal(step.head.shape), rng.standard_normal(3)
    value, gradients = step.gradients(np.arange(4))
    assert {name for name, _, _ in gradients} == set(step.parameters)

    def loss_of(parameters):
        """The same in float64, from the definition."""
        rows = parameters["table"] * np.exp(parameters["log_weights"])[:, None]
        V = np.array([rows[ids[a:b]].mean(axis=0) if b > a else np.zeros(3) for a, b in pairwise(offsets)])
        F = features(scaled(V[parents])[0], scaled(V[replies])[0])
        log_p = log_softmax(F @ parameters["head"] + parameters["bias"])[np.arange(4), stances]
        weight = np.where(stances == 1, 1.0, getattr(loss, "share", 1.0))
        return -(weight * log_p).mean()

    exact = {name: parameter.astype(np.float64) for name, parameter in step.parameters.items()}
    assert value == pytest.approx(loss_of(exact), rel=1e-5)
    for name, rows, found in gradients:
        for at in np.ndindex(found.shape):
            place, eps = (rows[at[0]], *at[1:]), 1e-6
            moved = [{**exact, name: exact[name].copy()} for _ in range(2)]
            moved[0][name][place] += eps
            moved[1][name][place] -= eps
            assert found[at] == pytest.approx((loss_of(moved[0]) - loss_of(moved[1])) / (2 * eps), abs=2e-5, rel=2e-3)


# Fitting


def test_the_classifier_learns_what_is_in_neither_text_alone(fitted):
    found = fitted[0].quality
    assert 0.95 > found.accuracy > 0.85 > 0.7 > found.majority and found.macro_f1 > 0.8
    assert found.interval[0] < found.accuracy < found.interval[1]
    assert np.sum(found.confusion) == found.n_test and found.n_train + found.n_valid + found.n_test == 600
    assert found.error_rate == pytest.approx(1 - np.trace(found.confusion) / found.n_test)
    assert found.calibration_error < 0.15 and found.temperature > 0


def test_a_saved_classifier_is_the_same(fitted):
    classifier, folder = fitted
    parents, replies = ["I like thing3"] * 4, ["not thing3 at all", "thing3 for sure", "what of thing5", ""]
    p = classifier.probabilities(parents, replies)
    assert p.argmax(axis=1).tolist()[:3] == [DISAGREE, AGREE, NEUTRAL]
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    loaded = Classifier.load(folder)
    np.testing.assert_array_equal(loaded.probabilities(parents, replies), p)
    assert loaded.quality == classifier.quality and loaded.note == classifier.note


def test_equal_seeds_give_equal_bytes(fitted):
    again = fit_stance(said(), **QUICK)
    np.testing.assert_array_equal(again.head, fitted[0].head)
    np.testing.assert_array_equal(again.encoder.table, fitted[0].encoder.table)


def test_training_starts_at_a_given_model(fitted):
    start = fitted[0].encoder
    before = start.table.copy()
    found = fit_stance(said(seed=1), model=start, epochs=4)
    assert found.encoder.dim == 16 and found.quality.accuracy > 0.85
    np.testing.assert_array_equal(start.table, before)


def test_a_share_of_one_trains_the_same_classifier():
    plain, one, half = (
        fit_stance(said(200), **QUICK, **options)
        for options in ({}, {"loss": "majority-or-minority", "share": 1.0}, {"loss": "majority-or-minority", "share": 0.1})
    )
    np.testing.assert_array_equal(plain.head, one.head)
    np.testing.assert_array_equal(plain.encoder.table, one.encoder.table)
    assert not np.array_equal(plain.head, half.head)
    assert one.quality.loss == "majority-or-minority"


def test_pairs_of_one_parent_or_group_stay_on_one_side():
    rows = [{"parent": f"p{i // 3}", "reply": f"r{i}", "stance": "agree", "thread": f"t{i // 6}"} for i in range(300)]
    data = read_stance_pairs(rows).by_parent()
    from awase.data.split import split_pairs

    sides = [set(np.array(part) // 6) for part in split_pairs(data)[:3]]
    assert all(sides) and not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])


def test_a_split_of_the_file_is_kept():
    rows = [
        {"parent": p, "reply": r, "stance": s, "split": ("train", "valid", "test")[i % 3]}
        for i, (p, r, s) in enumerate(said(90))
    ]
    found = fit_stance(rows, dim=4, epochs=1).quality
    assert (found.n_train, found.n_valid, found.n_test) == (30, 30, 30) and found.split.startswith("the file's own split")


def test_calibration_finds_the_temperature_of_the_draw():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 3))
    p = np.exp(log_softmax(logits / 2.5))
    right = (p.cumsum(axis=1) < rng.random((len(p), 1))).sum(axis=1)
    found = calibrated(logits, right)
    assert found == pytest.approx(2.5, rel=0.05)
    assert (
        calibration_error(np.exp(log_softmax(logits / found)), right)
        < 0.02
        < calibration_error(np.exp(log_softmax(logits)), right)
    )


def test_quality_counts_right_by_said():
    log_p = np.log(np.array([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]))
    found = quality(log_p, log_p, np.array([0, 1, 1, 2]), 1, 1.0, (10, 5), "cross-entropy", "")
    assert found.confusion == ((1, 0, 0), (1, 1, 0), (0, 0, 1))
    assert (found.accuracy, found.majority, found.n_train, found.n_valid) == (0.75, 0.5, 10, 5)
    assert found.shares == {"disagree": 0.25, "neutral": 0.5, "agree": 0.25}
    assert found.calibration_error == pytest.approx(0.05)


# Labelling

STREAMS = [
    (0, 1, "t0", ""),
    (0, 3, "c0", "t0"),
    (0, 2, "r0", "c9"),
    (0, 4, "r1", "c0"),
    (1, 2, "r1", "c0"),
    (1, 2, "r2", "gone"),
]


def test_neutral_says_so():
    streams = streams_of(STREAMS)
    stance, report = label(Neutral(), streams, Discussion({}))
    assert streams.with_stance(stance).stance.tolist() == stance.tolist()
    assert stance[np.isin(streams.code, (2, 4))].tolist() == [NEUTRAL] * 4 and (stance == UNKNOWN).sum() == 2
    assert (report.kind, report.n, report.unknown, report.error_rate, report.confusion) == ("neutral", 3, 0, None, None)
    assert "not measured" in report.note


def test_labels_are_found_by_the_id_of_the_reply_and_others_are_unknown(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("id,stance\nr1,Disagree\nr1,disagree\nelsewhere,agree\nr0,agree\n")
    streams = streams_of(STREAMS)
    stance, report = label(LabelFile(path), streams, Discussion({}))
    of = {(int(u), int(i)): int(s) for u, i, s in zip(streams.user, streams.id, stance)}
    r0, r1, r2 = name_hashes(pa.array(["r0", "r1", "r2"])).tolist()
    assert (of[0, r0], of[0, r1], of[1, r1], of[1, r2]) == (AGREE, DISAGREE, DISAGREE, UNKNOWN)
    assert (report.n, report.unknown, report.shares) == (3, 1, {"disagree": 0.5, "neutral": 0.0, "agree": 0.5})
    assert "3 labels from labels.csv" in report.note and report.error_rate is None


def test_numbers_mean_what_the_user_says(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps({"id": name, "stance": s}) + "\n" for name, s in (("r0", 1), ("r1", 0), ("r2", -1))))
    named = {"1": "agree", "0": "neutral", "-1": "disagree"}
    part = LabelFile(path, stances=named)
    assert part.stances(np.zeros(3, np.uint64), name_hashes(pa.array(["r0", "r1", "r2"])), None).stance.tolist() == [2, 1, 0]  # type: ignore[arg-type]


def test_the_classifier_reads_each_reply_once_and_counts_missing_texts(fitted, monkeypatch):
    monkeypatch.setattr("awase.apps.homophily.stance.classifier._FETCHED", 2)
    discussion = Discussion(
        {
            "c0": "I like thing3 a lot",
            "c9": "I like thing4",
            "r1": "thing3 for sure",
            "r0": "not thing4 at all",
            "r2": "what of thing1",
        }
    )
    rows = [*STREAMS, (1, 4, "r3", "c0")]
    streams = streams_of(rows)
    stance, report = label(fitted[0], streams, discussion)
    of = {int(i): int(s) for i, s in zip(streams.id, stance)}
    r0, r1, r2, r3 = name_hashes(pa.array(["r0", "r1", "r2", "r3"])).tolist()
    assert (of[r0], of[r1], of[r2], of[r3]) == (DISAGREE, AGREE, UNKNOWN, UNKNOWN)
    assert (report.n, report.unknown, report.without_parent, report.without_reply) == (4, 2, 1, 1)
    assert discussion.passes == 2
    assert report.error_rate == fitted[0].quality.error_rate and report.confusion == fitted[0].quality.confusion
    assert json.loads(json.dumps(report.as_dict()))["quality"]["n_test"] == fitted[0].quality.n_test
    assert "always saying the most frequent stance" in report.note


# What is refused


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LabelFile([("a", "agree"), ("a", "neutral")]), "E1032: a reply has two different stances\n  where: the given"),
        (lambda: LabelFile([("a", "agree")], stances={"1": "agre"}), "E1034: there is no stance 'agre'\n  value: '1=agre'\n  to do: did"),
        (
            lambda: LabelFile([("a", "agree")]).stances(np.zeros(1, np.uint64), np.ones(1, np.uint64), None),  # type: ignore[arg-type]
            "E1035: none of the 1 labels is of one of the 1 replies to label",
        ),
        (lambda: fit_stance(said(20), epochs=0), "E0601: epochs must be at least 1\n  value: 0"),
        (lambda: fit_stance(said(20), loss="focal"), "E1030: there is no loss 'focal'"),
        (lambda: fit_stance(said(20), loss="majority-or-minority", share=0), "E1030: the share of the base loss"),
        (
            lambda: fit_stance([(f"p{i}", "yes", "agree") for i in range(20)]),
            "E1031: the pairs to train on have fewer than two different stances\n  where: the list\n  value: [0, 0,",
        ),
        (lambda: fit_stance([("p", "yes", "agree"), ("p", "no", "disagree")]), "E0113: 1 distinct anchor cannot be split"),
    ],
)  # fmt: skip
def test_what_is_refused_says_what_to_do(call, message):
    with pytest.raises(AwaseError) as caught:
        call()
    assert str(caught.value).startswith(message)


def test_an_unknown_word_is_refused_with_its_line(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text('parent,reply,stance\na,b,agree\nc,"d\ne",1\n')
    with pytest.raises(InputError) as caught:
        fit_stance(path)
    assert "column 'stance': not one of disagree, neutral, agree (or say what stands for which" in str(caught.value)
    assert f"where: {path}:3" in str(caught.value) and "value: '1'" in str(caught.value)
    assert len(read_stance_pairs(path, on_bad="skip")) == 1
    path.write_text("parent,reply,stance\n")
    with pytest.raises(InputError, match="E0106: there are no rows"):
        read_stance_pairs(path)


def test_other_folders_are_no_classifiers(fitted, tmp_path):
    from awase.models import load

    fitted[0].encoder.save(tmp_path / "static")
    with pytest.raises(AwaseError, match="E1033: this folder holds no stance classifier"):
        Classifier.load(tmp_path / "static")
    with pytest.raises(AwaseError, match="E0404"):
        load(fitted[1])
    with pytest.raises(ConfigError, match="E0303"):
        fit_stance(said(), out=tmp_path)
