"""Texts of any number to one array on disk."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from awase.core.errors import InputError
from awase.core.progress import progress
from awase.core.protocols import TextEncoder
from awase.store.files import open_atomic


def encode_to_file(
    model: TextEncoder, batches: Iterable[list[str]], path: Path | str, *, role: str = "document", dim: int | None = None
) -> tuple[int, int]:
    """Write the vectors of texts as a .npy file of float32 (n_texts, dim), and return that shape. One batch is in memory at a time.

    ``batches`` is read twice, so it must give the same texts each time: the head of a .npy file says how many rows follow, and a
    row that cannot be read is found before the encoding begins. Raises InputError E1020 if the texts changed in between.

    >>> import awase.models
    >>> model = awase.models.wrap(lambda texts: np.ones((len(texts), 4), np.float32))
    >>> path = getfixture("tmp_path") / "vectors.npy"
    >>> encode_to_file(model, [["red", "white"], ["rose"]], path), np.load(path).shape
    ((3, 4), (3, 4))
    """
    n = sum(map(len, batches))
    width = model.dim if dim is None else dim
    done = 0
    with progress("encoding", n, "texts") as bar, open_atomic(path) as stream:
        np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": (n, width)})
        for batch in batches:
            stream.write(np.ascontiguousarray(model.encode(batch, role=role, dim=dim), "<f4").data)
            done += len(batch)
            bar.advance(len(batch))
        if done != n:
            raise InputError(
                "E1020",
                f"there were {n:,} texts at first and then {done:,}",
                place=str(path),
                remedy="let the file rest and repeat",
            )
    return n, width
