"""Named arrays in one file, in the safetensors format: written in one step, checked before they are used, never unpickled.

The format (https://huggingface.co/docs/safetensors): 8 bytes with the length of a JSON header, the header, the raw arrays.
The safetensors library reads and checks headers; writing is done here because the library neither syncs nor streams.
"""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from awase.core.errors import FormatError, InputError, IntegrityError, LimitError
from awase.core.limits import MAX_HEADER_BYTES
from awase.store import files, read

Arrays = dict[str, np.ndarray]

# In the order in which the library writes arrays, so that each one starts at a multiple of its item size.
_DTYPES = {
    "U64": "<u8", "I64": "<i8", "F64": "<f8", "F32": "<f4", "U32": "<u4", "I32": "<i4",
    "F16": "<f2", "U16": "<u2", "I16": "<i2", "I8": "|i1", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_CODES = {np.dtype(name): code for code, name in _DTYPES.items()}
_RANKS = {code: rank for rank, code in enumerate(_DTYPES)}
_NAME = re.compile(r"[A-Za-z0-9._/-]{1,256}")
_LENGTH_BYTES = 8  # the length of the header; the header is padded to a multiple of this

# Formats that can run code or hide files when they are opened, and others that are often offered.
_MAGIC = {
    b"\x80": "a Python pickle",
    b"PK": "a zip archive (torch .bin and .pt files and numpy .npz files are zips)",
    b"\x93NUMPY": "a numpy .npy file",
    b"\x1f\x8b": "a gzip file",
    b"\x89HDF": "an HDF5 file",
}


def save(path: Path | str, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> None:
    """Write arrays to one file in one step: byte for byte what the safetensors library writes (but metadata in the order of
    their names, so that equal content gives equal files), without a copy in memory.

    Raises: InputError E0317 for a dtype that the format does not have or a bad name; BackendError E0301, E0302.

    >>> path = getfixture("tmp_path") / "model.safetensors"
    >>> save(path, {"table": np.eye(2, dtype=np.float32)}, {"made": "here"})
    >>> load(path)[1]
    {'made': 'here'}
    """
    with files.open_atomic(path) as stream:
        for piece in pieces(ordered(arrays), metadata or {}):
            stream.write(piece)


def load(path: Path | str, *, mmap: bool = False) -> tuple[Arrays, dict[str, str]]:
    """The arrays of a file and its metadata. With ``mmap`` the arrays are read-only views of the file, read when touched.

    A bfloat16 array, which numpy does not have, becomes float32.
    Raises: FormatError E0308 (a pickle, a zip, ...) or E0309 (not a valid file); LimitError E0310; InputError E0304.
    """
    _, arrays, metadata = view(path)
    return (arrays if mmap else {name: array.copy() for name, array in arrays.items()}), metadata


def check_finite(name: str, array: np.ndarray, *, place: Path | str = "") -> None:
    """Refuse NaN and infinity.

    Raises: IntegrityError E0311 that names the array and its first bad row.

    >>> check_finite("table", np.array([[1.0, np.nan]]))
    Traceback (most recent call last):
    awase.core.errors.IntegrityError: E0311: array 'table' holds NaN or infinity, first in row 0
      to do: restore the file from a copy, or train the model again
    """
    # The smallest and the largest value show both without an array of flags as long as the data.
    if array.dtype.kind != "f" or array.size == 0 or (np.isfinite(array.min()) and np.isfinite(array.max())):
        return
    row = int(np.flatnonzero(~np.isfinite(array).reshape(len(np.atleast_1d(array)), -1).all(axis=1))[0])
    raise IntegrityError(
        "E0311",
        f"array {name!r} holds NaN or infinity, first in row {row}",
        place=str(place),
        remedy="restore the file from a copy, or train the model again",
    )


def view(path: Path | str) -> tuple[np.ndarray, Arrays, dict[str, str]]:
    """All bytes of a file (uint8), read-only views of its arrays, and its metadata. All from one opened file, so that a
    writer that replaces the path meanwhile cannot mix old and new. Raises as ``load``.
    """
    with read.regular(path) as opened:
        start = _check_head(path, opened.read(_LENGTH_BYTES + 1), os.fstat(opened.fileno()).st_size)
        try:
            # The library opens by name only; this name is the file opened above, whatever stands at `path` by now.
            with safe_open(f"/dev/fd/{opened.fileno()}", framework="np") as library:
                metadata = library.metadata() or {}
                slices = [(name, library.get_slice(name)) for name in library.offset_keys()]
                layout = [(name, piece.get_dtype(), tuple(piece.get_shape())) for name, piece in slices]
            raw = np.asarray(np.memmap(opened, dtype=np.uint8, mode="r"))
            return raw, _lay_out(raw, start, layout), metadata
        except (SafetensorError, OSError, ValueError) as error:
            raise FormatError(
                "E0309", f"not a valid safetensors file: {error}", place=str(path), remedy="restore or download the file again"
            ) from error


def ordered(arrays: Mapping[str, np.ndarray]) -> Arrays:
    """The arrays, C-contiguous, in the order in which they are written."""
    for name, array in arrays.items():
        if not _NAME.fullmatch(name) or array.dtype not in _CODES:
            raise InputError(
                "E0317",
                f"cannot save array {name!r} of dtype {array.dtype}",
                remedy=f"names have letters, digits, '.', '_', '/', '-'; dtypes are {', '.join(str(d) for d in _CODES)}",
            )
    names = sorted(arrays, key=lambda name: (_RANKS[_CODES[arrays[name].dtype]], name))
    return {name: np.asarray(arrays[name], order="C") for name in names}


def pieces(arrays: Arrays, metadata: Mapping[str, str]) -> Iterator[memoryview]:
    """The bytes of a file: its head, then one piece for each array, in the order given."""
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    end = 0
    for name, array in arrays.items():
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": _CODES[array.dtype], "shape": list(array.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH_BYTES)
    yield memoryview(len(text).to_bytes(_LENGTH_BYTES, "little") + text)
    for array in arrays.values():
        yield array.reshape(-1).view(np.uint8).data


def _check_head(path: Path | str, head: bytes, size: int) -> int:
    """Where the arrays start, after the checks that are cheap enough to come before any parsing."""
    length = int.from_bytes(head[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if length <= MAX_HEADER_BYTES and start <= size and head[_LENGTH_BYTES:] == b"{":
        return start
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise FormatError(
                "E0308",
                f"this is {what}, not a safetensors file; Awase never unpickles, because that runs code from the file",
                place=str(path),
                remedy="convert it to safetensors with the program that made it",
            )
    if length > MAX_HEADER_BYTES:
        raise LimitError(
            "E0310",
            f"the header claims {length:,} bytes; {MAX_HEADER_BYTES:,} are allowed",
            place=str(path),
            remedy="this is not a safetensors file, or it was damaged: download it again",
        )
    raise FormatError(
        "E0309",
        f"not a valid safetensors file: it has {size:,} bytes, its head alone would have {start:,}",
        place=str(path),
        remedy="restore or download the file again",
    )


def _lay_out(raw: np.ndarray, start: int, layout: list[tuple[str, str, tuple[int, ...]]]) -> Arrays:
    """Views of the arrays; the library has checked that they follow each other without holes and fill the file."""
    arrays: Arrays = {}
    for name, code, shape in layout:
        if code != "BF16" and code not in _DTYPES:
            raise ValueError(f"array {name!r} has dtype {code}, which Awase does not read")
        dtype = np.dtype("<u2" if code == "BF16" else _DTYPES[code])
        end = start + math.prod(shape) * dtype.itemsize
        array = raw[start:end].view(dtype).reshape(shape)
        if code == "BF16":  # the upper half of a float32
            array = (array.astype("<u4") << 16).view("<f4")
        arrays[name] = array if array.flags.aligned else array.copy()
        start = end
    return arrays
