"""What only all events together can tell: which came twice, whether parents are there, and of tables the thread and the kind of each row.

Each step walks the events in their order, sorts what must meet into ranges, and puts what follows back in the order of the rows. No
range, hence no part of the memory, grows before there are 2^28 events.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from awase.data.discussions.ranges import Index, Layout, Ranges, Space
from awase.data.discussions.rows import ON_THREAD, REPLY, ROOT, THREAD, UNKNOWN

BATCH_ROWS = 1 << 17
_ROW = np.dtype([("row", np.int64)])
_PLACE = np.dtype([("id", np.uint64), ("row", np.int64)])
_LINK = np.dtype([("id", np.uint64), ("row", np.int64), ("above", np.uint64), ("thread", np.uint64)])
_POST = np.dtype([("id", np.uint64), ("row", np.int64), ("time", np.int64), ("thread", np.uint64)])
_VALUE = np.dtype([("row", np.int64), ("value", np.uint64)])
_PARENT = np.dtype([("id", np.uint64), ("time", np.int64), ("opens", np.bool_)])
_CHILD = np.dtype([("parent", np.uint64), ("row", np.int64), ("time", np.int64), ("kind", np.uint8)])


def settle(table: pa.Table, space: Space) -> tuple[pa.Table, dict[str, int]]:
    """The events once each, with threads and kinds; and how many repeats were dropped, how many parents are missing or later."""
    table, duplicates = _without_repeats(table, space)
    table = _with_threads_known(table, space)
    table, counts = _with_kinds(table, space)
    return table, {"duplicates": duplicates, **counts}


def _walk(table: pa.Table, *names: str) -> Iterator[tuple[np.ndarray, ...]]:
    """The row numbers and the columns, batch by batch."""
    start = 0
    for batch in table.select(list(names)).to_batches(BATCH_ROWS):
        yield np.arange(start, start + batch.num_rows), *(column.to_numpy() for column in batch.columns)
        start += batch.num_rows


def _patched(
    table: pa.Table, layout: Layout, by_row: Ranges, change: Callable[[pa.Table, np.ndarray], pa.Table]
) -> Iterator[pa.RecordBatch]:
    """The table, changed range by range by the records that belong to it; their rows then count from the start of the range."""
    for number, records in enumerate(by_row.taken()):
        start = number * layout.size
        records["row"] -= start
        yield from change(table.slice(start, layout.size), records).to_batches(BATCH_ROWS)


def _with_values(column: str) -> Callable[[pa.Table, np.ndarray], pa.Table]:
    """A change that writes the values of the records into their rows."""

    def change(part: pa.Table, records: np.ndarray) -> pa.Table:
        values = part[column].to_numpy().copy()
        values[records["row"]] = records["value"].astype(values.dtype)
        return part.set_column(part.schema.get_field_index(column), part.schema.field(column), pa.array(values))

    return change


def _without_repeats(table: pa.Table, space: Space) -> tuple[pa.Table, int]:
    layout, n = Layout(table.num_rows), 0
    with space.ranges(layout.n, _PLACE) as by_id:
        for rows, ids in _walk(table, "id"):
            by_id.add(layout.of_hashes(ids), id=ids, row=rows)
    with space.ranges(layout.n, _ROW) as repeats:
        for places in by_id.taken():
            rows = places["row"][~Index(places["id"]).first]
            repeats.add(layout.of_rows(rows), row=rows)
            n += len(rows)

    def without(part: pa.Table, records: np.ndarray) -> pa.Table:
        kept = np.ones(part.num_rows, np.bool_)
        kept[records["row"]] = False
        return part.filter(pa.array(kept))

    if n:
        return space.keep(_patched(table, layout, repeats, without), table.schema), n
    repeats.drop()
    return table, 0


def _with_threads_known(table: pa.Table, space: Space) -> pa.Table:
    """Tables alone say less than what an event is: their rows get a thread, and those without a parent one opener a thread."""
    is_open = any((kinds >= UNKNOWN).any() for _, kinds in _walk(table, "kind"))
    if not is_open:
        return table
    if any((threads == 0).any() for _, threads in _walk(table, "thread")):
        table = _with_threads(table, space)
    if any(((parents == 0) & (threads != ids)).any() for _, parents, threads, ids in _walk(table, "parent", "thread", "id")):
        table = _with_openers(table, space)
    return table


def _with_threads(table: pa.Table, space: Space) -> pa.Table:
    """Rows without a thread get that of their parent: each asks the one above it, which knows or names one twice as far above.

    Above a row whose parent is missing that parent names the thread. Rows that are each other's ancestors take the name that they
    last asked.
    """
    layout = Layout(table.num_rows)
    with space.ranges(layout.n, _LINK) as links:
        for rows, ids, parents, threads in _walk(table, "id", "parent", "thread"):
            threads = np.where((threads == 0) & (parents == 0), ids, threads)
            links.add(layout.of_hashes(ids), id=ids, row=rows, above=parents, thread=threads)
    for _ in range(table.num_rows.bit_length() + 1):
        links, n_open = _one_round(links, layout, space)
        if not n_open:
            break
    with space.ranges(layout.n, _VALUE) as by_row:
        for known in links.taken():
            threads = np.where(known["thread"] == 0, known["above"], known["thread"])
            by_row.add(layout.of_rows(known["row"]), row=known["row"], value=threads)
    return space.keep(_patched(table, layout, by_row, _with_values("thread")), table.schema)


def _one_round(links: Ranges, layout: Layout, space: Space) -> tuple[Ranges, int]:
    """Links whose open ones have asked the row above, and how many are open still."""
    n_open = 0
    with space.ranges(layout.n, _LINK) as known, space.ranges(layout.n, _LINK) as asking:
        for part in links.taken():
            known.add(layout.of_hashes(part["id"]), **_fields(part))
            part = part[part["thread"] == 0]
            asking.add(layout.of_hashes(part["above"]), **_fields(part))
    with space.ranges(layout.n, _LINK) as after:
        for part, asked in zip(known.taken(), asking.taken(), strict=True):
            at = Index(part["id"]).find(asked["above"])
            found = part[np.maximum(at, 0)] if len(part) else np.zeros(len(asked), _LINK)
            asked["thread"] = np.where(at >= 0, found["thread"], asked["above"])
            asked["above"] = np.where(at >= 0, found["above"], asked["above"])
            n_open += int((asked["thread"] == 0).sum())
            after.add(layout.of_hashes(asked["id"]), **_fields(asked))
            part = part[part["thread"] != 0]
            after.add(layout.of_hashes(part["id"]), **_fields(part))
    return after, n_open


def _fields(records: np.ndarray) -> dict[str, np.ndarray]:
    return {name: records[name] for name in records.dtype.names or ()}


def _with_openers(table: pa.Table, space: Space) -> pa.Table:
    """Of the rows of a thread that have no parent one opens it, that which has its name or else the earliest; it is the others' parent."""
    layout = Layout(table.num_rows)
    with space.ranges(layout.n, _POST) as posts:
        for rows, ids, parents, threads, times, kinds in _walk(table, "id", "parent", "thread", "time", "kind"):
            free = (parents == 0) & (kinds >= UNKNOWN)
            posts.add(layout.of_hashes(threads[free]), id=ids[free], row=rows[free], time=times[free], thread=threads[free])
    with space.ranges(layout.n, _VALUE) as by_row:
        for part in posts.taken():
            part = part[np.lexsort((part["row"], part["time"], part["id"] != part["thread"], part["thread"]))]
            opens = np.ones(len(part), np.bool_)
            opens[1:] = part["thread"][1:] != part["thread"][:-1]
            parents = part["id"][np.flatnonzero(opens)][np.cumsum(opens) - 1]
            others = part["row"][~opens]
            by_row.add(layout.of_rows(others), row=others, value=parents[~opens])
    return space.keep(_patched(table, layout, by_row, _with_values("parent")), table.schema)


def _with_kinds(table: pa.Table, space: Space) -> tuple[pa.Table, dict[str, int]]:
    layout, missing, before, n_open = Layout(table.num_rows), 0, 0, 0
    with space.ranges(layout.n, _PARENT) as by_id, space.ranges(layout.n, _CHILD) as by_parent:
        for rows, ids, parents, times, kinds in _walk(table, "id", "parent", "time", "kind"):
            opens = (kinds == THREAD) | ((kinds >= UNKNOWN) & (parents == 0))
            n_open += int((kinds >= UNKNOWN).sum())
            by_id.add(layout.of_hashes(ids), id=ids, time=times, opens=opens)
            has = ~opens
            by_parent.add(layout.of_hashes(parents[has]), parent=parents[has], row=rows[has], time=times[has], kind=kinds[has])
    with space.ranges(layout.n, _VALUE) as by_row:
        for there, children in zip(by_id.taken(), by_parent.taken(), strict=True):
            at = Index(there["id"]).find(children["parent"])
            found = at >= 0
            missing += int((~found).sum())
            before += int((children["time"][found] < there["time"][at[found]]).sum())
            roots = children["kind"] == ON_THREAD
            roots[found] = there["opens"][at[found]]
            unknown = children["kind"] >= UNKNOWN
            rows = children["row"][unknown]
            by_row.add(layout.of_rows(rows), row=rows, value=np.where(roots[unknown], ROOT, REPLY))
    counts = {"missing_parents": missing, "before_parent": before}
    if n_open:
        return space.keep(_patched(table, layout, by_row, _finished), table.schema), counts
    by_row.drop()
    return table, counts


def _finished(part: pa.Table, records: np.ndarray) -> pa.Table:
    """What still has no kind has no parent: it opens a thread."""
    part = _with_values("kind")(part, records)
    kinds = part["kind"].to_numpy()
    column = pa.array(np.where(kinds >= UNKNOWN, np.uint8(THREAD), kinds))
    return part.set_column(part.schema.get_field_index("kind"), part.schema.field("kind"), column)
