"""An edited kernel is the one that its callers in other files call."""

import os
import subprocess
import sys

from compiled import refresh

INNER = "from numba import njit\n\n@njit(cache=True)\ndef inner(x):\n    return x + {}\n"
OUTER = "from numba import njit\nfrom inner import inner\n\n@njit(cache=True)\ndef outer(x):\n    return inner(x)\n"


def outer_of_one(folder) -> int:
    program = "from outer import outer; print(outer(1), sum(outer.stats.cache_hits.values()))"
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    value, hits = map(int, ran.stdout.split())
    return value if hits == 0 else -value


def test_callers_of_an_edited_kernel_are_compiled_anew(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    (tmp_path / "inner.py").write_text(INNER.format(1))
    (tmp_path / "outer.py").write_text(OUTER)
    (tmp_path / "plain.py").write_text("")
    assert refresh(tmp_path) == 0, "nothing is compiled yet"
    assert outer_of_one(tmp_path) == 2
    (tmp_path / "plain.py").write_text("x = 1")
    assert refresh(tmp_path) == 0, "no kernel was edited"
    assert outer_of_one(tmp_path) == -2, "from the cache"
    (tmp_path / "inner.py").write_text(INNER.format(10))
    assert refresh(tmp_path) > 0
    assert outer_of_one(tmp_path) == 11
