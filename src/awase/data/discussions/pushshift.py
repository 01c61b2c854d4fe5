"""Dumps of Reddit as Pushshift writes them: submissions (RS) and comments (RC), one JSON object a line.

Of some hundred fields of a line seven are read. A line with a parent or a thread is a comment. Its parent and its thread carry the kind of
thing they are as a prefix (t1_ a comment, t3_ a submission), ids do not: they are given one, so that no comment is taken for a submission.
Some dumps write the parent as a number, the id in base 36, without a prefix: it is the thread if it is the thread's number, else a
comment. A comment without a parent answers its thread.
"""

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pyarrow as pa

from awase.data.compute import pc
from awase.data.discussions.fields import Body, Moment, Name, is_true
from awase.data.discussions.rows import REPLY, ROOT, ROWS, THREAD
from awase.data.kinds import TEXT_TYPE, Kind
from awase.data.rows import BadRow, Chunk, Field, Source, chunks, records

_PEEKED = 100
_MOST_DIGITS = 13  # of an int64 in base 36
_KINDS: dict[str, Kind] = {
    "id": Name(needed=True),
    "author": Name(),
    "subreddit": Name(),
    "created_utc": Moment(),
    "parent_id": Name(),
    "link_id": Name(),
    "title": Body(),
    "selftext": Body(),
    "body": Body(),
}
_NEEDED = {"id", "author", "created_utc"}


def is_pushshift(source: Source) -> bool:
    """Whether the first rows look like it: comments whose parents have a prefix, or submissions with a title and no parent."""
    columns = set(source.columns)
    if not columns >= _NEEDED:
        return False
    if columns.isdisjoint({"parent_id", "link_id"}):
        return "title" in columns
    first = [row.values for row in islice(records(source), _PEEKED) if not isinstance(row, BadRow)]
    parents = [row["parent_id"] for row in first if row.get("parent_id") is not None]
    threads = [row["link_id"] for row in first if row.get("link_id") is not None]
    if not all(_is_submission(thread) for thread in threads):
        return False
    return all(_is_named(parent) or (threads and _is_number(parent)) for parent in parents)


def _is_submission(value: object) -> bool:
    return isinstance(value, str) and value.startswith("t3_")


def _is_named(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("t1_", "t3_"))


def _is_number(value: object) -> bool:
    """As JSON has it, as missing values make of it in pandas, or as text."""
    if isinstance(value, str):
        return value.isascii() and value.isdigit()
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


class Pushshift:
    """A reader of submissions, comments or both."""

    format = "Pushshift"

    def __init__(self, source: Source):
        self.source, self.name = source, source.name
        self._fields = [Field(column, kind) for column, kind in _KINDS.items() if column in source.columns]

    def rows(self) -> Iterator[Chunk]:
        for chunk in chunks(self.source, self._fields):
            yield Chunk(_rows(chunk.batch), chunk.bad)


def _rows(batch: pa.RecordBatch) -> pa.RecordBatch:
    nothing = pa.nulls(batch.num_rows, TEXT_TYPE)
    given = dict(zip(batch.schema.names, batch.columns))
    parents, threads = given.get("parent_id", nothing), given.get("link_id", nothing)
    parents = pc.coalesce(_with_kind(parents, threads), threads)
    is_comment = pc.or_(parents.is_valid(), threads.is_valid())
    prefix = pc.if_else(is_comment, pa.scalar("t1_", TEXT_TYPE), pa.scalar("t3_", TEXT_TYPE))
    ids = pc.binary_join_element_wise(prefix, pc.utf8_trim_whitespace(given["id"]), pa.scalar("", TEXT_TYPE))
    kinds = np.where(is_true(pc.starts_with(parents, "t3_")), ROOT, REPLY)
    kinds[~is_true(is_comment)] = THREAD
    columns = {
        "id": ids,
        "parent": parents,
        "thread": pc.if_else(is_comment, threads, ids),
        "author": given["author"],
        "community": given.get("subreddit", nothing),
        "time": given["created_utc"],
        "kind": pa.array(kinds.astype(np.uint8)),
        "title": pc.if_else(is_comment, pa.scalar(None, TEXT_TYPE), given.get("title", nothing)),
        "body": pc.coalesce(given.get("body", nothing), given.get("selftext", nothing)),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in ROWS.names], schema=ROWS)


def _with_kind(parents: pa.Array, threads: pa.Array) -> pa.Array:
    """Parents that are numbers as ids with their prefix."""
    rows = np.flatnonzero(is_true(pc.match_substring_regex(parents, r"^[0-9]+$")))
    if not len(rows):
        return parents
    at = pa.array(rows)
    ids = _base36(parents.take(at).cast(pa.int64()).to_numpy())
    whole = [pc.binary_join_element_wise(pa.scalar(kind, TEXT_TYPE), ids, pa.scalar("", TEXT_TYPE)) for kind in ("t3_", "t1_")]
    made = pc.if_else(pc.equal(whole[0], threads.take(at)).fill_null(False), whole[0], whole[1])
    return pc.replace_with_mask(parents, pa.array(np.isin(np.arange(len(parents)), rows)), made)


def _base36(numbers: np.ndarray) -> pa.Array:
    """int64 (n,), none below 0, in digits and small letters.

    >>> _base36(np.array([0, 35, 36, 123_456_789])).to_pylist()
    ['0', 'z', '10', '21i3v9']
    """
    digits = np.frombuffer(b"0123456789abcdefghijklmnopqrstuvwxyz", np.uint8)
    places = np.empty((len(numbers), _MOST_DIGITS), np.uint8)
    for place in reversed(range(_MOST_DIGITS)):
        numbers, left = np.divmod(numbers, 36)
        places[:, place] = digits[left]
    padded = pa.array(places.view(f"S{_MOST_DIGITS}").ravel().astype(str), TEXT_TYPE)
    bare = pc.utf8_ltrim(padded, "0")
    return pc.if_else(pc.equal(bare, ""), pa.scalar("0", TEXT_TYPE), bare)
