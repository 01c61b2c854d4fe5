"""Tables of any forum: one row an event, its columns known by the names that are usual for them."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from awase.data.compute import pc
from awase.data.discussions.fields import Body, Moment, Name
from awase.data.discussions.rows import ROWS, UNKNOWN
from awase.data.kinds import TEXT_TYPE, Kind
from awase.data.roles import assign
from awase.data.rows import Chunk, Field, Source, chunks

DISCUSSION_ROLES: dict[str, tuple[str, ...]] = {
    "id": ("id", "_id", "post_id", "comment_id", "message_id", "event_id"),
    "parent": ("parent", "parent_id", "parent_post_id", "reply_to", "reply_to_id", "in_reply_to", "in_reply_to_id"),
    "thread": ("thread", "thread_id", "topic_id", "conversation", "conversation_id", "root", "root_id", "link_id", "story_id"),
    "author": ("author", "author_id", "user", "user_id", "username", "by", "from", "sender", "poster"),
    "community": ("community", "subreddit", "forum", "forum_id", "board", "group", "channel", "category", "list"),
    "time": ("time", "timestamp", "created_utc", "created_at", "created", "date", "datetime", "posted_at"),
    "title": ("title", "subject"),
    "body": ("text", "body", "content", "message", "comment", "selftext"),
}
_KINDS: dict[str, Kind] = {
    "id": Name(needed=True),
    "parent": Name(),
    "thread": Name(),
    "author": Name(),
    "community": Name(),
    "time": Moment(),
    "title": Body(),
    "body": Body(),
}
_NEEDED = ("id", "parent", "author", "time")


class Columns:
    """A reader of a table. Without a column for the thread, a row belongs to that of its parent.

    Raises InputError E0105 where a column that is needed has no known name, E0115 where two could be the same.
    """

    def __init__(self, source: Source, given: Mapping[str, str]):
        named = {"body" if role == "text" else role: column for role, column in given.items()}
        needed = [role for role in _NEEDED if role != "parent"] if self._flat(source, named) else list(_NEEDED)
        roles = assign(source.columns, named, DISCUSSION_ROLES, needed, source.name)
        self.source, self.name, self.format = source, source.name, source.format
        self.roles = {role: columns[0] for role, columns in roles.items()}

    @staticmethod
    def _flat(source: Source, named: Mapping[str, str]) -> bool:
        """Whether rows say which thread they belong to, so that they need no parent."""
        known = set(DISCUSSION_ROLES["thread"])
        return "thread" in named or any(column.strip().lower() in known for column in source.columns)

    def rows(self) -> Iterator[Chunk]:
        fields = [Field(column, _KINDS[role]) for role, column in self.roles.items()]
        for chunk in chunks(self.source, fields):
            yield Chunk(self._rows(chunk.batch), chunk.bad)

    def _rows(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = dict(zip(self.roles, batch.columns))
        columns["kind"] = pa.array(np.full(batch.num_rows, UNKNOWN, np.uint8))
        nothing = pa.nulls(batch.num_rows, TEXT_TYPE)
        if "title" in columns and "parent" in columns:  # the title of an answer is that of its thread
            answers = pc.greater(pc.binary_length(columns["parent"]), 0).fill_null(False)
            columns["title"] = pc.if_else(answers, pa.scalar(None, TEXT_TYPE), columns["title"])
        return pa.RecordBatch.from_arrays([columns.get(name, nothing) for name in ROWS.names], schema=ROWS)
