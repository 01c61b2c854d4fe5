"""Arrays larger than memory: a file whose rows are read and written where they stand.

This is scratch space, not a document: what a crash leaves of it means nothing, so it is neither written in one step nor synced.
"""

import math
import os
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from awase.core.errors import BackendError, InputError
from awase.store import disk, files


def create_rows(path: Path | str, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> np.memmap:
    """A writable array of zeros in a new file. Rows cost memory while they are in use only, and disk once they have been written to.
    ``files.remove`` takes the file away; the array stays usable until it is dropped.

    Raises: InputError E0425 for a shape without elements; BackendError E0302 when the disk has not room for all of it now (later, a full
    disk could only end the process), E0301 when a file is there or cannot be made.

    >>> rows = create_rows(getfixture("tmp_path") / "table.rows", (1_000_000, 100))
    >>> rows[7] += 1
    >>> float(rows[5:9].sum()), rows.shape
    (100.0, (1000000, 100))
    """
    path, size = Path(path), math.prod(shape) * np.dtype(dtype).itemsize
    if size <= 0:
        raise InputError(
            "E0425", "there are no rows to keep on the disk", value=shape, remedy="give a shape of positive numbers"
        )
    files.make_folder(path.parent)
    with disk.explained(path):
        free = os.statvfs(path.parent)
        if free.f_bavail * free.f_frsize < size:
            raise BackendError(
                "E0302", f"the disk has room for {free.f_bavail * free.f_frsize:,} bytes, {size:,} are needed", place=str(path),
                remedy="free some space or choose another disk, then run this again",
            )  # fmt: skip
        with os.fdopen(disk.create(path, os.O_EXCL), "r+b") as stream:
            os.lseek(stream.fileno(), size - 1, os.SEEK_SET)
            disk.write(stream.fileno(), memoryview(b"\0"))  # the last byte alone: the file has its size, and takes no space yet
            return np.memmap(stream, dtype, mode="r+", shape=shape)
