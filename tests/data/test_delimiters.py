"""Which character stands between the values of a .csv file."""

import csv
import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.data import blocks
from awase.data.formats.delimited import Delimited
from awase.data.links import read_links
from awase.data.pairs import read_pairs

ROWS = [("query", "answer"), ("Wie, bitte?", "So; ja|gut"), ('the "best"\nway', "a,b"), ("x", "1,5")]


def text(rows, delimiter):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("block", [1, 1 << 22])
def test_every_delimiter_gives_the_same_rows(tmp_path, monkeypatch, delimiter, block):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block if delimiter == "," else 1 << 22)
    (tmp_path / "a.csv").write_text(text(ROWS, delimiter), newline="")
    pairs = read_pairs(tmp_path / "a.csv")
    assert list(zip(pairs.anchors.to_pylist(), pairs.positives.to_pylist())) == ROWS[1:]
    names = {",": "CSV", ";": "CSV with semicolons", "\t": "CSV with tabs", "|": "CSV with bars"}
    assert pairs.understood["format"] == names[delimiter]


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("a;b\n1,5;2,5\n", ";"),
        ("a,b\nx;y,z;w\n", ","),
        ("text\none; two\nthree\n", ","),
        ("a,b\nx,y;z\nonly one\n", ","),
        ("a;b;c\n1;2;3\n1;2\n", ";"),
        ("a;b\nx, y;z\nw;v, u, t\n", ";"),
        ("one\ntwo\n", ","),
        ('a;b\n"x\n;y";z\n', ";"),
        ("a,b;c\n1,2;3\n", ","),
        ("sep=;\na;b\nx,y;z\n", ";"),
        ('"sep=|"\r\na|b\r\n', "|"),
        ('a;b\n"never closed;c\n', ";"),
    ],
)
def test_what_divides_all_records_alike(tmp_path, content, delimiter):
    (tmp_path / "a.csv").write_text(content, newline="")
    assert Delimited(tmp_path / "a.csv").delimiter == delimiter


def test_the_line_that_excel_writes_is_no_header_and_lines_are_counted_with_it(tmp_path):
    (tmp_path / "a.csv").write_text("sep=;\nquery;answer\na;b\nc\n")
    pairs = read_pairs(tmp_path / "a.csv", on_bad="skip")
    assert pairs.anchors.to_pylist() == ["a"]
    assert pairs.bad.listed[0]["place"].endswith("a.csv:4")


def test_compressed_files_and_links(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"user;item;rating\nann;tea;5\n"))
    links = read_links(tmp_path / "a.csv.gz", "interactions")
    assert (links.head_names, links.understood["format"]) == (["ann"], "CSV with semicolons")


VALUES = st.lists(st.tuples(st.text('ab,;|"\n é', max_size=6), st.text('ab,;|"\n é', max_size=6)), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(VALUES, st.sampled_from([",", ";", "|"]))
def test_the_kernel_cuts_records_as_its_twin(rows, delimiter):
    data = text(rows, delimiter).encode() + b'"open'
    assert blocks.end_of_csv_records(data, delimiter) == blocks._csv_end_twin(data, delimiter.encode())
