"""Fitting running text from the file to the saved model."""

import numpy as np
import pytest

import awase
from awase.apps.words import hold_out
from awase.core import progress
from awase.core.errors import AwaseError, ConfigError
from awase.data.corpus import read_corpus
from awase.train import checkpoint


def about(rng, n):
    """Sentences about one of three topics of eight words each, with a word of all of them."""
    return [" ".join(["the", *(f"t{t}w{i}" for i in rng.integers(0, 8, 9))]) for t in rng.integers(0, 3, n)]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    path.write_text("\n".join([*about(np.random.default_rng(0), 800), ""]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def fitted(corpus):
    pairs = corpus.with_name("toy.tsv")
    pairs.write_text("t0w1\tt0w2\t9\nt0w1\tt1w2\t1\nt2w3\tt2w4\t8\nt2w3\tt0w4\t2\nt0w1\tunheard\t5\n", encoding="utf-8")
    out = corpus.with_name("model")
    options = {"dim": 16, "rate": 0.1, "subsample": 0.01}
    return awase.fit(corpus, "sgns", out=out, options=options, threads=1, similarity=[pairs]), out


def test_it_learns_what_it_is_judged_by(fitted):
    systems = fitted[0].report.systems
    assert list(systems) == ["trained", "vectors alone", "frequency", "untrained"]
    assert systems["trained"]["auc"] > 0.7 > 0.6 > systems["frequency"]["auc"]
    assert systems["vectors alone"]["auc"] > 0.7


def test_the_report_says_what_was_read_and_counts_unknown_words(fitted):
    report = fitted[0].report
    assert report.data["lines"] == 800 and report.data["words"] == 8000 and report.data["lang"] == "en"
    assert report.split["train"] == 760 and report.split["test"] == 40
    name, rho, coverage, n, unknown = report.tables[0]["rows"][0]
    assert (name, coverage, n, unknown) == ("toy", 0.8, 5, 1)
    assert rho > 0.7


def test_the_model_loads_and_knows_its_neighbours(fitted):
    fit, out = fitted
    model = awase.load(out)
    assert {one.name[:2] for one in model.neighbours("t1w3", k=7)} == {"t1"}
    assert model.vector("the").shape == (16,)
    info = (out / "awase.json").read_text(encoding="utf-8")
    assert {"manifest.json", "report.json", "report.html", "README.md"} <= {path.name for path in out.iterdir()}
    assert '"windows"' in info and '"shared noise"' in info, "the recipe is remembered"
    np.testing.assert_array_equal(model.vector("the"), fit.model.vector("the"))


def test_the_same_seed_and_one_thread_give_the_same_bytes(corpus):
    one, two, other = (
        awase.fit(corpus, "sgns", options={"dim": 8, "epochs": 1}, threads=1, seed=seed).model.tables["words"]
        for seed in (3, 3, 4)
    )
    assert one.tobytes() == two.tobytes() != other.tobytes()


def test_a_table_on_the_disk_trains_to_the_same_bytes_and_leaves_nothing(corpus, tmp_path):
    options = {"options": {"dim": 8, "epochs": 1}, "threads": 1}
    inside = awase.fit(corpus, "sgns", **options).model
    on_disk = awase.fit(corpus, "sgns", out=tmp_path / "model", on_disk=True, **options).model
    assert isinstance(on_disk.tables["words"].base, np.memmap) or isinstance(on_disk.tables["words"], np.memmap)
    assert on_disk.tables["words"].tobytes() == inside.tables["words"].tobytes()
    assert awase.load(tmp_path / "model").tables["words"].tobytes() == inside.tables["words"].tobytes()
    assert not (tmp_path / "model.run").exists()
    with pytest.raises(ConfigError, match="E1011: a table on the disk needs a place\n  to do: say where the model goes"):
        awase.fit(corpus, "sgns", on_disk=True, **options)


def test_a_killed_run_on_the_disk_ends_as_an_unbroken_one(corpus, tmp_path, monkeypatch):
    """Killed after the third checkpoint, when the file on the disk is ahead of it."""
    monkeypatch.setattr(checkpoint, "_EVERY_S", 0.0)
    options = {"options": {"dim": 8, "epochs": 8}, "threads": 1, "on_disk": True, "out": tmp_path / "model"}
    whole = awase.fit(corpus, "sgns", **options).model.tables["words"].tobytes()
    saved = []

    def save(self, arrays, plain, really=checkpoint.Checkpoints.save):
        really(self, arrays, plain)
        saved.append(plain["step"])
        if len(saved) == 3:
            arrays["parameter.table"][...] = 7
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint.Checkpoints, "save", save)
        with pytest.raises(KeyboardInterrupt):
            awase.fit(corpus, "sgns", **options)
    assert awase.fit(corpus, "sgns", resume=True, **options).model.tables["words"].tobytes() == whole
    assert len(saved) == 3


def test_half_the_size(corpus, tmp_path):
    options = {"options": {"dim": 8, "epochs": 1}, "threads": 1}
    whole = awase.fit(corpus, "sgns", **options).model
    awase.fit(corpus, "sgns", out=tmp_path / "half", half=True, **options)
    half = awase.load(tmp_path / "half")
    assert half.tables["words"].dtype == np.float16
    np.testing.assert_allclose(half.vector("the"), whole.vector("the"), atol=1e-3)


def test_held_out_pairs_stand_near_each_other_in_sentences_not_trained_on():
    corpus = read_corpus(about(np.random.default_rng(1), 200), min_count=1)
    held = hold_out(corpus, 0.25, seed=0)
    assert sorted([*held.train, *held.test]) == list(range(200)) and len(held.test) == 50
    sentences = [corpus.ids[a:b].tolist() for a, b in zip(corpus.bounds[:-1][held.test], corpus.bounds[1:][held.test])]
    for anchor, target in zip(held.anchors, held.targets):
        assert any(
            target in words[at + 1 : at + 6] for words in sentences for at, word in enumerate(words) if word == anchor
        )  # fmt: skip
    assert 40 < len(held.anchors) <= 50 and (held.anchors != held.targets).all()


def test_a_user_is_told_what_was_read(corpus, capsys, monkeypatch):
    monkeypatch.setattr(progress, "_enabled", True)
    awase.fit(corpus, "sgns", options={"dim": 30, "epochs": 1}, threads=1)
    said = capsys.readouterr().err
    assert (
        "8,000 words in 800 lines (0 of them empty), cut by spaces, punctuation and script boundaries; 25 of 25 distinct"
        in said
    )
    assert "760 sentences to train on, 40 to judge by" in said
    assert "30 dimensions for 25 words are more than can be told apart: fewer would do as well" in said
    assert "kernel: skip-gram" in said


@pytest.mark.parametrize(
    ("lines", "more", "message"),
    [
        (
            ["a b c"] * 10,
            {"min_cuont": 3},
            "E1005: a fit of 'sgns' has no 'min_cuont'\n  value: 3\n  to do: did you mean 'min_count'?",
        ),
        (
            ["a b c d a b c d a b"],
            {"min_count": 1},
            "E0142: of 1 sentences of two words or more, 1 cannot be held out to judge by\n",
        ),
        (["a b"] * 10, {"test": 10}, "E0142: of 10 sentences of two words or more, 10 cannot be held out to judge by\n"),
        (["a a a a", "b b b b"] * 10, {}, "E0142: in no held-out sentence two different words stand together\n"),
        (["only"] * 10, {}, "E0141: the text has one word only: there is nothing to learn from\n"),
        ([], {}, "E0106: there is no text\n"),
    ],
)
def test_bad_input(lines, more, message):
    with pytest.raises(AwaseError) as caught:
        awase.fit(lines, "sgns", **more)
    assert str(caught.value).startswith(message)
