"""A model is not judged on what it was trained on without a word: what it remembers, what evaluate leaves out, and what it cannot know."""

import json
import random
import re

import numpy as np
import pandas as pd
import pytest

import awase
from awase.data.trained_on import BITS, CHANCE, remember
from awase.models import memory
from awase.store import tensors

OPTIONS = {"epochs": 1, "dim": 16}
SYLLABLES = [
    a + b for a in ["ba", "ko", "ri", "tu", "me", "sa", "lo", "vi"] for b in ["ran", "tok", "lis", "mer", "dun", "vas", "pol"]
]


def texts(n, seed):
    r = random.Random(seed)
    return [" ".join(r.sample(SYLLABLES, 7)) for _ in range(n)]


@pytest.fixture(scope="module")
def pairs():
    """600 pairs, in groups of six."""
    return pd.DataFrame({"question": texts(600, 0), "answer": texts(600, 1), "group": [f"g{i // 6}" for i in range(600)]})


@pytest.fixture(scope="module")
def grouped(pairs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("grouped") / "model"
    return awase.fit(pairs, out=folder, options=OPTIONS, threads=1), folder


def trained(fitted, n=600):
    return n - fitted.report.split["test"]


# What is remembered


def test_a_text_is_known_as_bm25_sees_it():
    memory = remember([["The café's red wines", "東京タワー", "Straße", "?!", ""]], "a salt")
    again = ["the  CAFÉ'S red wine", "ＴＨＥ ｃａｆé's Red-Wines", "red wines: the café's", "東京ﾀﾜｰ", "straße!", "?!", ""]
    assert memory.has(again).all()
    assert not memory.has(["the red wine", "京都タワー", "!?!", "café"]).any()
    assert not memory.has(["red red wines the café's"]).any(), "a term twice is another text"


@pytest.mark.parametrize("n", [1, 7, 60, 5_000])
def test_it_takes_ten_bits_a_text_and_none_is_forgotten(n):
    known, others = texts(n, 2), texts(20_000, 3)
    found = remember([known[: n // 2], known[n // 2 :], known], "x")
    assert found.n == len(set(known)) and 8 * len(found.bits) <= max(BITS * found.n, 8)
    assert found.has(known).all()
    if n >= 60:
        assert found.has(others).mean() < 1.5 * CHANCE


def test_the_salt_is_another_for_other_data_and_the_same_for_the_same():
    known = texts(200, 4)
    one, same, other = (remember([known], origin) for origin in ("a", "a", "b"))
    assert one.salt == same.salt != other.salt and (one.bits == same.bits).all()
    assert (np.unpackbits(one.bits) == np.unpackbits(other.bits)).mean() < 0.6


def test_equal_fits_write_equal_memories(pairs, grouped, tmp_path):
    awase.fit(pairs, out=tmp_path / "again", options=OPTIONS, threads=1)
    assert (tmp_path / "again" / memory.TRAINED_ON).read_bytes() == (grouped[1] / memory.TRAINED_ON).read_bytes()


def test_all_that_was_trained_on_or_chosen_by_is_in_it_and_what_was_held_out_is_not(pairs, grouped):
    (found,) = awase.load(grouped[1]).trained_on
    seen = found.has(pairs["question"].tolist()), found.has(pairs["answer"].tolist())
    for column in seen:
        assert trained(grouped[0]) <= column.sum() <= trained(grouped[0]) + 10
    assert found.n == 2 * trained(grouped[0])


def test_given_negatives_are_remembered_too():
    rows = [{"query": q, "answer": a, "negative": n} for q, a, n in zip(texts(90, 5), texts(90, 6), texts(90, 7))]
    fitted = awase.fit(rows, options=OPTIONS, threads=1)
    assert fitted.model.trained_on[0].n == 3 * trained(fitted, 90)


# What evaluate makes of it


def test_on_the_data_it_was_fitted_to_it_is_judged_as_fit_judged_it(pairs, grouped):
    report = awase.evaluate(grouped[1], pairs)
    assert report.judged["n_queries"] == grouped[0].report.judged["n_queries"]
    assert report.systems["model"]["ndcg@10"] == pytest.approx(grouped[0].report.systems["trained"]["ndcg@10"])
    assert report.trained_on["left_out"] == 0
    assert json.loads(report.as_json())["trained_on"] == report.trained_on


def variants(pairs, tmp_path):
    """The same pairs as somebody else would come with them."""
    copy = pairs.sample(frac=1, random_state=1).drop(columns="group")
    shouted = pd.DataFrame({"question": copy["question"].str.upper() + " ?", "answer": copy["answer"].str.title()})
    turned = copy.rename(columns={"question": "answer", "answer": "question"})
    for name, frame in {"shuffled": copy, "shouted": shouted, "turned": turned}.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        yield tmp_path / f"{name}.csv"
    yield copy
    yield list(copy.itertuples(index=False, name=None))


def test_where_the_group_is_forgotten_only_what_it_has_not_seen_is_judged(pairs, grouped, tmp_path):
    for source in variants(pairs, tmp_path):
        everything = awase.evaluate(grouped[1], source, everything=True)
        report = awase.evaluate(grouped[1], source)
        seen, judged = report.trained_on, report.judged["n_queries"]
        assert seen["left_out"] + judged == 50, source
        assert 30 < seen["left_out"] <= seen["queries"] <= seen["left_out"] + 3
        told = (
            f"{seen['left_out']} of 50 held-out queries may have been trained on, or chosen by, together with their answers: "
        )
        assert report.verdict[0] == told + "they were left out."
        assert everything.judged["n_queries"] == 600 and everything.trained_on["left_out"] == 0
        assert trained(grouped[0]) <= everything.trained_on["queries"] <= trained(grouped[0]) + 10
        assert everything.verdict[0].startswith(f"{everything.trained_on['queries']} of 600 queries, and")
        assert everything.verdict[0].endswith("the figures flatter the model.")


def test_where_nothing_is_left_it_refuses_with_a_remedy(pairs, grouped):
    (found,) = awase.load(grouped[1]).trained_on
    seen = pairs[found.has(pairs["question"].tolist()) & found.has(pairs["answer"].tolist())]
    with pytest.raises(awase.AwaseError) as caught:
        awase.evaluate(grouped[1], seen)
    assert re.fullmatch(
        r"E1070: the model was trained on all (4\d|50) queries that it would be judged by, or chosen by them\n  where: .*\n"
        r"  to do: give pairs that it has not seen; or --everything \(everything=True\), which judges what it has seen too",
        str(caught.value),
    )
    assert awase.evaluate(grouped[1], seen, everything=True).judged["n_queries"] == len(seen)


def test_another_size_of_the_test_part(pairs):
    rows = pairs[["question", "answer"]]
    fitted = awase.fit(rows, options=OPTIONS, test=30, threads=1)
    report = awase.evaluate(fitted.model, rows)
    assert report.trained_on["left_out"] + report.judged["n_queries"] == 50
    assert report.trained_on["left_out"] >= 20


def test_new_pairs_are_judged_and_new_questions_about_known_answers(pairs, grouped):
    new = awase.evaluate(grouped[1], list(zip(texts(300, 8), texts(300, 9))), everything=True)
    assert new.trained_on["queries"] < 10 and new.trained_on["documents"] < 10
    assert not any("trained on" in sentence for sentence in new.verdict)
    known = awase.evaluate(grouped[1], list(zip(texts(600, 10), pairs["answer"])))
    assert known.trained_on["documents"] > 30 and known.trained_on["left_out"] <= 3
    assert known.judged["n_queries"] >= 47


def test_a_beir_folder(pairs, grouped, tmp_path):
    (tmp_path / "qrels").mkdir()
    rows = pairs[:200]
    for name, column in (("corpus", "answer"), ("queries", "question")):
        lines = (json.dumps({"_id": str(i), "text": text}) + "\n" for i, text in enumerate(rows[column]))
        (tmp_path / f"{name}.jsonl").write_text("".join(lines))
    (tmp_path / "qrels/test.tsv").write_text("".join(f"{i}\t{i}\t1\n" for i in range(200)))
    seen = int(awase.load(grouped[1]).trained_on[0].has(rows["question"].tolist()).sum())
    report = awase.evaluate(grouped[1], tmp_path)
    assert report.judged["n_queries"] == 200 - report.trained_on["left_out"]
    assert seen - 3 <= report.trained_on["left_out"] <= seen == report.trained_on["queries"]


def test_what_a_model_began_with_is_remembered_by_it(pairs, grouped):
    rows = pairs[["question", "answer"]]
    fitted = awase.fit(rows, options={"epochs": 1}, init=grouped[1], threads=1)
    assert len(fitted.model.trained_on) == 2
    seen = fitted.report.trained_on
    assert seen["left_out"] > 20 and fitted.report.judged["n_queries"] == 50 - seen["left_out"]
    assert fitted.report.verdict[0].startswith(f"{seen['left_out']} of 50 held-out queries may have been trained on")


# What nobody can know


def told(report):
    return next(sentence for sentence in report.verdict if sentence.startswith("Nobody can say"))


def test_a_model_that_does_not_remember_says_that_nobody_can_know(pairs, tmp_path):
    fitted = awase.fit(pairs, out=tmp_path / "silent", options=OPTIONS, trained_on=False, threads=1)
    assert not (tmp_path / "silent" / memory.TRAINED_ON).exists() and fitted.report.trained_on is None
    for model in (tmp_path / "silent", lambda some: np.ones((len(some), 4), np.float32)):
        report = awase.evaluate(model, pairs)
        assert {name: report.trained_on[name] for name in ("queries", "documents", "left_out")} == {
            "queries": None, "documents": None, "left_out": 0,
        }  # fmt: skip
        assert report.trained_on["why"] in told(report)


def test_a_memory_of_texts_read_in_another_way_is_not_believed(pairs, grouped):
    model = awase.load(grouped[1])
    model.trained_on = tuple(replace_reading(one) for one in model.trained_on)
    assert "another version" in told(awase.evaluate(model, pairs))


def replace_reading(one):
    return one._replace(reading="0" * 16)


def test_a_labelled_text_is_remembered(tmp_path):
    rows = pd.DataFrame({"text": texts(200, 11), "label": [f"kind {i % 2}" for i in range(200)]})
    model = awase.fit(rows, "starspace", out=tmp_path / "m", options={"dim": 8, "epochs": 1}, threads=1).model
    assert model.trained_on[0].has(["kind 0", "kind 1"]).all()
    assert 100 <= model.trained_on[0].has(rows["text"].tolist()).sum() < 200
    silent = awase.fit(rows, "starspace", options={"dim": 8, "epochs": 1}, trained_on=False, threads=1).model
    assert silent.trained_on == ()


@pytest.mark.parametrize("about", [{}, {"0": "[]"}, {"0": '["zz", 1, "x"]'}, {"0": '["00", 1, "x"]'}, {"0": "no json"}])
def test_a_file_that_is_no_memory_is_an_error(tmp_path, about):
    tensors.save(tmp_path / memory.TRAINED_ON, {"0": np.zeros(4, np.uint8)}, about)
    with pytest.raises(awase.AwaseError, match="E0430: this is no memory of training texts"):
        memory.load(tmp_path)


# Tables of names


def test_triples_that_were_trained_on_are_counted(tmp_path):
    r = random.Random(0)
    triples = sorted({(f"e{r.randrange(60)}", f"r{r.randrange(3)}", f"e{r.randrange(60)}") for _ in range(600)})
    model = awase.fit(triples, "transe", options={"dim": 8, "epochs": 1}, threads=1).model
    n = len(model.known)
    report, everything = awase.evaluate(model, triples), awase.evaluate(model, triples, everything=True)
    assert report.trained_on == {"triples": n, "left_out": n}
    assert everything.trained_on == {"triples": n, "left_out": 0}
    assert everything.verdict[0] == f"{n} of the triples were trained on or chosen by: the figures flatter the model."


def tree(n=120):
    return [(f"n{i}", f"n{(i - 1) // 3}") for i in range(1, n)]


def test_edges_that_the_direction_was_trained_on_are_left_out():
    model = awase.fit(tree(), "order", options={"dim": 8, "epochs": 1}, test=40, valid=40, threads=1).model
    n = len(model.known)
    report, everything = awase.evaluate(model, tree()), awase.evaluate(model, tree(), everything=True)
    assert report.trained_on == {"edges": n, "left_out": n} and everything.trained_on == {"edges": n, "left_out": 0}
    assert report.judged["left_out"] == {"edges that the model was trained on or chosen by": n}
    assert everything.verdict[0] == f"{n} of the edges were trained on or chosen by: the figures flatter the model."
    assert report.judged["n_items"] < everything.judged["n_items"]
    names = model.names["nodes"]
    direct = [(names[a], names[b]) for a, b in model.known]
    model.info["recipe"]["positives"]["closure"] = False
    with pytest.raises(awase.AwaseError, match=f"E1010: the model was trained on all {n} edges or chosen by them"):
        awase.evaluate(model, direct)


def test_edges_that_are_given_back_are_said_to_be_those_that_were_trained_on(tmp_path):
    awase.fit(tree(), "poincare", out=tmp_path / "ball", options={"dim": 2, "epochs": 1, "burn_in": 0}, threads=1)
    report = awase.evaluate(tmp_path / "ball", tree())
    n = len(awase.load(tmp_path / "ball").known)
    assert report.trained_on == {"edges": n, "left_out": 0}
    assert report.verdict[0] == f"{n} of the edges were trained on or chosen by: the figures flatter the model."
