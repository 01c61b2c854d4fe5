"""What a run ran on, so that its numbers can be repeated."""

import platform
from importlib.metadata import PackageNotFoundError, version

from awase.kernels.threads import available

_LIBRARIES = ("numpy", "numba", "tokenizers", "pyarrow", "faiss-cpu", "torch")


def environment() -> dict[str, str | int]:
    """Versions of Awase, Python and the libraries that decide results, the system, and the processors this process may use.

    >>> {"awase", "python", "system", "cpus", "numpy"} <= set(environment())
    True
    """
    found: dict[str, str | int] = {"python": platform.python_version(), "system": platform.platform(), "cpus": available()}
    for name in ("awase", *_LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
