"""Collaborative metric learning against popularity, implicit's ALS and BPR, and a CML written in torch.

    python benchmarks/cml.py [quality] [speed] [--sets ml-100k citeulike-t] [--seeds 3] [--quick]

One random 80/20 split of each set (not per user) is shared by all systems, and so is the evaluator, ``awase.tasks.recommendation``: every
item is a candidate but those of the user's training part, and recall@50, recall@10 and nDCG@10 are means over the users with test items.

"quality": a tenth of the training part, again random, is for choosing. The baselines have their parameters chosen on that of the same set,
by recall@50 (ALS: factors, regularisation, alpha; BPR: rate, regularisation, iterations). Ours are the recipe's defaults (64 dimensions; 128 as
well); only the rate is chosen, on the *other* set. All then train on the whole 80 %. Seeds change the start and the draws.

"speed": the same dimensions, negatives and epochs for the torch CML, which draws, scores, steps and clips whole batches of ``TORCH_BATCH``
at once, with sparse gradients; one thread each, CPU seconds of training alone, and nothing compiles while the clock runs.

Results go to results/cml.jsonl; with --quick, to try the script on few epochs and seeds, they are only printed.
"""

import argparse
import itertools
import json
import time
import warnings
from dataclasses import replace

import numpy as np

from processes import in_a_process
from record import record
from sets import Ratings, citeulike_t, movielens_100k

SETS = {"ml-100k": movielens_100k, "citeulike-t": citeulike_t}
METRICS = ("recall@50", "recall@10", "ndcg@10")
RATES = (0.1, 0.2, 0.4)  # of both CML
TORCH_BATCH = 1024
GRIDS = {
    "als": {"factors": (16, 64, 128), "regularization": (0.1, 10.0, 50.0), "alpha": (5.0, 20.0, 60.0)},
    "bpr": {"factors": (128,), "learning_rate": (0.01, 0.05), "regularization": (0.001, 0.01), "iterations": (50, 300)},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="quality|speed", help="both if none is named")
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="few epochs and choices; nothing is recorded")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.job:
        options = json.loads(asked.job)
        print(json.dumps(JOBS[options.pop("system")](**options)))
        return
    benchmark = Benchmark(asked.sets, asked.seeds, asked.quick)
    for part in asked.parts or ("quality", "speed"):
        {"quality": benchmark.quality, "speed": benchmark.speed}[part]()


class Benchmark:
    """Runs jobs, each in its own process with one thread, and records what they answer."""

    def __init__(self, sets: list[str], n_seeds: int, quick: bool):
        self.sets, self.n_seeds, self.quick = sets, n_seeds, quick

    def run(self, system: str, name: str, part: str, seed: int = 0, **options) -> dict:
        if self.quick and system in ("cml", "torch"):
            options |= {"epochs": 2}
        spec = {"system": system, "name": name, "part": part, "seed": seed, **options}
        row = {"what": "run", **spec, **in_a_process(spec)}
        self.keep(row)
        return row

    def keep(self, row: dict) -> None:
        if self.quick:
            print(json.dumps(row))
        else:
            record("cml", row)

    def quality(self) -> None:
        rates = {name: self.chosen_rate("cml", name) for name in SETS}
        for name in self.sets:
            (other,) = set(SETS) - {name}
            options = {system: self.chosen(system, name) for system in GRIDS}
            options |= {"popularity": {}, "cml": {"rate": rates[other]}}
            options["cml, dim 128"] = options["cml"] | {"dim": 128}  # as many as the baselines may have
            rows = {
                system: [self.run(system.split(",")[0], name, "test", seed, **of) for seed in range(self.n_seeds)]
                for system, of in options.items()
            }
            of_all = {
                system: {metric: float(np.mean([row[metric] for row in of])) for metric in METRICS}
                | {
                    "recall@50_of_seeds": [row["recall@50"] for row in of],
                    "cpu_s": float(np.mean([row["cpu_s"] for row in of])),
                }
                | {"options": options[system]}
                for system, of in rows.items()
            }
            counts = {key: rows["cml"][0][key] for key in ("n_train", "n_test_users", "n_items")}
            self.keep({"what": "quality", "set": name, "seeds": self.n_seeds, **counts, **of_all})

    def chosen(self, system: str, name: str) -> dict:
        """The options of a baseline that are best on the validation part."""
        names, values = zip(*GRIDS[system].items())
        tried = [dict(zip(names, combination)) for combination in itertools.product(*values)][: 2 if self.quick else None]
        return max(tried, key=lambda options: self.run(system, name, "valid", **options)["recall@50"])

    def chosen_rate(self, system: str, name: str) -> float:
        tried = RATES[:1] if self.quick else RATES
        return max(tried, key=lambda rate: self.run(system, name, "valid", rate=rate)["recall@50"])

    def speed(self) -> None:
        for name in self.sets:
            ours, theirs = (
                [self.run(system, name, "test", seed, rate=0.2)["interactions_per_cpu_s"] for seed in range(self.n_seeds)]
                for system in ("cml", "torch")
            )
            medians = {"cml": float(np.median(ours)), "torch": float(np.median(theirs))}
            self.keep(
                {"what": "speed", "set": name, "seeds": self.n_seeds, **medians, "times": medians["cml"] / medians["torch"]}
            )


# What runs in a process of its own


class Parts:
    """The rows of a set to train on and to judge by."""

    def __init__(self, name: str, part: str):
        self.of: Ratings = SETS[name]()
        kind = np.random.default_rng(0).choice(3, len(self.of.users), p=[0.72, 0.08, 0.2])
        self.train = np.flatnonzero(kind == 0 if part == "valid" else kind < 2)
        self.held_out = np.flatnonzero(kind == (1 if part == "valid" else 2))

    def judged(self, score) -> dict:
        from awase.tasks.recommendation import Interactions, recommendation

        train, held_out = (Interactions(self.of.users[rows], self.of.items[rows]) for rows in (self.train, self.held_out))
        found = recommendation(score, train, held_out, self.of.n_users, self.of.n_items, METRICS)
        means = {metric: float(found.values[metric].mean()) for metric in METRICS}
        return means | {"n_train": len(self.train), "n_test_users": len(found.users), "n_items": self.of.n_items}


def timed(train) -> dict:
    wall, cpu = time.perf_counter(), time.process_time()
    train()
    return {"wall_s": round(time.perf_counter() - wall, 3), "cpu_s": round(time.process_time() - cpu, 3)}


def ours(*, name: str, part: str, seed: int, rate: float, dim: int = 64, epochs: int | None = None) -> dict:
    from awase import recipes
    from awase.contrast.positives import LinkSource
    from awase.train.loop import Loop
    from awase.train.step import choose

    parts = Parts(name, part)
    recipe = recipes.get("cml")(rate=rate, dim=dim, **({} if epochs is None else {"epochs": epochs}))
    loss = replace(recipe.loss, n_items=parts.of.n_items)

    def trainer(rows: np.ndarray, epochs: int):
        plan = replace(recipe.plan, epochs=epochs, seed=seed)
        source = LinkSource(
            parts.of.users[rows], parts.of.items[rows], parts.of.n_users, parts.of.n_items, offset=parts.of.n_users
        )
        encoder = recipe.encoder.encoder(source.n_items, seed=seed)
        step = choose(encoder, recipe.negatives.bind(source, seed), recipe.score, loss, plan)
        assert step.name == "metric", "the kernel is what is measured"
        return encoder, Loop(step, plan)

    trainer(parts.train[:100], 1)[1].run()  # loads what is compiled
    encoder, loop = trainer(parts.train, recipe.plan.epochs)
    spent = timed(loop.run)
    users, items = np.split(encoder.parameters["table"], [parts.of.n_users])
    return _rated(parts, recipe.plan.epochs, spent) | parts.judged(lambda rows: recipe.score(users[rows], items))


def torch_cml(*, name: str, part: str, seed: int, rate: float, epochs: int | None = None) -> dict:
    import torch

    from awase import recipes

    recipe = recipes.get("cml")()
    epochs, n_negatives, dim, margin = epochs or recipe.plan.epochs, recipe.negatives.n, recipe.encoder.dim, recipe.loss.margin
    warnings.filterwarnings("ignore", "Sparse invariant checks")
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    parts = Parts(name, part)
    users, items = (torch.from_numpy(column[parts.train]) for column in (parts.of.users, parts.of.items))
    known = torch.zeros(parts.of.n_users, parts.of.n_items, dtype=torch.bool)
    known[users, items] = True
    tables = [torch.nn.Embedding(n, dim, sparse=True) for n in (parts.of.n_users, parts.of.n_items)]
    with torch.no_grad():
        for table in tables:
            table.weight.normal_(0, dim**-0.5).renorm_(2, 0, 1.0)
    optimizer = torch.optim.Adagrad([table.weight for table in tables], lr=rate)

    def clip(table, rows) -> None:
        rows = rows.unique()
        table.weight.data[rows] = table.weight.data[rows].renorm(2, 0, 1.0)

    def step(user, item, share: float) -> None:
        negative = torch.randint(parts.of.n_items, (len(user), n_negatives))
        wrong = known[user[:, None], negative]
        for _ in range(10):  # a few users have half of the items
            if not wrong.any():
                break
            row, column = wrong.nonzero(as_tuple=True)
            negative[row, column] = torch.randint(parts.of.n_items, (len(row),))
            wrong = known[user[:, None], negative]
        u, v, far = tables[0](user), tables[1](item), tables[1](negative)
        own = ((u - v) ** 2).sum(1)
        others = ((u[:, None] - far) ** 2).sum(2)
        hinge = margin + own[:, None] - others
        rank = (hinge.detach() > 0).float().mean(1) * parts.of.n_items
        loss = (torch.log1p(rank) * hinge.max(1).values.clamp(min=0)).sum()
        for group in optimizer.param_groups:
            group["lr"] = rate * share
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        clip(tables[0], user)
        clip(tables[1], torch.cat([item, negative.flatten()]))

    def train() -> None:
        steps = epochs * -(-len(users) // TORCH_BATCH)
        done = 0
        for _ in range(epochs):
            for rows in torch.randperm(len(users)).split(TORCH_BATCH):
                step(users[rows], items[rows], 1 - done / steps)
                done += 1

    step(users[:1], items[:1], 0.0)
    spent = timed(train)
    u, v = (table.weight.detach().numpy() for table in tables)
    return _rated(parts, epochs, spent) | parts.judged(lambda rows: recipe.score(u[rows], v))


def _rated(parts: Parts, epochs: int, spent: dict) -> dict:
    return spent | {"interactions_per_cpu_s": round(len(parts.train) * epochs / spent["cpu_s"])}


def factorised(model_name: str):
    def job(*, name: str, part: str, seed: int, **options) -> dict:
        from implicit.als import AlternatingLeastSquares
        from implicit.bpr import BayesianPersonalizedRanking
        from scipy.sparse import csr_matrix

        parts = Parts(name, part)
        ones = np.ones(len(parts.train), np.float32)
        had = csr_matrix(
            (ones, (parts.of.users[parts.train], parts.of.items[parts.train])), (parts.of.n_users, parts.of.n_items)
        )
        kind = {"als": AlternatingLeastSquares, "bpr": BayesianPersonalizedRanking}[model_name]
        model = kind(num_threads=1, random_state=seed, **options)
        spent = timed(lambda: model.fit(had, show_progress=False))
        return spent | parts.judged(lambda rows: model.user_factors[rows] @ model.item_factors.T)

    return job


def most_popular(*, name: str, part: str, seed: int) -> dict:
    from awase.tasks.recommendation import Interactions, popularity

    parts = Parts(name, part)
    score = popularity(Interactions(parts.of.users[parts.train], parts.of.items[parts.train]), parts.of.n_items)
    return {"cpu_s": 0.0} | parts.judged(score)


JOBS = {"cml": ours, "torch": torch_cml, "als": factorised("als"), "bpr": factorised("bpr"), "popularity": most_popular}

if __name__ == "__main__":
    main()
