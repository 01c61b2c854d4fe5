"""Where rows are kept while a file is read: in memory, or in an Arrow file that is then memory-mapped."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from awase.store import files


def keep(batches: Iterable[pa.RecordBatch], schema: pa.Schema, spill: Path | None) -> pa.Table:
    """The batches as one table. With ``spill`` they go to that file as they come, and the table is a map of it: it takes
    address space, not memory."""
    if spill is None:
        return pa.Table.from_batches(_full(batches), schema)
    with files.open_atomic(spill) as stream, pa.ipc.new_file(stream, schema) as writer:
        for batch in _full(batches):
            writer.write_batch(batch)
    return pa.ipc.open_file(pa.memory_map(str(spill))).read_all()


def _full(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    return (batch for batch in batches if batch.num_rows)
