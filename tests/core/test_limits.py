"""Limits are plain positive numbers, and each is enforced somewhere: one that nothing reads would promise what is not done."""

from pathlib import Path

import awase
from awase.core import limits


def test_every_limit_is_enforced():
    values = {name: value for name, value in vars(limits).items() if name.isupper()}
    sources = [
        path.read_text(encoding="utf-8") for path in Path(awase.__file__).parent.rglob("*.py") if path.name != "limits.py"
    ]
    print(f"{len(values)} limits")
    assert len(values) >= 10
    assert all(isinstance(value, int | float) and value > 0 for value in values.values())
    assert [name for name in values if not any(name in source for source in sources)] == []
