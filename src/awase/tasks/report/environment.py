"""What a run ran on, so that its numbers can be repeated."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

_LIBRARIES = ("numpy", "numba", "tokenizers", "pyarrow", "faiss-cpu", "torch")


def environment() -> dict[str, str | int]:
    """Versions of Awase, Python and the libraries that decide results, the system, and the processors this process may use.

    >>> {"awase", "python", "system", "cpus", "numpy"} <= set(environment())
    True
    """
    found: dict[str, str | int] = {"python": platform.python_version(), "system": platform.platform(), "cpus": _cpus()}
    for name in ("awase", *_LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
