"""No part of the formula is without a test of its own."""

import re
from pathlib import Path

import pytest

from awase.contrast import encoders, fused, losses, negatives, positives, regularisers, scores

HERE = Path(__file__).parent
TESTS = [path for room in ("contrast", "recipes", "apps") for path in (HERE.parent / room).glob("test_*.py")]


@pytest.mark.parametrize("room", [encoders, losses, negatives, positives, regularisers, scores], ids=lambda room: room.__name__)
def test_every_part_is_spoken_of_in_a_test(room):
    """By its class or by what a resolved recipe calls it. What has no such name is what a part becomes when it is bound to data."""
    written = "\n".join(path.read_text(encoding="utf-8") for path in TESTS if path != Path(__file__))
    parts = [getattr(room, name) for name in room.__all__ if isinstance(getattr(getattr(room, name), "name", None), str)]
    assert len(parts) >= 2 and len(TESTS) > 40
    untested = [part.__name__ for part in parts if not re.search(rf"\b{part.__name__}\b|\"{part.name}\"", written)]
    assert not untested
    print(f"{len(parts)} {room.__name__.rpartition('.')[2]}")


def test_every_kernel_is_held_against_the_generic_step():
    written = "\n".join(path.read_text(encoding="utf-8") for path in HERE.glob("test_fused_*.py"))
    names = [family.NAME for family in fused.FAMILIES]
    assert len(set(names)) == len(names) >= 6
    assert not [name for name in names if f'"{name}"' not in written]
    print(f"{len(names)} kernels: {', '.join(names)}")
