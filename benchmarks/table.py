"""Writes the table of numbers into README.md and README.ja.md from results/*.jsonl. With --check it only says whether it is old.

    python benchmarks/table.py [--check]

table.toml says which results are shown and how. A line without a result is left out and named on stderr.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

from record import RESULTS

ROOT = RESULTS.parent.parent
LINES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["line"]
BEGIN = "<!-- numbers: written by benchmarks/table.py from benchmarks/results -->"
END = "<!-- end of numbers -->"
PAGES = {
    "README.md": (
        "en",
        "| what | Awase | compared with | |",
        "CPU s are seconds of processor time; both sides of a line were measured in turns on one machine: {machines}.",
    ),
    "README.ja.md": (
        "ja",
        "| 内容 | Awase | 比較対象 | |",
        "CPU s は CPU 時間(秒)です。各行の両方を、一台の計算機で交互に測りました。{machines}。",
    ),
}


def main() -> int:
    check = "--check" in sys.argv[1:]
    missing = [line["en"] for line in LINES if newest(line) is None]
    if missing:
        print("no result yet:", *missing, sep="\n  ", file=sys.stderr)
    old = []
    for name, form in PAGES.items():
        path = ROOT / name
        before, rest = path.read_text(encoding="utf-8").split(BEGIN)
        written = f"{before}{BEGIN}\n{table(*form)}{END}{rest.split(END)[1]}"
        if written != path.read_text(encoding="utf-8"):
            old.append(name)
            if not check:
                path.write_text(written, encoding="utf-8")
    if check and old:
        print(*old, "are old: run python benchmarks/table.py")
    return bool(check and old)


def table(language: str, head: str, note: str) -> str:
    """The lines that have a result, and the machines they were measured on."""
    found = [(line, row) for line in LINES if (row := newest(line)) is not None]
    if not found:
        return ""
    columns = (language, "ours", "theirs", "ratio")
    rows = ["| " + " | ".join(line.get(column, "").format(**row) for column in columns) + " |" for line, row in found]
    machines = "; ".join(dict.fromkeys(described(row["machine"]) for _, row in found))
    return "\n".join([head, "|---|---|---|--:|", *rows, "", note.format(machines=machines), ""])


def newest(line: dict) -> dict | None:
    """The last result of a line, with gigabytes beside bytes."""
    path = RESULTS / f"{line['results']}.jsonl"
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else []
    fitting = [row for row in rows if all(row.get(field) == value for field, value in line["where"].items())]
    return with_gb(fitting[-1]) if fitting else None


def with_gb(row: dict) -> dict:
    inner = {name: with_gb(value) if isinstance(value, dict) else value for name, value in row.items()}
    gb = {re.sub("bytes$", "gb", name): value / 1e9 for name, value in inner.items() if name.endswith("_bytes")}
    return inner | gb


def described(machine: dict) -> str:
    gib = machine["memory_bytes"] / 2**30
    return f"{machine['cpu']}, {machine['cpus']} CPU, {gib:.0f} GiB, {machine['system']}, Python {machine['python']}"


if __name__ == "__main__":
    sys.exit(main())
