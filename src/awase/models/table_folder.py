"""Tables of names on disk: ``model.safetensors`` has the tables, ``names.safetensors`` the names as bytes and offsets,
``known.safetensors`` the links that were trained on, ``awase.json`` the rest; the manifest is written by the store."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from awase.core.errors import AwaseError, ConfigError, FormatError, IntegrityError
from awase.core.suggest import did_you_mean
from awase.models.names import Names
from awase.models.settings import FORMAT, SETTINGS, setting
from awase.models.table import TableModel
from awase.store import files, tensors

TABLES, NAMES, KNOWN = "model.safetensors", "names.safetensors", "known.safetensors"
_OURS = frozenset({SETTINGS, TABLES, NAMES, KNOWN, "README.md"})


def save(
    model: TableModel,
    path: Path | str,
    *,
    dtype: str = "float32",
    card: str | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> None:
    """Writes a model folder in one step. dtype: of the rows, "float32" or "float16" (half the bytes, three digits). card: the text of
    README.md; extra: more files by name.

    Raises ConfigError E0405 for an extra file with the name of one of ours, E0424 for a dtype that is not there or does not hold the values,
    E0303 for a place that holds something else.
    """
    if taken := _OURS & set(extra or {}):
        raise ConfigError("E0405", "an extra file has the name of a file of the model", value=min(taken), remedy="rename it")
    tables = _as(model, dtype)
    names = {f"{table}.utf8": one.utf8 for table, one in model.names.items()}
    names |= {f"{table}.offsets": one.offsets for table, one in model.names.items()}
    saved = TableModel(tables, model.names, geometry=model.geometry, mmap=True) if dtype == "float16" else model
    settings = {
        "format": FORMAT,
        "kind": "table",
        "name": model.name,
        "dim": model.dim,
        "geometry": model.geometry,
        "tables": list(model.names),
        "fingerprint": saved.fingerprint,
        "info": model.info,
    }
    written = {
        SETTINGS: json.dumps(settings, ensure_ascii=False, indent=1).encode(),
        **({} if card is None else {"README.md": card.encode()}),
        **(extra or {}),
    }
    with files.folder(path) as temporary:
        tensors.save(temporary / TABLES, tables)
        tensors.save(temporary / NAMES, names)
        if model.known is not None:
            tensors.save(temporary / KNOWN, {"known": model.known})
        for name, content in written.items():
            files.write_bytes(temporary / name, content)


def _as(model: TableModel, dtype: str) -> dict[str, np.ndarray]:
    if dtype not in ("float32", "float16"):
        raise ConfigError("E0424", f"rows cannot be saved as {dtype!r}", remedy=did_you_mean(dtype, ("float32", "float16")))
    if dtype == "float16" and model.geometry == "poincare":
        raise ConfigError("E0424", "float16 cannot hold points close to the border of the ball", remedy="save as float32")
    tables = {}
    for name, table in model.tables.items():
        with np.errstate(over="ignore"):
            tables[name] = table.astype(dtype, copy=False)
        if not np.isfinite(tables[name].max()) or not np.isfinite(tables[name].min()):
            raise ConfigError("E0424", f"table {name!r} has values that {dtype} does not hold", remedy="save as float32")
    return tables


def opened(folder: Path, settings: dict, listed: Mapping[str, object], mmap: bool) -> TableModel:
    """The model of a folder whose files have been checked against the manifest.

    Raises IntegrityError E0403 for a file that is not listed, FormatError E0404 for what does not fit together.
    """
    if missing := {TABLES, NAMES} - set(listed):
        raise IntegrityError("E0403", f"a model folder needs {min(missing)}", place=str(folder), remedy="save the model again")
    place = folder / SETTINGS
    order, encoded = setting(settings, "tables", list, place), tensors.load(folder / NAMES)[0]
    tables = tensors.load(folder / TABLES, mmap=mmap)[0]
    parts = {f"{table}.{part}" for table in order for part in ("utf8", "offsets")}
    if not order or set(encoded) != parts or len(parts) != 2 * len(order) or not tables.keys() >= set(order):
        raise FormatError("E0404", "the tables and their names do not fit together", place=str(folder), remedy="save it again")
    known = tensors.load(folder / KNOWN)[0].get("known") if KNOWN in listed else None
    try:
        model = TableModel(
            {table: tables[table] for table in [*order, *(tables.keys() - order)]},
            {table: Names.of_bytes(encoded[f"{table}.utf8"], encoded[f"{table}.offsets"], table) for table in order},
            geometry=setting(settings, "geometry", str, place),
            name=setting(settings, "name", str, place),
            known=known,
            info=setting(settings, "info", dict, place),
            mmap=mmap,
        )
    except AwaseError as error:
        where = f"{folder}: {error.place}" if error.place else str(folder)
        raise type(error)(error.code, error.message, place=where, value=error.value, remedy=error.remedy) from None
    # The manifest has shown that the tables and names are those it was computed over.
    model.trust_fingerprint(setting(settings, "fingerprint", str, place))
    return model
