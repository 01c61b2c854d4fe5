"""Scores equal those of bm25s 0.3 (method "lucene", same k1 and b, same terms) to 1e-6 of the score, on the bundled sentences."""

import bm25s
import numpy as np
import pyarrow.parquet as pq
import pytest

from awase.data.demo import demo_path
from awase.index.lexical import BM25


@pytest.mark.parametrize(("column", "queried"), [("positive", "positive"), ("anchor", "anchor")], ids=["english", "japanese"])
@pytest.mark.parametrize(("k1", "b"), [(1.2, 0.75), (0.9, 0.4)])
def test_scores_equal_those_of_bm25s(column, queried, k1, b):
    table = pq.read_table(demo_path(), columns=["anchor", "positive", "split"])
    is_test = np.array(table["split"].to_pylist()) == "test"
    texts = np.array(table[column].to_pylist(), object)[~is_test][:8_000].tolist()
    queries = np.array(table[queried].to_pylist(), object)[is_test][:200].tolist()

    ours = BM25("auto", k1=k1, b=b)
    documents = ours.analyzer.terms(texts)
    # In two parts and with a row that is deleted again, so that parity holds for an index that has changed.
    ours.add(texts[:5_000])
    ours.delete(ours.add(["gone"]))
    rows = np.concatenate([np.arange(5_000), ours.add(texts[5_000:])])
    terms = ours.analyzer.lookup(queries)

    theirs = bm25s.BM25(method="lucene", k1=k1, b=b, backend="numpy")
    vocabulary = {term: i for i, term in enumerate(ours.analyzer.vocabulary())}
    theirs.index((split(documents), vocabulary), show_progress=False)

    wanted = np.broadcast_to(rows, (len(queries), len(rows)))
    scores = ours.scores_of(queries, wanted)
    hits = ours.search(queries, 10)
    worst = 0.0
    for query, ids in enumerate(split(terms)):
        want = theirs.get_scores_from_ids(ids) if ids else np.zeros(len(texts))
        worst = max(worst, float(np.max(np.abs(scores[query] - want) / np.maximum(want, 1))))
        best = np.sort(want)[::-1][:10]
        best = np.where(best > 0, best, -np.inf)
        np.testing.assert_allclose(hits.scores[query], best, rtol=1e-6, atol=1e-6)
    assert worst < 1e-6


def split(bags):
    return [bag.tolist() for bag in np.split(bags.ids, bags.offsets[1:-1])]
