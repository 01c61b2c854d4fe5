"""The poincare recipe against gensim's PoincareModel on WordNet's mammals, and on all nouns of WordNet.

    python benchmarks/poincare.py [choice] [mammals] [nouns] [--seeds 3] [--epochs N]

"choice": learning rates of both, on WordNet's birds, which nothing else here looks at. "mammals": 1,182 nodes and 6,542 edges in the closure, 5
dimensions, batch 10, 100 epochs, one thread; with the recipe's 50 negatives, and with 10 against gensim with 10, burn-in included. gensim draws
negatives by frequency, all anew until they are distinct and none is known, which with 50 did not end an epoch in ten minutes; its
rate is for the sum over a batch, ours for the mean. "nouns": 82,192 nodes and 743,746 edges in 10 dimensions, batch 50, fewer epochs than the
paper's 1,500; ranks of 10,000 nodes drawn at random among all.

Mean rank and MAP are of the reconstruction of the closure (``awase.tasks.reconstruction``), for both. Each run is a process of its own; the
clock is CPU time of training alone, without compiling. Results go to results/poincare.jsonl; with --epochs, to try the script, they
are only printed.
"""

import argparse
import json
import time

import numpy as np

from processes import in_a_process
from record import record
from sets import wordnet_below, wordnet_nouns

OUR_RATES, THEIR_RATES = (0.3, 1.0, 2.0), (0.03, 0.1, 0.3)
DATA = {"birds": lambda: wordnet_below("bird.n.01"), "mammals": lambda: wordnet_below("mammal.n.01"), "nouns": wordnet_nouns}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="choice|mammals|nouns", help="all if none is named")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="try the script with so many")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.job:
        spec = json.loads(asked.job)
        print(json.dumps({"awase": ours, "gensim": theirs}[spec.pop("system")](**spec)))
        return
    benchmark = Benchmark(asked.seeds, asked.epochs)
    for part in asked.parts or ("choice", "mammals", "nouns"):
        {"choice": benchmark.choice, "mammals": benchmark.mammals, "nouns": benchmark.nouns}[part]()


class Benchmark:
    """Runs systems, each in its own process, and records what they answer."""

    def __init__(self, n_seeds: int, epochs: int | None):
        self.n_seeds, self.epochs = n_seeds, epochs
        self.their_rate = THEIR_RATES[1]

    def run(self, system: str, data: str, *, epochs: int = 100, seed: int = 0, **options) -> dict:
        spec = {"system": system, "data": data, "epochs": self.epochs or epochs, "seed": seed, **options}
        row = spec | in_a_process(spec)
        self.keep(row)
        return row

    def choice(self) -> None:
        for rate in OUR_RATES:
            self.run("awase", "birds", rate=rate)
        tried = [self.run("gensim", "birds", rate=rate, n_negatives=10) for rate in THEIR_RATES]
        self.their_rate = max(tried, key=lambda row: row["map"])["rate"]

    def mammals(self) -> None:
        arms = {
            "awase, 50 negatives": ("awase", {}),
            "awase, 10 negatives": ("awase", {"n_negatives": 10}),
            "gensim, 10 negatives": ("gensim", {"n_negatives": 10, "rate": self.their_rate}),
        }
        means = {}
        for name, (system, options) in arms.items():
            rows = [self.run(system, "mammals", seed=seed, **options) for seed in range(self.n_seeds)]
            means[name] = {key: float(np.mean([row[key] for row in rows])) for key in ("map", "mean_rank", "edges_per_cpu_s")}
            means[name]["map_of_seeds"] = [row["map"] for row in rows]
        speeds = [means[f"{system}, 10 negatives"]["edges_per_cpu_s"] for system in ("awase", "gensim")]
        self.keep({"what": "mammals, compared", "seeds": self.n_seeds, **means, "times_cpu": round(speeds[0] / speeds[1], 1)})

    def nouns(self) -> None:
        self.run("awase", "nouns", epochs=100, dim=10, batch=50, rate=1.0)

    def keep(self, row: dict) -> None:
        if self.epochs is None:
            record("poincare", row)
        else:
            print(json.dumps(row, indent=1))


# What runs in a process of its own


def ours(*, data: str, seed: int, **options) -> dict:
    import awase

    edges = DATA[data]()
    awase.fit(edges[:50], "poincare", options={**options, "epochs": 1}, threads=1)  # loads what is compiled
    report = awase.fit(edges, "poincare", options=options, seed=seed, threads=1).report
    n = report.data["edges trained and judged by"]
    return spent(n * options["epochs"], report.cost["train_cpu_s"]) | {
        "nodes": report.data["nodes"],
        "edges": n,
        "nodes_judged": report.judged["n_items"],
        **{key: report.systems["trained"][key] for key in ("map", "mean_rank")},
    }


def theirs(*, data: str, epochs: int, seed: int, rate: float, n_negatives: int) -> dict:
    from gensim.models.poincare import PoincareModel

    from awase.data.closure import transitive_closure
    from awase.data.links import read_links
    from awase.tasks.reconstruction import reconstruction

    closure = transitive_closure(read_links(DATA[data](), "edges"))
    names = closure.head_names
    relations = [(names[child], names[parent]) for child, parent in zip(closure.heads, closure.tails)]
    burn_in = min(20, epochs - 1)
    model = PoincareModel(
        relations, size=5, alpha=rate, negative=n_negatives, burn_in=burn_in, burn_in_alpha=rate / 100, seed=seed
    )
    cpu = time.process_time()
    model.train(epochs - burn_in, batch_size=10)
    cpu = time.process_time() - cpu
    table = np.stack([model.kv[name] for name in names])
    inside = 1 - (table * table).sum(axis=1)

    def distance(rows: np.ndarray) -> np.ndarray:
        apart = ((table[rows][:, None] - table) ** 2).sum(axis=2)
        return apart / (inside[rows, None] * inside)

    found = reconstruction(distance, closure.heads, closure.tails, len(names))
    return spent(len(closure) * epochs, cpu) | {"edges": len(closure), "map": found.map, "mean_rank": found.mean_rank}


def spent(n_examples: int, cpu_s: float) -> dict:
    return {"cpu_s": round(cpu_s, 2), "edges_per_cpu_s": round(n_examples / cpu_s)}


if __name__ == "__main__":
    main()
