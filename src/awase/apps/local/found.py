"""What a path is that somebody wants to search."""

from pathlib import Path
from typing import Literal

from awase.core.errors import ConfigError

Kind = Literal["collection", "model", "documents", "texts"]

_SQLITE = b"SQLite format 3\0"
_TABLES = (".parquet", ".arrow", ".feather", ".ipc")
_TEXT_TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json")
_COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_BESIDE_WEIGHTS = ("awase.json", "modules.json", "config.json", "tokenizer.json")


def kind_of(path: Path) -> Kind:
    """A collection (also where nothing is, so that opening it says so), a model folder, a table of documents, or texts."""
    if path.is_dir():
        if any((path / name).exists() for name in _WEIGHTS) and any((path / name).exists() for name in _BESIDE_WEIGHTS):
            return "model"
        beir = any((path / f"corpus.jsonl{end}").is_file() for end in ("", ".gz"))
        return "documents" if beir else "texts"
    if not path.is_file() or path.suffix.lower() == ".awase":
        return "collection"
    with path.open("rb") as stream:
        if stream.read(len(_SQLITE)) == _SQLITE:
            return "collection"
    return "documents" if _is_table(path) else "texts"


def is_text_table(path: Path) -> bool:
    """Whether a table of documents can be read as a text too."""
    return path.is_file() and path.suffix.lower() in _TEXT_TABLES


def _is_table(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in _COMPRESSED:
        return suffixes[0] in _TEXT_TABLES
    return bool(suffixes) and suffixes[-1] in _TABLES + _TEXT_TABLES


def no_model(path: Path) -> ConfigError:
    """The error for a model folder where something to search is wanted."""
    return ConfigError(
        "E0760", "this is a model, which has no texts to search", place=str(path),
        remedy=f"give a collection or a folder of texts, and the model with it: awase search FOLDER QUERY -m {path}",
    )  # fmt: skip
