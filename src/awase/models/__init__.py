"""Models: texts or names in, vectors out. ``load`` opens every kind of folder we know; ``wrap`` takes a Python function."""

import json
import re
from pathlib import Path

import numpy as np

from awase.core.errors import ConfigError, FormatError, InputError
from awase.core.protocols import TextEncoder
from awase.data.text.tokenizer import Tokenizer
from awase.models import folder as folders
from awase.models import word2vec
from awase.models.foreign import SentenceTransformerModel, refuse_pickles, wrap
from awase.models.settings import SETTINGS
from awase.models.static import StaticModel
from awase.models.table import TableModel
from awase.store import manifest, read, siblings, tensors

__all__ = ["StaticModel", "TableModel", "load", "named_table", "text_encoder", "token_table", "wrap"]

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")  # as OWNER/NAME is written there
_TABLE_ENDINGS = ("word_embeddings.weight", "embed_tokens.weight")


def load(path: Path | str, *, mmap: bool = False) -> TextEncoder | TableModel:
    """The model of a folder: one of ours, or an untouched one of model2vec or sentence-transformers; or of a word2vec file.

    With ``mmap`` the rows of a table of names stay on the disk and are read when they are asked for: their file is then checked by its size
    alone, and their values when they are used.

    Raises InputError E0401, FormatError E0402, E0403, E0404, E0407, E0408, E0427, E0450, IntegrityError E0307, E0406, E0413, ConfigError E0424,
    BackendError E0409, MissingExtra E0001.

    >>> load("no such folder")
    Traceback (most recent call last):
    awase.core.errors.InputError: E0401: there is no model here
      where: no such folder
      to do: give the folder that `awase fit -o FOLDER` or another library wrote
    """
    if word2vec.is_one(Path(path)) and Path(path).is_file():
        if mmap:
            raise folders.not_mapped(Path(path))
        return word2vec.read_word2vec(path)
    folder = _folder(path)
    if (folder / SETTINGS).exists() or (folder / manifest.NAME).exists():
        return folders.load_ours(folder, mmap=mmap)
    if mmap:
        raise folders.not_mapped(folder)
    layout = folders.find_layout(folder)
    types = folders.module_types(folder) if (folder / folders.MODULES).exists() else None
    if layout and types in (None, ["StaticEmbedding"], ["StaticEmbedding", "Normalize"]):
        return folders.load_theirs(folder, layout)
    if types is None:
        refuse_pickles(folder)
        raise _unknown(folder)
    return SentenceTransformerModel(folder)


def text_encoder(model: Path | str | TextEncoder | TableModel) -> TextEncoder:
    """A model of texts, loaded if a folder is given. Raises ConfigError E0422 for a table of names; else as ``load``."""
    loaded = load(model) if isinstance(model, str | Path) else model
    if isinstance(loaded, TableModel):
        raise ConfigError(
            "E0422", "this model is a table of names: it cannot encode texts", value=loaded.name,
            remedy="ask it with `awase neighbours MODEL NAME`, or fit a model on pairs of texts: `awase fit pairs.csv`",
        )  # fmt: skip
    return loaded


def named_table(path: Path | str) -> TableModel:
    """A table of names. Raises ConfigError E0423 for a model of texts; else as ``load``."""
    model = load(path)
    if not isinstance(model, TableModel):
        raise ConfigError(
            "E0423", "this model encodes texts: it has no names of its own", place=str(path),
            remedy="index some texts with `awase index`, then find the nearest with `awase search --mode dense`",
        )  # fmt: skip
    return model


def token_table(path: Path | str) -> tuple[Tokenizer, np.ndarray]:
    """The tokenizer and the token vectors, float32 (tokens, dim), of a static model or of a transformer's input layer.

    Raises FormatError E0416 where a folder has no such table in model.safetensors; else as ``load``.
    """
    folder = _folder(path)
    if (folder / SETTINGS).exists() or folders.find_layout(folder):
        model = text_encoder(folder)
        assert isinstance(model, StaticModel)
        return model.tokenizer, model.table
    refuse_pickles(folder)
    if not (folder / "model.safetensors").exists():
        raise _unknown(folder)
    arrays, _ = tensors.load(folder / "model.safetensors", mmap=True)
    names = [name for name in arrays if name.endswith(_TABLE_ENDINGS)]
    if len(names) != 1:
        raise FormatError(
            "E0416", f"there are {len(names)} token tables in model.safetensors; one is needed", place=str(folder),
            remedy=f"the name of the table ends with {' or '.join(_TABLE_ENDINGS)}",
        )  # fmt: skip
    spec = read.json_object(folder / "tokenizer.json") | {"truncation": None, "padding": None}
    model = folders.made(folder, json.dumps(spec, ensure_ascii=False), arrays[names[0]])
    return model.tokenizer, model.table


def _folder(path: Path | str) -> Path:
    folder = Path(path)
    try:
        siblings.recover(folder)
        there = folder.exists()
    except (OSError, ValueError):  # a name that is too long, or holds NUL
        there = False
    if not there:
        raise InputError(
            "E0401", "there is no model here", place=str(path),
            remedy=f"nothing is fetched from a hub: `hf download {path} --local-dir {folder.name}`, then give that folder"
            if _HUB_NAME.fullmatch(str(path)) and not folder.parent.exists()
            else "give the folder that `awase fit -o FOLDER` or another library wrote",
        )  # fmt: skip
    if not folder.is_dir():
        raise FormatError("E0402", "a model is a folder, this is a file", place=str(path), remedy="give the folder it is in")
    return folder


def _unknown(folder: Path) -> FormatError:
    return FormatError(
        "E0403", "this folder holds no model that we know", place=str(folder),
        remedy="a model folder has model.safetensors and tokenizer.json, and awase.json, modules.json or config.json",
    )  # fmt: skip
