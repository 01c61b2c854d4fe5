"""Dumps of Reddit as Pushshift writes them: submissions (RS) and comments (RC), one JSON object a line.

Of some hundred fields of a line seven are read. A line with a parent is a comment. Its parent and its thread carry the kind of thing they
are as a prefix (t1_ a comment, t3_ a submission), ids do not: they are given one, so that no comment is taken for a submission.
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
    first = (row.values.get("parent_id") for row in islice(records(source), _PEEKED) if not isinstance(row, BadRow))
    parents = [parent for parent in first if parent is not None]
    return all(isinstance(parent, str) and parent.startswith(("t1_", "t3_")) for parent in parents)


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
