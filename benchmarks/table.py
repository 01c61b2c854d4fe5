"""Writes the tables of numbers into the READMEs and docs/numbers*.md from results/*.jsonl. With --check it only says whether they are old.

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
COLUMNS = {"en": ("en", "ours", "theirs", "ratio"), "ja": ("ja", "ours_ja", "theirs_ja", "ratio")}
HEADS = {"en": "| what | Awase | compared with | |", "ja": "| 内容 | Awase | 比較対象 | |"}
NOTES = {
    "en": "CPU s are seconds of processor time; both sides of a line were measured in turns on one machine: {machines}.",
    "ja": "CPU 秒はプロセッサー時間です。各行の両方を、一台の計算機で交互に測りました。{machines}。",
}
# A page, its language, and whether it has the headlines only.
PAGES = {
    "README.md": ("en", True),
    "README.ja.md": ("ja", True),
    "docs/numbers.md": ("en", False),
    "docs/numbers.ja.md": ("ja", False),
}


def main() -> int:
    check = "--check" in sys.argv[1:]
    missing = [line["en"] for line in LINES if newest(line) is None]
    if missing:
        print("no result yet:", *missing, sep="\n  ", file=sys.stderr)
    old = []
    for name, (language, headlines) in PAGES.items():
        path = ROOT / name
        before, rest = path.read_text(encoding="utf-8").split(BEGIN)
        lines = [line for line in LINES if line.get("headline") or not headlines]
        written = f"{before}{BEGIN}\n{table(lines, language)}{END}{rest.split(END)[1]}"
        if written != path.read_text(encoding="utf-8"):
            old.append(name)
            if not check:
                path.write_text(written, encoding="utf-8")
    if check and old:
        print(*old, "are old: run python benchmarks/table.py")
    return bool(check and old)


def table(lines: list[dict], language: str) -> str:
    """The lines that have a result, and the machines they were measured on."""
    found = [(line, row) for line in lines if (row := newest(line)) is not None]
    if not found:
        return ""
    rows = ["| " + " | ".join(cell(line, column).format(**row) for column in COLUMNS[language]) + " |" for line, row in found]
    machines = "; ".join(dict.fromkeys(described(row["machine"]) for _, row in found))
    return "\n".join([HEADS[language], "|---|---|---|--:|", *rows, "", NOTES[language].format(machines=machines), ""])


def cell(line: dict, column: str) -> str:
    """A template. Where there is none in Japanese, numbers and names alone are the same in both languages."""
    return line.get(column) or line.get(column.removesuffix("_ja"), "")


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
