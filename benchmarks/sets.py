"""The real data sets the benchmarks run on. Nothing here is in the repository: each is read from where it is kept, once.

Derived files are cached in $AWASE_BENCH_CACHE (default ~/.cache/awase-bench). $AWASE_SHARED (default ../shared, beside the
repository) is the folder that holds data/jglue.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

REPOSITORY = Path(__file__).resolve().parent.parent
_APT_LISTS = Path("/var/lib/apt/lists")
_APT_UPDATE = "apt-get -o Acquire::Languages=en update"


class Retrieval(NamedTuple):
    """Queries, documents and the one document row that answers each query."""

    queries: list[str]
    documents: list[str]
    gold: np.ndarray  # (n_queries,) int64


def cache_folder() -> Path:
    folder = Path(os.environ.get("AWASE_BENCH_CACHE", Path.home() / ".cache" / "awase-bench"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def shared_folder() -> Path:
    return Path(os.environ.get("AWASE_SHARED", REPOSITORY.parent / "shared"))


def debian_descriptions() -> tuple[list[str], list[str]]:
    """Titles and bodies of the packages of this Debian release in English, one row a package, by package name.

    A title is the one-line description, its body the long one. A package whose title or body was seen before is left out, so
    that each title has exactly one right body. Needs the package lists of a Debian machine.
    """
    cached = cache_folder() / "debian-descriptions.parquet"
    if not cached.exists():
        titles, bodies = {}, set()
        for _, (title, body) in sorted(_parse_translations().items()):
            if title not in titles and body not in bodies:
                titles[title] = body
                bodies.add(body)
        table = pa.table({"title": list(titles), "body": list(titles.values())})
        fresh = cached.with_suffix(f".{os.getpid()}")
        pq.write_table(table, fresh)
        fresh.replace(cached)  # several benchmarks may make it at once
    table = pq.read_table(cached)
    return table["title"].to_pylist(), table["body"].to_pylist()


def debian_titles() -> Retrieval:
    """`debian_descriptions` as retrieval: each title asks for its own package's body."""
    titles, bodies = debian_descriptions()
    return Retrieval(titles, bodies, np.arange(len(bodies)))


def _parse_translations() -> dict[str, tuple[str, str]]:
    lists = sorted(_APT_LISTS.glob("*Translation-en*"))
    if not lists:
        raise SystemExit(f"no English package descriptions in {_APT_LISTS}: run `{_APT_UPDATE}` on a Debian machine")
    rows = {}
    for path in lists:
        text = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", path], capture_output=True, check=True).stdout.decode()
        for stanza in text.split("\n\n"):
            package = re.search(r"^Package: (.*)$", stanza, re.MULTILINE)
            described = re.search(r"^Description-en: (.*(?:\n .*)*)", stanza, re.MULTILINE)
            if package is None or described is None:
                continue
            title, *body = described[1].split("\n")
            # A line " ." is an empty one; the rest is wrapped at 80 columns, which means nothing.
            body_text = " ".join(line.strip() for line in body if line.strip() != ".")
            if title.strip() and body_text:
                rows.setdefault(package[1], (title.strip(), body_text))
    return rows


def jsquad() -> Retrieval:
    """JSQuAD v1.3, validation part: Japanese questions, all distinct paragraphs, and the paragraph of each question."""
    parsed = json.loads((shared_folder() / "data" / "jglue" / "jsquad-valid-v1.3.json").read_bytes())
    rows: dict[str, int] = {}
    questions, gold = [], []
    for article in parsed["data"]:
        for paragraph in article["paragraphs"]:
            text = paragraph["context"].replace(" [SEP] ", " ")  # the title stands before the mark
            row = rows.setdefault(text, len(rows))
            for question in paragraph["qas"]:
                questions.append(question["question"])
                gold.append(row)
    return Retrieval(questions, list(rows), np.array(gold))


def tatoeba() -> pa.Table:
    """All Japanese-English pairs of the bundled data's source (columns anchor, positive, split), with the same held-out pairs."""
    cached = cache_folder() / "tatoeba-ja-en-all.parquet"
    if not cached.exists():
        subprocess.run([sys.executable, str(Path(__file__).with_name("cut_demo_data.py")), "--all", str(cached)], check=True)
    return pq.read_table(cached)
