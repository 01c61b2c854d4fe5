"""Files that are called text and are something else."""

import gzip
import io
import lzma
import sqlite3
import zipfile

import pyarrow as pa
import pyarrow.parquet
import pytest

from awase.core.errors import AwaseError, FormatError
from awase.data.corpus import read_corpus
from awase.data.documents import read_documents
from awase.data.pairs import read_pairs


def zipped(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "query,answer\na,b\n")
    return stream.getvalue()


def parquet():
    stream = io.BytesIO()
    pa.parquet.write_table(pa.table({"query": ["a"]}), stream)
    return stream.getvalue()


def sqlite():
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table t (x)")
        return connection.serialize()


FILES = {
    "zip": (zipped("pairs.csv"), "a zip archive", "unzip "),
    "xlsx": (zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook", "rename it to .xlsx"),
    "docx": (zipped("[Content_Types].xml", "word/document.xml"), "a Word document", "save its table as CSV"),
    "gzip": (gzip.compress(b"query,answer\na,b\n"), "compressed with gzip", "rename it to a.csv.gz"),
    "xz": (lzma.compress(b"query,answer\na,b\n"), "compressed with xz", "xz -dk < "),
    "parquet": (parquet(), "Parquet", "rename it to .parquet"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Excel or Word file", "rename a workbook to .xls"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "a PDF", "save its table as CSV"),
    "sqlite": (sqlite(), "a SQLite database", "sqlite3 -csv -header "),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.txt"])
def test_what_is_no_text_is_called_by_its_name(tmp_path, kind, name):
    content, called, remedy = FILES[kind]
    path = tmp_path / name
    path.write_bytes(content)
    reader = {"a.csv": read_pairs, "a.jsonl": lambda file: [*read_documents(file)], "a.txt": read_corpus}[name]
    with pytest.raises(FormatError) as caught:
        reader(path)
    assert (caught.value.code, caught.value.message) == ("E0163", f"the file is {called}, not text as its name says")
    assert remedy.replace("a.csv", name) in caught.value.remedy


def test_text_that_begins_alike_is_text(tmp_path):
    (tmp_path / "a.csv").write_text("PK,answer\n%PDF,b\n")
    with pytest.raises(AwaseError) as caught:
        read_pairs(tmp_path / "a.csv", columns={"anchor": "no", "positive": "answer"})
    assert caught.value.code == "E0105"
    assert len(read_pairs(tmp_path / "a.csv", columns={"anchor": "PK", "positive": "answer"})) == 1
