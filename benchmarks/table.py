"""Writes the table of numbers into README.md and README.ja.md from results/*.jsonl. With --check it only says whether it is old.

    python benchmarks/table.py [--check]

The newest result that a line asks for counts; a line without a result is left out and named on stderr.
"""

import json
import re
import sys
from typing import NamedTuple

from record import RESULTS

ROOT = RESULTS.parent.parent
BEGIN = "<!-- numbers: written by benchmarks/table.py from benchmarks/results -->"
END = "<!-- end of numbers -->"
HEADS = {
    "README.md": (
        "| what | Awase | compared with | |",
        "Each line is one run of both on one machine, in processor seconds where it says CPU: {machine}.",
    ),
    "README.ja.md": (
        "| 内容 | Awase | 比較対象 | |",
        "各行は、同じ計算機で両方を続けて測った値です(CPU とあるものは CPU 時間)。{machine}。",
    ),
}


class Line(NamedTuple):
    """A line of the table: the result it shows, and how, as templates over the result's fields."""

    name: str  # results/<name>.jsonl
    where: dict[str, object]
    what: tuple[str, str]  # in English and in Japanese
    ours: str
    theirs: str
    ratio: str = ""


LINES = (
    Line(
        "demo",
        {"what": "quality"},
        (
            "`awase demo`: Japanese query, {n_candidates:,} English sentences, nDCG@10",
            "`awase demo`:日本語で英文 {n_candidates:,} 件を検索、nDCG@10",
        ),
        "{trained:.3f} ({trained_low:.3f} to {trained_high:.3f}); {train_cpu_s:.0f} CPU s of training",
        "BM25 {bm25:.3f}, untrained {untrained:.3f}",
    ),
    Line(
        "cold",
        {"what": "first search"},
        ("`awase search` in a new process, {items:,} items", "新しいプロセスでの `awase search`({items:,} 件)"),
        "{wall_s:.2f} s ({cpu_s:.2f} CPU s)",
        "`import awase` {import_s:.2f} s",
    ),
    Line(
        "tokenise",
        {"what": "encode"},
        ("tokenise {n_texts:,} texts, the same ids", "{n_texts:,} 件のトークン化(同じ結果)"),
        "{first[cpu_s]:.1f} CPU s",
        "HF tokenizers {hf[cpu_s]:.1f} CPU s",
        "{times_cpu_s[first]:.1f} x",
    ),
    Line(
        "bm25",
        {"set": "debian titles -> descriptions", "what": "index, from text"},
        ("BM25: index {n:,} documents", "BM25:{n:,} 件の索引付け"),
        "{awase[per_cpu_s]:,.0f} per CPU s",
        "bm25s {bm25s[per_cpu_s]:,.0f}",
        "{times_cpu:.1f} x",
    ),
    Line(
        "bm25",
        {"set": "debian titles -> descriptions", "what": "search a batch, from text"},
        ("BM25: {n:,} queries", "BM25:{n:,} 件の検索"),
        "{awase[per_cpu_s]:,.0f} per CPU s",
        "bm25s {bm25s[per_cpu_s]:,.0f}",
        "{times_cpu:.1f} x",
    ),
)


def main() -> int:
    missing = [line.what[0] for line in LINES if newest(line) is None]
    if missing:
        print("no result yet:", *missing, sep="\n  ", file=sys.stderr)
    old = []
    for language, name in enumerate(HEADS):
        path = ROOT / name
        content = path.read_text(encoding="utf-8")
        written = re.sub(
            f"{BEGIN}.*{END}", lambda _, i=language, n=name: f"{BEGIN}\n{table(i, n)}{END}", content, flags=re.DOTALL
        )
        if written != content:
            old.append(name)
            if "--check" not in sys.argv[1:]:
                path.write_text(written, encoding="utf-8")
    if "--check" in sys.argv[1:] and old:
        print(*old, "are old: run python benchmarks/table.py")
        return 1
    return 0


def table(language: int, name: str) -> str:
    """The lines that have a result, and what they were measured on."""
    found = [(line, row) for line in LINES if (row := newest(line)) is not None]
    if not found:
        return ""
    head, note = HEADS[name]
    rows = [
        f"| {line.what[language].format(**row)} | {line.ours.format(**row)} | {line.theirs.format(**row)} | {line.ratio.format(**row)} |"
        for line, row in found
    ]
    machines = dict.fromkeys(described(row, language) for _, row in found)
    return "\n".join([head, "|---|---|---|---|", *rows, "", note.format(machine="; ".join(machines)), ""])


def newest(line: Line) -> dict | None:
    path = RESULTS / f"{line.name}.jsonl"
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else []
    fitting = [row for row in rows if all(row.get(field) == value for field, value in line.where.items())]
    return fitting[-1] if fitting else None


def described(row: dict, language: int) -> str:
    machine = row["machine"]
    cpus = f"{machine['cpus']} {'CPU' if language else 'processors'}"
    return (
        f"{machine['cpu']}, {cpus}, {machine['memory_bytes'] / 2**30:.0f} GiB, {machine['system']}, Python {machine['python']}"
    )


if __name__ == "__main__":
    sys.exit(main())
