"""BEIR folders (MTEB writes the same): corpus.jsonl, queries.jsonl and qrels/<split>.tsv."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from awase.core.errors import InputError
from awase.core.suggest import did_you_mean
from awase.data.compute import pc
from awase.data.formats.columnar import Columnar
from awase.data.formats.delimited import Delimited
from awase.data.formats.jsonl import JsonLines
from awase.data.kinds import TEXT_TYPE, Key, Number, Text
from awase.data.rows import Field, Record, Source, chunks, records

_QRELS_COLUMNS = 3
_SCHEMA = pa.schema([(name, TEXT_TYPE) for name in ("anchor", "positive", "split")])
_SPLITS = {"train": "train", "dev": "valid", "valid": "valid", "validation": "valid", "test": "test"}


def is_beir(source: Any) -> bool:
    """Whether this is the path of a folder that has a corpus and queries."""
    return isinstance(source, str | Path) and Path(source).is_dir() and _file(Path(source), "corpus") is not None


def corpus_file(folder: Path) -> Path:
    return _needed(folder, "corpus")


def splits(folder: Path) -> list[str]:
    """The names of the qrels files."""
    return sorted(path.stem for path in (folder / "qrels").glob("*.tsv"))


def _file(folder: Path, name: str) -> Path | None:
    return next((path for end in (".jsonl", ".jsonl.gz") if (path := folder / (name + end)).is_file()), None)


def _needed(folder: Path, name: str) -> Path:
    path = _file(folder, name)
    if path is None:
        raise InputError(
            "E0114",
            f"the BEIR folder has no {name}.jsonl",
            place=str(folder),
            remedy="a BEIR folder has corpus.jsonl, queries.jsonl and qrels/*.tsv",
        )
    return path


class Texts(NamedTuple):
    """Texts by id (large_string each); ``bare`` are those without their titles."""

    ids: pa.Array
    texts: pa.Array
    bare: pa.Array


def read_texts(folder: Path, name: str) -> Texts:
    """ids and texts of ``corpus`` or ``queries``. A title goes before its text, with a space, as BEIR does.

    Error E0114 when two have one id.
    """
    source = JsonLines(_needed(folder, name))
    has_title = "title" in source.columns
    fields = [Field("_id", Key()), Field("text", Text(needed=False))] + [Field("title", Text(needed=False))] * has_title
    table = _read_all(source, fields)
    _refuse_repeated(table["_id"], source)
    bare = texts = pc.fill_null(table["text"], "")
    if has_title:
        joined = pc.binary_join_element_wise(pc.fill_null(table["title"], ""), texts, pa.scalar(" ", TEXT_TYPE))
        texts = pc.utf8_trim_whitespace(joined)
    return Texts(table["_id"].combine_chunks(), texts.combine_chunks(), bare.combine_chunks())


def _refuse_repeated(ids: pa.ChunkedArray, source: Source) -> None:
    """Error E0114 with both places, if an id stands twice."""
    counts = pc.value_counts(ids)
    repeated = set(counts.field("values").filter(pc.greater(counts.field("counts"), 1)).to_pylist())
    seen: dict[str, str] = {}
    for row in records(source) if repeated else ():
        name = _id(row) if isinstance(row, Record) else ""
        if name not in repeated:
            continue
        if name in seen:
            raise InputError(
                "E0114", "two lines have one _id", place=f"{seen[name]} and {row.place}", value=name,
                remedy="take one of them out, or give it an _id of its own",
            )  # fmt: skip
        seen[name] = row.place


def _id(row: Record) -> str:
    value = Key().accept(row.values.get("_id"))
    return value if isinstance(value, str) else ""


def read_qrels(folder: Path, split: str) -> tuple[pa.Array, pa.Array, np.ndarray]:
    """query ids, document ids and grades of qrels/<split>.tsv. A first line whose third field is no number is a header."""
    if split not in splits(folder):
        raise InputError(
            "E0114", f"there is no split {split!r}", place=str(folder / "qrels"), remedy=did_you_mean(split, splits(folder))
        )
    source = Delimited(folder / "qrels" / f"{split}.tsv", "\t")
    if len(source.columns) != _QRELS_COLUMNS:
        raise InputError(
            "E0114",
            f"qrels have three columns, these have {len(source.columns)}",
            place=f"{source.name}:1",
            value="\t".join(source.columns),
            remedy="write query-id, corpus-id and score, with tabs between them",
        )
    if _is_number(source.columns[2]):
        source.without_header()
    kinds = (Key(), Key(), Number())
    table = _read_all(source, [Field(column, kind) for column, kind in zip(source.columns, kinds)])
    queries, documents, grades = (table.column(position) for position in range(_QRELS_COLUMNS))
    return queries.combine_chunks(), documents.combine_chunks(), grades.to_numpy().astype(np.float32)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def find(ids: pa.Array, wanted: pa.Array, what: str, place: str) -> np.ndarray:
    """int64: the row of each wanted id. Error E0114 names ids that are not there."""
    rows = pc.index_in(wanted, ids)
    if rows.null_count:
        missing = pc.unique(wanted.filter(rows.is_null())).to_pylist()
        raise InputError(
            "E0114",
            f"{len(missing):,} {what} named in the qrels are not in the folder: {', '.join(missing[:3])}"
            + (", ..." if len(missing) > 3 else ""),
            place=place,
            remedy="complete the folder, or take those lines out of the qrels",
        )
    return rows.to_numpy().astype(np.int64)


def beir_source(folder: Path) -> Source:
    """The positive judgements of all splits as rows of anchor, positive and split; its notes count the queries that have none."""

    def batches(_: list[str] | None) -> Iterator[pa.RecordBatch]:
        source.notes.clear()
        query_ids, queries, _ = read_texts(folder, "queries")
        document_ids, documents, _ = read_texts(folder, "corpus")
        for split in splits(folder):
            wanted_queries, wanted_documents, grades = read_qrels(folder, split)
            positive = pa.array(grades > 0)
            n_without = pc.count_distinct(wanted_queries).as_py() - pc.count_distinct(wanted_queries.filter(positive)).as_py()
            if n_without:
                source.notes.append(
                    f"{n_without:,} queries of {split!r} have no document with a grade above 0: they are left out"
                )
            place = str(folder / "qrels" / f"{split}.tsv")
            anchors = queries.take(pa.array(find(query_ids, wanted_queries.filter(positive), "queries", place)))
            positives = documents.take(pa.array(find(document_ids, wanted_documents.filter(positive), "documents", place)))
            part = pa.array([_SPLITS.get(split.lower(), "train")] * len(anchors), TEXT_TYPE)
            yield pa.RecordBatch.from_arrays([anchors, positives, part], names=["anchor", "positive", "split"])

    if not splits(folder):
        raise InputError(
            "E0114", "the BEIR folder has no qrels/*.tsv", place=str(folder), remedy="add qrels/train.tsv or qrels/test.tsv"
        )
    source = Columnar(str(folder), "BEIR folder", _SCHEMA, batches)
    return source


def _read_all(source: Source, fields: list[Field]) -> pa.Table:
    batches = []
    for chunk in chunks(source, fields):
        if chunk.bad:
            raise chunk.bad[0].error()
        batches.append(chunk.batch)
    return pa.Table.from_batches(batches)
