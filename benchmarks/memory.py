"""Memory: fit of 1,000,000 short pairs. Each job runs in a process of its own, whose peak the system counts.

    python benchmarks/memory.py [--pairs 1000000]

Pairs are two Tatoeba pairs joined on both sides, drawn with a seed: real words, distinct texts.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from record import record
from sets import tatoeba

_FIT = """
import sys, awase
fitted = awase.fit(sys.argv[1], out=sys.argv[2])
print(fitted.report.as_json())
"""


def write_pairs(path: Path, n: int, seed: int = 0) -> None:
    table = tatoeba()
    japanese, english = table["anchor"].to_pylist(), table["positive"].to_pylist()
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, len(japanese), (2, n))
    with path.open("w", encoding="utf-8") as out:
        out.write("anchor\tpositive\n")
        for a, b in zip(first.tolist(), second.tolist()):
            out.write(f"{japanese[a]}{japanese[b]}\t{english[a]} {english[b]}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.tsv"
        write_pairs(path, asked.pairs)
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _FIT, str(path), str(Path(folder) / "model")], stdout=subprocess.PIPE, check=True
        )
        wall = time.perf_counter() - started
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(done.stdout)
    record(
        "memory",
        {
            "job": "fit",
            "pairs": asked.pairs,
            "peak_rss_bytes": usage.ru_maxrss * 1024,
            "wall_s": wall,
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "train_s": report["cost"]["train_s"],
            "ndcg@10": {name: values["ndcg@10"] for name, values in report["systems"].items()},
            "seed": 0,
        },
    )


if __name__ == "__main__":
    main()
