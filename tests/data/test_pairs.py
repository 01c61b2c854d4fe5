"""Roles, labels, duplicates, and files larger than memory."""

import json
import subprocess
import sys

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from awase.core.errors import InputError
from awase.data import blocks
from awase.data.pairs import read_pairs


def rows(pairs):
    return list(zip(pairs.anchors.to_pylist(), pairs.positives.to_pylist()))


def written(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_all_roles_of_one_file(tmp_path):
    header = "_id,Sentence1,SENTENCE2,hard_negative,negative_1,Score,group,Part,colour\n"
    pairs = read_pairs(written(tmp_path, "a.csv", header + "p1,a,b,n1,n2,0.5,g,train,red\np2,c,d,,n3,1,,test,blue\n"))
    assert rows(pairs) == [("a", "b"), ("c", "d")]
    assert pairs.negatives.to_pylist() == [["n1", "n2"], ["n3"]]
    assert pairs.scores.tolist() == [0.5, 1.0] and pairs.ids.to_pylist() == ["p1", "p2"]
    assert pairs.groups.to_pylist() == ["g", ""] and pairs.parts.tolist() == [0, 2]
    assert pairs.understood == {
        "source": str(tmp_path / "a.csv"),
        "format": "CSV",
        "encoding": "UTF-8",
        "columns": {
            "id": "_id", "anchor": "Sentence1", "positive": "SENTENCE2", "negative": ["hard_negative", "negative_1"],
            "score": "Score", "group": "group", "split": "Part",
        },
        "rows": 2,
        "notes": [],
    }  # fmt: skip


def test_columns_named_by_the_user_win_over_names(tmp_path):
    path = written(tmp_path, "a.csv", "query,title,body,answer\nq,t,b,a\n")
    assert rows(read_pairs(path, columns={"anchor": "title", "positive": "body"})) == [("t", "b")]
    assert rows(read_pairs(path, columns={"positive": "body"})) == [("q", "b")]
    assert read_pairs(path, columns={"negative": "title"}).negatives.to_pylist() == [["t"]]


@pytest.mark.parametrize(("name", "tab"), [("a.csv", ","), ("a.tsv", "\t")])
def test_two_columns_without_a_header(name, tab, tmp_path):
    pairs = read_pairs(written(tmp_path, name, f"犬{tab}dog\n猫{tab}cat\n"))
    assert rows(pairs) == [("犬", "dog"), ("猫", "cat")]
    assert pairs.understood["notes"] == ["no header: the first row is data; column 1 is the anchor, column 2 is the positive"]


def test_columns_by_position(tmp_path):
    pairs = read_pairs(
        written(tmp_path, "a.tsv", "1\t犬\tdog\n2\t猫\tcat\n"), columns={"anchor": "2", "positive": "3", "id": "1"}
    )
    assert rows(pairs) == [("犬", "dog"), ("猫", "cat")] and pairs.ids.to_pylist() == ["1", "2"]


def test_positions_are_not_taken_for_a_file_with_a_header(tmp_path):
    with pytest.raises(ValueError, match="E0105: there is no column '1' for 'anchor'"):
        read_pairs(written(tmp_path, "a.csv", "query,answer\na,b\n"), columns={"anchor": "1", "positive": "2"})


def test_two_columns_of_a_known_and_an_unknown_name_have_a_header(tmp_path):
    with pytest.raises(ValueError, match="E0105: no column is the positive; the columns are query, reply"):
        read_pairs(written(tmp_path, "a.csv", "query,reply\na,b\n"))


def test_duplicates_are_counted_and_the_first_stays():
    pairs = read_pairs([("Dog", "Bark"), ("ｄｏｇ ", "bark"), ("dog", "bark!"), ("Dog", "Bark")])
    assert rows(pairs) == [("Dog", "Bark"), ("dog", "bark!")] and pairs.duplicates == 2


def test_the_same_pair_with_another_negative_is_no_duplicate():
    pairs = read_pairs([("a", "b", "n1"), ("a", "b", "n2"), ("a", "b", "N1")])
    assert pairs.negatives.to_pylist() == [["n1"], ["n2"]] and pairs.duplicates == 1


def test_duplicates_are_found_across_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 16)
    path = written(tmp_path, "a.csv", "query,answer\n" + "".join(f"q{i % 7},a{i % 7}\n" for i in range(50)))
    assert (len(read_pairs(path)), read_pairs(path).duplicates) == (7, 43)


def labelled(*rows_):
    return [{"text1": a, "text2": b, "label": label} for a, b, label in rows_]


def test_rows_labelled_0_become_negatives_of_their_anchor_in_turn():
    pairs = read_pairs(
        labelled(("q", "n1", 0), ("q", "p1", 1), ("Q", "n2", 0), ("q", "p2", 1), ("q", "n3", 0), ("z", "x", 0), ("r", "p", 1))
    )
    assert rows(pairs) == [("q", "p1"), ("q", "p2"), ("r", "p")]
    assert pairs.negatives.to_pylist() == [["n1", "n3"], ["n2"], []]
    assert pairs.understood["notes"] == [
        "label: 3 rows with 1 are pairs; 3 of 4 with 0 became negatives of their anchor, "
        "1 were left out because their anchor has no pair"
    ]
    assert len(pairs.anchor_keys) == len(pairs.positive_keys) == 3


@pytest.mark.parametrize("ones", [(1, 0), (True, False), ("1", "0"), (1.0, 0.0)])
def test_ways_to_write_a_label(ones, tmp_path):
    yes, no = ones
    data = labelled(("q", "p", yes), ("q", "n", no))
    path = written(tmp_path, "a.jsonl", "".join(json.dumps(row) + "\n" for row in data))
    for source in (data, path):
        assert read_pairs(source).negatives.to_pylist() == [["n"]]


def test_labels_join_the_negatives_that_are_given():
    data = [
        {"query": "q", "answer": "p", "negative": "a", "label": 1},
        {"query": "q", "answer": "n", "negative": None, "label": 0},
    ]
    assert read_pairs(data).negatives.to_pylist() == [["a", "n"]]


@pytest.mark.parametrize("rows", [[("q", "p", 0), ("q", "p", 1)], [("q", "p", 1), ("Q", "p ", 0)]])
def test_a_pair_labelled_0_and_1_is_a_pair_and_no_negative(rows):
    pairs = read_pairs(labelled(*rows, ("q", "n", 0)))
    assert pairs.positives.to_pylist() == [next(p for _, p, label in rows if label)]
    assert pairs.negatives.to_pylist() == [["n"]]
    assert "1 were left out because a row with 1 has the same texts" in pairs.understood["notes"][0]


def test_a_pair_with_two_scores_keeps_both():
    rows = [{"query": "q", "answer": "p", "score": score} for score in (0, 5, 5)]
    pairs = read_pairs(rows)
    assert (pairs.scores.tolist(), pairs.duplicates) == ([0, 5], 1)


def test_other_labels_are_scores():
    pairs = read_pairs(labelled(("a", "b", 4.5), ("c", "d", 0)))
    assert pairs.scores.tolist() == [4.5, 0.0] and pairs.negatives is None
    assert pairs.understood["notes"] == ["the labels are not all 0 or 1: every row is a pair, and the labels are its scores"]


def test_no_row_with_label_1():
    with pytest.raises(ValueError, match="E0106: no row has label 1"):
        read_pairs(labelled(("a", "b", 0)))


def test_lists_of_positives_and_negatives(tmp_path):
    lines = [{"query": "q1", "pos": ["a", "b"], "neg": ["x", ""]}, {"query": "q2", "pos": ["c"], "neg": []}]
    pairs = read_pairs(written(tmp_path, "a.jsonl", "".join(json.dumps(line) + "\n" for line in lines)))
    assert rows(pairs) == [("q1", "a"), ("q1", "b"), ("q2", "c")]
    assert pairs.negatives.to_pylist() == [["x"], ["x"], []]
    assert pairs.understood["notes"] == ["rows with several positives are one pair each: 1 more pairs than rows"]
    assert rows(read_pairs(pa.Table.from_pylist(lines))) == rows(pairs)


def test_take():
    pairs = read_pairs([{"query": f"q{i}", "answer": f"a{i}", "score": i, "id": i, "negative": f"n{i}"} for i in range(5)])
    taken = pairs.take(np.array([3, 1]))
    assert rows(taken) == [("q3", "a3"), ("q1", "a1")] and taken.ids.to_pylist() == ["3", "1"]
    assert taken.scores.tolist() == [3, 1] and taken.negatives.to_pylist() == [["n3"], ["n1"]]
    assert (taken.anchor_keys == pairs.anchor_keys[[3, 1]]).all() and len(taken) == 2


def test_beir_folder_as_pairs(tmp_path):
    written(tmp_path, "corpus.jsonl", '{"_id": "d1", "title": "T", "text": "one"}\n{"_id": "d2", "title": "", "text": "two"}\n')
    written(tmp_path, "queries.jsonl", '{"_id": "q1", "text": "first"}\n{"_id": "q2", "text": "second"}\n')
    (tmp_path / "qrels").mkdir()
    written(tmp_path / "qrels", "train.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n")
    written(tmp_path / "qrels", "test.tsv", "q2\td2\t1\n")
    pairs = read_pairs(tmp_path)
    assert sorted(zip(rows(pairs), pairs.parts.tolist())) == [(("first", "T one"), 0), (("second", "two"), 2)]
    assert pairs.understood["format"] == "BEIR folder"


def many(path, n):
    with path.open("w") as file:
        file.write("query,answer,negative\n")
        for row in range(n):
            file.write(f"what is thing number {row} good for,it is the thing for {row * 7},not {row}\n")
    return path


def test_spilled_pairs_are_the_same(tmp_path):
    path = many(tmp_path / "a.csv", 2_000)
    kept, spilled = read_pairs(path), read_pairs(path, spill=tmp_path / "pairs.arrow")
    assert (tmp_path / "pairs.arrow").exists()
    assert (
        kept.anchors.to_pylist() == spilled.anchors.to_pylist() and kept.negatives.to_pylist() == spilled.negatives.to_pylist()
    )
    taken = spilled.take(np.array([5, 1_999]))
    assert rows(taken)[1] == ("what is thing number 1999 good for", "it is the thing for 13993")
    data = labelled(("q", "p", 1), ("q", "n", 0), ("r", "s", 1))
    assert read_pairs(data, spill=tmp_path / "b.arrow").negatives.to_pylist() == [["n"], []]


_MEASURE = """
import sys, tracemalloc, pathlib
import pyarrow as pa
from awase.data.pairs import read_pairs
pairs = read_pairs(sys.argv[1], spill=pathlib.Path(sys.argv[2]) if sys.argv[2] else None)
assert len(pairs) == 100_000
print(pa.total_allocated_bytes())
"""


def test_spilled_texts_are_not_in_memory(tmp_path):
    path = many(tmp_path / "a.csv", 100_000)

    def allocated(spill):
        run = subprocess.run([sys.executable, "-c", _MEASURE, str(path), spill], capture_output=True, text=True, check=True)
        return int(run.stdout)

    assert allocated("") > 8_000_000 and allocated(str(tmp_path / "pairs.arrow")) < 2_000_000


LISTS = {
    "fixed length": pa.list_(pa.string(), 2),
    "view": pa.list_view(pa.string()),
    "large view": pa.large_list_view(pa.string()),
    "large": pa.large_list(pa.string()),
}


@pytest.mark.parametrize("kind", LISTS)
def test_lists_of_every_arrow_type_are_lists(kind):
    positives = pa.array([["b", "c"], ["x", "y"], ["d", "e"]], LISTS[kind])
    table = pa.table(
        {"query": ["a", "b", "c"], "positive": positives, "negative": pa.array([["n", "m"], None, ["o", "p"]], LISTS[kind])}
    )
    for given, first in ((table, 0), (table.slice(1), 1)):
        pairs = read_pairs(given)
        wanted = [("a", "b"), ("a", "c"), ("b", "x"), ("b", "y"), ("c", "d"), ("c", "e")][2 * first :]
        assert list(zip(pairs.anchors.to_pylist(), pairs.positives.to_pylist())) == wanted
        assert pairs.negatives.to_pylist() == [["n", "m"], ["n", "m"], [], [], ["o", "p"], ["o", "p"]][2 * first :]


NESTED = [
    {"translation": {"en": "dog", "ja": "犬"}, "more": {"deep": {"x": 1}}},
    {"translation": {"en": "cat", "ja": "猫"}, "more": None},
]


@pytest.mark.parametrize("kind", ["dicts", "Arrow", "Dataset", "Parquet", "JSONL"])
def test_a_field_of_an_object_can_be_named(tmp_path, kind):
    table = pa.Table.from_pylist(NESTED)
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, NESTED)))
    files = {"Parquet": tmp_path / "a.parquet", "JSONL": tmp_path / "a.jsonl"}
    sources = {"dicts": NESTED, "Arrow": table, "Dataset": datasets.Dataset(table), **files}
    pairs = read_pairs(sources[kind], columns={"anchor": "translation.ja", "positive": "translation.en"})
    assert list(zip(pairs.anchors.to_pylist(), pairs.positives.to_pylist())) == [("犬", "dog"), ("猫", "cat")]
    with pytest.raises(InputError, match="E0104"):
        read_pairs(sources[kind], columns={"anchor": "translation", "positive": "translation.en"})


def test_an_object_where_text_is_wanted_is_told_apart():
    with pytest.raises(InputError) as caught:
        read_pairs(pa.Table.from_pylist(NESTED), columns={"anchor": "translation", "positive": "translation.en"})
    assert caught.value.message == "column 'translation' holds objects, not text"
    assert "translation.en, translation.ja" in caught.value.remedy and ".flatten()" in caught.value.remedy


def test_what_is_one_step_from_rows_says_the_step():
    data = datasets.Dataset.from_dict({"query": ["a"], "answer": ["b"]})
    for splits in (datasets.DatasetDict({"train": data, "test": data}), {"train": pa.table({}), "test": pa.table({})}):
        with pytest.raises(
            InputError, match=r"E0162: a \w+ is several tables, one for each split: train, test\n.*\n.*\['train'\]"
        ):
            read_pairs(splits)
    with pytest.raises(InputError, match="one for each split: train"):
        read_pairs(datasets.IterableDatasetDict({"train": data.to_iterable_dataset()}))
    steps = {"pyarrow.table": {"query": ["a"]}, "list": (row for row in "ab"), ".collect()": pl.LazyFrame({"query": ["a"]})}
    for step, given in steps.items():
        with pytest.raises(InputError) as caught:
            read_pairs(given)
        assert caught.value.code == "E0116" and step in caught.value.remedy


def test_groups_that_a_frame_made_floats_of():
    frame = pd.DataFrame({"query": ["a", "b"], "answer": ["c", "d"], "group": [7.0, None], "id": [1.0, 2.0]})
    pairs = read_pairs(frame)
    assert (pairs.groups.to_pylist(), pairs.ids.to_pylist()) == (["7", None], ["1", "2"])


def test_labels_of_minus_one_are_no_pairs():
    rows = [
        {"query": "a", "answer": "b", "label": 1},
        {"query": "a", "answer": "c", "label": -1},
        {"query": "d", "answer": "e", "label": 1},
    ]
    pairs = read_pairs(rows)
    assert list(zip(pairs.anchors.to_pylist(), pairs.positives.to_pylist())) == [("a", "b"), ("d", "e")]
    assert pairs.negatives.to_pylist() == [["c"], []]
    with pytest.raises(InputError, match="E0106: no row has label 1"):
        read_pairs([row | {"label": -1} for row in rows])
