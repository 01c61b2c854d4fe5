"""Cold starts: a new process for each, files in the page cache. ``import awase``, ``awase --help``, the first use of each public name, and the
first search of 60,000 items. A start is measured beside an interpreter that does nothing, and once more without compiled Python files, as it is
right after an installation.

    python benchmarks/cold.py [--repeats 7]

The best of the repeats counts. Results go to results/cold.jsonl.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import awase
from awase.data.demo import demo_path
from record import record

COMMAND = Path(sys.executable).with_name("awase")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--starts", action="store_true", help="only the starts, without a collection")
    asked = parser.parse_args()
    starts(asked.repeats)
    if not asked.starts:
        searches(asked.repeats)


def starts(repeats: int) -> None:
    nothing = best([sys.executable, "-c", "pass"], repeats)[1]
    programs = {"import awase": "import awase", "awase --help": "from awase.cli.main import main; main(['--help'])"}
    programs |= {f"first use of {name}": f"import awase; awase.{name}" for name in ("load", "Collection", "fit")}
    for what, program in programs.items():
        command = [sys.executable, "-c", program]
        wall, cpu = best(command, repeats)
        with tempfile.TemporaryDirectory() as empty:
            fresh = best(command, 1, {**os.environ, "PYTHONPYCACHEPREFIX": empty})[1]
        record(
            "cold",
            {"what": what, "wall_s": wall, "cpu_s": cpu, "above_nothing_cpu_s": cpu - nothing, "first_time_cpu_s": fresh},
        )


def searches(repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model, path = Path(folder) / "model", Path(folder) / "english.awase"
        awase.fit(demo_path(), out=model, options={"epochs": 1})
        with awase.Collection.create(path, model) as collection:
            sentences = awase.read_pairs(demo_path()).positives.to_pylist()
            items = collection.add((str(i), text) for i, text in enumerate(sentences))
        imported = best([sys.executable, "-c", "import awase"], repeats)
        helped = best([COMMAND, "--help"], repeats)
        for mode in ("bm25", "dense", "hybrid"):
            wall, cpu = best([COMMAND, "search", path, "猫が好きです", "--mode", mode], repeats)
            what = "first search" if mode == "hybrid" else f"first search, {mode}"
            record("cold", {
                "what": what, "items": items, "wall_s": wall, "cpu_s": cpu, "import_s": imported[0], "help_s": helped[0],
            })  # fmt: skip


def best(command: list, repeats: int, environment: dict | None = None) -> tuple[float, float]:
    """The least wall-clock and CPU seconds of a process."""
    walls, cpus = [], []
    for _ in range(repeats):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        walls.append(time.perf_counter() - started)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(walls), min(cpus)


if __name__ == "__main__":
    main()
