"""Every metric against trec_eval 9 through pytrec_eval, on generated runs full of ties.

trec_eval ranks tied documents by document id, descending as strings; Awase ranks them by row, ascending. The two agree when
row r is given an id that falls as r rises; the metrics themselves are the same. trec_eval has no cut reciprocal rank, so its
``recip_rank`` sees the first k documents only.
"""

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.protocols import Hits
from awase.data.judged import Judged
from awase.tasks.metrics import per_query

CUTS = (1, 2, 3, 5, 10)
THEIRS = {"ndcg": "ndcg_cut", "recall": "recall", "precision": "P", "map": "map_cut", "accuracy": "success"}


@st.composite
def runs(draw):
    """n documents; per query at least one relevant among graded judgements, and scores (few distinct) of some documents."""
    n_documents = draw(st.integers(1, 14))
    document = st.integers(0, n_documents - 1)
    queries = []
    for _ in range(draw(st.integers(1, 4))):
        grades = draw(st.dictionaries(document, st.integers(-1, 4), max_size=n_documents))
        grades[draw(document)] = draw(st.integers(1, 4))
        queries.append((grades, draw(st.dictionaries(document, st.sampled_from([-1.5, 0.0, 0.25, 3.0])))))
    return n_documents, queries


def ours(n_documents, queries):
    names = [f"q{i}" for i in range(len(queries))]
    rows = [row for grades, _ in queries for row in grades]
    grades = np.array([grade for grades, _ in queries for grade in grades.values()], dtype=np.float32)
    offsets = np.cumsum([0, *(len(grades) for grades, _ in queries)])
    documents = [trec_id(row, n_documents) for row in range(n_documents)]
    judged = Judged(names, documents, offsets, np.array(rows), grades, names, documents, "generated")
    hits = Hits(np.full((len(queries), max(CUTS)), -1), np.full((len(queries), max(CUTS)), -np.inf, dtype=np.float32))
    for i, (_, scores) in enumerate(queries):
        best = sorted(scores, key=lambda row: (-scores[row], row))[: max(CUTS)]
        hits.rows[i, : len(best)], hits.scores[i, : len(best)] = best, [scores[row] for row in best]
    return per_query(hits, judged, [f"{kind}@{k}" for kind in (*THEIRS, "mrr") for k in CUTS])


def trec_id(row, n_documents):
    return f"doc{n_documents - row:04d}"


def trec_eval(n_documents, queries, measures, cut=None):
    qrels = {f"q{i}": {trec_id(r, n_documents): g for r, g in grades.items()} for i, (grades, _) in enumerate(queries)}
    run = {f"q{i}": {trec_id(r, n_documents): s for r, s in scores.items()} for i, (_, scores) in enumerate(queries)}
    if cut is not None:
        run = {q: dict(sorted(of.items(), key=lambda d: (d[1], d[0]), reverse=True)[:cut]) for q, of in run.items()}
    # A query for which nothing was found is left out by trec_eval; it counts as 0.
    return pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate({q: of for q, of in run.items() if of})


@settings(max_examples=300, deadline=None)
@given(runs())
def test_every_metric_equals_trec_eval(case):
    measured = ours(*case)
    theirs = trec_eval(*case, {f"{name}.{','.join(map(str, CUTS))}" for name in THEIRS.values()})
    for k in CUTS:
        reciprocal = trec_eval(*case, {"recip_rank"}, cut=k)
        for i in range(len(case[1])):
            expected = {f"{kind}@{k}": theirs.get(f"q{i}", {}).get(f"{name}_{k}", 0.0) for kind, name in THEIRS.items()}
            expected[f"mrr@{k}"] = reciprocal.get(f"q{i}", {}).get("recip_rank", 0.0)
            assert {name: measured[name][i] for name in expected} == pytest.approx(expected, abs=1e-9)


def test_the_tie_rules_do_differ_when_ids_rise_with_rows():
    """Why the ids above fall: with rising ids trec_eval puts the last row of a tie first."""
    run = {"q": {"doc0": 1.0, "doc1": 1.0}}
    assert pytrec_eval.RelevanceEvaluator({"q": {"doc0": 1}}, {"recip_rank"}).evaluate(run)["q"]["recip_rank"] == 0.5
