"""How BM25 weighs, with and without validation queries, against k1 of 0.9, 1.2 and 1.5 with and without stop words; and what the terms of
scripts without spaces are worth. nDCG@10 on seven test collections.

    python benchmarks/bm25_settings.py [set ...]

Without validation queries: the default on all queries. With: chosen on one half of the queries, judged on the other by a paired
randomisation test against each of the six. bm25s, where the texts are English, has its own analysis with the same stemmer.
Nothing is random but the halves. Results go to results/bm25_settings.jsonl.
"""

import argparse
from dataclasses import replace
from itertools import product

import bm25s
import numpy as np
import Stemmer

from awase.apps.systems import Lexical
from awase.core.protocols import Hits
from awase.data.judged import Judged
from awase.data.text import analyze, scripts
from awase.index.lexical import BM25
from awase.index.weighting import Weighting
from awase.tasks.metrics import per_query
from awase.tasks.significance import paired_randomisation_test
from judged_sets import NAMES, load
from record import record

K, K1S = 10, (0.9, 1.2, 1.5)
JAPANESE = ("jaquad", "jsquad")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", help=", ".join(NAMES))
    for name in parser.parse_args().sets or NAMES:
        judged = load(name)
        lexical = Lexical(judged.documents)
        row: dict = {"set": name, "queries": len(judged.queries), "documents": len(judged.documents)}
        row |= {"words_a_query": round(float(np.mean([len(query.split()) for query in judged.queries])), 1)}
        grid = {f"k1 {k1}, {_said(drop)}": Weighting(k1, 0.75, drop) for k1, drop in product(K1S, (False, True))}
        found = {label: ndcg(lexical.index.weighed(one), judged) for label, one in grid.items()}
        peers = {} if name in JAPANESE else their_values(judged)
        default = ndcg(lexical.index, judged)
        row |= {"default": _mean(default), "grid": {label: _mean(values) for label, values in found.items()}}
        row |= {"bm25s": {label: _mean(values) for label, values in peers.items()}}
        row["behind_the_best"] = round(max(row["grid"].values()) - row["default"], 4)
        row |= with_validation(lexical, judged, grid)
        if name in JAPANESE:
            row["without_runs"] = _mean(without_runs(judged))
        record("bm25_settings", row)


def ndcg(index: BM25, judged: Judged) -> np.ndarray:
    """nDCG@10 of each query."""
    return per_query(index.search(judged.queries, K), judged, ["ndcg@10"])["ndcg@10"]


def their_values(judged: Judged) -> dict[str, np.ndarray]:
    """What bm25s scores with and without its English stop words."""
    stemmer, values = Stemmer.Stemmer("english"), {}
    for stop in (None, "en"):
        documents, queries = (
            bm25s.tokenize(texts, stopwords=stop, stemmer=stemmer, show_progress=False)
            for texts in (judged.documents, judged.queries)
        )
        for k1 in K1S:
            theirs = bm25s.BM25(k1=k1, b=0.75, backend="numba")
            theirs.index(documents, show_progress=False)
            rows, scores = theirs.retrieve(queries, k=K, show_progress=False)
            hits = Hits(np.asarray(rows, np.int64), np.asarray(scores, np.float32))
            values[f"k1 {k1}, {_said(stop is not None)}"] = per_query(hits, judged, ["ndcg@10"])["ndcg@10"]
    return values


def with_validation(lexical: Lexical, judged: Judged, grid: dict[str, Weighting]) -> dict:
    order = np.random.default_rng(0).permutation(len(judged.queries))
    valid, test = (some(judged, np.sort(half)) for half in np.array_split(order, 2))
    weighting = lexical.choose_weighting(valid)
    chosen = ndcg(lexical.index, test)
    against = {}
    for label, one in grid.items():
        other = ndcg(lexical.index.weighed(one), test)
        against[label] = {
            "difference": round(float((chosen - other).mean()), 4),
            "p": round(float(paired_randomisation_test(chosen, other, seed=0)), 4),
        }
    return {
        "chosen": weighting.values(),
        "chosen_on": len(valid.queries),
        "on_the_other_half": _mean(chosen),
        "against": against,
    }


def without_runs(judged: Judged) -> np.ndarray:
    """nDCG@10 of the default without the terms that say where a run of one script begins."""
    known = analyze.scripts
    analyze.scripts = lambda: np.zeros_like(scripts.scripts())
    try:
        return ndcg(Lexical(judged.documents).index, judged)
    finally:
        analyze.scripts = known


def some(judged: Judged, at: np.ndarray) -> Judged:
    spans = [slice(*judged.offsets[i : i + 2]) for i in at]
    return replace(
        judged,
        queries=[judged.queries[i] for i in at],
        query_ids=[judged.query_ids[i] for i in at],
        offsets=np.concatenate([[0], np.cumsum([span.stop - span.start for span in spans])]),
        rows=np.concatenate([judged.rows[span] for span in spans]),
        grades=np.concatenate([judged.grades[span] for span in spans]),
    )


def _said(drop: bool) -> str:
    return "without stop words" if drop else "all words"


def _mean(values: np.ndarray) -> float:
    return round(float(values.mean()), 4)


if __name__ == "__main__":
    main()
