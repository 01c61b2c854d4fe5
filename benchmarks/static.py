"""The static recipe against sentence-transformers, and a whole fit against BM25, on the package descriptions of Debian.

    python benchmarks/static.py [training] [fit] [--seeds 3] [--pairs N]

"training": both learn a table of 256 dimensions from the same titles and bodies with the same tokenizer, batch 2,048, InfoNCE at
temperature 0.05 (their scale 20) over the prefixes 256, 128, 64 and 32. The clock runs from lists of texts to a trained model, with
tokenising, without training the tokenizer. Theirs is ``StaticEmbedding`` with ``MultipleNegativesRankingLoss`` in ``MatryoshkaLoss``, trained
by their trainer with 10 % warm-up as in the model card of static-retrieval-mrl-en-v1; the learning rate is the best of three around the
card's 0.2 on held-out validation titles, for each number of epochs. Titles and bodies are distinct, so their default sampler draws no
duplicates. Ours is the recipe's own rate, with plain batches ("in-batch") and with its default ("topical").

nDCG@10 is that of 1,500 held-out titles against all bodies. "fit" is ``awase.fit`` with its defaults on all pairs.

Each run is a process of its own that has all processors; numba's and torch's start is not timed. Results go to results/static.jsonl; with
--pairs, to try the script on fewer pairs, they are only printed.
"""

import argparse
import json
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from processes import in_a_process
from record import record
from sets import debian_descriptions

DIMS = (32, 64, 128, 256)
BATCH, TEMPERATURE = 2048, 0.05
EPOCHS = (1, 5)
THEIR_RATES = (0.1, 0.2, 0.4)
HELD_OUT = {"test": 1500, "valid": 1500}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="training|fit", help="both if none is named")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pairs", type=int, help="try the script on so many pairs")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.job:
        print(json.dumps(JOBS[json.loads(asked.job)["job"]](**json.loads(asked.job))))
        return
    with tempfile.TemporaryDirectory() as folder:
        benchmark = Benchmark(Path(folder), asked.pairs, asked.seeds)
        for part in asked.parts or ("training", "fit"):
            {"training": benchmark.training, "fit": benchmark.fit}[part]()


class Benchmark:
    """Runs jobs, each in its own process, and records what they answer."""

    def __init__(self, folder: Path, n_pairs: int | None, n_seeds: int):
        self.n_pairs, self.n_seeds, self.tokenizer = n_pairs, n_seeds, folder / "tokenizer.json"

    def run(self, job: str, **options) -> dict:
        spec = {"job": job, "n_pairs": self.n_pairs, "tokenizer": str(self.tokenizer), **options}
        row = {"what": job, **options, **in_a_process(spec, threads=None)}
        self.keep(row)
        return row

    def training(self) -> None:
        self.run("tokenizer")
        self.run("awase", epochs=1, negatives="topical", seed=0, part="valid")  # compiles
        for epochs in EPOCHS:
            tried = [self.run("sentence-transformers", epochs=epochs, rate=rate, seed=0, part="valid") for rate in THEIR_RATES]
            best = max(tried, key=lambda row: row["ndcg@10"])
            theirs = self.run("sentence-transformers", epochs=epochs, rate=best["rate"], seed=0, part="test")
            for negatives in ("in-batch", "topical"):
                ours = [
                    self.run("awase", epochs=epochs, negatives=negatives, seed=seed, part="test")
                    for seed in range(self.n_seeds)
                ]
                self.compared(epochs, negatives, ours, theirs)

    def compared(self, epochs: int, negatives: str, ours: list[dict], theirs: dict) -> None:
        """The row of the table: means over our seeds."""
        mean = {name: float(np.mean([row[name] for row in ours])) for name in ("wall_s", "cpu_s", "ndcg@10")}
        row = {
            "what": "training, compared",
            "epochs": epochs,
            "negatives": negatives,
            "n_pairs": theirs["n_pairs"],
            "seeds": len(ours),
            "awase": mean | {"ndcg@10_of_seeds": [row["ndcg@10"] for row in ours]},
            "sentence_transformers": {name: theirs[name] for name in (*mean, "rate")},
            "times_wall": round(theirs["wall_s"] / mean["wall_s"], 2),
            "times_cpu": round(theirs["cpu_s"] / mean["cpu_s"], 2),
        }
        self.keep(row)

    def fit(self) -> None:
        """A row for each seed, and the row of the table: means over the seeds, and the largest p of each test."""
        rows = [self.run("fit", seed=seed) for seed in range(self.n_seeds)]
        row = {
            "what": "fit, all seeds",
            "seeds": len(rows),
            **{name: rows[0][name] for name in ("n_pairs", "n_queries", "n_candidates")},
        }
        row |= {
            name: float(np.mean([one[name]["ndcg@10"] for one in rows])) for name in ("bm25", "untrained", "trained", "hybrid")
        }
        tests: dict[tuple[str, str], list[dict]] = {}
        for test in (test for one in rows for test in one["tests"]):
            tests.setdefault((test["a"], test["b"]), []).append(test)
        row["tests"] = [
            {
                "a": a,
                "b": b,
                "seeds": len(some),
                "difference": float(np.mean([test["difference"] for test in some])),
                "largest_p": max(test["p"] for test in some),
            }
            for (a, b), some in tests.items()
        ]
        self.keep(row)

    def keep(self, row: dict) -> None:
        if self.n_pairs is None:
            record("static", row)
        else:
            print(json.dumps(row, indent=1))


# What runs in a process of its own


def parts(n_pairs: int | None) -> tuple[list[str], list[str], dict[str, np.ndarray]]:
    """Titles, bodies, and the rows to train on, to choose by and to judge by."""
    titles, bodies = debian_descriptions()
    titles, bodies = titles[:n_pairs], bodies[:n_pairs]
    order = np.random.default_rng(0).permutation(len(titles))
    rows, start = {}, 0
    for name, size in HELD_OUT.items():
        rows[name] = order[start : start + min(size, len(titles) // 10)]
        start += len(rows[name])
    return titles, bodies, rows | {"train": np.sort(order[start:])}


def make_tokenizer(*, n_pairs: int | None, tokenizer: str, **_) -> dict:
    from awase.contrast.encoders import StaticBag

    titles, bodies, rows = parts(n_pairs)
    made = StaticBag().tokenizer([side[row] for side in (titles, bodies) for row in rows["train"]])
    Path(tokenizer).write_text(made.to_json(), encoding="utf-8")
    return {"vocab_size": made.vocab_size}


def ours(*, n_pairs: int | None, tokenizer: str, epochs: int, negatives: str, seed: int, part: str, **_) -> dict:
    import pyarrow as pa

    from awase import recipes
    from awase.contrast.negatives import TextBatches
    from awase.data.pairs import read_pairs
    from awase.data.text.tokenizer import Tokenizer
    from awase.models import StaticModel
    from awase.train.loop import Loop
    from awase.train.step import choose

    spec = Path(tokenizer).read_text(encoding="utf-8")
    threads = len(os.sched_getaffinity(0))

    def train(titles: list[str], bodies: list[str], batch: int) -> StaticModel:
        recipe = recipes.get("static")(
            temperature=TEMPERATURE, negatives=negatives, matryoshka=DIMS, batch=batch, epochs=epochs
        )
        pairs = read_pairs(list(zip(titles, bodies)))
        items = recipe.positives.items(pairs, np.arange(len(pairs)))
        made = Tokenizer.from_json(spec)
        tokens = made.encode(pa.chunked_array([*items.anchors.chunks, *items.documents.chunks]))
        bag = recipe.encoder.bag(made, tokens, seed=seed, threads=threads)
        plan = replace(recipe.plan, seed=seed)
        batches = TextBatches(items.source, recipe.negatives, seed=seed, size=plan.batch, encode=bag.encode)
        Loop(choose(bag, batches, recipe.score, recipe.loss, plan, threads=threads), plan).run()
        return StaticModel(spec, bag.folded())

    titles, bodies, rows = parts(n_pairs)
    train(titles[:100], bodies[:100], 50)  # loads what is compiled
    texts = [titles[row] for row in rows["train"]], [bodies[row] for row in rows["train"]]
    model, spent = timed(lambda: train(*texts, BATCH))
    return spent | {"n_pairs": len(texts[0])} | judged(model.encode, titles, bodies, rows[part])


def theirs(*, n_pairs: int | None, tokenizer: str, epochs: int, rate: float, seed: int, part: str, **_) -> dict:
    import datasets
    import torch
    from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss, MultipleNegativesRankingLoss
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    datasets.disable_progress_bars()
    torch.set_num_threads(len(os.sched_getaffinity(0)))

    def train(titles: list[str], bodies: list[str], batch: int) -> SentenceTransformer:
        torch.manual_seed(seed)
        table = StaticEmbedding(Tokenizer.from_file(tokenizer), embedding_dim=DIMS[-1])
        model = SentenceTransformer(modules=[table], device="cpu")
        loss = MatryoshkaLoss(model, MultipleNegativesRankingLoss(model, scale=1 / TEMPERATURE), matryoshka_dims=DIMS[::-1])
        with tempfile.TemporaryDirectory() as folder:
            arguments = SentenceTransformerTrainingArguments(
                output_dir=folder, num_train_epochs=epochs, per_device_train_batch_size=batch, learning_rate=rate,
                warmup_steps=0.1, seed=seed, use_cpu=True, save_strategy="no", logging_strategy="no", report_to="none",
                disable_tqdm=True,
            )  # fmt: skip
            pairs = datasets.Dataset.from_dict({"anchor": titles, "positive": bodies})
            SentenceTransformerTrainer(model, arguments, train_dataset=pairs, loss=loss).train()
        return model

    titles, bodies, rows = parts(n_pairs)
    train(titles[:100], bodies[:100], 50)
    texts = [titles[row] for row in rows["train"]], [bodies[row] for row in rows["train"]]
    model, spent = timed(lambda: train(*texts, BATCH))

    def encode(texts: list[str]) -> np.ndarray:
        return model.encode(texts, batch_size=1024, normalize_embeddings=True, show_progress_bar=False)

    return spent | {"n_pairs": len(texts[0])} | judged(encode, titles, bodies, rows[part])


def timed(train) -> tuple:
    wall, cpu = time.perf_counter(), time.process_time()
    model = train()
    return model, {"wall_s": round(time.perf_counter() - wall, 3), "cpu_s": round(time.process_time() - cpu, 3)}


def judged(encode, titles: list[str], bodies: list[str], rows: np.ndarray) -> dict:
    """nDCG@10 and accuracy@1 of the titles at these rows against all bodies; each has one right body."""
    from awase.index.exact import Exact

    found = Exact(encode(bodies)).search(encode([titles[row] for row in rows]), 10).rows == rows[:, None]
    gains = np.where(found.any(axis=1), 1 / np.log2(found.argmax(axis=1) + 2), 0)
    return {
        "n_queries": len(rows),
        "n_candidates": len(bodies),
        "ndcg@10": float(gains.mean()),
        "accuracy@1": float(found[:, 0].mean()),
    }


def whole_fit(*, n_pairs: int | None, seed: int, **_) -> dict:
    import awase

    titles, bodies, _ = parts(n_pairs)
    wall, cpu = time.perf_counter(), time.process_time()
    report = awase.fit(list(zip(titles, bodies)), seed=seed).report
    spent = {"fit_wall_s": round(time.perf_counter() - wall, 2), "fit_cpu_s": round(time.process_time() - cpu, 2)}
    row = {
        "n_pairs": report.data["pairs"],
        "n_queries": report.judged["n_queries"],
        "n_candidates": report.judged["n_candidates"],
    }
    for name, of in report.systems.items():
        row[name] = {key: of[key] for key in ("ndcg@10", "ndcg@10_ci", "accuracy@1", "recall@10")}
    return row | {"tests": report.tests, "plan": report.split["plan"], "cost": report.cost} | spent


JOBS = {"tokenizer": make_tokenizer, "awase": ours, "sentence-transformers": theirs, "fit": whole_fit}


if __name__ == "__main__":
    main()
