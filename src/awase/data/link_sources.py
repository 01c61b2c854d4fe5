"""Where links come from: which files, and which of their columns is what."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awase.core.errors import InputError
from awase.data.formats.delimited import Delimited
from awase.data.headers import ask_about_header
from awase.data.kinds import PARTS
from awase.data.roles import assign, recognised
from awase.data.rows import Source
from awase.data.sources import open_source

_SPLIT = ("split", "part")
LINK_ROLES: dict[str, dict[str, tuple[str, ...]]] = {
    "edges": {
        "child": ("child", "hyponym", "narrower", "descendant", "id1", "source", "head"),
        "parent": ("parent", "hypernym", "broader", "ancestor", "id2", "target", "tail"),
        "split": _SPLIT,
    },
    "triples": {
        "head": ("head", "subject", "head_id", "source"),
        "relation": ("relation", "predicate", "property", "rel", "relation_id"),
        "tail": ("tail", "object", "tail_id", "target"),
        "split": _SPLIT,
    },
    "interactions": {
        "user": ("user", "user_id", "userid", "uid", "customer", "customer_id"),
        "item": ("item", "item_id", "itemid", "iid", "movie", "movie_id", "movieid", "product", "product_id", "asin"),
        "value": (
            "value",
            "rating",
            "ratings",
            "score",
            "stars",
            "count",
            "weight",
            "label",
            "liked",
            "clicks",
            "plays",
            "quantity",
        ),
        "split": _SPLIT,
    },
    "pairs": {
        "anchor": ("anchor", "word1", "name1", "id1", "source", "head", "query"),
        "positive": ("positive", "word2", "name2", "id2", "target", "tail", "document"),
        "split": _SPLIT,
    },
}
_OPTIONAL = ("value", "split")
_MOST_COLUMNS = {
    "edges": 2,
    "triples": 3,
    "interactions": 4,
    "pairs": 2,
}  # without a header; interactions often end with a time
_PART_NAMES = ("train", "valid", "test")


def sources_of(source: Any, kind: str) -> Iterator[tuple[Source, int | None]]:
    """The source, or those of a folder's parts (0 train, 1 valid, 2 test; training first, so that of equal links its own stays)."""
    positions = [role for role in LINK_ROLES[kind] if role != "split"]
    if isinstance(source, str | Path) and Path(source).is_dir():
        for part, path in sorted(_part_files(Path(source)).items()):
            yield open_source(path, positions, txt_is_tsv=True), part
    else:
        yield open_source(source, positions, txt_is_tsv=True), None


def columns_of(source: Source, kind: str, given: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Role -> column in the order of the roles, and what a user should know about how that was decided."""
    roles, notes = LINK_ROLES[kind], []
    required = [role for role in roles if role not in _OPTIONAL]
    if isinstance(source, Delimited) and _is_headless(source.columns, given, roles):
        if not given:
            given = _by_position(source.columns, kind, required, source.name)
            ask_about_header(source, given)
        source.without_header()
        placed = ", ".join(f"column {at} is the {role}" for role, at in given.items())
        notes.append(f"no header: the first row is data; {placed}")
    assigned = assign(source.columns, given, roles, required, source.name)
    return {role: assigned[role][0] for role in roles if role in assigned}, notes


def _is_headless(first_row: list[str], given: dict[str, str], roles: dict[str, tuple[str, ...]]) -> bool:
    """Whether the first row is data: the user names columns by position, or none of its values is a known name, here or, of two of them,
    for another kind of links (a file of ratings is not to be read as triples, its header included)."""
    if given:
        return all(column.isdigit() for column in given.values()) and not all(column in first_row for column in given.values())
    elsewhere = [value for value in first_row if any(recognised(value, others) for others in LINK_ROLES.values())]
    return len(elsewhere) < 2 and not any(recognised(value, roles) for value in first_row)


def _by_position(first_row: list[str], kind: str, required: list[str], place: str) -> dict[str, str]:
    n, least, most = len(first_row), len(required), _MOST_COLUMNS[kind]
    if not least <= n <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise InputError(
            "E0151",
            f"{kind} without a header have {wanted} columns, the first row has {n}",
            place=f"{place}:1",
            value=first_row,
            remedy="put tabs (.tsv, .txt) or commas (.csv) between the values"
            if n < least
            else "say which is which: --columns " + ",".join(f"{role}={at}" for at, role in enumerate(required, start=1)),
        )
    placed = [*required, "value"] if kind == "interactions" else required
    return {role: str(at) for at, role in enumerate(placed[:n], start=1)}


def _part_files(folder: Path) -> dict[int, Path]:
    found: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        part = PARTS.codes.get(path.name.partition(".")[0].lower())
        if part is None or not path.is_file():
            continue
        if part in found:
            raise InputError(
                "E0152", f"two files could be the {_PART_NAMES[part]} part: {found[part].name} and {path.name}",
                place=str(folder), remedy="keep one of them in the folder",
            )  # fmt: skip
        found[part] = path
    if 0 not in found:
        raise InputError(
            "E0152", "the folder has no train file", place=str(folder),
            remedy="name the files train, valid and test (.txt or .tsv with tabs, .csv, .jsonl, .parquet), or give one file",
        )  # fmt: skip
    return found
