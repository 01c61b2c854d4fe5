"""Documents for an index."""

import datetime
import json

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from awase.core.errors import InputError
from awase.data import documents as module
from awase.data.documents import read_documents


def read(source, **options):
    batches = list(read_documents(source, **options))
    return [item for batch in batches for item in zip(*batch)]


def test_jsonl(tmp_path):
    lines = [
        {"id": 7, "title": "T", "text": "x", "year": 2020, "tags": ["a"], "none": None},
        {"text": "", "id": "b", "title": ""},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert read(tmp_path / "a.jsonl") == [("7", "T\nx", {"year": 2020, "tags": ["a"], "title": "T"}), ("b", "", {})]
    documents = read_documents(tmp_path / "a.jsonl")
    assert documents.understood["columns"] == {"id": "id", "title": "title", "text": "text"}
    assert documents.understood["metadata"] == ["year", "tags", "none"]
    assert list(documents) == list(documents) == [(["7", "b"], ["T\nx", ""], [{"year": 2020, "tags": ["a"], "title": "T"}, {}])]
    assert documents.understood["notes"] == [
        "the title (column 'title') goes before the text, on a line of its own, and is kept as a field too"
    ]


def test_numbers_in_csv_metadata(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 2)
    header = "doc_id,body,year,price,zip,code,when\n"
    rows = ["a,x,2020,1.5,00123,1e5,1999", "b,y,,2,00124,7,2000", "c,z,1990,-3.25,1,8,unknown"]
    (tmp_path / "a.csv").write_text(header + "\n".join(rows))
    assert read(tmp_path / "a.csv") == [
        ("a", "x", {"year": 2020, "price": 1.5, "zip": "00123", "code": "1e5", "when": "1999"}),
        ("b", "y", {"price": 2, "zip": "00124", "code": "7", "when": "2000"}),
        ("c", "z", {"year": 1990, "price": -3.25, "zip": "1", "code": "8", "when": "unknown"}),
    ]
    documents = read_documents(tmp_path / "a.csv")
    list(documents)
    assert "column 'when' is kept as text: 'unknown' is not how a number is written" in documents.understood["notes"]


def test_parquet_values_become_json(tmp_path):
    table = pa.table({"id": [1, 2], "text": ["a", "b"], "day": [datetime.date(2024, 5, 1), None], "o": [{"k": [1]}, None]})
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == [("1", "a", {"day": "2024-05-01", "o": {"k": [1]}}), ("2", "b", {})]


def test_tuples_and_frames():
    assert read([("a", "x"), ("b", "y")]) == [("a", "x", {}), ("b", "y", {})]
    assert read(pa.table({"_id": ["a"], "passage": ["x"], "n": [1]})) == [("a", "x", {"n": 1})]


def test_columns_and_row_numbers(tmp_path):
    (tmp_path / "a.tsv").write_text("headline\tstory\nA\tx\nB\ty\n")
    columns = {"id": "#", "text": "story", "title": "headline"}
    assert read(tmp_path / "a.tsv", columns=columns) == [("1", "A\nx", {"headline": "A"}), ("2", "B\ny", {"headline": "B"})]
    with pytest.raises(ValueError, match=r"E0105: there is no column 'stroy' for 'text'\n.*\n.*did you mean 'story'"):
        read(tmp_path / "a.tsv", columns={"text": "stroy"})


def test_the_corpus_of_a_beir_folder(tmp_path):
    (tmp_path / "corpus.jsonl").write_text('{"_id": "d", "title": "T", "text": "x", "metadata": {}}\n')
    assert read(tmp_path) == [("d", "T\nx", {"metadata": {}, "title": "T"})]


def test_skipping(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"id": "a", "text": "x"}\nnonsense\n{"id": "b"}\n{"id": "c", "text": "n\\u0000"}\n{"id": "d", "text": "y"}\n'
    )
    documents = read_documents(tmp_path / "a.jsonl", on_bad="skip")
    assert [batch.ids for batch in documents] == [["a", "d"]]
    assert documents.bad.n == 3
    assert [bad["problem"] for bad in documents.bad.listed] == [
        "not JSON: Expecting value at column 1",
        "the value is missing",
        "holds a NUL character",
    ]
    assert [bad["place"] for bad in documents.bad.listed] == [f"{tmp_path / 'a.jsonl'}:{line}" for line in (2, 3, 4)]


def test_batches_are_bounded():
    sizes = [len(batch.ids) for batch in read_documents([(str(i), "x") for i in range(10_000)])]
    assert sizes == [4_096, 4_096, 1_808]


SOURCES_WITH_NAN = {
    "pandas": lambda rows, folder: pd.DataFrame(rows),
    "pandas to Parquet": lambda rows, folder: pd.DataFrame(rows).to_parquet(folder / "a.parquet") or folder / "a.parquet",
    "polars": lambda rows, folder: pl.DataFrame(rows),
    "polars to Parquet": lambda rows, folder: pl.DataFrame(rows).write_parquet(folder / "a.parquet") or folder / "a.parquet",
    "Arrow": lambda rows, folder: pa.Table.from_pylist(rows),
    "JSONL": lambda rows, folder: (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows))) and folder / "a.jsonl",
    "dicts": lambda rows, folder: rows,
}


@pytest.mark.parametrize("kind", SOURCES_WITH_NAN)
def test_what_is_missing_is_absent_and_infinities_are_refused_from_any_source(tmp_path, kind):
    rows = [{"id": "a", "text": "x", "n": 1.5, "r": float("nan")}, {"id": "b", "text": "y", "n": None, "r": 2.5}]
    assert read(SOURCES_WITH_NAN[kind](rows, tmp_path)) == [("a", "x", {"n": 1.5}), ("b", "y", {"r": 2.5})]
    rows[1]["r"] = float("-inf")
    with pytest.raises(InputError) as caught:
        read(SOURCES_WITH_NAN[kind](rows, tmp_path))
    assert "column 'r': infinity" in caught.value.message and caught.value.value == float("-inf")
    assert caught.value.place.endswith(("row 2", ":2", "[1]"))
    documents = read_documents(SOURCES_WITH_NAN[kind](rows, tmp_path), on_bad="skip")
    assert [batch.ids for batch in documents] == [["a"]] and documents.bad.n == 1


def test_dates_that_python_cannot_hold_are_refused_by_name():
    days = pa.array([19_000, 4_000_000], pa.int32()).cast(pa.date32())
    table = pa.table({"id": ["a", "b"], "text": ["x", "y"], "day": days})
    with pytest.raises(InputError) as caught:
        read(table)
    assert "column 'day': a date or time that cannot be held" in caught.value.message
    assert (caught.value.place, caught.value.value) == ("the Table:row 2", "12921-08-18")
    assert [batch.metadata for batch in read_documents(table, on_bad="skip")] == [[{"day": "2022-01-08"}]]
    inner = pa.StructArray.from_arrays([days], ["at"])
    with pytest.raises(InputError, match="column 'o': a date or time that cannot be held"):
        read(table.set_column(2, "o", inner))


def test_ids_that_a_frame_made_floats_of():
    frame = pd.DataFrame({"id": [1.0, 2.0], "text": ["x", "y"]})
    assert [row[0] for row in read(frame)] == [row[0] for row in read(frame.to_dict("records"))] == ["1", "2"]
    assert [row[0] for row in read(pl.DataFrame({"id": [7.0], "text": ["x"]}))] == ["7"]
    for value in (1.5, 2.0**60, float("inf")):
        with pytest.raises(InputError, match="E0104: column 'id': "):
            read([{"id": value, "text": "x"}])


def test_fields_of_objects_can_be_named(tmp_path):
    rows = [{"key": {"id": 3}, "doc": {"body": "x", "lang": "en"}, "year": 1}]
    (tmp_path / "a.jsonl").write_text(json.dumps(rows[0]))
    for source in (rows, pa.Table.from_pylist(rows), tmp_path / "a.jsonl"):
        found = read(source, columns={"id": "key.id", "text": "doc.body"})
        assert found == [("3", "x", {"key": {"id": 3}, "doc": {"body": "x", "lang": "en"}, "year": 1})]
