"""Threads and comments as the two files of a Pushshift dump, one JSON object a line; and some of the dirt that real dumps have."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from awase.apps.homophily.simulated.discussion import DELETED, NONE, Comments, Threads
from awase.apps.homophily.simulated.texts import texts, titles
from awase.apps.homophily.states import UNKNOWN
from awase.core.errors import missing_extra
from awase.core.progress import progress
from awase.data.compute import pc
from awase.store.files import open_atomic

BOT = "AutoModerator"
DIRT = 5  # lines of each kind: few enough to be read, and that none who writes them has many events
FORMATS = (".ndjson", ".ndjson.zst")

_ROWS = 1 << 18


class Names(NamedTuple):
    """communities, authors: how they are called. n_topics: of each community. said: whether posts have texts."""

    communities: pa.Array
    authors: pa.Array
    n_topics: int
    said: bool


def write_threads(path: Path, threads: Threads, names: Names, rng: np.random.Generator) -> None:
    """The submissions, whose ids are their rows."""
    with _stream(path) as stream:
        for rows in _blocks(len(threads.time)):
            some = Threads(*(column[rows] for column in threads))
            about = some.community, some.topic
            title = titles(*about, names.n_topics, rng) if names.said else _constant("", len(some.time))
            said = _texts(*about, np.full(len(some.time), UNKNOWN), names, rng)
            fields = _common(rows, some.author, some.community, names) | {"title": title, "selftext": said}
            stream.write(_lines(fields, some.time))


def write_comments(
    path: Path, comments: Comments, threads: Threads, names: Names, rng: np.random.Generator, more: str = ""
) -> None:
    """The comments, whose ids are their rows; ``more`` are lines at the end."""
    with _stream(path) as stream:
        for rows in _blocks(len(comments.time)):
            some = Comments(*(column[rows] for column in comments))
            community, topic = threads.community[some.thread], threads.topic[some.thread]
            link = pc.binary_join_element_wise("t3_", _digits(some.thread), "")
            reply = pc.binary_join_element_wise("t1_", _digits(some.parent), "")
            fields = _common(rows, some.author, community, names) | {
                "link_id": link,
                "parent_id": pc.if_else(pa.array(some.parent == NONE), link, reply),
                "body": _texts(community, topic, some.stance, names, rng),
            }
            stream.write(_lines(fields, some.time))
        stream.write(more.encode())


def dirty_lines(comments: Comments, threads: Threads, names: Names) -> tuple[str, dict[str, int]]:
    """Lines of comments as no clean dump has them, and how many a census should count of each kind.

    On one thread: of a bot, with a text that was removed, each of those twice, replies to comments that are not there, comments
    before the thread began, and without a time.
    """
    middle, n = len(threads.time) // 2, len(comments.time)
    began, community = int(threads.time[middle]), names.communities[int(threads.community[middle])].as_py()
    link = f"t3_{middle}"
    common = {"subreddit": community, "created_utc": began + 2, "link_id": link, "parent_id": link}
    removed = [{"author": f"passer{i}", "body": "[removed]"} for i in range(DIRT)]
    kinds = {
        "by_bots": [{"author": BOT, "body": "I am a bot."}] * DIRT,
        "deleted_texts": removed,
        "missing_parents": [{"author": f"passer{i}", "body": "Who?", "parent_id": f"t1_gone{i}"} for i in range(DIRT)],
        "before_parent": [{"author": f"passer{i}", "body": "First!", "created_utc": began - 60} for i in range(DIRT)],
        "bad_times": [{"author": f"passer{i}", "body": "When?", "created_utc": 0} for i in range(DIRT)],
    }
    rows = [{"id": str(n + i), **common, **line} for i, line in enumerate(line for lines in kinds.values() for line in lines)]
    twice = [row for row in rows if row["body"] == "[removed]"]
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows + twice)
    return text, dict.fromkeys(kinds, DIRT) | {"bots": 1, "duplicates": len(twice)}


def _common(rows: slice, authors: np.ndarray, communities: np.ndarray, names: Names) -> dict[str, pa.Array]:
    author = names.authors.take(pa.array(np.maximum(authors, 0)))
    return {
        "id": _digits(np.arange(rows.start, rows.stop)),
        "author": pc.if_else(pa.array(authors == DELETED), "[deleted]", author),
        "subreddit": names.communities.take(pa.array(communities)),
    }


def _texts(community: np.ndarray, topic: np.ndarray, stance: np.ndarray, names: Names, rng: np.random.Generator) -> pa.Array:
    return texts(community, topic, stance, names.n_topics, rng) if names.said else _constant("", len(community))


def _lines(fields: Mapping[str, pa.Array], time: np.ndarray) -> pa.Buffer:
    """One object a line. None of the strings holds a quote or a backslash."""
    pieces: list = []
    for name, values in fields.items():
        pieces += [f'{"," if pieces else "{"}"{name}":"', values, '"']
    lines = pc.binary_join_element_wise(*pieces, ',"created_utc":', _digits(time), "}\n", "")
    return pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines), "")[0].as_buffer()


def _digits(numbers: np.ndarray) -> pa.Array:
    return pc.cast(pa.array(numbers), pa.string())


def _constant(text: str, n: int) -> pa.Array:
    return pa.array([text]).take(pa.array(np.zeros(n, np.int64)))


def _blocks(n: int) -> Iterator[slice]:
    with progress("writing posts", n, "posts") as bar:
        for start in range(0, n, _ROWS):
            yield slice(start, min(start + _ROWS, n))
            bar.advance(min(_ROWS, n - start))


@contextmanager
def _stream(path: Path) -> Iterator[Any]:
    """A stream to a new file, compressed where its name says so."""
    raw: Any
    with open_atomic(path) as raw:
        if path.suffix != ".zst":
            yield raw
            return
        try:
            import zstandard
        except ImportError:
            raise missing_extra("homophily", "zstandard") from None
        with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as packed:
            yield packed
