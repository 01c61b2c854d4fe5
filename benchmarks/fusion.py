"""Ways to join BM25 and vectors: nDCG@10 of package titles asking for their descriptions, on held-out titles.

    python benchmarks/fusion.py [--seed 0]

A static model is fitted to all pairs but 3,000; each way's weight is the best of 0, 0.05 ... 1 on 1,500 of those, and what counts is the
other 1,500, over all descriptions. Each search gives its best 200, and every candidate has its exact score from both.
Results go to results/fusion.jsonl.
"""

import argparse

import numpy as np

import awase
from awase.core.protocols import Hits
from awase.index.exact import Exact
from awase.index.hybrid import Fusion
from awase.index.lexical import BM25
from record import record
from sets import debian_descriptions

DEPTH, HELD_OUT = 200, 1_500
WEIGHTS = np.linspace(0, 1, 21)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    titles, bodies = debian_descriptions()
    order = np.random.default_rng(seed).permutation(len(titles))
    valid, test, rest = order[:HELD_OUT], order[HELD_OUT : 2 * HELD_OUT], order[2 * HELD_OUT :]
    model = awase.fit([(titles[i], bodies[i]) for i in rest], seed=seed).model
    asked = np.concatenate([valid, test])
    queries = [titles[i] for i in asked]
    vectors, dense = model.encode(queries, role="query"), Exact(model.encode(bodies))
    lexical = BM25()
    lexical.add(bodies)
    joined = Joined(vectors, dense, queries, lexical, asked)
    row = {"seed": seed, "candidates": len(bodies), "bm25": joined.single(joined.words), "vectors": joined.single(joined.near)}
    for name, way in WAYS.items():
        scores = [joined.quality(way(joined, weight)) for weight in WEIGHTS]
        best = int(np.argmax([on_valid for on_valid, _ in scores]))
        row[name] = {"weight": round(float(WEIGHTS[best]), 2), "valid": scores[best][0], "test": scores[best][1]}
    record("fusion", row)


class Joined:
    """The candidates of each query (q, 2 * DEPTH), from the dense and then the lexical search, and both scores of each."""

    def __init__(self, vectors, dense, queries, lexical, gold):
        self.near, self.words = dense.search(vectors, DEPTH), lexical.search(queries, DEPTH)
        self.gold = gold
        self.dense_of, self.lexical_of = (
            (lambda rows: dense.scores_of(vectors, rows)),
            (lambda rows: lexical.scores_of(queries, rows)),
        )
        self.rows = np.concatenate([self.near.rows, self.words.rows], axis=1)
        self.dense, self.lexical = (np.where(self.rows < 0, 0, of(self.rows)) for of in (self.dense_of, self.lexical_of))
        self.twice = (self.rows[:, DEPTH:, None] == self.rows[:, None, :DEPTH]).any(axis=2)

    def ranked(self, scores) -> Hits:
        """The ten best of the candidates, each row once."""
        scores = np.where(self.rows < 0, -np.inf, scores)
        scores[:, DEPTH:][self.twice] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")[:, :10]
        return Hits(np.take_along_axis(self.rows, order, 1), np.take_along_axis(scores, order, 1))

    def quality(self, hits: Hits) -> tuple[float, float]:
        """nDCG@10 on the validation and on the test queries; one document is right, so it is 1 / log2(1 + its rank)."""
        gains = ((hits.rows[:, :10] == self.gold[:, None]) / np.log2(np.arange(2, 12))).sum(axis=1)
        return round(float(gains[:HELD_OUT].mean()), 4), round(float(gains[HELD_OUT:].mean()), 4)

    def single(self, hits: Hits) -> dict:
        return dict(zip(("valid", "test"), self.quality(hits)))


def weighed(normal):
    """The weighted sum of scores that `normal(scores, scores of the search's own results)` made comparable."""

    def way(joined, weight):
        parts = []
        for scores, hits in ((joined.dense, joined.near), (joined.lexical, joined.words)):
            parts.append(normal(scores, np.where(hits.rows < 0, 0, hits.scores)))
        return joined.ranked(weight * parts[0] + (1 - weight) * parts[1])

    return way


def span(own):
    return np.maximum(own.max(axis=1, keepdims=True) - own.min(axis=1, keepdims=True), 1e-6)


def by_ranks(joined, weight):
    """Reciprocal ranks with the constant 60; what a search did not return gets nothing from it."""
    parts = []
    for hits in (joined.near, joined.words):
        ranks = np.full((len(hits.rows), hits.rows.max() + 1), np.inf, np.float32)
        np.put_along_axis(ranks, np.maximum(hits.rows, 0), np.where(hits.rows < 0, np.inf, 61.0 + np.arange(DEPTH)), 1)
        parts.append(1 / np.take_along_axis(ranks, np.clip(joined.rows, 0, ranks.shape[1] - 1), 1))
    return joined.ranked(weight * parts[0] + (1 - weight) * parts[1])


WAYS = {
    "awase": lambda joined, weight: Fusion(weight).fuse(
        joined.near, joined.words, 10, dense_of=joined.dense_of, lexical_of=joined.lexical_of
    ),
    "divided by the best": weighed(lambda scores, own: scores / np.maximum(own.max(axis=1, keepdims=True), 1e-6)),
    "z-scores": weighed(lambda scores, own: scores / np.maximum(own.std(axis=1, keepdims=True), 1e-6)),
    "minimum to maximum": weighed(lambda scores, own: scores / span(own)),
    "reciprocal ranks": by_ranks,
}


if __name__ == "__main__":
    main()
