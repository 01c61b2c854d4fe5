"""Negative sampling over pairs against gensim: DeepWalk on the nouns of WordNet, pairs per CPU-second and held-out edges.

    python benchmarks/ns.py [--seeds 3] [--quick]

Walks of 10 steps, 10 from each node of the graph without a twentieth of its edges; a pair is a node and one within 2 steps of it in a walk.
gensim reads the walks as sentences (skip-gram, window 2, ``shrink_windows=False``), which makes the same pairs of them; ours get the list of
pairs. 64 dimensions, 5 negatives, one epoch, no subsampling, one thread. The clock runs from walks or pairs in memory to vectors.

The learning rate of either is the best of ``RATES`` on half of the held-out edges; the area under the ROC curve on the other half is
reported: an edge's end against 100 nodes drawn by their degree, by the cosine of vectors.

Results go to results/ns.jsonl; with --quick, to try the script on one walk a node, they are only printed.
"""

import argparse
import json
import time

import numpy as np

from record import record
from sets import wordnet_nouns

RATES = (0.025, 0.05, 0.1)
DIM, N_NEGATIVES, WINDOW, STEPS = 64, 5, 2, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one walk a node; nothing is recorded")
    asked = parser.parse_args()
    keep = (lambda row: print(json.dumps(row, indent=1))) if asked.quick else (lambda row: record("ns", row))

    edges, held_out = split(numbered(wordnet_nouns()))
    n = int(edges.max()) + 1
    walks = walked(edges, n, per_node=1 if asked.quick else 10)
    pairs = windows(walks)
    train_awase(pairs[:1000], n, rate=0.1, seed=0)  # compiles
    half = len(held_out) // 2
    compared = {"what": "compared", "nodes": n, "pairs": len(pairs), "held_out": len(held_out) - half, "seeds": asked.seeds}
    for system, train in (
        ("awase", lambda **how: train_awase(pairs, n, **how)),
        ("gensim", lambda **how: train_gensim(walks, **how)),
    ):
        tried = {rate: auc(train(rate=rate, seed=0)[0], edges, held_out[:half], n) for rate in RATES}
        rate = max(tried, key=tried.__getitem__)
        runs = []
        for seed in range(asked.seeds):
            vectors, cpu_s = train(rate=rate, seed=seed)
            runs.append({"auc": auc(vectors, edges, held_out[half:], n), "pairs_per_cpu_s": len(pairs) / cpu_s})
            keep({"what": "run", "system": system, "rate": rate, "seed": seed, **runs[-1]})
        compared[system] = {"rate": rate} | {name: float(np.mean([run[name] for run in runs])) for name in runs[0]}
    compared["times_cpu"] = round(compared["awase"]["pairs_per_cpu_s"] / compared["gensim"]["pairs_per_cpu_s"], 2)
    keep(compared)


def numbered(edges: list[tuple[str, str]]) -> np.ndarray:
    names = sorted({name for edge in edges for name in edge})
    row = {name: i for i, name in enumerate(names)}
    return np.array([(row[a], row[b]) for a, b in edges])


def split(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A twentieth of the edges is held out, where both ends keep another."""
    order = np.random.default_rng(0).permutation(len(edges))
    degree = np.bincount(edges.ravel())
    held = []
    for i in order:
        if len(held) == len(edges) // 20:
            break
        if (degree[edges[i]] > 1).all():
            degree[edges[i]] -= 1
            held.append(i)
    return np.delete(edges, held, axis=0), edges[held]


def walked(edges: np.ndarray, n: int, per_node: int) -> np.ndarray:
    """(per_node n, STEPS) nodes; the graph is taken in both directions."""
    rng = np.random.default_rng(1)
    both = np.concatenate([edges, edges[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    starts = np.searchsorted(both[:, 0], np.arange(n + 1))
    degree = np.diff(starts)
    at = np.tile(np.flatnonzero(degree), per_node)
    walks = [at]
    for _ in range(STEPS - 1):
        at = both[starts[at] + (rng.random(len(at)) * degree[at]).astype(np.int64), 1]
        walks.append(at)
    return np.column_stack(walks)


def windows(walks: np.ndarray) -> np.ndarray:
    """(n_pairs, 2) of each node in a walk and one up to WINDOW steps from it."""
    near = [(a, b) for a in range(STEPS) for b in range(STEPS) if 0 < abs(a - b) <= WINDOW]
    return np.concatenate([walks[:, both] for both in near])


def train_awase(pairs: np.ndarray, n: int, *, rate: float, seed: int) -> tuple[np.ndarray, float]:
    from awase import recipes
    from awase.contrast.positives import LinkSource
    from awase.train.loop import Loop
    from awase.train.step import choose

    start = time.process_time()
    recipe = recipes.get("ns")(dim=DIM, n_negatives=N_NEGATIVES, epochs=1, rate=rate)
    source = LinkSource(pairs[:, 0].copy(), pairs[:, 1].copy(), n, n, offset=n)
    encoder = recipe.encoder.encoder(n, n, seed=seed)
    Loop(choose(encoder, recipe.negatives.bind(source, seed), recipe.score, recipe.loss, recipe.plan), recipe.plan).run()
    return encoder.parameters["table"][:n], time.process_time() - start


def train_gensim(walks: np.ndarray, *, rate: float, seed: int) -> tuple[np.ndarray, float]:
    from gensim.models import Word2Vec

    sentences = [[str(node) for node in walk] for walk in walks.tolist()]
    start = time.process_time()
    model = Word2Vec(
        sentences, vector_size=DIM, window=WINDOW, shrink_windows=False, negative=N_NEGATIVES, sample=0, sg=1, min_count=1,
        alpha=rate, seed=seed + 1, workers=1, epochs=1,
    )  # fmt: skip
    spent = time.process_time() - start
    vectors = np.zeros((int(walks.max()) + 1, DIM), np.float32)
    vectors[[int(name) for name in model.wv.index_to_key]] = model.wv.vectors
    return vectors, spent


def auc(vectors: np.ndarray, edges: np.ndarray, held_out: np.ndarray, n: int) -> float:
    from awase.tasks.closeness import closer_than_drawn

    unit = np.zeros((n, DIM), np.float32)
    unit[: len(vectors)] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    degree = np.bincount(edges.ravel(), minlength=n)
    drawn = np.random.default_rng(2).choice(n, (len(held_out), 100), p=degree / degree.sum())
    found = closer_than_drawn(lambda a, c: np.einsum("bd,bcd->bc", unit[a], unit[c]), held_out[:, 0], held_out[:, 1], drawn)
    return float(found.mean())


if __name__ == "__main__":
    main()
