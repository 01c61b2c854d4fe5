"""Documents for an index."""

import datetime
import json

import pyarrow as pa
import pyarrow.parquet
import pytest

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
    assert read(tmp_path / "a.jsonl") == [("7", "T\nx", {"year": 2020, "tags": ["a"]}), ("b", "", {})]
    documents = read_documents(tmp_path / "a.jsonl")
    assert documents.understood["columns"] == {"id": "id", "title": "title", "text": "text"}
    assert documents.understood["metadata"] == ["year", "tags", "none"]
    assert list(documents) == list(documents) == [(["7", "b"], ["T\nx", ""], [{"year": 2020, "tags": ["a"]}, {}])]


def test_numbers_in_csv_metadata(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 2)
    header, rows = "doc_id,body,year,price,zip,code\n", ["a,x,2020,1.5,00123,1e5", "b,y,,2,00124,7", "c,z,unknown,-3.25,1,8"]
    (tmp_path / "a.csv").write_text(header + "\n".join(rows))
    assert read(tmp_path / "a.csv") == [
        ("a", "x", {"year": 2020, "price": 1.5, "zip": "00123", "code": "1e5"}),
        ("b", "y", {"price": 2, "zip": "00124", "code": "7"}),
        ("c", "z", {"year": "unknown", "price": -3.25, "zip": "1", "code": "8"}),
    ]


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
    assert read(tmp_path / "a.tsv", columns=columns) == [("1", "A\nx", {}), ("2", "B\ny", {})]
    with pytest.raises(ValueError, match=r"E0105: there is no column 'stroy' for 'text'\n.*\n.*did you mean 'story'"):
        read(tmp_path / "a.tsv", columns={"text": "stroy"})


def test_the_corpus_of_a_beir_folder(tmp_path):
    (tmp_path / "corpus.jsonl").write_text('{"_id": "d", "title": "T", "text": "x", "metadata": {}}\n')
    assert read(tmp_path) == [("d", "T\nx", {"metadata": {}})]


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
