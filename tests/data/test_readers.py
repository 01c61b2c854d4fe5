"""The same rows come out of every format, whichever way they are read."""

import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.data import blocks
from awase.data.formats.delimited import Delimited
from awase.data.formats.jsonl import JsonLines
from awase.data.kinds import Key, Number, Text
from awase.data.pairs import read_pairs
from awase.data.rows import Field, Record, chunks

ROWS = [("dog", "It barks, loudly."), ("犬", 'He said "ワン".'), ("two\nlines", "a\r\nb"), ("café", "ünïcode")]
TABLE = pa.table({"query": [a for a, _ in ROWS], "answer": [b for _, b in ROWS]})


def csv_text(rows, header=("query", "answer"), **options):
    text = io.StringIO()
    csv.writer(text, **options).writerows([header, *rows])
    return text.getvalue()


def jsonl_text(rows):
    return "".join(json.dumps({"query": a, "answer": b}, ensure_ascii=False) + "\n" for a, b in rows)


def write_csv(folder):
    (folder / "a.csv").write_text(csv_text(ROWS), newline="", encoding="utf-8")
    return folder / "a.csv"


def write_csv_bom_unix(folder):
    (folder / "a.csv").write_text(csv_text(ROWS, lineterminator="\n"), newline="", encoding="utf-8-sig")
    return folder / "a.csv"


def write_csv_gz(folder):
    (folder / "a.csv.gz").write_bytes(gzip.compress(csv_text(ROWS).encode()))
    return folder / "a.csv.gz"


def write_jsonl(folder):
    (folder / "a.jsonl").write_text(jsonl_text(ROWS), encoding="utf-8-sig")
    return folder / "a.jsonl"


def write_jsonl_gz(folder):
    (folder / "a.JSONL.gz").write_bytes(gzip.compress(jsonl_text(ROWS).replace("\n", "\r\n\n").encode()))
    return folder / "a.JSONL.gz"


def write_parquet(folder):
    dictionary = TABLE.set_column(0, "query", TABLE["query"].dictionary_encode())
    pa.parquet.write_table(dictionary, folder / "a.parquet")
    return folder / "a.parquet"


def write_feather(folder):
    pa.feather.write_feather(TABLE, folder / "a.feather", compression="zstd")
    return folder / "a.feather"


def write_ipc_stream(folder):
    with pa.OSFile(str(folder / "a.arrow"), "wb") as sink, pa.ipc.new_stream(sink, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return folder / "a.arrow"


def tuples(folder):
    return ROWS


def dicts(folder):
    return [{"query": a, "answer": b} for a, b in ROWS]


def arrow_table(folder):
    return TABLE


def polars_frame(folder):
    import polars

    return polars.DataFrame(TABLE)


def pandas_frame(folder):
    return TABLE.to_pandas()


def one_shot_reader(folder):
    return TABLE.to_reader()


def hf_dataset(folder):
    import datasets

    return datasets.Dataset.from_list(dicts(folder))


@pytest.mark.parametrize(
    "make",
    [
        write_csv, write_csv_bom_unix, write_csv_gz, write_jsonl, write_jsonl_gz, write_parquet, write_feather, write_ipc_stream,
        tuples, dicts, arrow_table, polars_frame, pandas_frame, one_shot_reader, hf_dataset,
    ],
)  # fmt: skip
def test_every_source_gives_the_same_pairs(make, tmp_path):
    pairs = read_pairs(make(tmp_path))
    assert list(zip(pairs.anchors.to_pylist(), pairs.positives.to_pylist())) == ROWS
    assert (pairs.bad.n, pairs.duplicates, pairs.understood["rows"]) == (0, 0, 4)


def test_a_tsv_has_no_quoting(tmp_path):
    (tmp_path / "a.tsv").write_text('query\tanswer\n"Hello," he said\t5" disk\nsay "hi\tok\n')
    pairs = read_pairs(tmp_path / "a.tsv")
    assert pairs.anchors.to_pylist() == ['"Hello," he said', 'say "hi']
    assert pairs.positives.to_pylist() == ['5" disk', "ok"]


def test_a_lone_carriage_return_is_a_character_of_its_text(tmp_path):
    (tmp_path / "a.tsv").write_bytes(b"query\tanswer\none\rmore\tb\n")
    assert read_pairs(tmp_path / "a.tsv").anchors.to_pylist() == ["one\rmore"]


def read_all(source, fields):
    batches, bad = [], []
    for chunk in chunks(source, fields):
        batches.append(chunk.batch)
        bad += chunk.bad
    return pa.Table.from_batches(batches).to_pylist() if batches else [], bad


def exactly(source, fields):
    """The same source, read record by record."""
    source.parse = lambda block, fields: None
    return read_all(source, fields)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.text(alphabet='a",\n é犬'), st.text(alphabet='b",\r\n x')), min_size=1, max_size=30),
    st.integers(4, 60),
)
def test_csv_written_by_the_standard_library_is_read_back(tmp_path_factory, rows, size):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_text(csv_text(rows, quoting=csv.QUOTE_ALL), newline="", encoding="utf-8")
    fields = [Field("query", Text(needed=False)), Field("answer", Text(needed=False))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", size)
        fast, _ = read_all(Delimited(path, ","), fields)
        exact, bad = exactly(Delimited(path, ","), fields)
    assert not bad
    assert fast == exact == [{"query": a, "answer": b} for a, b in rows]


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='ab",\n\r\t 1', max_size=60), st.sampled_from([",", "\t"]), st.integers(3, 40))
def test_the_fast_way_agrees_with_the_exact_way_on_any_delimited_text(tmp_path_factory, text, delimiter, size):
    path = tmp_path_factory.mktemp("junk") / "a.csv"
    path.write_bytes(f"query{delimiter}answer\n{text}".encode())
    fields = [Field("query", Text(needed=False)), Field("answer", Text(needed=False))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", size)
        assert read_all(Delimited(path, delimiter), fields) == exactly(Delimited(path, delimiter), fields)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from([0.5, -1.25]), st.text(alphabet='aé犬"\\\n', max_size=5)
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({}, optional={"query": VALUES, "score": VALUES, "id": VALUES, "x": VALUES}),
        min_size=1,
        max_size=12,
    )
)
def test_the_fast_way_agrees_with_the_exact_way_on_any_json_objects(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("json") / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = [Field("query", Text()), Field("score", Number()), Field("id", Key())]
    (fast, fast_bad), (exact, exact_bad) = read_all(JsonLines(path), fields), exactly(JsonLines(path), fields)
    # Of several things wrong in one row, either may be named.
    assert fast == exact and [bad.place for bad in fast_bad] == [bad.place for bad in exact_bad]


@given(st.text(alphabet='a",\n', max_size=40))
@settings(max_examples=200, deadline=None)
def test_the_lexer_equals_its_twin(text):
    data = text.encode()
    if data:
        assert blocks.end_of_csv_records(data) == blocks._csv_end_twin(data)


def test_places_count_lines_of_the_file_and_not_rows(tmp_path):
    (tmp_path / "a.csv").write_text('query,answer\n"one\ntwo",b\n\n"three",c\n')
    source = Delimited(tmp_path / "a.csv", ",")
    (block,) = source.blocks(None)
    assert [row.at for row in source.records(block) if isinstance(row, Record)] == [2, 5]
