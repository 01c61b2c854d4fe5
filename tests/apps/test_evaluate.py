import json

import numpy as np
import pytest

import awase
from awase import recipes
from awase.apps.compare import parse_arm
from awase.core.errors import ConfigError
from awase.models import load

QUICK = "epochs=2,dim=16,vocab_size=4000"


@pytest.fixture(scope="module")
def beir(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("beir")
    (folder / "qrels").mkdir()
    with (folder / "corpus.jsonl").open("w") as out:
        out.writelines(json.dumps({"_id": f"d{i}", "title": "", "text": text}) + "\n" for i, (_, text) in enumerate(rows))
    with (folder / "queries.jsonl").open("w") as out:
        out.writelines(json.dumps({"_id": f"q{i}", "text": text}) + "\n" for i, (text, _) in enumerate(rows[:100]))
    lines = ["query-id\tcorpus-id\tscore", *(f"q{i}\td{i}\t1" for i in range(100))]
    (folder / "qrels" / "test.tsv").write_text("\n".join(lines) + "\n")
    return folder


def test_a_saved_model_on_the_queries_it_was_not_fitted_on(fitted, rows):
    fit, folder = fitted
    report = awase.evaluate(folder, rows)
    assert report.judged["n_queries"] == fit.report.judged["n_queries"]
    assert report.systems["model"]["ndcg@10"] == pytest.approx(fit.report.systems["trained"]["ndcg@10"], abs=1e-9)
    assert report.systems["hybrid"]["ndcg@10"] == pytest.approx(fit.report.systems["hybrid"]["ndcg@10"], abs=1e-9)


def test_a_beir_folder(fitted, beir, rows):
    report = awase.evaluate(fitted[1], beir, everything=True)
    assert report.judged["n_queries"] == 100
    assert report.judged["n_candidates"] == len(rows)


def test_the_judgements_that_exist_are_named(fitted, beir):
    with pytest.raises(Exception, match="test") as caught:
        awase.evaluate(fitted[1], beir, split="dev")
    assert isinstance(caught.value, awase.AwaseError)


def test_pairs_have_no_judgements_with_names(fitted, rows):
    with pytest.raises(awase.AwaseError, match="E1012: only a BEIR folder has judgements with names to choose from"):
        awase.evaluate(fitted[1], rows, split="test")


def test_a_folder_of_sentence_transformers_gives_what_the_model_gives(fitted, beir, tmp_path):
    from sentence_transformers import SentenceTransformer  # seconds

    model = SentenceTransformer(str(fitted[1]), device="cpu")
    model.save(str(tmp_path / "theirs"))
    ours, theirs = awase.evaluate(fitted[1], beir, everything=True), awase.evaluate(tmp_path / "theirs", beir)
    assert theirs.systems["model"]["ndcg@10"] == pytest.approx(ours.systems["model"]["ndcg@10"], abs=1e-6)


def test_any_function_from_texts_to_vectors(fitted, beir):
    model = load(fitted[1])
    report = awase.evaluate(lambda texts: model.encode(texts), beir)
    assert report.systems["model"]["ndcg@10"] == pytest.approx(
        awase.evaluate(model, beir, everything=True).systems["model"]["ndcg@10"]
    )


def test_a_function_that_returns_no_vectors_is_told_so(beir):
    with pytest.raises(awase.AwaseError):
        awase.evaluate(lambda texts: np.full((len(texts), 4), np.nan, np.float32), beir)


def test_comparing_recipes_tests_every_pair(rows):
    arms = [f"static:{QUICK}", f"static:{QUICK},negatives=in-batch", f"static:{QUICK},loss=margin"]
    report = awase.compare(rows[:600], arms)
    assert set(report.systems) == {"bm25", *arms}
    assert len(report.tests) == 6  # 4 systems
    assert all(test["p_holm"] >= test["p"] for test in report.tests)
    assert {row["system"] for row in report.pareto} == {"bm25", *arms}


def test_an_arm_is_read_from_text():
    arm = parse_arm("static:dim=128,negatives=mined")
    assert (arm.recipe, dict(arm.options)) == ("static", {"dim": "128", "negatives": "mined"})
    several = parse_arm("static:dim=64,matryoshka=32+16")
    assert recipes.get("static")(**several.options).plan.dims == (16, 32, 64)
    with pytest.raises(ConfigError, match="E1002"):
        parse_arm("static:dim")
    with pytest.raises(ConfigError, match="did you mean 'static'"):
        awase.compare([(f"a {i}", f"b {i}") for i in range(90)], ["statik"])
    with pytest.raises(ConfigError, match="E1003"):
        awase.compare([("a", "b")], [])
