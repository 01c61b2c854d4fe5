"""Adversarial negatives against noise: graphs, words, hypernyms and text retrieval; per update, and per second.

    python benchmarks/ace.py [graphs] [cost] [hypernyms] [words] [texts] [--seeds 3] [--quick]

All arms of a set start from the same vectors and see the same positives in the same order. "noise 2" is the fair opponent: it pays for two
negatives, as ACE does with one of noise and one proposed. The learning rate of each arm, and ACE's entropy weight, are the best on
validation data by the last figure of a run; the arms that leave something out of ACE have its rate. Curves are of test data, and no arm
stops early. Seconds are CPU time on one thread of training alone, without evaluation and with nothing left to compile.

- graphs: TransE (L1, dim 50, margin 3, batch 256, 100 epochs) on Kinships and UMLS: filtered MRR and hits@10, and of the sampler: the
  entropy of g, the share of true triples among its proposals, and their mean hinge over that of the noise. "checks" are what a working
  implementation should show, with the figures.
- cost: a step of ACE over a step of noise with as many negatives, both on the generic path, in turn; and over the fused kernel of noise.
- hypernyms: order embeddings (dim 50) of the closure of WordNet's nouns: accuracy and rejected reversals.
- words: skip-gram pairs from about the first million words of the English corpus, dim 100, 8 epochs: Spearman's rho; chosen by SimLex.
- texts: the static recipe on Debian's package descriptions, nDCG@10; as many epochs for each arm as fit in the seconds of the first.

Results go to results/ace.jsonl; with --quick, to try the script on little, they are only printed. Then benchmarks/ace_plots.py draws docs/ace/.
"""

import argparse
import itertools
import json

import numpy as np

import ace_jobs
from processes import in_a_process
from record import record

SETS = ("kinships", "umls")
ENTROPY_WEIGHTS = (0.3, 0.5, 1.0)
RATES = {"graphs": (0.05, 0.1, 0.3), "hypernyms": (0.1, 0.3), "words": (0.05, 0.1, 0.2)}
OF = {"graphs": "mrr", "hypernyms": "accuracy", "words": "wordsim353", "texts": "ndcg@10"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="|".join(PARTS), help="all if none is named")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.job:
        options = json.loads(asked.job)
        print(json.dumps(getattr(ace_jobs, options.pop("job"))(**options)))
        return
    benchmark = Benchmark(1 if asked.quick else asked.seeds, asked.quick)
    for part in asked.parts or PARTS:
        PARTS[part](benchmark)


class Benchmark:
    """Runs jobs, each in a process of its own with one thread, and records what they answer."""

    def __init__(self, n_seeds: int, quick: bool):
        self.n_seeds, self.quick = n_seeds, quick

    def run(self, job: str, **options) -> dict:
        spec = {"job": job, "quick": self.quick, **options}
        return spec | in_a_process(spec)

    def keep(self, row: dict) -> None:
        if self.quick:
            print(json.dumps(row))
        else:
            record("ace", row)

    def best(self, job: str, arms: list[dict], **options) -> dict:
        """The arm and the rate whose last validation figure is best: {"arm", "rate"}."""
        tried = [{"arm": arm, "rate": rate} for arm, rate in itertools.product(arms, RATES[job])]
        return max(
            tried[: 2 if self.quick else None], key=lambda one: self.run(job, **one, seed=0, **options)["points"][-1]["valid"]
        )

    def arm(self, job: str, name: str, chosen: dict, **options) -> dict:
        """Runs an arm with each seed; keeps and returns the means."""
        runs = [self.run(job, **chosen, seed=seed, **options) for seed in range(self.n_seeds)]
        points = [
            {key: float(np.mean([point[key] for point in at])) for key in at[0] if all(p.get(key) is not None for p in at)}
            for at in zip(*(run["points"] for run in runs))
        ]
        last = {f"{key}_of_seeds": [run["points"][-1][key] for run in runs] for key in (OF[job],)}
        row = {"what": job, "name": name, **chosen, **options, "seeds": self.n_seeds, **last, "points": points}
        self.keep(row)
        return row


def graphs(benchmark: Benchmark) -> None:
    for name in SETS:
        noise = {n: benchmark.best("graphs", [{"noise": n}], set=name) for n in (1, 2)}
        always = [{"noise": 1, "adversarial": {"entropy_weight": weight}} for weight in ENTROPY_WEIGHTS]
        ace = benchmark.best("graphs", always, set=name)

        def like_ace(of_noise: float = 0.5, chosen=ace, **changed) -> dict:
            adversarial = chosen["arm"]["adversarial"] | changed
            return chosen | {"arm": {"noise": 1, "adversarial": adversarial, "weight": of_noise}}

        hinge = {"entropy": "hinge", "entropy_weight": 3.0, "keep": 20}
        arms = {
            "noise 1": noise[1],
            "noise 2": noise[2],
            "ACE": ace,
            "ACE, layer": like_ace(generator="layer"),
            "ACE, hinge": like_ace(**hinge),
            "ACE, no entropy": like_ace(entropy_weight=0.0),
            "ACE, no filter": like_ace(filtered=False),
            "ADV": like_ace(0.0, **hinge),
            "Boltzmann": ace | {"arm": {"noise": 1, "boltzmann": {"temperature": ace["arm"]["adversarial"]["entropy_weight"]}}},
        }
        rows = {arm: benchmark.arm("graphs", arm, chosen, set=name) for arm, chosen in arms.items()}
        benchmark.keep({"what": "checks", "set": name, **checks(rows)})


def checks(rows: dict[str, dict]) -> dict:
    """The acceptance checks, from the curves of one set."""
    last = {name: row["points"][-1] for name, row in rows.items()}
    reached = next((point for point in rows["ACE"]["points"] if point["mrr"] >= last["noise 2"]["mrr"]), None)
    return {
        "i adversarial loss over noise loss, at least 1.5": last["ACE"]["ratio"],
        "ii MRR over noise 2": last["ACE"]["mrr"] - last["noise 2"]["mrr"],
        "ii share of the updates after which noise 2's last MRR is reached": reached and reached["step"] / last["ACE"]["step"],
        "ii share of its seconds": reached and reached["seconds"] / last["noise 2"]["seconds"],
        "iii hits@10 moves by, at most .05": last["ACE"]["hits@10"] - last["noise 2"]["hits@10"],
        "iv entropy with the hinge, at least log 20 = 3.00": last["ACE, hinge"]["entropy"],
        "iv entropy without": last["ACE, no entropy"]["entropy"],
        "v MRR lost without the filter": last["ACE"]["mrr"] - last["ACE, no filter"]["mrr"],
        "v share of true triples among proposals, with and without": [last[of]["true"] for of in ("ACE", "ACE, no filter")],
        "vi seconds over those of noise 2": last["ACE"]["seconds"] / last["noise 2"]["seconds"],
    }


def cost(benchmark: Benchmark) -> None:
    for name, subset in (("kinships", 0), ("umls", 0), ("codex-s", 256)):
        for batch in (256, 1024):
            benchmark.keep({"what": "cost", **benchmark.run("cost", set=name, batch=batch, subset=subset)})


def hypernyms(benchmark: Benchmark) -> None:
    proposed = [{"noise": 1, "adversarial": {"entropy_weight": weight, "subset": 512}} for weight in (0.1, 0.5)]
    arms = {"noise 2": benchmark.best("hypernyms", [{"noise": 2}]), "ACE": benchmark.best("hypernyms", proposed)}
    for name, chosen in arms.items():
        benchmark.arm("hypernyms", name, chosen)


def words(benchmark: Benchmark) -> None:
    proposed = {"entropy_weight": 1.0, "subset": 512}
    ace = benchmark.best("words", [{"noise": 1, "adversarial": proposed}])
    arms = {
        "noise 2": benchmark.best("words", [{"noise": 2}]),
        "ACE": ace,
        "ADV": ace | {"arm": ace["arm"] | {"weight": 0.0}},
        "Boltzmann": ace | {"arm": {"noise": 1, "boltzmann": {"temperature": 1.0, "subset": 512, "filtered": True}}},
    }
    for name, chosen in arms.items():
        benchmark.arm("words", name, chosen)


def texts(benchmark: Benchmark) -> None:
    arms = ("topical", "bm25", "model-mined", "adversarial")
    epochs, budget = 2 if benchmark.quick else 5, None
    for name in arms:
        pilot = benchmark.run("texts", arm=name, epochs=2, seed=0)["points"]
        fixed, each = pilot[0]["prepared"], (pilot[-1]["seconds"] - pilot[0]["prepared"]) / 2
        budget = budget or fixed + each * epochs
        affordable = max(round((budget - fixed) / each), 2)
        benchmark.arm("texts", name, {"arm": name, "epochs": affordable})


PARTS = {"graphs": graphs, "cost": cost, "hypernyms": hypernyms, "words": words, "texts": texts}


if __name__ == "__main__":
    main()
