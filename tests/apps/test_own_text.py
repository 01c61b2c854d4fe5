"""A query that is itself among the documents: everybody finds it first, and nobody is told so by a right or wrong answer."""

import json
import random

import numpy as np
import pytest

import awase
from awase.contrast.negatives import Mined
from awase.contrast.negatives.candidate_maker import CandidateMaker
from awase.contrast.positives import GivenPairs
from awase.core.protocols import Hits
from awase.data.judged import judged_from_pairs
from awase.data.pairs import read_pairs
from awase.index.lexical import BM25
from awase.tasks.metrics import per_query
from awase.tasks.retrieval import System, judge

WORDS = ["apple", "river", "stone", "cloud", "tiger", "piano", "lemon", "carpet", "engine", "window"]


def bag(texts):
    return np.array([[text.lower().split().count(word) + 1e-3 for word in WORDS] for text in texts], np.float32)


BOTH_WAYS = [("apple river stone", "apple river stone cloud"), ("tiger piano", "tiger piano lemon")]
BOTH_WAYS += [(b, a) for a, b in BOTH_WAYS]


def test_paraphrases_in_both_directions_find_each_other():
    report = awase.evaluate(bag, BOTH_WAYS, everything=True)
    assert {name: of["accuracy@1"] for name, of in report.systems.items()} == {"bm25": 1, "model": 1, "hybrid": 1}


@pytest.mark.parametrize(("ids", "accuracy"), [(("d1", "d3"), 1.0), (("x", "y"), 0.0)])
def test_of_a_beir_folder_only_the_document_of_the_same_id_is_left_out(tmp_path, ids, accuracy):
    corpus = ["apple river stone", "apple river stone cloud", "tiger piano", "tiger piano lemon", "carpet engine"]
    (tmp_path / "qrels").mkdir()
    rows = [{"_id": f"d{i}", "text": text} for i, text in enumerate(corpus, 1)]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    queries = [{"_id": name, "text": text} for name, text in zip(ids, (corpus[0], corpus[2]))]
    (tmp_path / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    (tmp_path / "qrels/test.tsv").write_text(f"{ids[0]}\td2\t1\n{ids[1]}\td4\t1\n")
    systems = awase.evaluate(bag, tmp_path).systems
    assert {of["accuracy@1"] for of in systems.values()} == {accuracy}


def test_each_system_is_asked_for_one_more_and_loses_only_itself():
    judged = judged_from_pairs(read_pairs([("a", "b"), ("b", "c"), ("x", "d")]), np.arange(3))
    assert judged.documents == ["b", "c", "d"] and judged.own.tolist() == [-1, 0, -1]

    def by_row(queries, k):
        assert k == 3
        rows = np.tile(np.arange(3), (len(queries), 1))
        return Hits(rows, -rows.astype(np.float32))

    found = judge([System("by row", by_row)], judged, ["mrr@2"], k=2)
    assert found.hits["by row"].rows.tolist() == [[0, 1], [1, 2], [0, 1]]
    assert found.systems["by row"]["mrr@2"].per_query.tolist() == [1, 1, 0]


def test_of_a_query_that_found_itself_too_little_is_left():
    judged = judged_from_pairs(read_pairs([("a", "b"), ("b", "c")]), np.arange(2))
    with pytest.raises(awase.AwaseError, match="E0804"):
        per_query(Hits(np.array([[0], [0]]), np.ones((2, 1), np.float32)), judged, ["mrr@1"])
    assert per_query(Hits(np.array([[0], [1]]), np.ones((2, 1), np.float32)), judged, ["mrr@1"])["mrr@1"].tolist() == [1, 1]


@pytest.fixture(scope="module")
def paraphrases():
    r = random.Random(0)
    lexicon = [
        a + b
        for a in ["ba", "ko", "ri", "tu", "me", "sa", "lo", "vi", "nu", "pe"]
        for b in ["ran", "tok", "lis", "mer", "dun", "vas", "pol", "zig"]
    ]
    rows = []
    for _ in range(300):
        key = r.sample(lexicon, 4)
        a, b = (" ".join(r.sample(key, 3) + r.sample(lexicon, 1)) for _ in range(2))
        rows += [(a, b), (b, a)]
    return rows


def test_a_fit_chooses_and_judges_by_paraphrases_and_not_by_the_text_itself(paraphrases):
    fitted = awase.fit(paraphrases, options={"dim": 32, "epochs": 2}, threads=1)
    systems = fitted.report.systems
    assert systems["bm25"]["accuracy@1"] > 0.25 and systems["hybrid"]["accuracy@1"] > 0.25
    validated = [value for _, value in fitted.report.history["ndcg@10"]]
    assert 0 < max(validated) <= 1
    assert fitted.report.dims == [] or fitted.report.dims[-1]["ndcg@10"] == pytest.approx(systems["trained"]["ndcg@10"])


def test_a_text_is_never_mined_against_itself(paraphrases):
    items = GivenPairs().items(read_pairs(paraphrases), np.arange(len(paraphrases)))
    texts, anchors = items.documents.to_pylist(), items.anchors.to_pylist()
    mined = Mined(per_pair=1, first_rank=0, last_rank=5)
    searcher = BM25()
    searcher.add(texts)
    mined.prepare(items.source, searcher, anchors)
    owner = np.repeat(np.arange(len(anchors)), np.diff(mined._lists["starts"]))
    met = [(anchors[a], texts[d]) for a, d in zip(owner, mined._lists["items"])]
    assert len(met) > 300 and all(anchor != text for anchor, text in met)


def test_nor_is_it_a_negative_in_a_batch():
    items = GivenPairs().items(read_pairs(BOTH_WAYS), np.arange(4))
    texts, anchors = items.documents.to_pylist(), items.anchors.to_pylist()

    class Nothing:
        def draw(self, source, rows, rng):
            return np.empty(0, np.int64)

    candidates = CandidateMaker(items.source, Nothing()).make(np.arange(4), np.random.default_rng(0))
    left_out = {(anchors[items.source.anchors[row]], texts[candidates.items[at]]) for row, at in zip(*candidates.mask)}
    assert left_out == {(anchor, anchor) for anchor in anchors}
