"""Searching a folder: 10,000 files of 4 kB, read for the first time, read again unchanged, and killed over and over while it changes.

    python benchmarks/folder.py [--files 10000] [--kills 50]

The texts are words drawn from a Zipf law (seed 0). Each search is a process of its own; CPU seconds are those of user and system. After
the kills every passage of the files must be found, and nothing else. Results go to results/folder.jsonl.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from awase.apps.local.search import Searched
from record import record

COMMAND = Path(sys.executable).with_name("awase")
BYTES = 4_096
PARAGRAPHS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ["XDG_CACHE_HOME"] = str(Path(place) / "cache")
        folder = Path(place) / "texts"
        write(folder, options.files)
        search(folder.parent / "one", write_one=True)  # so that kernels are compiled
        first = search(folder)
        again = [search(folder) for _ in range(5)]
        row = {"files": options.files, "first": first, "again": min(again, key=lambda one: one["cpu_s"])}
        row |= {"cache_bytes": sum(file.stat().st_size for file in Path(place).rglob("*.awase*") if file.is_file())}
    with tempfile.TemporaryDirectory() as place:
        os.environ["XDG_CACHE_HOME"] = str(Path(place) / "cache")
        row["kills"] = killed(Path(place) / "texts", options.kills, 1.5 * row["again"]["wall_s"])
    record("folder", row)


def write(folder: Path, n: int) -> None:
    draw = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(50_000)])
    for i in range(n):
        drawn = words[np.minimum(draw.zipf(1.2, 700), 50_000) - 1].reshape(PARAGRAPHS, -1).tolist()
        text = "\n\n".join(" ".join(paragraph) for paragraph in drawn)[:BYTES]
        (folder / f"d{i % 100}").mkdir(parents=True, exist_ok=True)
        (folder / f"d{i % 100}" / f"f{i}.txt").write_text(text)


def search(folder: Path, *, write_one: bool = False) -> dict:
    """CPU seconds and peak memory of a search in a process of its own."""
    if write_one:
        write(folder, 1)
    program = (
        "import resource, sys; from awase.cli.main import main\n"
        "try: main(['search', sys.argv[1], 'w17 w400'])\n"
        "finally:\n used = resource.getrusage(resource.RUSAGE_SELF); print(used.ru_maxrss * 1024, file=sys.stderr)"
    )
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak = int(done.stderr.split()[-1])
    return {"cpu_s": round(cpu, 2), "wall_s": round(time.perf_counter() - started, 2), "peak_rss_bytes": peak}


def killed(folder: Path, kills: int, longest_s: float) -> dict:
    """Searches that are killed at random moments while files come, change and go; then what is found, against what is there."""
    chance, interrupted, n = random.Random(0), 0, 400
    folder.mkdir()
    for version in range(kills):
        for number in chance.sample(range(n), n // 2):
            path = folder / f"f{number}.txt"
            if path.exists() and chance.random() < 0.3:
                path.unlink()
                continue
            parts = [f"v{version} {path.stem} p{part} " + "x " * 600 for part in range(chance.randint(1, 4))]
            path.write_text("\n\n".join(parts))
        running = subprocess.Popen([COMMAND, "search", folder, "x"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.1, longest_s))
        running.kill()
        interrupted += running.wait() != 0
    wrong = 0
    with Searched(folder) as texts:
        whole = texts.collection.doctor()["whole"]
        for version in range(kills):
            wanted = sorted(
                part[:20]
                for path in folder.iterdir()
                for part in path.read_text().split("\n\n")
                if part.startswith(f"v{version} ")
            )
            wrong += sorted(one.text[:20] for one in texts.search(f"v{version}", 10_000)) != wanted
    return {"kills": kills, "interrupted": interrupted, "whole": whole, "wrong_answers": wrong}


if __name__ == "__main__":
    main()
