"""From sources to a Discussion: names to hashes, what is not kept counted, in one pass and bounded memory."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from awase.core.errors import ConfigError, InputError
from awase.core.progress import Progress, progress
from awase.data.discussions.accounts import are_blank, are_bots, are_deleted, without_deleted
from awase.data.discussions.communities import Communities
from awase.data.discussions.discussion import BOT, DELETED_TEXT, EVENTS, NO_TEXT, Discussion
from awase.data.discussions.hashing import name_hashes
from awase.data.discussions.ranges import Space
from awase.data.discussions.rows import ON_THREAD, REPLY, ROOT, THREAD, UNKNOWN, Reader
from awase.data.discussions.settle import BATCH_ROWS, settle
from awase.data.discussions.sources import readers_of
from awase.data.rows import BadRows

_FIRST_TIME = 631_152_000  # 1990-01-01: no forum of today is older
_DAY = 86_400

Format = Literal["auto", "pushshift", "columns", "mail"]


def read_discussion(
    sources: Any,
    *,
    format: Format = "auto",
    columns: Mapping[str, str] | None = None,
    spill: Path | None = None,
    on_bad: Literal["error", "skip"] = "error",
) -> Discussion:
    """The events of a dump: one path (a file or a folder of them), several, a list of dicts, or a data frame.

    format "pushshift": Reddit submissions and comments as JSON lines; "columns": a table with author, id, parent or thread (or both),
    time and, where there are any, community, title and text, known by their usual names (``columns.DISCUSSION_ROLES``) or by
    ``columns``, role -> column; "mail": mbox files, maildirs, folders of mails. "auto" tells them apart.

    spill: a folder for the events, which are then mapped from there, so that the memory needed does not grow with the dump.

    Rows that are not what their format says raise an error with the place, unless ``on_bad="skip"``. Events with a time that cannot be (none,
    before 1990, after tomorrow) and repeats of an id are left out and counted in ``census``, as all else that is not as it should be.

    Errors: E0101-E0117 of the sources; InputError E0118 when no event is left, E0119 for a folder without a file that can be read;
    ConfigError E0120 for a format that is not there.

    >>> rows = [{"id": "a", "parent": None, "author": "ann", "time": 1e9}, {"id": "b", "parent": "a", "author": "bob", "time": 1e9}]
    >>> discussion = read_discussion(rows)
    >>> discussion.column("kind").tolist(), discussion.census["missing_parents"]
    ([0, 1], 0)
    """
    if on_bad not in ("error", "skip"):
        raise ConfigError("E0117", "on_bad must be 'error' or 'skip'", value=on_bad)
    readers = readers_of(sources, format, dict(columns or {}))
    space, reading = Space(spill), _Reading(readers, on_bad)
    with progress("reading events", unit="events") as job:
        raw = space.keep(_full(reading.batches(job)), EVENTS)
    if not raw.num_rows:
        raise reading.nothing()
    events, counts = settle(raw, space)
    del raw
    return Discussion(events, reading.communities.names(), reading.census(events, counts), reading.bad, readers)


class _Reading:
    def __init__(self, readers: list[Reader], on_bad: str):
        self.readers, self.on_bad = readers, on_bad
        self.bad, self.bad_times, self.rows = BadRows(), 0, 0
        self.communities = Communities()
        self._last_time = int(time.time()) + _DAY
        self._seen_times: list[int] = []  # of the first that could not be, to say why

    def batches(self, job: Progress) -> Iterator[pa.RecordBatch]:
        for reader in self.readers:
            for chunk in reader.rows():
                if chunk.bad and self.on_bad == "error":
                    raise chunk.bad[0].error()
                self.bad.add(chunk.bad)
                self.rows += chunk.batch.num_rows + len(chunk.bad)
                if chunk.batch.num_rows:
                    yield self._events(chunk.batch)
                job.advance(chunk.batch.num_rows)

    def _events(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        usable = self._usable(rows["time"])
        if not usable.all():
            rows = rows.filter(pa.array(usable))
        ids, parents = name_hashes(rows["id"]), name_hashes(rows["parent"])
        authors = name_hashes(rows["author"])
        flags = BOT * are_bots(rows["author"], authors).astype(np.uint8)
        deleted = are_deleted(rows["body"])
        flags |= DELETED_TEXT * deleted.astype(np.uint8)
        no_title = are_blank(rows["title"]) | are_deleted(rows["title"])
        flags |= NO_TEXT * ((deleted | are_blank(rows["body"])) & no_title).astype(np.uint8)
        threads = name_hashes(rows["thread"])
        parents[parents == ids] = 0  # some forums make the first post its own parent
        kinds = rows["kind"].to_numpy().copy()
        kinds[(kinds == UNKNOWN) & (parents != 0) & (parents == threads)] = ON_THREAD
        columns = [
            ids,
            parents,
            threads,
            without_deleted(authors),
            self.communities.numbers(rows["community"]),
            rows["time"],
            kinds,
            flags,
        ]
        return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=EVENTS)

    def _usable(self, times: pa.Array) -> np.ndarray:
        seconds = times.fill_null(0).to_numpy()
        usable = (seconds >= _FIRST_TIME) & (seconds <= self._last_time)
        wrong = np.flatnonzero(~usable)
        self.bad_times += len(wrong)
        if len(wrong) and not self._seen_times:
            self._seen_times = seconds[wrong[:1]].tolist()
        return usable

    def census(self, events: pa.Table, counts: dict[str, int]) -> dict[str, int]:
        kinds, bots = np.zeros(3, np.int64), np.empty(0, np.uint64)
        deleted_authors = deleted_texts = by_bots = 0
        first, last = self._last_time, 0
        for batch in events.select(["kind", "flags", "author", "time"]).to_batches(BATCH_ROWS):
            kind, flags, authors, times = (column.to_numpy() for column in batch.columns)
            kinds += np.bincount(kind, minlength=3)
            deleted_authors += int((authors == 0).sum())
            deleted_texts += int(((flags & DELETED_TEXT) > 0).sum())
            is_bot = (flags & BOT) > 0
            by_bots += int(is_bot.sum())
            bots = np.union1d(bots, authors[is_bot])
            first, last = min(first, int(times.min())), max(last, int(times.max()))
        return {
            "events": events.num_rows,
            "threads": int(kinds[THREAD]),
            "roots": int(kinds[ROOT]),
            "replies": int(kinds[REPLY]),
            "deleted_authors": deleted_authors,
            "deleted_texts": deleted_texts,
            "bots": len(bots),
            "by_bots": by_bots,
            **counts,
            "bad_times": self.bad_times,
            "bad_rows": self.bad.n,
            **{name: n for reader in self.readers for name, n in getattr(reader, "counts", {}).items() if n},
            "first": first,
            "last": last,
        }

    def nothing(self) -> InputError:
        place = self.readers[0].name
        if self.bad_times:
            value = self._seen_times[0]
            in_ms = _FIRST_TIME <= value / 1000 <= self._last_time
            return InputError(
                "E0118", f"none of the {self.rows:,} rows has a time between 1990 and tomorrow", place=place, value=value,
                remedy="times are in seconds, these look like milliseconds: divide them by 1000" if in_ms
                else "write times as seconds since 1970 or as ISO 8601, or name their column: columns={'time': 'COLUMN'}",
            )  # fmt: skip
        problem = f"; the first of {self.bad.n:,} that were refused: {self.bad.listed[0]['problem']}" if self.bad.n else ""
        return InputError("E0118", f"there are no events{problem}", place=place, remedy="give a dump with at least one event")


def _full(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Larger batches: a block of a file holds a few thousand rows, and each batch costs as much to map as a thousand of them."""
    held, n = [], 0
    for batch in batches:
        held.append(batch)
        n += batch.num_rows
        if n >= BATCH_ROWS:
            yield pa.concat_batches(held)
            held, n = [], 0
    if held:
        yield pa.concat_batches(held)
