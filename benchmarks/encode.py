"""Encoding short texts with a static model against model2vec: the same folder, the same vectors, checked.

    python benchmarks/encode.py [--repeats 3]

Each library with its defaults: model2vec uses a thread for each processor above 10,000 texts, ours one thread. "first" starts
with an empty memory of words, "again" with the one of the run before. Systems take turns, the best of the repeats counts.
The rows are random (seed 0): the time does not depend on them. Results go to results/encode.jsonl.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from model2vec import StaticModel as Model2Vec

from awase.data.text.tokenizer import train_tokenizer
from awase.models import StaticModel, load
from record import record
from sets import debian_descriptions, tatoeba

DIM = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    titles, bodies = debian_descriptions()
    pairs = tatoeba()
    english, japanese = pairs["positive"].to_pylist(), pairs["anchor"].to_pylist()
    tokenizer = train_tokenizer(titles + bodies + english + japanese)
    table = np.random.default_rng(0).normal(size=(tokenizer.vocab_size, DIM)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        StaticModel(tokenizer.to_json(), table).save(Path(folder) / "model", card="---\ntags: [awase]\n---\n")
        for name, texts in {
            "debian titles": titles,
            "tatoeba en": english,
            "tatoeba ja": japanese,
            "debian descriptions": bodies,
        }.items():
            compare(name, texts, Path(folder) / "model", repeats)
        compare("tatoeba en, one by one", english[:2000], Path(folder) / "model", repeats, singly=True)


def compare(name: str, texts: list[str], folder: Path, repeats: int, *, singly: bool = False) -> None:
    theirs, ours = Model2Vec.from_pretrained(folder), load(folder)
    load(folder).encode(texts)  # compiles

    def first() -> np.ndarray:
        nonlocal ours
        ours = load(folder)
        return ours.encode(texts)

    def each(encode: Callable) -> Callable:
        return lambda: np.concatenate([encode([text]) for text in texts])

    jobs = {"model2vec": lambda: theirs.encode(texts), "first": first, "again": lambda: ours.encode(texts)}
    if singly:
        jobs = {"model2vec": each(theirs.encode), "again": each(ours.encode)}
    best: dict[str, dict] = {}
    vectors = {}
    for _ in range(repeats):
        for job, run in jobs.items():
            wall, cpu = time.perf_counter(), time.process_time()
            vectors[job] = run()
            spent = {"wall_s": round(time.perf_counter() - wall, 4), "cpu_s": round(time.process_time() - cpu, 4)}
            best[job] = {key: min(spent[key], best.get(job, spent)[key]) for key in spent}
    difference = max(float(np.abs(vectors["model2vec"] - vectors[job]).max()) for job in jobs)
    assert difference < 1e-5, difference  # sums of hundreds of float32 in another order
    row = {"set": name, "repeats": repeats, "n_texts": len(texts), "dim": DIM, "largest_difference": difference}
    for job, spent in best.items():
        rates = {"texts_per_s": round(len(texts) / spent["wall_s"]), "texts_per_cpu_s": round(len(texts) / spent["cpu_s"])}
        row[job] = {**spent, **rates}
    for key in ("cpu_s", "wall_s"):
        row[f"times_{key}"] = {job: round(best["model2vec"][key] / best[job][key], 1) for job in jobs if job != "model2vec"}
    record("encode", row)


if __name__ == "__main__":
    main()
