"""The order recipe on the nouns of WordNet: is one a kind of the other? With edges turned round, what follows by going up, and a distance.

    python benchmarks/order.py [--seeds 3] [--epochs N] [--below "mammal.n.01"]

82,192 nouns, 743,746 edges in the closure, each once (the published split lists some twice, so that edges of training recur in its test).
4,000 random edges choose the threshold, 4,000 judge, each with one that does not hold: an end replaced by a node drawn evenly. One thread.

    order                      the recipe
    order, 1 negative          as many corrupted edges as in the paper
    order, never turned        without the edge turned round among its negatives
    distance                   a squared Euclidean distance in place of the order, with the same parts otherwise: it has no direction
    closure                    what follows from the training edges, and nothing else

"accuracy" is of those 8,000 pairs; "turned and rejected" of the 4,000 true ones asked the wrong way round. Results go to
results/order.jsonl; with --epochs or --below, to try the script, they are only printed.
"""

import argparse
import json
from dataclasses import replace

import numpy as np

from record import record
from sets import wordnet_below, wordnet_nouns


def main() -> None:
    import awase
    from awase import recipes
    from awase.contrast.scores import Distance

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="try the script with so many")
    parser.add_argument("--below", help="try the script on the nouns below this one")
    asked = parser.parse_args()
    trial = asked.epochs is not None or asked.below is not None
    edges, held_out = (wordnet_below(asked.below), 0.05) if asked.below else (wordnet_nouns(), 4000)
    more = {} if asked.epochs is None else {"epochs": asked.epochs}
    order = recipes.get("order")
    distance = order(turned=False, batch=100, **more)
    arms = {
        "order": order(**more),
        "order, 1 negative": order(n_negatives=1, **more),
        "order, never turned": order(turned=False, **more),
        "distance": replace(distance, score=Distance(squared=True)),
    }

    def keep(row: dict) -> None:
        if trial:
            print(json.dumps(row, indent=1))
        else:
            record("order", row)

    awase.fit(edges[:200], order(epochs=1), threads=1)  # loads what is compiled
    means: dict[str, dict] = {}
    for name, recipe in arms.items():
        rows = []
        for seed in range(asked.seeds):
            report = awase.fit(edges, recipe, valid=held_out, test=held_out, seed=seed, threads=1).report
            (direction,) = report.tables
            found = {system: values for system, *values in direction["rows"]}
            n_edges = report.split["train"] * recipe.plan.epochs
            row = {
                "arm": name,
                "seed": seed,
                "epochs": recipe.plan.epochs,
                "test": report.split["test"],
                "accuracy": found["trained"][0],
                "turned_and_rejected": found["trained"][1],
                "closure": found["closure"][0],
                "train_cpu_s": report.cost["train_cpu_s"],
                "edges_per_cpu_s": round(n_edges / report.cost["train_cpu_s"]),
                "p_against_closure": report.tests[0]["p"],
            }
            keep(row)
            rows.append(row)
        values = ("accuracy", "turned_and_rejected", "closure", "train_cpu_s")
        means[name] = {value: float(np.mean([row[value] for row in rows])) for value in values}
    keep({"what": "nouns, all seeds", "seeds": asked.seeds, "arms": means})


if __name__ == "__main__":
    main()
