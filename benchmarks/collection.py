"""Collections: 60,000 real texts (adding, cold start, a small change) and 1,000,000 x 256 (seconds and memory).

    python benchmarks/collection.py [--only 60000|1000000]

The texts are the descriptions of the Debian packages, and for the million 10 words each drawn from a Zipf law (seed 0). The vectors
are random (a stub in place of a model), so that what is measured is the collection. Every step has a process of its own: its
peak memory is its own and nothing is warm but the files. Results go to results/collection.jsonl.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DIM = 256
NO_GRAPH = 1 << 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=int, choices=(60_000, 1_000_000))
    parser.add_argument("--step", nargs=3, help="what a child process does")
    options = parser.parse_args()
    if options.step:
        step, path, n = options.step
        print(json.dumps({"make": make, "first": first_search, "change": change}[step](Path(path), int(n))))
        return

    from record import record

    for n in (options.only,) if options.only else (60_000, 1_000_000):
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "docs.awase")
            row = {"n": n, "dim": DIM}
            for step in (
                "make",
                "first",
                "first",
                "change",
            ):  # the first search twice: compiled kernels are kept from the first
                done = subprocess.run(
                    [sys.executable, __file__, "--step", step, path, str(n)], capture_output=True, text=True, check=True
                )
                row[step] = json.loads(done.stdout.splitlines()[-1])
            record("collection", row)


class Stub:
    """Random unit vectors, in place of a model."""

    name, dim, fingerprint = "stub", DIM, "stub"

    def encode(self, texts, *, role="document", dim=None):
        import numpy as np

        vectors = np.random.default_rng(len(texts)).standard_normal((len(texts), DIM), np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def items(n):
    if n == 60_000:
        from sets import debian_titles

        for i, text in enumerate(debian_titles().documents):
            yield {"id": f"d{i}", "text": text, "year": 1990 + i % 30}
        return
    import numpy as np

    draw = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(50_000)])
    for start in range(0, n, 10_000):
        for i, drawn in enumerate(words[np.minimum(draw.zipf(1.3, (10_000, 10)), 50_000) - 1].tolist()):
            yield {"id": f"d{start + i}", "text": " ".join(drawn), "year": 1990 + i % 30}


def spent(start: float) -> float:
    return round(time.perf_counter() - start, 3)


def used() -> dict:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_s": round(usage.ru_utime + usage.ru_stime, 2), "peak_rss_bytes": usage.ru_maxrss * 1024}


def make(path: Path, n: int) -> dict:
    from awase.index.collection import Collection, cache_folder

    start = time.perf_counter()
    with Collection.create(path, Stub(), graph_from=NO_GRAPH) as docs:
        added = docs.add(items(n))
        add_s, start = spent(start), time.perf_counter()
        docs.prepare()
        prepare_s = spent(start)
    sizes = {file.name: file.stat().st_size for file in (path, *sorted(cache_folder(path).iterdir()))}
    return {"items": added, "add_s": add_s, "prepare_s": prepare_s, "bytes": sizes, **used()}


def first_search(path: Path, n: int) -> dict:
    start = time.perf_counter()
    from awase.index.collection import Collection

    import_s = spent(start)
    start = time.perf_counter()
    query = "web server" if n == 60_000 else "w100 w2000"
    with Collection.open(path, Stub(), readonly=True) as docs:
        docs.search(query)
        row = {"import_s": import_s, "open_and_first_search_s": spent(start), **used()}
        for name, wanted in {
            "hybrid": {},
            "bm25": {"mode": "bm25"},
            "dense": {"mode": "dense"},
            "where": {"where": "year >= 2010"},
        }.items():
            docs.search(query, **wanted)
            start = time.perf_counter()
            docs.search(query, **wanted)
            row[f"{name}_ms"] = round(1e3 * (time.perf_counter() - start), 2)
    return row


def change(path: Path, n: int) -> dict:
    from awase.index.collection import Collection

    with Collection.open(path, Stub()) as docs:
        docs.search("warm up")
        start = time.perf_counter()
        docs.upsert((f"d{i}", f"changed text {i}") for i in range(10))
        upsert_s, start = spent(start), time.perf_counter()
        docs.search("changed text 7")
        return {"upsert_10_s": upsert_s, "search_after_s": spent(start), **used()}


if __name__ == "__main__":
    main()
