"""One line per result: printed, and appended to results/<name>.jsonl with the machine and versions it was measured with."""

import json
import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"
_LIBRARIES = (
    "numpy",
    "numba",
    "tokenizers",
    "pyarrow",
    "torch",
    "sentence-transformers",
    "model2vec",
    "bm25s",
    "faiss-cpu",
    "gensim",
    "pykeen",
    "implicit",
    "scikit-learn",
    "zstandard",
)


def record(name: str, row: dict) -> None:
    """Append a result. Benchmarks are the only writers here, and never two of one name at once."""
    versions = {}
    for library in ("awase", *_LIBRARIES):
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            continue
    line = json.dumps(row | {"machine": machine(), "versions": versions, "date": time.strftime("%Y-%m-%d")}, ensure_ascii=False)
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{name}.jsonl").open("a", encoding="utf-8") as out:
        out.write(line + "\n")
    print(json.dumps(row, ensure_ascii=False, indent=1))


def machine() -> dict:
    """What a reader needs to know of the machine: processor, processors that may be used, memory, system, Python."""
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": model,
        "cpus": len(os.sched_getaffinity(0)),
        "memory_bytes": pages,
        "system": platform.system(),
        "python": platform.python_version(),
    }
