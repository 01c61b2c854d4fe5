"""fit, evaluate, compare, encode, recipes, demo, explain and limits."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

import awase as package


def test_fit_writes_the_report_and_prints_the_same(awase, pairs, docs):
    ran = awase("fit", pairs, "-o", "model", "--threads", "1", "--set", "dim=16", "--set", "epochs=2", "--json")
    assert ran.code == 0, ran.err
    assert ran.json == json.loads(Path("model/report.json").read_text(encoding="utf-8"))
    assert sorted(ran.json["systems"]) == ["bm25", "hybrid", "trained", "untrained"]
    for of in ran.json["systems"].values():
        assert {"ndcg@10", "ndcg@10_ci", "recall@10", "mrr@10", "accuracy@1"} <= of.keys()
        low, high = of["ndcg@10_ci"]
        assert low <= of["ndcg@10"] <= high
    first = ran.json["tests"][0]
    assert {"a": "trained", "b": "bm25", "metric": "ndcg@10"}.items() <= first.items()
    assert {"difference", "p"} <= first.keys()
    assert {"train_s", "train_cpu_s", "peak_rss_bytes", "model_bytes"} <= ran.json["cost"].keys()
    assert {"data", "split"} <= ran.json.keys()
    assert package.load("model").dim == 16
    awase("index", docs, "-m", "model", "-o", "docs.awase")
    assert awase("info", "docs.awase", "--json").json["fusion_weight"] == ran.json["fusion"]["weight"]


def test_fit_for_people(awase, pairs):
    ran = awase("fit", pairs, "-o", "model", "--set", "dim=8", "--set", "epochs=1")
    assert ran.code == 0, ran.err
    assert "nDCG@10" in ran.out
    assert "awase index DOCS -m model -o docs.awase" in ran.err


def test_fit_that_is_interrupted_says_whether_it_can_go_on(awase, pairs, monkeypatch):
    from awase.apps.training import Training

    def interrupt(*_):
        raise KeyboardInterrupt

    command = ("fit", pairs, "-o", "model", "--set", "epochs=1", "--set", "dim=8")
    with monkeypatch.context() as patched:
        patched.setattr(Training, "run", interrupt)
        ran = awase(*command)
    assert ran.code == 130
    assert ran.err.endswith("Stopped. The same command starts anew: there was no checkpoint yet.\ninterrupted\n")

    def save_and_interrupt(_, __, checkpoints):
        checkpoints.save({}, {"step": 1})
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Training, "run", save_and_interrupt)
        ran = awase(*command)
    assert ran.err.endswith("Stopped. The same command with --resume goes on from its last checkpoint.\ninterrupted\n")
    assert awase(*command).code == 0


def test_fit_with_a_wrong_option_of_the_recipe(awase, pairs):
    ran = awase("fit", pairs, "-o", "model", "--set", "dims=8")
    assert ran.code == 1
    assert "did you mean 'dim'?" in ran.err


def test_fit_with_a_wrong_recipe(awase, pairs):
    ran = awase("fit", pairs, "-o", "model", "--recipe", "statik")
    assert ran.code == 1
    assert "did you mean 'static'?" in ran.err


def test_fit_skips_bad_rows_when_told(awase, pairs):
    with pairs.open("ab") as stream:
        stream.write(b"only one column\n")
    assert awase("fit", pairs, "-o", "model", "--set", "epochs=1").code == 1
    ran = awase("fit", pairs, "-o", "model", "--set", "epochs=1", "--on-bad", "skip", "--json")
    assert ran.json["data"]["bad_rows"] == 1


def test_fit_with_more_candidates(awase, pairs, docs):
    ran = awase("fit", pairs, "-o", "model", "--set", "epochs=1", "--corpus", docs, "--json")
    without = awase("fit", pairs, "-o", "model", "--set", "epochs=1", "--json")
    assert ran.json["judged"]["n_candidates"] == without.json["judged"]["n_candidates"] + 5


def test_evaluate_and_its_report(awase, pairs, model, tmp_path):
    ran = awase("evaluate", model, pairs, "-o", "report", "--json")
    assert ran.code == 0, ran.err
    assert sorted(ran.json["systems"]) == ["bm25", "hybrid", "model"]
    assert (tmp_path / "report" / "report.html").read_text().startswith("<!")
    everything = awase("evaluate", model, pairs, "--everything", "--json")
    assert everything.json["judged"]["n_queries"] > ran.json["judged"]["n_queries"]
    assert "nDCG@10" in awase("evaluate", model, pairs).out


def test_compare(awase, pairs):
    ran = awase("compare", pairs, "--recipes", "static:dim=8,epochs=1,static:dim=16,epochs=1", "--json")
    assert ran.code == 0, ran.err
    assert sorted(ran.json["systems"]) == ["bm25", "static:dim=16,epochs=1", "static:dim=8,epochs=1"]
    assert len(ran.json["tests"]) == 3


def test_encode_gives_what_the_model_gives(awase, docs, model):
    ran = awase("encode", docs, "-m", model, "-o", "vectors.npy", "--json")
    assert ran.json == {"out": "vectors.npy", "texts": 5, "dim": 32}
    texts = [json.loads(line)["text"] for line in docs.read_text(encoding="utf-8").splitlines()]
    np.testing.assert_array_equal(np.load("vectors.npy"), package.load(model).encode(texts))


def test_encode_lines_of_a_text_file_in_batches(awase, model, tmp_path):
    lines = [f"red wine {i}" for i in range(5_000)]
    (tmp_path / "queries.txt").write_text("\n".join(lines))
    ran = awase("encode", "queries.txt", "-m", model, "-o", "q.npy", "--role", "query", "--dim", "8")
    assert ran.err == "5,000 vectors of 8 dimensions are in q.npy.\n"
    np.testing.assert_array_equal(np.load("q.npy"), package.load(model).encode(lines, role="query", dim=8))


def test_encode_of_nothing(awase, model, tmp_path):
    (tmp_path / "empty.txt").write_text("")
    awase("encode", "empty.txt", "-m", model, "-o", "q.npy")
    assert np.load("q.npy").shape == (0, 32)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("latin.txt", b"good\ncaf\xe9\n", "E1051: the text is not UTF-8\n  where: latin.txt:2:4\n"),
        ("absent.txt", None, "E0101: there is no such file\n  where: absent.txt\n"),
        ("odd.xyz", b"?", "E0112"),
    ],
)
def test_encode_refuses(awase, model, tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    ran = awase("encode", name, "-m", model, "-o", "q.npy")
    assert ran.code == 1
    assert message in ran.err
    assert not (tmp_path / "q.npy").exists()


def test_encode_notices_that_the_texts_changed(model, tmp_path):
    from awase.apps.encode import encode_to_file

    class Growing:
        n = 0

        def __iter__(self):
            self.n += 1
            return iter([["text"] * self.n])

    with pytest.raises(package.AwaseError, match="E1020: there were 1 texts at first and then 2"):
        encode_to_file(package.load(model), Growing(), tmp_path / "v.npy")
    assert not (tmp_path / "v.npy").exists()


def test_the_model_may_be_named_by_the_environment(awase, docs, model, monkeypatch):
    monkeypatch.setenv("AWASE_MODEL", str(model))
    assert awase("encode", docs, "-o", "vectors.npy").code == 0


def test_recipes(awase):
    assert "\nstatic      Bags of token vectors" in awase("recipes").out
    listed = awase("recipes", "--json").json
    assert [entry["name"] for entry in listed] == package.recipes.names()
    static = next(entry for entry in listed if entry["name"] == "static")
    assert static["parts"]["score"] == {"part": "cosine"}
    assert static["options"]["dim"]["default"] == 256
    shown = awase("recipes", "static").out
    assert "InfoNCE" in shown
    assert "awase fit --set NAME=VALUE" in shown
    assert awase("recipes", "static", "--json").json == static


def test_explain_and_limits(awase):
    assert awase("explain", "1050").out.startswith("# E1050: the command line is wrong\n")
    assert awase("explain", "E1050", "--json").json["title"] == "the command line is wrong"
    codes = awase("explain", "--json").json
    assert awase("explain").out.splitlines()[0] == f"E0001  {codes['E0001']}"
    assert len(codes) > 60
    assert awase("limits", "--json").json["max_k"] == 10_000
    assert "10,000" in awase("limits").out


def test_demo(awase, monkeypatch, tmp_path):
    """On some of its pairs, as all take half a minute; `make demo` runs it on those."""
    from awase.data import demo

    small = tmp_path / "small.parquet"
    parquet.write_table(parquet.read_table(demo.demo_path()).slice(0, 2_000), small)
    monkeypatch.setattr(demo, "demo_path", lambda: small)
    ran = awase("demo")
    assert ran.code == 0, ran.err
    assert "nDCG@10" in ran.out
    assert "駅までの道を教えてください\n" in ran.out
    assert 'awase search awase-demo/english.awase "' in ran.err
    again = awase("demo", "--json", "--threads", "1")
    assert len(again.json["searches"]) == 5
    assert all(len(search["found"]) <= 2 and "駅" not in "".join(search["found"]) for search in again.json["searches"]), (
        "English"
    )
    assert sorted(again.json["report"]["systems"]) == ["bm25", "hybrid", "trained", "untrained"]


def test_compare_takes_its_recipes_together_or_one_by_one(awase, pairs):
    quick = "epochs=1,dim=8"
    one_by_one = awase(
        "compare", pairs, "--recipes", f"static:{quick}", "--recipes", f"static:{quick},negatives=in-batch", "--json"
    )
    together = awase("compare", pairs, "--recipes", f"static:{quick},static:{quick},negatives=in-batch", "--json")
    assert one_by_one.code == together.code == 0
    assert list(one_by_one.json["systems"]) == list(together.json["systems"]) and len(together.json["systems"]) == 3


def test_a_name_of_a_hub_is_a_path_and_the_error_says_so(awase, pairs):
    ran = awase("fit", pairs, "-o", "model", "--init", "minishlab/potion-base-8M")
    assert ran.code == 1 and "nothing is fetched from a hub: `hf download minishlab/potion-base-8M" in ran.err
    ran = awase("encode", pairs, "-m", "no/such", "-o", "x.npy")
    assert ran.code != 0


def test_a_wrong_choice_is_said_plainly(awase, pairs):
    ran = awase("search", "x.awase", "wine", "--mode", "dens")
    assert ran.code == 2 and "'dens' is not one of" in ran.err and "Value error" not in ran.err
