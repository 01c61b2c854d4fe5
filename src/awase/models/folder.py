"""Static models on disk: the folder we write, and the folders of sentence-transformers and model2vec.

We write what the most libraries read: sentence-transformers (any version since 3.2) by ``modules.json`` with its older type
names, and model2vec, which takes ``normalize`` and ``max_length`` from ``config_sentence_transformers.json`` when there is
no ``config.json``. ``awase.json`` holds what only we need, ``manifest.json`` (written by the store) the sha256 of every file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from awase.core.errors import AwaseError, ConfigError, FormatError, IntegrityError
from awase.models import memory, table_folder
from awase.models.settings import FORMAT, SETTINGS, setting
from awase.models.static import StaticModel
from awase.models.table import TableModel
from awase.store import files, manifest, read, tensors

MODULES = "modules.json"
_ST_SETTINGS = "config_sentence_transformers.json"
_OURS = frozenset({SETTINGS, MODULES, _ST_SETTINGS, "model.safetensors", "tokenizer.json", "README.md", memory.TRAINED_ON})


@dataclass(frozen=True)
class Layout:
    """Where a dialect keeps a static model: a folder inside the folder, and the name of the table."""

    inside: str
    tensor: str


LAYOUTS = (
    Layout("", "embedding.weight"),  # sentence-transformers, and ours
    Layout("0_StaticEmbedding", "embedding.weight"),  # sentence-transformers before 5
    Layout("", "embeddings"),  # model2vec
)


def save(model: StaticModel, path: Path | str, *, card: str | None = None, extra: Mapping[str, bytes] | None = None) -> None:
    """Writes a model folder in one step. card: the text of README.md; extra: more files by name.

    Raises ConfigError E0405 for an extra file with the name of one of ours, E0303 for a place that holds something else.
    """
    if taken := _OURS & set(extra or {}):
        raise ConfigError("E0405", "an extra file has the name of a file of the model", value=min(taken), remedy="rename it")
    types = ["StaticEmbedding", "Normalize"] if model.normalize else ["StaticEmbedding"]
    modules = [
        {"idx": i, "name": str(i), "path": f"{i}_{kind}" if i else "", "type": f"sentence_transformers.models.{kind}"}
        for i, kind in enumerate(types)
    ]
    for_others = {
        "prompts": model.prompts,
        "default_prompt_name": None,
        "similarity_fn_name": "cosine",
        "normalize": model.normalize,
        "max_length": None,
    }
    for_us = {
        "format": FORMAT,
        "kind": "static",
        "name": model.name,
        "dim": model.dim,
        "normalize": model.normalize,
        "drop_unknown": model.tokenizer.drop_unknown,
        "prompts": model.prompts,
        "fingerprint": model.fingerprint,
        **({"labels": model.labels} if model.labels else {}),
        "info": model.info,
    }
    written = {
        "tokenizer.json": model.tokenizer.to_json().encode(),
        MODULES: _json(modules),
        _ST_SETTINGS: _json(for_others),
        SETTINGS: _json(for_us),
        **({} if card is None else {"README.md": card.encode()}),
        **(extra or {}),
    }
    with files.folder(path) as temporary:
        tensors.save(temporary / "model.safetensors", {"embedding.weight": model.table}, {"format": "pt"})
        memory.save(temporary, model.trained_on)
        for name, content in written.items():
            files.write_bytes(temporary / name, content)


def load_ours(folder: Path, *, mmap: bool = False) -> StaticModel | TableModel:
    """The model of a folder that ``save`` wrote. Every file is checked against the manifest first; with ``mmap``, which tables of names
    have, the size alone of the file that holds the rows.

    Raises IntegrityError E0307 for what was damaged, FormatError E0404 for what another version wrote, ConfigError E0424 for a model
    whose rows cannot be left on the disk.
    """
    while True:
        before = manifest.listed(folder)
        try:
            model = _ours(folder, mmap)
        except AwaseError:
            if manifest.listed(folder) == before:
                raise
        else:
            if manifest.listed(folder) == before:
                return model
        # Somebody saved a new model to this place while it was read: half may be old, so it is read again.


def _ours(folder: Path, mmap: bool) -> StaticModel | TableModel:
    listed = manifest.verify(folder, by_size=[table_folder.TABLES] if mmap else [])
    if SETTINGS not in listed:
        raise IntegrityError("E0403", f"a model folder needs {SETTINGS}", place=str(folder), remedy="save the model again")
    place = folder / SETTINGS
    settings = read.json_object(place)
    kind = settings.get("kind")
    if settings.get("format") != FORMAT or kind not in ("static", "table"):
        raise FormatError(
            "E0404", "this model is of a kind or format that this version does not know", place=str(place),
            value=(kind, settings.get("format")), remedy="install the newest awase",
        )  # fmt: skip
    if kind == "table":
        return table_folder.opened(folder, settings, listed, mmap)
    if mmap:
        raise not_mapped(folder)
    return _static(folder, settings, listed)


def not_mapped(folder: Path) -> ConfigError:
    """The error for a model whose rows must be in memory."""
    return ConfigError(
        "E0424", "only a folder of a table of names can be left on the disk", place=str(folder), remedy="leave mmap out"
    )


def _static(folder: Path, settings: dict, listed: manifest.Files) -> StaticModel:
    if missing := {"model.safetensors", "tokenizer.json"} - set(listed):
        raise IntegrityError("E0403", f"a model folder needs {min(missing)}", place=str(folder), remedy="save the model again")
    place = folder / SETTINGS
    arrays, _ = tensors.load(folder / "model.safetensors")
    if "embedding.weight" not in arrays:
        raise FormatError("E0404", "model.safetensors lacks 'embedding.weight'", place=str(folder), remedy="save it again")
    model = made(
        folder,
        _text(folder / "tokenizer.json"),
        arrays["embedding.weight"],
        normalize=setting(settings, "normalize", bool, place),
        name=setting(settings, "name", str, place),
        prompts=_prompts(settings, place),
        info=setting(settings, "info", dict, place),
        labels=setting({"labels": [], **settings}, "labels", list, place),
        drop_unknown=setting(settings, "drop_unknown", bool, place),
    )
    if memory.TRAINED_ON in listed:
        model.trained_on = memory.load(folder)
    # The manifest has shown that table and tokenizer are those it was computed over.
    model.trust_fingerprint(setting(settings, "fingerprint", str, place))
    return model


def find_layout(folder: Path) -> Layout | None:
    """The layout of a static model that somebody else's folder has, if any."""
    for layout in LAYOUTS:
        weights = folder / layout.inside / "model.safetensors"
        if weights.is_file() and layout.tensor in tensors.load(weights, mmap=True)[0]:
            return layout
    return None


def load_theirs(folder: Path, layout: Layout) -> StaticModel:
    """The model of an untouched folder of sentence-transformers or model2vec, with the vectors that they give.

    model2vec drops unknown tokens and cuts texts at ``max_length`` tokens (it also cuts them at a number of characters, which
    we do not); sentence-transformers does neither unless tokenizer.json says so.
    """
    place = folder / layout.inside / "tokenizer.json"
    arrays, _ = tensors.load(folder / layout.inside / "model.safetensors")
    table, tokenizer = arrays[layout.tensor], read.json_object(place)
    prompts: dict[str, str] = {}
    if layout.tensor == "embeddings":
        table = _folded(arrays, folder)
        config = read.json_object(folder / "config.json")
        normalize = config.get("normalize") is True
        tokenizer["truncation"] = _truncation(config.get("max_length", 512), folder / "config.json")
    else:
        normalize = module_types(folder)[1:] == ["Normalize"]
        if (folder / _ST_SETTINGS).exists():
            prompts = _by_role(read.json_object(folder / _ST_SETTINGS), folder / _ST_SETTINGS)
    return made(
        folder,
        json.dumps(tokenizer, ensure_ascii=False),
        table,
        normalize=normalize,
        name=folder.resolve().name,
        prompts=prompts,
        drop_unknown=layout.tensor == "embeddings",
    )


def module_types(folder: Path) -> list[str]:
    """The class names that modules.json lists, in order; nothing is imported.

    Raises FormatError E0407 for a type that is not one of sentence-transformers' own: it would be code from the folder.
    """
    place = folder / MODULES
    try:
        modules = sorted(json.loads(read.whole(place)), key=lambda module: module["idx"])
        types = [str(modules[0]["type"]), *(str(module["type"]) for module in modules[1:])]
    except (ValueError, TypeError, KeyError, IndexError):
        raise FormatError("E0407", "modules.json is not a list of modules", place=str(place), remedy="save it again") from None
    for kind in types:
        if not kind.startswith("sentence_transformers."):
            raise FormatError(
                "E0407", "a module is not of sentence-transformers; it would run code that came with the model",
                place=str(place), value=kind, remedy="use a model made of sentence-transformers' own modules",
            )  # fmt: skip
    return [kind.rpartition(".")[2] for kind in types]


def made(folder: Path, tokenizer_json: str, table: np.ndarray, **options: Any) -> StaticModel:
    """The model, or an error that says which folder its parts are from."""
    try:
        return StaticModel(tokenizer_json, table, **options)
    except AwaseError as error:
        place = f"{folder}: {error.place}" if error.place else str(folder)
        raise type(error)(error.code, error.message, place=place, value=error.value, remedy=error.remedy) from None


def _folded(arrays: tensors.Arrays, folder: Path) -> np.ndarray:
    """One row for each token out of model2vec's table, its mapping from token to row and its weight for each token."""
    table, mapping, weights = arrays["embeddings"], arrays.get("mapping"), arrays.get("weights")
    fits = table.ndim == 2 and (mapping is None or (mapping.ndim == 1 and mapping.dtype.kind in "iu"))
    if fits and mapping is not None:
        fits = len(mapping) > 0 and int(mapping.min()) >= 0 and int(mapping.max()) < len(table)
        table = table[mapping] if fits else table
    if fits and weights is not None:
        fits = weights.shape == (len(table),)
        table = table.astype(np.float32) * weights.astype(np.float32)[:, None] if fits else table
    if not fits:
        raise IntegrityError(
            "E0406",
            "mapping or weights do not fit the table",
            place=str(folder / "model.safetensors"),
            remedy="download it again",
        )
    return table


def _truncation(max_length: object, place: Path) -> dict[str, Any] | None:
    if max_length is None:
        return None
    if not isinstance(max_length, int) or max_length < 1:
        raise FormatError(
            "E0404",
            "max_length must be a positive number or null",
            place=str(place),
            value=max_length,
            remedy="correct the file",
        )
    return {"direction": "Right", "max_length": max_length, "strategy": "LongestFirst", "stride": 0}


def _prompts(settings: dict, place: Path) -> dict[str, str]:
    prompts = settings.get("prompts") or {}
    if not isinstance(prompts, dict) or not all(isinstance(text, str) for text in prompts.values()):
        raise FormatError("E0404", "prompts must be texts by name", place=str(place), value=prompts, remedy="correct the file")
    return prompts


# Names under which folders keep the prompt of a role, the first that is there: those of SentenceTransformer.encode_query, encode_document.
_PROMPT_NAMES = {"query": ("query",), "document": ("document", "passage", "corpus")}


def _by_role(settings: dict, place: Path) -> dict[str, str]:
    """The prompts of a folder of sentence-transformers, with those that it takes for queries and documents; its default, where there is none.

    Raises FormatError E0404 for prompts that are no texts, and for a default that is not among them.
    """
    prompts, default = _prompts(settings, place), settings.get("default_prompt_name")
    if default is not None and default not in prompts:
        raise FormatError(
            "E0404", "the default prompt is not among the prompts", place=str(place), value=default,
            remedy=f"name one of {sorted(prompts)}, or none" if prompts else "leave default_prompt_name out",
        )  # fmt: skip
    found = {role: next((name for name in names if name in prompts), default) for role, names in _PROMPT_NAMES.items()}
    return prompts | {role: prompts[name] for role, name in found.items() if name is not None}


def _text(path: Path) -> str:
    try:
        return read.whole(path).decode()
    except UnicodeDecodeError:
        raise FormatError(
            "E0251", "this is not a tokenizer: it is not UTF-8", place=str(path), remedy="save or download the folder again"
        ) from None


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()
