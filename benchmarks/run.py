"""Runs every benchmark, one after the other. A few minutes each; their results are appended to results/*.jsonl.

python benchmarks/run.py [NAME ...]
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOT_BENCHMARKS = {
    "ace_jobs", "ace_plots", "corpora", "cut_demo_data", "graphs", "homophily_checks", "homophily_page", "pages", "processes",
    "record", "run", "sets", "table",
}  # fmt: skip


def main() -> int:
    scripts = {path.stem: path for path in sorted(HERE.glob("*.py")) if path.stem not in NOT_BENCHMARKS}
    wanted = sys.argv[1:] or list(scripts)
    failed = [name for name in wanted if subprocess.run([sys.executable, scripts[name]], check=False).returncode]
    print(f"{len(wanted)} benchmarks were run", f"; failed: {', '.join(failed)}" if failed else "", sep="")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
