"""Would a test notice? Plants small faults, one at a time, into a copy of the sources, and runs the tests that ought to fail.

    .venv/bin/python benchmarks/planted.py            # all of planted.toml: some minutes
    .venv/bin/python benchmarks/planted.py split      # those whose name has this in it

A fault is a piece of text that stands once in a file, and another in its place. Where no test fails, the fault survived: the exit code is the
number of those. A fault whose text is gone is one too, since it says nothing any more. The count goes to results/planted.jsonl.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from record import record

ROOT = Path(__file__).parent.parent
_PYTEST = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="?", default="", help="faults whose name has this in it")
    asked = parser.parse_args()
    faults = tomllib.loads((ROOT / "benchmarks/planted.toml").read_text(encoding="utf-8"))
    chosen = {name: fault for name, fault in faults.items() if asked.only in name}
    survived = []
    with tempfile.TemporaryDirectory() as folder:
        sources, kernels = Path(folder, "src"), Path(folder, "kernels")
        shutil.copytree(ROOT / "src", sources)
        for name, fault in chosen.items():
            began = time.monotonic()
            caught = _caught(sources, kernels, **fault)
            print(f"{'caught  ' if caught else 'SURVIVED'}  {name}  ({time.monotonic() - began:.0f} s)", flush=True)
            survived += [] if caught else [name]
    print(f"{len(chosen) - len(survived)} of {len(chosen)} caught")
    if not asked.only:
        record("planted", {"faults": len(chosen), "caught": len(chosen) - len(survived), "survived": survived})
    return len(survived)


def _caught(sources: Path, kernels: Path, file: str, old: str, new: str, tests: list[str]) -> bool:
    """Whether a test fails with the fault, and none without a reason of its own: what cannot be imported is no fault that was noticed."""
    path = sources / "awase" / file
    right = path.read_text(encoding="utf-8")
    if right.count(old) != 1:
        print(f"  {file} has the text {right.count(old)} times, not once: {old!r}")
        return False
    path.write_text(right.replace(old, new), encoding="utf-8")
    compile(path.read_text(encoding="utf-8"), str(path), "exec")
    try:
        with tempfile.TemporaryDirectory() as anew:
            # A kernel that others call is compiled into them: what is compiled with it wrong must not outlive it.
            cache = anew if "njit" in right else str(kernels)
            environment = os.environ | {"PYTHONPATH": str(sources), "NUMBA_CACHE_DIR": cache, "PYTHONDONTWRITEBYTECODE": "1"}
            ran = subprocess.run([*_PYTEST, *tests], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode not in (0, 1):
            print(ran.stdout[-2000:])
        return ran.returncode == 1
    finally:
        path.write_text(right, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
