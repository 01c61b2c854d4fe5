"""What a user is told about data that cannot be used: the place, the value and the next step."""

import gzip
import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from awase.core.errors import AwaseError, ConfigError, FormatError, InputError, LimitError
from awase.data.documents import read_documents
from awase.data.pairs import read_pairs

HEADER = b"query,answer\n"


def message(source, **options):
    with pytest.raises(AwaseError) as caught:
        read_pairs(source, **options)
    said = str(caught.value).replace(str(source), "FILE")
    return said.replace(f"{source.parent}/", "") if isinstance(source, Path) else said


def written(folder, name, data):
    (folder / name).write_bytes(data)
    return folder / name


GOOD_JSON = b'{"query": "a", "answer": "b"}\n'
ONE_ROW = "give a file with at least one row"
FILL_IN = "fill it in or leave the row out"
AS_CP1252 = "it may be CP1252, and read {}: iconv -f CP1252 -t UTF-8 FILE > utf8-a.csv"

# what is wrong: file name, content, first line of the message, its place, value and remedy
CASES = {
    "a row too short": (
        "a.csv",
        HEADER + b'"multi\nline",b\nonly one\n',
        "E0107: the row has 1 columns; the first row has 2",
        "FILE:4",
        "'only one'",
        "quote values that hold the delimiter or a line end",
    ),
    "a row too long": (
        "a.tsv",
        b"query\tanswer\na\tb\na\tb\tc\n",
        "E0107: the row has 3 columns; the first row has 2",
        "FILE:3",
        r"'a\tb\tc'",
        "a value in a TSV file cannot hold a tab",
    ),
    "Latin-1": (
        "a.csv",
        HEADER + b"a,b\ncaf\xe9,x\n",
        "E0103: not UTF-8: byte 0xe9 at 4",
        "FILE:3:4",
        r"b'caf\xe9,x'",
        AS_CP1252.format("'café,x'"),
    ),
    "Latin-1 on the second line of a quoted value": (
        "a.csv",
        HEADER + b'a,"b\nc\xe9"\n',
        "E0103: not UTF-8: byte 0xe9 at 2",
        "FILE:3:2",
        r"""b'a,"b\nc\xe9"'""",
        AS_CP1252.format("'cé\"'"),
    ),
    "Latin-1 in JSON": (
        "a.jsonl",
        GOOD_JSON + b'{"query": "\xe9", "answer": "b"}\n',
        "E0103: not UTF-8: byte 0xe9 at 12",
        "FILE:2:12",
        r"""b'{"query": "\xe9", "answer": "b"}'""",
        AS_CP1252.format('\'{"query": "é", "answer": "b"}\'').replace("a.csv", "a.jsonl"),
    ),
    "UTF-16": (
        "a.csv",
        "query,answer\na,b\n".encode("utf-16"),
        "E0103: the file is UTF-16, not UTF-8",
        "FILE:1:1",
        r"b'\xff\xfe'",
        "iconv -f UTF-16 -t UTF-8 FILE > utf8-a.csv",
    ),
    "NUL": (
        "a.csv",
        HEADER + b"a,b\nc,d\0e\n",
        "E0111: column 'answer': holds a NUL character",
        "FILE:3",
        r"'d\x00e'",
        "remove it; a file full of them is UTF-16 or not text at all",
    ),
    "an empty file": ("a.csv", b"", "E0106: the file is empty", "FILE", None, ONE_ROW),
    "an empty JSONL file": ("a.jsonl", b"", "E0106: the file is empty", "FILE", None, ONE_ROW),
    "blank lines only": ("a.jsonl", b"\n \n", "E0106: the file has no rows", "FILE", None, ONE_ROW),
    "a header only": ("a.csv", HEADER, "E0106: there are no rows", "FILE", None, ONE_ROW),
    "an empty anchor": (
        "a.csv",
        HEADER + "a,b\n \u3000,d\n".encode(),
        "E0109: column 'query': the text is empty",
        "FILE:3",
        r"' \u3000'",
        FILL_IN,
    ),
    "a missing value": (
        "a.jsonl",
        GOOD_JSON + b'\n{"query": "c"}\n',
        "E0109: column 'answer': the value is missing",
        "FILE:3",
        None,
        FILL_IN,
    ),
    "mixed types": (
        "a.jsonl",
        GOOD_JSON + b'{"query": 1984, "answer": "b"}\n',
        "E0104: column 'query': holds a number, not text",
        "FILE:2",
        "1984",
        "make it text, or choose another column with --columns",
    ),
    "broken JSON": (
        "a.jsonl",
        GOOD_JSON + b'{"query": "a" "answer": "b"}\n',
        "E0108: not JSON: Expecting ',' delimiter at column 15",
        "FILE:2",
        """'{"query": "a" "answer": "b"}'""",
        "write one JSON object on each line",
    ),
    "a list in JSONL": (
        "a.jsonl",
        GOOD_JSON + b'["a", "b"]\n',
        "E0108: the line holds a list, not an object",
        "FILE:2",
        "['a', 'b']",
        'write {"anchor": ..., "positive": ...} on each line',
    ),
    "half a surrogate pair": (
        "a.jsonl",
        b'{"query": "a\\ud800", "answer": "b"}\n',
        "E0103: column 'query': half of a surrogate pair, which is not a character",
        "FILE:1",
        r'''"'a\\ud800'"''',
        "write the character itself, or both halves",
    ),
    "one JSON list": (
        "a.json",
        b'[{"query": "a", "answer": "b"}]\n',
        "E0108: the file is one JSON list, not one JSON object a line",
        "FILE:1",
        None,
        "jq -c '.[]' a.json > a.jsonl",
    ),
    "a quote that is never closed": (
        "a.csv",
        HEADER + b'a,b\n"c,d\ne,f\n',
        "E0107: a quote is opened and not closed within 8,388,608 bytes or by the end of the file",
        "FILE:3",
        r"""'"c,d\ne,f\n'""",
        'close the quote; a quote inside a quoted value is written ""',
    ),
    "text for a score": (
        "a.csv",
        b"query,answer,score\na,b,0.5\nc,d,high\n",
        "E0104: column 'score': not a number",
        "FILE:3",
        "'high'",
        "write a number, or leave the row out",
    ),
    "NaN for a score": (
        "a.jsonl",
        b'{"query": "a", "answer": "b", "score": 1}\n{"query": "c", "answer": "d", "score": NaN}\n',
        "E0104: column 'score': not a number",
        "FILE:2",
        "nan",
        "write a number, or leave the row out",
    ),
    "a split of no name": (
        "a.csv",
        b"query,answer,split\na,b,train\nc,d,holdout\n",
        "E0104: column 'split': not one of train, valid, test",
        "FILE:3",
        "'holdout'",
        "write one of train, valid, test",
    ),
    "a missing column": (
        "a.csv",
        b"query,docment,year\na,b,1\n",
        "E0105: no column is the positive; the columns are query, docment, year",
        "FILE",
        None,
        "did you mean 'document' by 'docment'? say which one: --columns positive=docment; names that are known: positive, pos, ",
    ),
    "columns of no known name": (
        "a.csv",
        b"one,two,three\na,b,c\n",
        "E0105: no column is the anchor; the columns are one, two, three",
        "FILE",
        None,
        "say which one: --columns anchor=COLUMN; names that are known: anchor, query, ",
    ),
    "two anchors": (
        "a.csv",
        b"query,question,answer\na,b,c\n",
        "E0115: two columns could be the anchor: 'query' and 'question'",
        "FILE",
        None,
        "choose one: --columns anchor=query",
    ),
    "two columns of one name": (
        "a.csv",
        b"query,answer,answer\na,b,c\n",
        "E0115: two columns are named 'answer'",
        "FILE",
        None,
        "rename one of them",
    ),
    "an unknown suffix": (
        "a.docx",
        b"x",
        "E0112: the suffix '.docx' does not name a format",
        "FILE",
        None,
        "save it as one of .arrow, .csv, ",
    ),
}
DAMAGED = {
    "Parquet that is none": ("a.parquet", b"query,answer", "E0112: not a whole Parquet file: "),
    "Arrow that is none": ("a.arrow", b"ARROW1\0\0junk", "E0112: not a whole Arrow file: "),
    "gzip that is none": ("a.csv.gz", b"query,answer\n", "E0112: the compressed file is damaged: "),
    "half a gzip file": ("a.jsonl.gz", gzip.compress(GOOD_JSON * 50)[:-12], "E0112: the compressed file is damaged: "),
}


@pytest.mark.parametrize("case", CASES)
def test_the_whole_message(case, tmp_path):
    name, data, first, place, value, remedy = CASES[case]
    lines = [first, f"  where: {place}"] + ([f"  value: {value}"] if value else []) + [f"  to do: {remedy}"]
    assert message(written(tmp_path, name, data)).startswith("\n".join(lines))


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file(case, tmp_path):
    name, data, first = DAMAGED[case]
    assert message(written(tmp_path, name, data)).startswith(first)


@pytest.mark.parametrize(("kind", "name"), [(FormatError, "Latin-1"), (LimitError, None), (InputError, "a row too short")])
def test_each_kind_of_error_is_a_value_error(kind, name, tmp_path):
    file, data = CASES[name][:2] if name else ("a.csv", HEADER + b"x" * (2 << 20) + b",b\n")
    with pytest.raises(kind) as caught:
        read_pairs(written(tmp_path, file, data))
    assert isinstance(caught.value, ValueError)


def test_a_line_of_10_megabytes(tmp_path):
    path = written(tmp_path, "a.csv", HEADER + b"a,b\n" + b"x" * 10_000_000 + b",y\nc,d\n")
    assert message(path).startswith("E0110: the line is longer than 8,388,608 bytes\n  where: FILE:3\n  value: 'xxx")
    pairs = read_pairs(path, on_bad="skip")
    assert pairs.anchors.to_pylist() == ["a", "c"]


def test_a_text_of_over_a_megabyte(tmp_path):
    path = written(tmp_path, "a.jsonl", json.dumps({"query": "x" * 1_048_577, "answer": "b"}).encode())
    expected = "E0110: column 'query': 1,048,577 bytes; at most 1,048,576 are allowed\n  where: FILE:1"
    assert message(path).startswith(expected) and message(path).endswith("to do: cut it into passages")


def test_a_directory(tmp_path):
    expected = """E0102: this is a directory, not a file
  where: FILE
  to do: give a file in it; a BEIR folder has corpus.jsonl, queries.jsonl and qrels/*.tsv"""
    assert message(tmp_path) == expected


def test_no_file(tmp_path):
    assert message(tmp_path / "a.csv") == "E0101: there is no such file\n  where: FILE\n  to do: check the path"


def test_python_objects():
    assert "E0116: rows cannot be read from a int" in message(3)
    assert "E0106: the list is empty" in message([])
    assert "E0105: no column is the anchor; the columns are b" in message([{1: "a", "b": "c"}])
    assert "E0116: the first item is text, not a tuple or a dict\n  where: item [0]" in message(["a", "b"])
    assert "E0107: the item is not a tuple of 2 like the first one\n  where: item [1]" in message([("a", "b"), ("c",)])
    assert "E0104: column 'positive': holds a number, not text\n  where: item [1]\n  value: 3" in message(
        [("a", "b"), ("c", 3)]
    )
    assert "E0109: column 'anchor': the value is missing\n  where: item [1]" in message([("a", "b"), (None, "c")])


def test_a_column_of_another_type(tmp_path):
    pa.parquet.write_table(pa.table({"query": [1, 2], "answer": ["a", "b"]}), tmp_path / "a.parquet")
    assert "E0104: column 'query' holds int64, not text" in message(tmp_path / "a.parquet")


def test_a_parquet_row_is_named_by_its_number(tmp_path):
    pa.parquet.write_table(pa.table({"query": ["a", "b", " "], "answer": ["x", "y", "z"]}), tmp_path / "a.parquet")
    assert "E0109: column 'query': the text is empty\n  where: FILE:row 3" in message(tmp_path / "a.parquet")


def test_bytes_that_are_not_utf8_in_an_arrow_table():
    broken = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff"))
    table = pa.table({"query": broken, "answer": ["b"]})
    assert "E0103: column 'query': Invalid UTF8 sequence at string index 0\n  where: the Table:from row 1" in message(table)


def test_a_data_frame_of_mixed_types():
    import pandas

    frame = pandas.DataFrame({"query": pandas.Series(["a", 1], dtype=object), "answer": ["b", "c"]})
    assert "E0104: the rows cannot be read as Arrow:" in message(frame)


def test_options():
    assert "E0105: there is no column 'titel' for 'anchor'" in message(
        [{"title": "a", "body": "b"}], columns={"anchor": "titel"}
    )
    assert "did you mean 'title'? valid: body, title" in message([{"title": "a", "body": "b"}], columns={"anchor": "titel"})
    with pytest.raises(ConfigError, match=r"E0105: there is no role 'anchr'\n.*\n.*did you mean 'anchor'"):
        read_pairs([{"title": "a", "body": "b"}], columns={"anchr": "title"})
    with pytest.raises(ConfigError, match="on_bad must be 'error' or 'skip'"):
        read_pairs([("a", "b")], on_bad="ignore")


def test_skipping_counts_all_and_lists_the_first_fifty(tmp_path):
    good, bad = b"q%d,a%d\n", b"only one\n"
    path = written(tmp_path, "a.csv", HEADER + b"".join(good % (i, i) + bad for i in range(60)) + b"x\xe9,y\n ,z\nlast,row\n")
    pairs = read_pairs(path, on_bad="skip")
    assert (len(pairs), pairs.bad.n, len(pairs.bad.listed), pairs.understood["rows"]) == (61, 62, 50, 123)
    assert pairs.bad.listed[1] == {
        "place": f"{path}:5",
        "column": "",
        "problem": "the row has 1 columns; the first row has 2",
        "value": "'only one'",
    }


def test_skipping_after_an_open_quote_goes_on_with_the_next_line(tmp_path):
    pairs = read_pairs(written(tmp_path, "a.csv", HEADER + b'a,b\n"c,d\ne,f\n'), on_bad="skip")
    assert pairs.anchors.to_pylist() == ["a", "e"] and pairs.bad.n == 1


def test_skipping_everything_is_an_error(tmp_path):
    path = written(tmp_path, "a.csv", HEADER + b"one\ntwo\n")
    assert message(path, on_bad="skip").startswith(
        "E0106: none of the 2 rows can be used; the first: the row has 1 columns; the first row has 2\n  where: FILE:2"
    )


def documents_message(source, **options):
    with pytest.raises(AwaseError) as caught:
        list(read_documents(source, **options))
    return str(caught.value)


def test_documents():
    assert "E0105: no column is the id; the columns are text" in documents_message([{"text": "a"}])
    assert "E0109: column 'id': the id is empty\n  where: item [0]" in documents_message([{"id": "", "text": "a"}])
    assert "E0109: column 'text': the value is missing\n  where: item [1]" in documents_message([("a", "b"), ("c", None)])
    assert "E0104: column 'x': a bytes, which has no form in JSON" in documents_message([{"id": 1, "text": "a", "x": b"bytes"}])
    assert "E0104: column 'x': infinity, which is" in documents_message([{"id": 1, "text": "a", "x": float("inf")}])
    assert re.search(r"E0110: 70,00\d bytes of metadata", documents_message([{"id": 1, "text": "a", "x": "y" * 70_000}]))
    assert "E0110: column 'id': 600 bytes; at most 512" in documents_message([("x" * 600, "a")])
    assert "E0111: column 'text': holds a NUL character" in documents_message([("x", "a\0")])
