"""What benchmarks/transe.py and benchmarks/transd.py share: a recipe against PyKEEN's model of the same name.

Both learn vectors of 50 dimensions from the same training triples, for the same epochs in batches of 256, with one corrupted triple for each
true one, heads and tails as likely, known triples not left out, and the mean hinge ("awase", "pykeen"). Ours steps by Adagrad, theirs by
PyKEEN's default, Adam. Margin and rate of each are the best of a grid by filtered MRR on validation triples of *another* set. "recipe" is ours
with the recipe's defaults and as many epochs as those, which stops early by validation.

Ranks are counted for all by ``awase.tasks.link_prediction``: filtered, mean of optimistic and pessimistic; test triples that name what training
does not are left out. "pykeen_mrr" is what PyKEEN's own evaluator says of our vectors. Each run is a process of its own with one thread; the
seconds are of training alone, CPU time, with nothing left to compile.
"""

import argparse
import itertools
import json
import time
from dataclasses import replace

import numpy as np

from processes import in_a_process
from record import record
from sets import graph_folder

CHOSEN_ON = {"kinships": "umls", "umls": "kinships", "codex-s": "umls", "wn18rr": "umls"}
EPOCHS = {"kinships": 100, "umls": 100, "codex-s": 100, "wn18rr": 20}
DIM, BATCH = 50, 256
GRIDS = {
    "awase": {"margin": (1.0, 2.0, 3.0), "rate": (0.05, 0.1, 0.2)},
    "pykeen": {"margin": (1.0, 2.0, 3.0), "rate": (0.003, 0.01, 0.03)},
}
MEASURES = ("mrr", "hits@10", "adjusted_mean_rank_index")


def main(model: str, title: str) -> None:
    """Run the comparison of "transe" or "transd" as the command line asks."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--sets", nargs="*", default=list(EPOCHS), choices=list(EPOCHS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="few epochs and choices; nothing is recorded")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.job:
        options = json.loads(asked.job)
        print(json.dumps(JOBS[options.pop("system")](model, **options)))
        return
    benchmark = Benchmark(model, asked.seeds, asked.quick)
    for name in asked.sets:
        benchmark.compare(name)


class Benchmark:
    """Runs jobs, each in its own process with one thread, and records what they answer."""

    def __init__(self, model: str, n_seeds: int, quick: bool):
        self.model, self.n_seeds, self.quick = model, n_seeds, quick
        self._chosen: dict[tuple[str, str], dict] = {}

    def run(self, system: str, name: str, part: str, seed: int = 0, **options) -> dict:
        spec = {
            "system": system,
            "name": name,
            "part": part,
            "seed": seed,
            "epochs": 2 if self.quick else EPOCHS[name],
            **options,
        }
        row = {"what": "run", **spec, **in_a_process(spec)}
        self.keep(row)
        return row

    def keep(self, row: dict) -> None:
        if self.quick:
            print(json.dumps(row))
        else:
            record(self.model, row)

    def chosen(self, system: str, name: str) -> dict:
        """The margin and the rate that are best on the validation triples of a set."""
        if (system, name) not in self._chosen:
            grid = GRIDS[system]
            tried = [dict(zip(grid, values)) for values in itertools.product(*grid.values())][: 2 if self.quick else None]
            self._chosen[system, name] = max(tried, key=lambda options: self.run(system, name, "valid", **options)["mrr"])
        return self._chosen[system, name]

    def compare(self, name: str) -> None:
        """The row of the table: means over seeds."""
        options = {system: self.chosen(system, CHOSEN_ON[name]) for system in GRIDS} | {"recipe": {}}
        rows = {
            system: [self.run(system, name, "test", seed, **of) for seed in range(self.n_seeds)]
            for system, of in options.items()
        }
        frequency = self.run("frequency", name, "test")
        summary = {
            system: {key: float(np.mean([row[key] for row in of])) for key in (*MEASURES, "cpu_s", "triples_per_cpu_s")}
            | {"mrr_of_seeds": [row["mrr"] for row in of], "options": options[system]}
            for system, of in rows.items()
        }
        ours, theirs = summary["awase"], summary["pykeen"]
        self.keep(
            {
                "what": "compared",
                "set": name,
                "seeds": self.n_seeds,
                "chosen_on": CHOSEN_ON[name],
                **{key: rows["awase"][0][key] for key in ("epochs", "n_train", "n_test", "n_left_out")},
                **summary,
                "frequency": {key: frequency[key] for key in MEASURES},
                "pykeen_mrr_of_ours": [row["pykeen_mrr"] for row in rows["awase"]],
                "times": round(ours["triples_per_cpu_s"] / theirs["triples_per_cpu_s"], 1),
            }
        )


# What runs in a process of its own


def ours(model: str, *, name: str, part: str, seed: int, epochs: int, margin: float, rate: float) -> dict:
    from awase import recipes

    options = {"n_negatives": 1, "bernoulli": False, "filtered": False, "margin": margin, "rate": rate}
    recipe = recipes.get(model)(dim=DIM, batch=BATCH, epochs=epochs, **options)
    return trained(recipe, name, part, seed, validated=False)


def whole_recipe(model: str, *, name: str, part: str, seed: int, epochs: int) -> dict:
    from awase import recipes

    return trained(recipes.get(model)(epochs=epochs), name, part, seed, validated=True)


def trained(recipe, name: str, part: str, seed: int, *, validated: bool) -> dict:
    from awase.apps.graph import Training
    from awase.train.loop import Loop

    triples, split, n_left_out = graph(name)
    recipe = replace(recipe, plan=replace(recipe.plan, seed=seed))
    short = replace(recipe, plan=replace(recipe.plan, epochs=1))
    Loop(Training(short, triples, split, seed=seed, threads=1).step, short.plan).run()  # loads what is compiled
    training = Training(recipe, triples, split, seed=seed, threads=1)
    validate = training.validation() if validated else None
    if validate:
        validate()
    started = time.process_time()
    course = Loop(training.step, recipe.plan, validate=validate).run()
    spent = time.process_time() - started
    done = course.points[-1]["epoch"]
    row = figures(training.judge(split[1 if part == "valid" else 2]), spent, done, split, n_left_out)
    return row if part == "valid" or validated else row | {"pykeen_mrr": their_figure(training.encoder, triples, split)}


def theirs(model: str, *, name: str, part: str, seed: int, epochs: int, margin: float, rate: float) -> dict:
    import torch
    from pykeen.models import TransD, TransE
    from pykeen.training import SLCWATrainingLoop

    from awase.tasks.link_prediction import Triples, link_prediction

    torch.set_num_threads(1)
    triples, split, n_left_out = graph(name)
    factory = factory_of(triples, split.train)

    def train(n_epochs: int):
        of = {"transe": TransE, "transd": TransD}[model]
        made = of(
            triples_factory=factory, embedding_dim=DIM, loss="marginranking", loss_kwargs={"margin": margin}, random_seed=seed
        )
        loop = SLCWATrainingLoop(
            model=made, triples_factory=factory, optimizer="adam", optimizer_kwargs={"lr": rate},
            negative_sampler="basic", negative_sampler_kwargs={"num_negs_per_pos": 1},
        )  # fmt: skip
        loop.train(factory, num_epochs=n_epochs, batch_size=BATCH, use_tqdm=False)
        return made

    train(1)
    started = time.process_time()
    made = train(epochs)
    spent = time.process_time() - started
    made.eval()

    def score(anchors: np.ndarray, relations: np.ndarray, side: str) -> np.ndarray:
        with torch.inference_mode():
            if side == "tail":
                return made.predict_t(torch.as_tensor(np.column_stack([anchors, relations]))).numpy()
            return made.predict_h(torch.as_tensor(np.column_stack([relations, anchors]))).numpy()

    rows = split[1 if part == "valid" else 2]
    asked, known = (Triples(of.heads, of.relations, of.tails) for of in (triples.take(rows), triples))
    found = link_prediction(score, asked, [known], len(triples.head_names), block=1 << 20)
    return figures(found, spent, epochs, split, n_left_out)


def by_frequency(model: str, *, name: str, part: str, seed: int, epochs: int) -> dict:
    from awase import recipes
    from awase.apps.graph import Training, frequency

    triples, split, n_left_out = graph(name)
    training = Training(recipes.get(model)(), triples, split, seed=seed, threads=1)
    score = frequency(triples.take(split.train), len(triples.head_names), len(triples.relation_names))
    return figures(training.judge(split.test, score), 0.0, 0, split, n_left_out)


def graph(name: str):
    """The triples, their split, and how many test triples name what training does not."""
    from awase.apps.graph import trained_names
    from awase.data.link_split import split_links
    from awase.data.links import read_links

    triples = read_links(graph_folder(name), "triples")
    triples, split, left_out = trained_names(triples, split_links(triples))
    return triples, split, left_out["test"]


def figures(found, spent: float, epochs: float, split, n_left_out: int) -> dict:
    summary = found.summary()["both"]
    return {
        **{key: summary[key] for key in MEASURES},
        "cpu_s": round(spent, 3),
        "triples_per_cpu_s": round(len(split.train) * epochs / spent) if spent else None,
        "n_train": len(split.train),
        "n_test": len(split.test),
        "n_left_out": n_left_out,
    }


def factory_of(triples, rows: np.ndarray):
    """PyKEEN's own form of the triples at these rows."""
    import torch
    from pykeen.triples import CoreTriplesFactory

    of = triples.take(rows)
    columns = torch.as_tensor(np.column_stack([of.heads, of.relations, of.tails]))
    return CoreTriplesFactory.create(columns, num_entities=len(triples.head_names), num_relations=len(triples.relation_names))


def their_figure(encoder, triples, split) -> float:
    """Our vectors' MRR by PyKEEN's evaluator, in a model of PyKEEN's that asks our encoder."""
    import torch
    from pykeen.evaluation import RankBasedEvaluator
    from pykeen.models import Model

    from awase.apps.graph import scorer
    from awase.contrast.scores import Distance

    scores = scorer(encoder, Distance(p=1))

    class Ours(Model):
        """Nothing but the scores that the evaluator asks for."""

        def predict_t(self, hr_batch, **_):
            return torch.as_tensor(scores(hr_batch[:, 0].numpy(), hr_batch[:, 1].numpy(), "tail"))

        def predict_h(self, rt_batch, **_):
            return torch.as_tensor(scores(rt_batch[:, 1].numpy(), rt_batch[:, 0].numpy(), "head"))

        def _get_entity_len(self, **_):
            return len(triples.head_names)

        def collect_regularization_term(self):
            return torch.zeros(())

        # PyKEEN wants these to be there; its evaluator asks for the two above only.
        def score_hrt(self, hrt_batch, **_):
            raise AssertionError("the evaluator asks for the scores of all tails or of all heads")

        score_h = score_r = score_t = score_hrt

        def _reset_parameters_(self):
            return None

    train, valid, test = (factory_of(triples, rows) for rows in split[:3])
    model = Ours(triples_factory=train)
    model.register_buffer("on", torch.zeros(1))  # by which they see that it is on the processor
    result = RankBasedEvaluator().evaluate(
        model, test.mapped_triples, batch_size=128, use_tqdm=False,
        additional_filter_triples=[train.mapped_triples, valid.mapped_triples],
    )  # fmt: skip
    return float(result.get_metric("both.realistic.inverse_harmonic_mean_rank"))


JOBS = {"awase": ours, "recipe": whole_recipe, "pykeen": theirs, "frequency": by_frequency}
