"""Values of any reader as JSON has them. One rule for all: what is missing is absent, and what JSON cannot hold is refused by name."""

import datetime
import decimal
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from awase.data.kinds import HALF, Refused, is_clean_text, is_missing, named

_REMEDY = "keep text, numbers, true, false, lists and objects, or leave the column out"


def plain_fields(fields: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, Refused] | None]:
    """The fields that have a value, each as JSON has it, and the first that has no such form.

    None, NaN, NaT and NA are missing: such a field is left out, and is null within an object or a list. Dates become ISO text.

    >>> plain_fields({"year": 2020, "rating": float("nan"), "day": datetime.date(2024, 5, 1)})
    ({'year': 2020, 'day': '2024-05-01'}, None)
    >>> plain_fields({"price": float("inf")})[1][1].problem
    'infinity, which is no number that can be kept'
    """
    kept = {}
    for name, value in fields.items():
        found = _plain(value)
        if isinstance(found, Refused):
            return {}, (name, found)
        if found is not None:
            kept[name] = found
    return kept, None


def _plain(value: Any) -> Any:
    """None where it is missing, Refused where JSON has no form for it."""
    if isinstance(value, np.generic | np.ndarray):
        array: Any = value
        value = array.tolist() if array.dtype.kind != "M" else np.datetime_as_string(array).tolist()
        return None if value == "NaT" else _plain(value)
    if is_missing(value):
        return None
    if isinstance(value, str):
        return value if is_clean_text(value) else Refused(HALF[0], HALF[1], ascii(value), HALF[2])
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float | decimal.Decimal):
        finite = "write a finite number, or leave it empty"
        return (
            float(value)
            if math.isfinite(value)
            else Refused("E0104", "infinity, which is no number that can be kept", value, finite)
        )
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, Mapping):
        inner = {key: _plain(one) for key, one in value.items()}
        return next((one for one in inner.values() if isinstance(one, Refused)), inner)
    if isinstance(value, list | tuple):
        listed = [_plain(one) for one in value]
        return next((one for one in listed if isinstance(one, Refused)), listed)
    return Refused("E0104", f"{named(value)}, which has no form in JSON", repr(value)[:80], _REMEDY)
