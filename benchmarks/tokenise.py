"""Tokenising against HF tokenizers: the same tokenizer, the same texts, the same ids, checked; and training one.

    python benchmarks/tokenise.py [--repeats 3]

HF gets lists of strings in batches of 8,192 and uses all processors, as it does by default; ours uses one, but for the words it
gives to HF. "first" starts with an empty memory of words, "again" with the one of the run before. Systems take turns, the best of
the repeats counts; training is run once. The vocabularies have 32,000 tokens. Nothing is random. Results go to results/tokenise.jsonl.
"""

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers, trainers

from awase.data.text.tokenizer import Tokenizer, Tokens, train_tokenizer
from record import record
from sets import debian_descriptions, tatoeba

SIZE = 32_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    titles, bodies = debian_descriptions()
    pairs = tatoeba()
    sets = {
        "debian titles and descriptions": titles + bodies,
        "tatoeba ja and en": pairs["anchor"].to_pylist() + pairs["positive"].to_pylist(),
    }
    train_tokenizer(titles[:1000]).encode(titles[:1000])  # compiles
    for name, texts in sets.items():
        training(name, texts, 1)
        encoding(name, texts, "ours, BPE", train_tokenizer(texts, SIZE).to_json(), repeats)
        encoding(name, texts, "BERT, WordPiece", bert(texts), repeats)


def encoding(name: str, texts: list[str], kind: str, spec: str, repeats: int) -> None:
    hf = tokenizers.Tokenizer.from_str(spec)
    ours = Tokenizer.from_json(spec, drop_unknown=False)

    def first() -> Tokens:
        nonlocal ours
        ours = Tokenizer.from_json(spec, drop_unknown=False)
        return ours.encode(texts)

    jobs = {"hf": lambda: hf_encode(hf, texts), "first": first, "again": lambda: ours.encode(texts)}
    best, results = alternate(jobs, repeats)
    for got in ("first", "again"):
        assert np.array_equal(results["hf"].ids, results[got].ids)
        assert np.array_equal(results["hf"].offsets, results[got].offsets)
    size = sum(len(text.encode()) for text in texts)
    row = {
        "set": name,
        "what": "encode",
        "repeats": repeats,
        "tokenizer": kind,
        "n_texts": len(texts),
        "n_bytes": size,
        "same_ids": True,
    }
    row |= {job: {**spent, "mb_per_s": round(size / 1e6 / spent["wall_s"], 1)} for job, spent in best.items()}
    record("tokenise", row | times(best))


def training(name: str, texts: list[str], repeats: int) -> None:
    ours = train_tokenizer(texts[:10])
    spec = json.loads(ours.to_json())

    def theirs() -> None:
        spec["model"] |= {"vocab": {"[UNK]": 0}, "merges": []}
        hf = tokenizers.Tokenizer.from_str(json.dumps(spec))
        hf.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=SIZE, special_tokens=["[UNK]"], show_progress=False))

    best, _ = alternate({"hf": theirs, "first": lambda: train_tokenizer(texts, SIZE)}, repeats)
    row = {"set": name, "what": "train BPE", "n_texts": len(texts), "vocab_size": SIZE}
    record("tokenise", row | best | times(best))


def alternate(jobs: dict[str, Callable], repeats: int) -> tuple[dict, dict]:
    """The least seconds of each job, and what its last run gave."""
    best: dict[str, dict] = {}
    results = {}
    for _ in range(repeats):
        for name, job in jobs.items():
            wall, cpu = time.perf_counter(), time.process_time()
            results[name] = job()
            spent = {"wall_s": round(time.perf_counter() - wall, 3), "cpu_s": round(time.process_time() - cpu, 3)}
            best[name] = {key: min(spent[key], best.get(name, spent)[key]) for key in spent}
    return best, results


def times(best: dict) -> dict:
    """How many times faster than HF, by seconds of processor time and of the clock."""
    return {
        f"times_{key}": {job: round(best["hf"][key] / spent[key], 1) for job, spent in best.items() if job != "hf"}
        for key in ("cpu_s", "wall_s")
    }


def hf_encode(hf: tokenizers.Tokenizer, texts: list[str]) -> Tokens:
    ids, counts = [], []
    for start in range(0, len(texts), 8192):
        for one in hf.encode_batch_fast(texts[start : start + 8192], add_special_tokens=False):
            ids.extend(one.ids)
            counts.append(len(one))
    return Tokens(np.array(ids, np.int32), np.cumsum([0, *counts], dtype=np.int64))


def bert(texts: list[str]) -> str:
    hf = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    hf.normalizer, hf.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    hf.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=SIZE, special_tokens=special, show_progress=False))
    return hf.to_str()


if __name__ == "__main__":
    main()
