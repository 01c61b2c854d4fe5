"""Judgements from pairs and from BEIR folders."""

import gzip
import json

import numpy as np
import pytest

from awase.core.errors import InputError
from awase.data.judged import NOTHING_RELEVANT, SELF_ONLY, judged_from_pairs, read_beir
from awase.data.pairs import read_pairs


def relevant(judged):
    return {
        query: {judged.documents[row]: grade for row, grade in zip(judged.rows[a:b].tolist(), judged.grades[a:b].tolist())}
        for query, a, b in zip(judged.queries, judged.offsets, judged.offsets[1:])
    }


def test_candidates_are_all_documents_of_the_file_and_the_extra_ones():
    pairs = read_pairs([("q1", "a", "n1"), ("q2", "b", "A"), ("q3", "B ", "n2"), ("q2", "c", "n1")])
    judged = judged_from_pairs(pairs, np.array([3, 2]), extra_documents=["extra", "N2", "b"])
    assert judged.documents == ["a", "b", "c", "n1", "n2", "extra"]
    assert relevant(judged) == {"q2": {"b": 1.0, "c": 1.0}, "q3": {"b": 1.0}}
    assert judged.document_ids == ["0", "1", "2", "3", "4", "5"] and judged.query_ids == ["3", "2"]
    assert (judged.rows.dtype, judged.offsets.dtype, judged.grades.dtype) == (np.int64, np.int64, np.float32)


def test_queries_are_distinct_when_normalised():
    judged = judged_from_pairs(read_pairs([("Dog", "a"), ("dog ", "b"), ("cat", "c")]), np.array([0, 1]))
    assert relevant(judged) == {"Dog": {"a": 1.0, "b": 1.0}}


def test_scores_are_grades():
    data = [
        {"query": "q", "answer": "a", "score": 3},
        {"query": "q", "answer": "b", "score": 0},
        {"query": "r", "answer": "b", "score": 0},
    ]
    data += [{"query": "q", "answer": "A", "negative": "n", "score": 5}]
    judged = judged_from_pairs(read_pairs(data), np.arange(4))
    assert relevant(judged) == {"q": {"a": 5.0}}
    assert judged.documents == ["a", "b", "n"]


def test_ids_of_the_file_are_used():
    judged = judged_from_pairs(read_pairs([{"id": "x7", "query": "q", "answer": "a"}]), np.array([0]))
    assert judged.query_ids == ["x7"] and judged.name == "the list"


def test_nothing_relevant():
    with pytest.raises(InputError, match="E0113: no query has a relevant document"):
        judged_from_pairs(read_pairs([{"query": "q", "answer": "a", "score": 0}]), np.array([0]))


@pytest.fixture
def folder(tmp_path):
    corpus = [("d1", "Title", "text"), ("d2", "", "zwei 犬"), ("d3", None, "three")]
    lines = [
        f'{{"_id": "{i}", "title": {"null" if t is None else f"{chr(34)}{t}{chr(34)}"}, "text": "{x}"}}\n' for i, t, x in corpus
    ]
    (tmp_path / "corpus.jsonl").write_text("".join(lines))
    queries = '{"_id": "q1", "text": "one"}\n{"_id": "q2", "text": "two"}\n{"_id": "q3", "text": "three"}\n'
    (tmp_path / "queries.jsonl.gz").write_bytes(gzip.compress(queries.encode()))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq2\td3\t1\nq1\td2\t2\nq1\td1\t1\nq3\td1\t0\n")
    (tmp_path / "qrels/dev.tsv").write_text("query-id\tcorpus-id\tscore\nq3\td9\t1\nq9\td1\t1\n")
    return tmp_path


def test_beir(folder):
    judged = read_beir(folder)
    assert judged.documents == ["Title text", "zwei 犬", "three"] and judged.document_ids == ["d1", "d2", "d3"]
    assert judged.query_ids == ["q1", "q2"] and judged.name == f"{folder.name}/test"
    assert relevant(judged) == {"one": {"Title text": 1.0, "zwei 犬": 2.0}, "two": {"three": 1.0}}
    assert judged.rows.tolist() == [0, 1, 2]


def test_beir_that_is_not_whole(folder):
    def told(part="test"):
        with pytest.raises(InputError) as caught:
            read_beir(folder, part)
        return str(caught.value).replace(str(folder), "FOLDER")

    assert told("tset") == (
        "E0114: there is no split 'tset'\n  where: FOLDER/qrels\n  to do: did you mean 'test'? valid: dev, test"
    )
    assert told("dev").startswith(
        "E0114: 1 queries named in the qrels are not in the folder: q9\n  where: FOLDER/qrels/dev.tsv\n  to do: complete the folder"
    )
    (folder / "qrels/test.tsv").write_text("q1\td1\n")
    assert told().startswith(
        "E0114: qrels have three columns, these have 2\n  where: FOLDER/qrels/test.tsv:1\n  value: 'q1\\td1'"
    )
    (folder / "qrels/test.tsv").write_text("q1\td1\t1\nq1\td2\thigh\n")
    assert "E0104: column '3': not a number\n  where: FOLDER/qrels/test.tsv:2\n  value: 'high'" in told()
    (folder / "corpus.jsonl").unlink()
    assert told().startswith("E0114: the BEIR folder has no corpus.jsonl\n  where: FOLDER\n")
    with pytest.raises(InputError, match="E0114: there is no such folder"):
        read_beir(folder / "none")


# A query that is itself a document


def test_an_anchor_that_is_a_document_is_known_by_its_text():
    pairs = read_pairs([("a", "b"), ("b", "a"), ("c", "d"), ("C ", "c"), ("e", "e")])
    judged = judged_from_pairs(pairs, np.arange(5))
    assert judged.queries == ["a", "b", "c"]
    assert [judged.documents[row] for row in judged.own] == ["a", "b", "c"]
    assert relevant(judged) == {"a": {"b": 1.0}, "b": {"a": 1.0}, "c": {"d": 1.0}}, "a text is no answer to itself"
    assert judged.left_out == {SELF_ONLY: 1}


def test_an_anchor_among_the_negatives_or_the_further_documents_is_known_too():
    pairs = read_pairs([{"query": "a", "answer": "b", "negative": "c"}, {"query": "c", "answer": "d", "negative": "x"}])
    judged = judged_from_pairs(pairs, np.arange(2), extra_documents=["A"])
    assert [judged.documents[row] for row in judged.own] == ["A", "c"]


def test_where_no_query_is_a_document_nothing_is_said():
    assert judged_from_pairs(read_pairs([("a", "b"), ("c", "d")]), np.arange(2)).own is None


def beir(folder, corpus, queries, qrels):
    (folder / "qrels").mkdir()
    for name, rows in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "qrels/test.tsv").write_text("".join("\t".join(map(str, row)) + "\n" for row in qrels))
    return folder


def test_of_beir_the_id_and_the_text_must_be_the_same(tmp_path):
    corpus = [
        {"_id": "1", "title": "", "text": "red"},
        {"_id": "2", "title": "", "text": "blue"},
        {"_id": "3", "title": "Colours", "text": "green"},
        {"_id": "4", "title": "Colours", "text": "grey"},
        {"_id": "5", "title": "", "text": "other"},
    ]
    queries = [
        {"_id": "1", "text": "Red "},  # itself
        {"_id": "2", "text": "navy"},  # the id by accident
        {"_id": "3", "text": "green"},  # itself, without its title
        {"_id": "4", "text": "Colours grey"},  # itself, with it
        {"_id": "9", "text": "other"},  # the text of another
    ]
    judged = read_beir(beir(tmp_path, corpus, queries, [(row["_id"], "5", 1) for row in queries]))
    assert judged.own.tolist() == [0, -1, 2, 3, -1]
    assert relevant(judged)["other"] == {"other": 1.0}


# What is read


@pytest.mark.parametrize("grade", ["1", "1.0", "0.5", "+1", "1e0", "-1", ".5"])
def test_the_first_line_of_qrels_is_data_where_its_grade_is_a_number(tmp_path, grade):
    corpus = [{"_id": name, "text": name} for name in "ab"]
    judged = read_beir(beir(tmp_path, corpus, [{"_id": "q", "text": "q"}], [("q", "a", grade), ("q", "b", 2)]))
    assert relevant(judged) == {"q": ({"a": float(grade)} if float(grade) > 0 else {}) | {"b": 2.0}}


@pytest.mark.parametrize("head", ["score", "relevance", "Grade"])
def test_and_a_head_where_it_is_not(tmp_path, head):
    corpus = [{"_id": name, "text": name} for name in "ab"]
    rows = [("query-id", "corpus-id", head), ("q", "a", "1.0")]
    assert relevant(read_beir(beir(tmp_path, corpus, [{"_id": "q", "text": "q"}], rows))) == {"q": {"a": 1.0}}


def test_queries_judged_0_only_are_counted(folder):
    assert read_beir(folder).left_out == {NOTHING_RELEVANT: 1}


def test_and_said_where_a_fit_reads_them(folder):
    (folder / "qrels/dev.tsv").unlink()
    assert read_pairs(folder).understood["notes"] == [
        "1 queries of 'test' have no document with a grade above 0: they are left out"
    ]


def test_anchors_scored_0_only_are_counted():
    rows = [{"query": q, "answer": a, "score": s} for q, a, s in [("q", "a", 3), ("r", "b", 0), ("s", "b", -1)]]
    assert judged_from_pairs(read_pairs(rows), np.arange(3)).left_out == {NOTHING_RELEVANT: 2}


@pytest.mark.parametrize("name", ["corpus", "queries"])
def test_two_lines_with_one_id(tmp_path, name):
    rows = {"corpus": [{"_id": f"d{i}", "text": "t"} for i in range(3)], "queries": [{"_id": "q", "text": "t"}]}
    repeated = rows[name][0]["_id"]
    rows[name].append({"_id": repeated, "text": "another"})
    folder = beir(tmp_path, rows["corpus"], rows["queries"], [("q", "d1", 1)])
    with pytest.raises(InputError) as caught:
        read_beir(folder)
    lines = f"{folder}/{name}.jsonl:1 and {folder}/{name}.jsonl:{len(rows[name])}"
    assert str(caught.value) == (
        f"E0114: two lines have one _id\n  where: {lines}\n  value: '{repeated}'\n  to do: take one of them out, or give it an _id of its own"
    )
