"""Models: texts in, vectors out. ``load`` opens every kind of folder we know; ``wrap`` takes a Python function."""

import json
from pathlib import Path

import numpy as np

from awase.core.errors import FormatError, InputError
from awase.core.protocols import TextEncoder
from awase.data.text.tokenizer import Tokenizer
from awase.models import folder as folders
from awase.models.foreign import SentenceTransformerModel, refuse_pickles, wrap
from awase.models.static import StaticModel
from awase.store import manifest, read, siblings, tensors

__all__ = ["StaticModel", "load", "token_table", "wrap"]

_TABLE_ENDINGS = ("word_embeddings.weight", "embed_tokens.weight")


def load(path: Path | str) -> TextEncoder:
    """The model of a folder: one of ours, or an untouched one of model2vec or sentence-transformers.

    Raises InputError E0401, FormatError E0402, E0403, E0404, E0407, E0408, IntegrityError E0307, E0406, E0413, BackendError
    E0409, MissingExtra E0001.

    >>> load("no such folder")
    Traceback (most recent call last):
    awase.core.errors.InputError: E0401: there is no model here
      where: no such folder
      to do: give the folder that `awase fit -o FOLDER` or another library wrote
    """
    folder = _folder(path)
    if (folder / folders.SETTINGS).exists() or (folder / manifest.NAME).exists():
        return folders.load_ours(folder)
    layout = folders.find_layout(folder)
    types = folders.module_types(folder) if (folder / folders.MODULES).exists() else None
    if layout and types in (None, ["StaticEmbedding"], ["StaticEmbedding", "Normalize"]):
        return folders.load_theirs(folder, layout)
    if types is None:
        refuse_pickles(folder)
        raise _unknown(folder)
    return SentenceTransformerModel(folder)


def token_table(path: Path | str) -> tuple[Tokenizer, np.ndarray]:
    """The tokenizer and the token vectors, float32 (tokens, dim), of a static model or of a transformer's input layer.

    Raises FormatError E0416 where a folder has no such table in model.safetensors; else as ``load``.
    """
    folder = _folder(path)
    if (folder / folders.SETTINGS).exists() or folders.find_layout(folder):
        model = load(folder)
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
    siblings.recover(folder)
    if not folder.exists():
        raise InputError(
            "E0401", "there is no model here", place=str(path),
            remedy="give the folder that `awase fit -o FOLDER` or another library wrote",
        )  # fmt: skip
    if not folder.is_dir():
        raise FormatError("E0402", "a model is a folder, this is a file", place=str(path), remedy="give the folder it is in")
    return folder


def _unknown(folder: Path) -> FormatError:
    return FormatError(
        "E0403", "this folder holds no model that we know", place=str(folder),
        remedy="a model folder has model.safetensors and tokenizer.json, and awase.json, modules.json or config.json",
    )  # fmt: skip
