"""The same discussion from any source gives the same events, and everything that is wrong with it is counted."""

import gzip
import itertools
import json
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import zstandard

from awase.core.errors import ConfigError, FormatError, InputError
from awase.data import blocks
from awase.data.discussions import BOT, DELETED_TEXT, NO_TEXT, REPLY, ROOT, THREAD, ranges, read_discussion
from awase.data.discussions.hashing import _hash_names_twin, name_hash, name_hashes
from awase.data.discussions.ranges import Index, _find_twin

T = 1_500_000_000
NOISE = {"score": 3, "gilded": None, "edited": False, "flair": [{"e": "text"}], "media": {"a": {"b": [1, 2]}}}
SUBMISSIONS = [
    {"id": "a", "author": "ann", "subreddit": "news", "created_utc": T, "title": "Title", "selftext": "Body"},
    {"id": "b", "author": "[deleted]", "subreddit": "soccer", "created_utc": T + 1, "title": "Link", "selftext": ""},
]
COMMENTS = [  # (id, author, seconds, parent, thread, text)
    ("a", "bob", 10, "t3_a", "t3_a", "an id that a thread has as well"),
    ("c1", "ann", 20, "t1_a", "t3_a", "yes"),
    ("c2", "HaikuBot", 30, "t1_c1", "t3_a", "five seven five"),
    ("c3", "bob", 25, "t1_c2", "t3_a", "before its parent"),
    ("c4", "eve", 40, "t1_gone", "t3_a", "[removed]"),
    ("c5", "eve", 50, "t3_gone", "t3_gone", "on a thread that is not there"),
    ("c1", "ann", 60, "t1_a", "t3_a", "the same again"),
    ("c6", "[deleted]", 70, "t1_c4", "t3_a", "[deleted]"),
    ("c7", "dan", None, "t1_c4", "t3_a", "no time"),
    ("c8", "dan", -T, "t1_c4", "t3_a", "1970"),
    ("c9", "dan", 10**10, "t1_c4", "t3_a", "in the year 2334"),
]
EXPECTED = {
    "events": 9, "threads": 2, "roots": 2, "replies": 5, "deleted_authors": 2, "deleted_texts": 2, "bots": 1, "by_bots": 1,
    "missing_parents": 2, "before_parent": 1, "bad_times": 3, "duplicates": 1, "bad_rows": 0, "first": T, "last": T + 70,
}  # fmt: skip


def comments():
    names = ("id", "author", "created_utc", "parent_id", "link_id", "body")
    for id, author, seconds, *rest in COMMENTS:
        when = None if seconds is None else T + seconds
        yield {**dict(zip(names, (id, author, when, *rest))), "subreddit": "news", **NOISE}


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def table():
    """The same as a table of any forum, ids with the prefixes that Reddit leaves out."""
    rows = [
        {"author": row["author"], "id": f"t3_{row['id']}", "parent": None, "thread": f"t3_{row['id']}", "community": row["subreddit"],
         "time": row["created_utc"], "title": row["title"], "text": row["selftext"]}
        for row in SUBMISSIONS
    ]  # fmt: skip
    for row in comments():
        rows.append(
            {"author": row["author"], "id": f"t1_{row['id']}", "parent": row["parent_id"], "thread": row["link_id"],
             "community": "news", "time": row["created_utc"], "title": None, "text": row["body"]}
        )  # fmt: skip
    return rows


def pushshift(folder):
    return [lines(folder / "RS_2017-07.ndjson", SUBMISSIONS), lines(folder / "RC_2017-07", comments())]


def csv(folder, **changes):
    frame = pd.DataFrame(table()).astype({"time": "Int64"})
    frame.assign(**changes).to_csv(folder / "forum.csv", index=False)
    return folder / "forum.csv"


def to_parquet(folder, frame):
    parquet.write_table(pa.Table.from_pandas(frame), folder / "forum.parquet")
    return folder / "forum.parquet"


def as_times(frame):
    return frame.assign(time=pd.to_datetime(frame["time"], unit="s", utc=True))


SOURCES = {
    "files of Pushshift": pushshift,
    "a folder of them": lambda folder: pushshift(folder)[0].parent,
    "both in one file": lambda folder: lines(folder / "all.jsonl", [*SUBMISSIONS, *comments()]),
    "gzip": lambda folder: (
        (folder / "R.gz", (folder / "R.gz").write_bytes(gzip.compress(pushshift(folder)[1].read_bytes())))[:1]
        and [folder / "RS_2017-07.ndjson", folder / "R.gz"]
    ),
    "dicts of Pushshift": lambda folder: [*SUBMISSIONS, *comments()],
    "dicts": lambda folder: table(),
    "csv": csv,
    "csv with ISO times": lambda folder: csv(
        folder, time=[None if row["time"] is None else pd.Timestamp(row["time"], unit="s").isoformat() + "Z" for row in table()]
    ),
    "jsonl": lambda folder: lines(folder / "forum.jsonl", table()),
    "parquet": lambda folder: to_parquet(folder, pd.DataFrame(table())),
    "parquet with timestamps": lambda folder: to_parquet(folder, as_times(pd.DataFrame(table()))),
    "pandas": lambda folder: pd.DataFrame(table()),
    "arrow": lambda folder: pa.Table.from_pylist(table()),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_gives_the_same_events(tmp_path, kind):
    discussion = read_discussion(SOURCES[kind](tmp_path))
    rows = {row["id"]: row for row in discussion.events.to_pylist()}
    assert discussion.census == EXPECTED
    assert discussion.communities == ["news", "soccer"]
    assert discussion.column("kind").tolist().count(THREAD) == 2

    def row(id):
        return rows[name_hash(id)]

    assert row("t3_a") == {
        "id": name_hash("t3_a"), "parent": 0, "thread": name_hash("t3_a"), "author": name_hash("ann"), "community": 0, "time": T,
        "kind": THREAD, "flags": 0,
    }  # fmt: skip
    assert (row("t1_a")["kind"], row("t1_a")["parent"], row("t1_a")["thread"]) == (ROOT, name_hash("t3_a"), name_hash("t3_a"))
    assert (row("t1_c1")["kind"], row("t1_c1")["time"], row("t1_c1")["parent"]) == (REPLY, T + 20, name_hash("t1_a"))
    assert (row("t1_c2")["flags"], row("t1_c4")["flags"]) == (BOT, NO_TEXT | DELETED_TEXT)
    assert (row("t1_c5")["kind"], row("t1_c5")["thread"]) == (ROOT, name_hash("t3_gone"))
    assert (row("t3_b")["author"], row("t3_b")["community"], row("t3_b")["flags"]) == (0, 1, 0)


@pytest.mark.parametrize("kind", ["files of Pushshift", "csv", "pandas"])
def test_texts_and_names_come_from_a_second_pass(tmp_path, kind):
    discussion = read_discussion(SOURCES[kind](tmp_path))
    ids = np.sort(discussion.column("id"))
    texts = {row["id"]: row["text"] for row in discussion.texts(ids).to_pylist()}
    assert texts[name_hash("t3_a")] == "Title\nBody"
    assert texts[name_hash("t3_b")] == "Link"
    assert texts[name_hash("t1_c1")] == "yes"  # not that of the repeat
    assert name_hash("t1_c4") not in texts
    assert len(texts) == 7
    assert discussion.texts(ids)["id"].to_pylist() == sorted(texts)
    assert discussion.texts(ids[:0]).num_rows == 0
    authors = np.unique(discussion.column("author"))
    assert sorted(discussion.names(authors).values()) == ["HaikuBot", "ann", "bob", "eve"]


def numbered(n=3_000, seed=0):
    """A forum without threads: each row answers an earlier one, starts a thread, or answers nobody who is there; some come twice."""
    rng = np.random.default_rng(seed)
    parents = [None if i < 5 or rng.random() < 0.02 else int(rng.integers(max(0, i - 30), i)) for i in range(n)]
    rows = [
        {"id": i, "parent": parent, "author": f"u{rng.integers(50)}", "time": T + int(rng.integers(n)), "text": f"text {i}"}
        for i, parent in enumerate(parents)
    ]
    rows = [row for row in rows if row["id"] % 97 != 13]
    return rows + [dict(row, text="again") for row in rows[::50]]


def by_hand(rows):
    """(thread, kind) of each row, and the census, with dictionaries."""
    first = {}
    for row in rows:
        first.setdefault(row["id"], row)
    known = {}
    for id, row in first.items():  # parents come first
        above = row["parent"]
        if above is None:
            known[id] = (id, THREAD)
        elif above not in first:
            known[id] = (above, REPLY)
        else:
            known[id] = (known[above][0], ROOT if first[above]["parent"] is None else REPLY)
    answers = [row for row in first.values() if row["parent"] is not None]
    return known, {
        "events": len(first),
        "duplicates": len(rows) - len(first),
        "missing_parents": sum(row["parent"] not in first for row in answers),
        "before_parent": sum(row["parent"] in first and row["time"] < first[row["parent"]]["time"] for row in answers),
    }


@pytest.mark.parametrize(("size", "spilled"), [(1 << 21, False), (100, False), (1_000, True), (1 << 21, True)])
def test_joins_by_range_give_what_dictionaries_give(tmp_path, monkeypatch, size, spilled):
    monkeypatch.setattr(ranges, "ROWS_OF_A_RANGE", size)
    rows = numbered()
    known, counts = by_hand(rows)
    spill = tmp_path / "spill"
    discussion = read_discussion(lines(tmp_path / "forum.jsonl", rows), spill=spill if spilled else None)
    expected = [(name_hash(str(id)), name_hash(str(thread)), kind) for id, (thread, kind) in known.items()]
    assert list(zip(*(discussion.column(name).tolist() for name in ("id", "thread", "kind")))) == expected  # in file order
    assert {name: discussion.census[name] for name in counts} == counts
    assert len({kind for _, kind in known.values()}) == 3
    assert [path.suffix for path in spill.glob("*")] == ([".arrow"] if spilled else [])  # nothing else is left behind
    walked = [part["author"] for part in discussion.columns("author", "time")]
    assert np.array_equal(np.concatenate(walked), discussion.column("author"))


def test_ranges_are_at_most_128_files(monkeypatch):
    monkeypatch.setattr(ranges, "ROWS_OF_A_RANGE", 1)
    layout = ranges.Layout(100_000)
    assert layout.n == 128
    assert layout.of_hashes(np.array([0, 2**64 - 1], np.uint64)).tolist() == [0, 127]
    assert layout.of_rows(np.array([0, 99_999])).tolist() == [0, 127]


def test_a_forum_that_knows_only_threads(tmp_path):
    """Of the posts of a topic that answer none the earliest opens it, wherever it stands; the others comment on it."""
    rows = [
        {"post_id": 2, "topic_id": "x", "user": "bob", "created_at": "2020-01-02"},
        {"post_id": 1, "topic_id": "x", "user": "ann", "created_at": "2020-01-01"},
        {"post_id": 3, "topic_id": "y", "user": "bob", "created_at": "2020-01-03T00:00:00+01:00"},
        {"post_id": 4, "topic_id": "x", "user": "eve", "created_at": "2020-01-04"},
    ]
    discussion = read_discussion(rows)
    assert discussion.column("kind").tolist() == [ROOT, THREAD, THREAD, ROOT]
    one = name_hash("1")
    assert discussion.column("parent").tolist() == [one, 0, 0, one]
    assert discussion.column("time")[2] == 1_578_006_000
    assert discussion.column("flags").tolist() == [NO_TEXT] * 4
    with_replies = [dict(row, reply_to=2 if row["post_id"] == 4 else None) for row in rows]
    assert read_discussion(with_replies).column("kind").tolist() == [ROOT, THREAD, THREAD, REPLY]


def test_ancestors_of_each_other_end(tmp_path):
    rows = [{"id": i, "parent": (i + 1) % 3, "author": "a", "time": T} for i in range(3)]
    discussion = read_discussion(rows)
    assert discussion.column("kind").tolist() == [REPLY] * 3
    assert (discussion.column("thread") != 0).all()


def test_columns_are_given_by_role(tmp_path):
    rows = [
        {"nr": 1, "an": None, "wer": "ann", "wann": T, "was": "hi"},
        {"nr": 2, "an": 1.0, "wer": "bob", "wann": str(T), "was": "ho"},
    ]
    columns = {"id": "nr", "parent": "an", "author": "wer", "time": "wann", "text": "was"}
    discussion = read_discussion(rows, columns=columns)
    assert discussion.column("kind").tolist() == [THREAD, ROOT]
    assert discussion.texts(np.sort(discussion.column("id")))["text"].to_pylist().count("ho") == 1
    with pytest.raises(InputError, match="no column is the author; the columns are nr, an, wer"):
        read_discussion(rows, columns={"id": "nr", "parent": "an", "time": "wann"})


def test_times_as_numbers_floats_and_texts_in_one_file(tmp_path):
    times = [T, f"{T}", float(T) + 0.5, f"{T}.9", True, "yesterday", [1], T * 1000]
    rows = [{"id": str(i), "author": "a", "subreddit": "s", "created_utc": when, "title": "t"} for i, when in enumerate(times)]
    discussion = read_discussion(lines(tmp_path / "RS.ndjson", rows))
    assert discussion.column("time").tolist() == [T] * 4
    assert discussion.census["bad_times"] == 4


def test_a_clock_may_be_a_day_ahead_and_as_old_as_1990():
    now = int(time.time())
    times = [631_152_000, 631_151_999, now + 80_000, now + 90_000]
    discussion = read_discussion([{"id": i, "parent": None, "author": "a", "time": when} for i, when in enumerate(times)])
    assert discussion.column("time").tolist() == [times[0], times[2]]


@pytest.mark.parametrize("frames", [1, 3])
def test_zstandard_with_a_long_window(tmp_path, frames):
    _, path = pushshift(tmp_path)
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=28)
    whole, packed = path.read_bytes(), b""
    cuts = np.linspace(0, len(whole), frames + 1).astype(int)
    for start, stop in itertools.pairwise(cuts):
        codec = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        packed += codec.compress(whole[start:stop]) + codec.flush()
    target = tmp_path / "RC_2017-07.zst"
    target.write_bytes(packed)
    with pytest.raises(OSError, match="too much memory"):
        pa.input_stream(str(target), compression="detect").read()
    assert read_discussion(target).events.equals(read_discussion(path).events)
    target.write_bytes(packed[:-5])
    with pytest.raises(FormatError, match="E0112: the compressed file is damaged: it ends within a frame"):
        read_discussion(target)
    target.write_bytes(packed[:-5] + b"12345")
    if frames == 1:
        with pytest.raises(FormatError, match="E0112: the compressed file is damaged"):
            read_discussion(target)


def test_a_long_window_without_its_library(tmp_path, monkeypatch):
    (tmp_path / "RC.zst").write_bytes(b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + bytes(20))
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    with pytest.raises(ImportError, match=r"pip install 'awase\[homophily\]'"):
        read_discussion(tmp_path / "RC.zst")


def test_truncated_zstandard(tmp_path):
    packed = pa.Codec("zstd").compress(pushshift(tmp_path)[1].read_bytes(), asbytes=True)
    (tmp_path / "RC.zst").write_bytes(packed[:-20])
    with pytest.raises(FormatError, match="E0112: the compressed file is damaged"):
        read_discussion(tmp_path / "RC.zst")


def test_bad_lines_have_a_place_and_are_counted(tmp_path):
    _, path = pushshift(tmp_path)
    good = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(
        good[0] + b'{"id": "x", "author": "\xff"}\n' + b"{not json}\n" + b'{"id": null, "author": "a"}\n' + b"".join(good[1:])
    )
    with pytest.raises(FormatError, match=rf"E0103: not UTF-8: byte 0xff at 24\n  where: {path}:2:24"):
        read_discussion(path)
    discussion = read_discussion(path, on_bad="skip")
    assert [row["place"] for row in discussion.bad.listed] == [f"{path}:2:24", f"{path}:3", f"{path}:4"]
    assert discussion.census["bad_rows"] == 3
    assert discussion.census["events"] == 7


def test_odd_texts_cost_no_event(tmp_path, monkeypatch):
    texts = ["half \ud83d of a pair", 7, None, ["a list"], "nul \0 character", "x" * (1 << 21)]
    rows = [{**row, "body": text} for row, text in zip(comments(), texts)]
    discussion = read_discussion(lines(tmp_path / "RC.ndjson", rows))
    assert len(discussion) == 6
    assert discussion.column("flags").tolist() == [0, 0, BOT | NO_TEXT, NO_TEXT, 0, 0]
    ids = np.sort(discussion.column("id"))
    found = dict(zip(*(discussion.texts(ids)[name].to_pylist() for name in ("id", "text"))))
    assert found[name_hash("t1_a")] == "half \ufffd of a pair"
    assert found[name_hash("t1_c1")] == "7"


def test_events_do_not_depend_on_how_a_file_is_cut(tmp_path, monkeypatch):
    path = lines(tmp_path / "forum.jsonl", numbered(800))
    whole = read_discussion(path)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 700)
    assert read_discussion(path).events.equals(whole.events)


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="E0120: there is no format 'mbox'"):
        read_discussion([], format="mbox")
    with pytest.raises(ConfigError, match="E0117"):
        read_discussion([], on_bad="ignore")
    with pytest.raises(InputError, match="E0119: the folder holds no file"):
        read_discussion(tmp_path)
    with pytest.raises(InputError, match="E0101: there is no such file"):
        read_discussion([tmp_path / "none.ndjson"])
    late = [{"id": 1, "parent": None, "author": "a", "time": T * 1000}]
    with pytest.raises(
        InputError, match=f"(?s)E0118: none of the 1 rows has a time.*value: {T * 1000}.*milliseconds: divide them by 1000"
    ):
        read_discussion(late)
    with pytest.raises(InputError, match=r"(?s)E0118.*ISO 8601"):
        read_discussion([dict(late[0], time="noon")])
    with pytest.raises(InputError, match="E0118: there are no events; the first of 1 that were refused: the value is missing"):
        read_discussion([dict(late[0], id=None)], on_bad="skip")
    with pytest.raises(InputError, match="E0105: no column is the parent"):
        read_discussion([{"id": 1, "author": "a", "time": T}])


def test_hashes_and_joins_are_those_of_the_twins():
    names = ["", "  ", "a", " a\n", "B", "t3_abc", "日本語", "x" * 300, "[deleted]"]
    assert name_hashes(pa.array(names)).tolist() == _hash_names_twin(names)
    assert name_hashes(pa.array([None, "a", *names]).slice(1)).tolist() == _hash_names_twin(["a", *names])
    assert name_hash("a") != name_hash("A")
    rng = np.random.default_rng(1)
    hashes, wanted = rng.integers(0, 500, 400).astype(np.uint64), np.arange(600, dtype=np.uint64)
    index = Index(hashes)
    first, rows = _find_twin(hashes, wanted)
    assert (index.first.tolist(), index.find(wanted).tolist()) == (first, rows)
    assert Index(hashes[:0]).find(wanted).tolist() == [-1] * 600


def test_parents_as_numbers_and_comments_without_one(tmp_path):
    """Some dumps have the number in base 36 in place of the name, and none for a comment on the thread itself."""

    def number(name):
        return int(name.partition("_")[2], 36)

    plain, numbered = [], []
    for row in comments():
        if row["id"] == "a":  # else it could not be told from its thread, whose number is the same
            row["id"] = "aa"
        elif row["parent_id"] == "t1_a":
            row["parent_id"] = "t1_aa"
        plain.append(row)
        above = number(row["parent_id"])
        numbered.append(row | {"parent_id": None if row["id"] == "aa" else above})
    columns = ["id", "parent", "thread", "kind"]
    for kind in (int, float, str):
        rows = [row | {"parent_id": None if row["parent_id"] is None else kind(row["parent_id"])} for row in numbered]
        found, expected = (read_discussion(lines(tmp_path / "d.ndjson", [*SUBMISSIONS, *of])) for of in (rows, plain))
        assert found.census == expected.census == EXPECTED
        assert found.events.select(columns).to_pylist() == expected.events.select(columns).to_pylist()


def test_one_community_in_several_spellings(tmp_path):
    rows = [row | {"subreddit": name} for row, name in zip(comments(), itertools.cycle(["Wine", "r/wine", "Wine", "/r/WINE"]))]
    for order in (rows, rows[::-1]):
        assert read_discussion(order).communities == ["Wine"]


def test_a_zstd_file_whose_first_frame_is_short(tmp_path):
    """Of the first frame alone nobody knows how far back those after it refer."""
    content = "".join(json.dumps(row) + "\n" for row in [*SUBMISSIONS, *comments()]).encode()
    first, rest = content[:100], content[100:]
    long = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters.from_level(1, window_log=31)
    ).compressobj()
    whole = zstandard.ZstdCompressor().compress(first) + long.compress(rest) + long.flush()
    (tmp_path / "RC_2016.zst").write_bytes(whole)
    assert read_discussion(tmp_path / "RC_2016.zst").census == EXPECTED
