"""Links: whatever holds them gives the same numbers and names, and what is wrong with them is said once and plainly."""

import gzip
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from awase.core.errors import AwaseError, ConfigError, FormatError, InputError
from awase.data import blocks
from awase.data.links import read_links

TRIPLES = [("tokyo", "capital of", "japan"), ("japan", "in", "asia"), ("tokyo", "in", "japan"), ("京都", "in", "japan")]
NAMES = ["tokyo", "japan", "asia", "京都"]


def shown(links):
    """The rows as they were written."""
    columns = [[links.head_names[head] for head in links.heads], [links.tail_names[tail] for tail in links.tails]]
    if links.relations is not None:
        columns.insert(1, [links.relation_names[relation] for relation in links.relations])
    return list(zip(*columns))


def lines(path, rows, delimiter="\t"):
    path.write_text("".join(delimiter.join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
    return path


def refused(*arguments, kind=AwaseError, **options):
    with pytest.raises(kind) as caught:
        read_links(*arguments, **options)
    return str(caught.value)


HEADED = ("head", "relation", "tail")
SOURCES = {
    "tuples": lambda folder: TRIPLES,
    "dicts": lambda folder: [dict(zip(("subject", "predicate", "object"), row)) for row in TRIPLES],
    "txt without header": lambda folder: lines(folder / "graph.txt", TRIPLES),
    "tsv without header": lambda folder: lines(folder / "graph.tsv", TRIPLES),
    "tsv": lambda folder: lines(folder / "graph.tsv", [HEADED, *TRIPLES]),
    "csv in another order": lambda folder: lines(folder / "g.csv", [("tail", "head", "rel"), *((t, h, r) for h, r, t in TRIPLES)], ","),
    "pandas": lambda folder: pd.DataFrame(TRIPLES, columns=list(HEADED)),
    "polars": lambda folder: pl.DataFrame(TRIPLES, schema=list(HEADED), orient="row"),
    "arrow": lambda folder: pa.table({name: list(column) for name, column in zip(HEADED, zip(*TRIPLES))}),
}  # fmt: skip


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_gives_the_same_links(tmp_path, kind):
    links = read_links(SOURCES[kind](tmp_path), "triples")
    assert shown(links) == TRIPLES
    assert links.head_names == NAMES  # as they first appear, row by row
    assert links.tail_names is links.head_names
    assert links.relation_names == ["capital of", "in"]
    assert links.heads.dtype == links.tails.dtype == links.relations.dtype == np.int64
    assert (links.heads.tolist(), links.tails.tolist()) == ([0, 1, 0, 3], [1, 2, 1, 1])
    assert links.shared
    assert links.parts is None
    assert (links.duplicates, links.self_loops, links.bad.n) == (0, 0, 0)


def test_jsonl_parquet_and_compressed_files(tmp_path):
    (tmp_path / "g.jsonl").write_text("".join(json.dumps(dict(zip(HEADED, row))) + "\n" for row in TRIPLES))
    parquet.write_table(SOURCES["arrow"](tmp_path), tmp_path / "g.parquet")
    (tmp_path / "g.txt.gz").write_bytes(gzip.compress(lines(tmp_path / "g.txt", TRIPLES).read_bytes()))
    for name in ("g.jsonl", "g.parquet", "g.txt.gz"):
        assert shown(read_links(tmp_path / name, "triples")) == TRIPLES


def test_numbers_do_not_depend_on_how_a_file_is_cut_into_blocks(tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    rows = [(f"n{a}", f"n{b}") for a, b in rng.integers(0, 300, (2_000, 2))]
    path = lines(tmp_path / "edges.tsv", rows)
    whole = read_links(path, "pairs")
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 500)
    cut = read_links(path, "pairs")
    assert shown(cut) == shown(whole) == list(dict.fromkeys(rows))
    assert cut.head_names == whole.head_names == list(dict.fromkeys(name for row in rows for name in row))
    assert cut.duplicates == whole.duplicates == len(rows) - len(set(rows))


def test_ids_that_look_like_numbers_stay_as_written(tmp_path):
    rows = [("007", "7"), ("7", "7.0"), ("1e3", "007"), ("NA", "null"), ("nan", "true")]
    assert shown(read_links(lines(tmp_path / "e.tsv", rows), "edges")) == rows
    assert shown(read_links(lines(tmp_path / "e.csv", rows, ","), "edges")) == rows
    assert shown(read_links(pd.DataFrame({"user": [7, 8], "item": ["007", "7"]}), "interactions")) == [("7", "007"), ("8", "7")]


def test_names_are_exact_but_for_white_space_around_them():
    links = read_links([(" Dog", "dog "), ("dog", "DOG"), ("New  York", "york"), ("'quoted\"", "a\nb")], "pairs")
    assert links.head_names == ["Dog", "dog", "DOG", "New  York", "york", "'quoted\"", "a\nb"]


def test_equal_links_are_counted_and_the_first_stays():
    rows = [("u", "i", 5), ("u", "j", 3), ("u", "i", 1), ("v", "i", 4), ("v", "i", 4)]
    links = read_links(rows, "interactions")
    assert shown(links) == [("u", "i"), ("u", "j"), ("v", "i")]
    assert links.values.tolist() == [5, 3, 4]
    assert links.duplicates == 2
    assert not links.shared
    assert (links.head_names, links.tail_names) == (["u", "v"], ["i", "j"])


def test_pairs_know_how_often_they_stand():
    links = read_links([("a", "b"), ("c", "a"), ("a", "b"), ("b", "a"), ("a", "b"), ("c", "a")], "pairs")
    assert list(zip(shown(links), links.values)) == [(("a", "b"), 3), (("c", "a"), 2), (("b", "a"), 1)]
    assert read_links([("a", "b"), ("a", "b")], "edges").values is None


def test_one_pair_with_two_relations_is_two_links():
    assert len(read_links([("a", "r", "b"), ("a", "s", "b"), ("b", "r", "a"), ("a", "r", "b")], "triples")) == 3


def test_many_links_of_one_name_are_told_apart():
    """Links that share a head or a tail are what a careless hash would put into one place."""
    rows = [("hub", f"n{i}") for i in range(20_000)] + [(f"n{i}", "hub") for i in range(20_000)]
    assert len(read_links(rows, "pairs")) == 40_000


@pytest.mark.parametrize(("kind", "left", "what"), [("edges", 1, "left out"), ("pairs", 3, "kept")])
def test_names_linked_with_themselves(kind, left, what):
    links = read_links([("a", "a"), ("a", "b"), ("b", "b"), ("a", "a")], kind)
    assert len(links) == left
    assert (links.self_loops, links.duplicates) == (2, 1)
    assert links.understood["notes"] == [f"2 rows link a name with itself: {what}"]
    assert links.head_names == ["a", "b"]


def test_a_user_and_an_item_of_one_name_are_no_loop():
    links = read_links([("1", "1"), ("1", "2")], "interactions")
    assert (len(links), links.self_loops) == (2, 0)


def test_a_least_value(tmp_path):
    rows = [("u", "i", 5, 88), ("u", "j", 3, 89), ("v", "i", 4.5, 90), ("w", "j", 1, 91)]
    links = read_links(lines(tmp_path / "u.tsv", rows), "interactions", min_value=4)
    assert shown(links) == [("u", "i"), ("v", "i")]
    assert links.head_names == ["u", "v"]
    assert links.tail_names == ["i"]
    assert links.understood["notes"] == [
        "no header: the first row is data; column 1 is the user, column 2 is the item, column 3 is the value",
        "2 rows have a value below 4: left out",
    ]
    assert refused([("u", "i")], "interactions", min_value=4, kind=ConfigError).startswith("E0150: min_value needs")
    assert refused(rows, "interactions", min_value=9, kind=InputError).startswith(
        "E0106: there are no links; 4 rows have a value"
    )


def test_columns_by_name_and_by_position(tmp_path):
    path = lines(tmp_path / "r.csv", [("when", "film", "who", "stars"), (1, "Ran", "ann", 5), (2, "Ikiru", "ben", 4)], ",")
    links = read_links(path, "interactions", columns={"user": "who", "item": "film"})
    assert shown(links) == [("ann", "Ran"), ("ben", "Ikiru")]
    assert links.values.tolist() == [5, 4]  # by its name
    path = lines(tmp_path / "e.tsv", [("x", "parent1", "child1"), ("y", "parent1", "child2")])
    links = read_links(path, "edges", columns={"child": "3", "parent": "2"})
    assert shown(links) == [("child1", "parent1"), ("child2", "parent1")]


def test_movielens_and_poincare_headers_are_known(tmp_path):
    path = lines(tmp_path / "ratings.csv", [("userId", "movieId", "rating", "timestamp"), (1, 31, 2.5, 1260759144)], ",")
    assert shown(read_links(path, "interactions")) == [("1", "31")]
    path = lines(tmp_path / "mammals.csv", [("id1", "id2", "weight"), ("dog.n.01", "canine.n.02", 1)], ",")
    assert shown(read_links(path, "edges")) == [("dog.n.01", "canine.n.02")]


def test_a_folder_has_parts_and_training_goes_first(tmp_path):
    lines(tmp_path / "train.txt", [("a", "r", "b"), ("b", "r", "c")])
    lines(tmp_path / "test.txt", [("a", "r", "c"), ("a", "r", "b")])
    lines(tmp_path / "dev.tsv", [HEADED, ("c", "r", "d")])
    (tmp_path / "README.md").write_text("no links")
    links = read_links(tmp_path, "triples")
    assert shown(links) == [("a", "r", "b"), ("b", "r", "c"), ("c", "r", "d"), ("a", "r", "c")]
    assert links.parts.tolist() == [0, 0, 1, 2]
    assert links.duplicates == 1
    assert "1 rows of valid or test came before, in training or twice: left out" in links.understood["notes"]
    assert links.understood["source"] == str(tmp_path)


def test_a_split_column_gives_parts(tmp_path):
    path = lines(tmp_path / "e.csv", [("child", "parent", "split"), ("a", "b", "train"), ("b", "c", "test")], ",")
    assert read_links(path, "edges").parts.tolist() == [0, 2]


def test_folders_without_their_parts(tmp_path):
    assert refused(tmp_path, "triples").startswith("E0152: the folder has no train file")
    lines(tmp_path / "train.txt", TRIPLES)
    lines(tmp_path / "train.csv", TRIPLES, ",")
    assert refused(tmp_path, "triples").startswith("E0152: two files could be the train part: train.csv and train.txt")


def test_parts_with_different_columns(tmp_path):
    lines(tmp_path / "train.txt", [("u", "i", 5)])
    lines(tmp_path / "test.txt", [("u", "j")])
    assert refused(tmp_path, "interactions").startswith(
        f"E0152: the parts have different columns: user, item, value in {tmp_path}/train.txt, user, item here\n"
        f"  where: {tmp_path}/test.txt"
    )


def test_taking_rows_keeps_names_and_numbers():
    links = read_links([("u", "i", 5), ("v", "j", 3)], "interactions").take(np.array([1]))
    assert shown(links) == [("v", "j")]
    assert (links.heads.tolist(), links.values.tolist(), links.head_names) == ([1], [3], ["u", "v"])


@pytest.mark.parametrize(
    ("name", "content", "kind", "message"),
    [
        ("g.tsv", "a\tr\tb\nc\tr\n", "triples", "E0107: the row has 2 columns; the first row has 3\n  where: {}:2\n  value: 'c\\tr'"),
        ("g.tsv", "a\tr\tb\nc\t\td\n", "triples", "E0109: column '2': the name is empty\n  where: {}:2\n  value: ''"),
        ("g.tsv", "a\tr\tb\nc\tr\t \n", "triples", "E0109: column '3': the name is empty\n  where: {}:2\n  value: ' '"),
        ("g.tsv", "a b c\n", "triples", "E0151: triples without a header have 3 columns, the first row has 1\n  where: {}:1"),
        ("g.csv", "a,b,c\n", "edges", "E0151: edges without a header have 2 columns, the first row has 3\n  where: {}:1"),
        ("g.csv", "a\n", "interactions", "E0151: interactions without a header have 2 to 4 columns, the first row has 1"),
        ("g.csv", "user,film\nu,i\n", "interactions", "E0105: no column is the item; the columns are user, film\n  where: {}"),
        ("g.csv", "u,i,5\nu,j,good\n", "interactions", "E0104: column '3': not a number\n  where: {}:2\n  value: 'good'"),
        ("g.csv", "u,i,5\nu,j,inf\n", "interactions", "E0104: column '3': not a number\n  where: {}:2\n  value: inf"),
        ("g.csv", b"a,b\nc,\xff\n", "pairs", "E0103: not UTF-8: byte 0xff at 3\n  where: {}:2:3"),
        ("g.csv", "a,b\nc,d\0\n", "pairs", "E0111: column '2': holds a NUL character\n  where: {}:2"),
        ("g.csv", f"a,{'b' * 600}\n", "pairs", "E0110: column '2': 600 bytes; at most 512 are allowed\n  where: {}:1"),
        ("g.csv", "", "pairs", "E0106: the file is empty\n  where: {}"),
        ("g.csv", "a,a\n", "edges", "E0106: there are no links; no header"),
        ("g.csv", "child,parent\n", "edges", "E0106: there are no links\n  where: {}"),
        ("g.jsonl", '{"head": "a", "relation": 1.5, "tail": "b"}\n', "triples", "E0104: column 'relation': holds a number, not text"),
        ("g.jsonl", '{"head": "a", "relation": "r", "tail": null}\n', "triples", "E0109: column 'tail': the value is missing"),
        ("g.dat", "a::b\n", "pairs", "E0112: the suffix '.dat' does not name a format"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path, name, content, kind, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert refused(path, kind).startswith(message.format(path))


def test_tuples_of_the_wrong_length():
    assert refused([("a", "b")], "triples").startswith("E0105: no column is the tail; the columns are head, relation")
    assert refused([("a", "b"), ("c",)], "edges").startswith(
        "E0107: the item is not a tuple of 2 like the first one\n  where: item [1]"
    )
    assert refused([("a", 2.5)], "edges").startswith("E0104: column 'parent': holds a number, not text\n  where: item [0]")


def test_bad_rows_are_skipped_and_listed_when_told(tmp_path):
    path = lines(tmp_path / "g.tsv", [("a", "r", "b"), ("c", "r"), ("d", "", "e"), ("b", "r", "c")])
    links = read_links(path, "triples", on_bad="skip")
    assert shown(links) == [("a", "r", "b"), ("b", "r", "c")]
    assert links.bad.n == 2
    assert [(row["place"], row["problem"]) for row in links.bad.listed] == [
        (f"{path}:2", "the row has 2 columns; the first row has 3"),
        (f"{path}:3", "the name is empty"),
    ]
    assert links.understood["rows"] == 4
    message = refused(lines(tmp_path / "h.csv", [("child", "parent"), ("a", "")], ","), "edges", on_bad="skip")
    assert message.startswith("E0106: none of the 1 rows can be used; the first: the name is empty")


def test_options_that_are_not_there(tmp_path):
    assert refused([("a", "b")], "edge", kind=ConfigError).startswith(
        "E0150: there is no kind of links 'edge'\n  to do: did you mean 'edges'?"
    )
    assert refused([("a", "b")], "edges", on_bad="ignore", kind=ConfigError).startswith("E0117")
    assert refused(tmp_path / "nowhere.tsv", "edges").startswith("E0101: there is no such file")
    (tmp_path / "u.tsv").write_bytes("a\tb\n".encode("utf-16"))
    assert refused(tmp_path / "u.tsv", "edges", kind=FormatError).startswith("E0103: the file is UTF-16, not UTF-8")


def test_a_header_of_another_kind_is_not_taken_for_data(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text("user,item,rating\nann,tea,5\nbob,beer,4\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_links(path, "triples")
    assert str(caught.value).startswith("E0105: no column is the head; the columns are user, item, rating\n")
    path.write_text("movie\tis about\tbeer\nann\tlikes\ttea\n", encoding="utf-8")
    assert len(read_links(path.rename(tmp_path / "facts.tsv"), "triples")) == 2, "one such word may be a thing"


@pytest.mark.parametrize("value", [-1, 0, -3, -0.5])
def test_values_of_zero_and_below_are_no_positives(tmp_path, value):
    rows = [("u", "i", 5), ("u", "j", value), ("v", "i", value), ("v", "j", 1)]
    for source in (rows, pd.DataFrame(rows, columns=["user", "item", "rating"]), lines(tmp_path / "r.tsv", rows)):
        links = read_links(source, "interactions")
        assert shown(links) == [("u", "i"), ("v", "j")]
        assert links.understood["notes"][-1].startswith(
            "2 rows have a value of zero or below, which is no sign of liking: left out"
        )
        kept = read_links(source, "interactions", min_value=value)
        assert len(kept) == 4 and not any("below" in note for note in kept.understood["notes"])


def test_labels_are_values_and_all_dislikes_are_an_error(tmp_path):
    rows = [("user", "item", "label"), ("u", "i", 1), ("u", "j", 0)]
    assert shown(read_links(lines(tmp_path / "r.csv", rows, ","), "interactions")) == [("u", "i")]
    message = refused([("u", "i", 0), ("v", "i", -1)], "interactions", kind=InputError)
    assert message.startswith("E0106: there are no links; 2 rows have a value of zero or below")


def test_users_that_a_frame_made_floats_of():
    frame = pd.DataFrame({"user": [1.0, 2.0], "item": [10.0, 11.0], "rating": [1, 1]})
    assert (
        shown(read_links(frame, "interactions"))
        == shown(read_links(frame.to_dict("records"), "interactions"))
        == [("1", "10"), ("2", "11")]
    )
    frame.loc[1, "user"] = None
    assert refused(frame, "interactions").startswith("E0109: column 'user': the value is missing\n  where: the DataFrame:row 2")
