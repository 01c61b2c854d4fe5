"""``trained_on.safetensors``: what a model of texts remembers of the texts that it, and what it began with, was trained on."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from awase.core.errors import FormatError
from awase.data.trained_on import TrainedOn
from awase.store import tensors

TRAINED_ON = "trained_on.safetensors"


def save(folder: Path, memories: Sequence[TrainedOn]) -> None:
    """Write them into a folder that is being made; nothing, where there are none."""
    if memories:
        about = {str(at): json.dumps([memory.salt, memory.n, memory.reading]) for at, memory in enumerate(memories)}
        tensors.save(folder / TRAINED_ON, {str(at): memory.bits for at, memory in enumerate(memories)}, about)


def load(folder: Path) -> tuple[TrainedOn, ...]:
    """Those that ``save`` wrote. Raises FormatError E0430 for what it did not write."""
    arrays, about = tensors.load(folder / TRAINED_ON)
    found = []
    for name, bits in sorted(arrays.items()):
        try:
            salt, n, reading = json.loads(about[name])
            whole = bits.ndim == 1 and bits.dtype == np.uint8 and len(bits) and type(n) is int and type(reading) is str
            whole = whole and len(bytes.fromhex(salt)) == TrainedOn.SALT_BYTES
        except (KeyError, ValueError, TypeError):
            whole = False
        if not whole:
            raise FormatError(
                "E0430", "this is no memory of training texts", place=str(folder / TRAINED_ON), value=about.get(name),
                remedy="train the model again, or restore the folder",
            )  # fmt: skip
        found.append(TrainedOn(bits, salt, n, reading))
    return tuple(found)


def of(folder: Path | str) -> tuple[TrainedOn, ...]:
    """What the model of a folder, of any kind, remembers; nothing, where it does not."""
    return load(Path(folder)) if (Path(folder) / TRAINED_ON).is_file() else ()
