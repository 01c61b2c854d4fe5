"""The demo: quality of a model fitted to the bundled Japanese-English pairs, and what it costs.

    python benchmarks/demo.py [--seed 0] [--threads N]

It is the main job on bundled data, so anybody can repeat it. Results go to results/demo.jsonl.
"""

import argparse

import awase
from awase.data.demo import demo_path
from record import record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None)
    asked = parser.parse_args()
    report = awase.fit(demo_path(), seed=asked.seed, threads=asked.threads).report
    row = {"what": "quality", "seed": asked.seed}
    for name, of in report.systems.items():
        low, high = of["ndcg@10_ci"]
        row |= {name: of["ndcg@10"], f"{name}_low": low, f"{name}_high": high, f"{name}_accuracy@1": of["accuracy@1"]}
    row |= {"n_queries": report.judged["n_queries"], "n_candidates": report.judged["n_candidates"], **report.cost}
    record("demo", row | {"tests": report.tests})


if __name__ == "__main__":
    main()
