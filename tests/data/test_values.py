"""Values as JSON has them, whatever library made them."""

import datetime
import decimal
import json

import numpy as np
import pandas as pd
import pytest

from awase.data.values import plain_fields

MISSING = [
    None,
    float("nan"),
    np.float32("nan"),
    np.float64("nan"),
    pd.NaT,
    pd.NA,
    np.datetime64("NaT"),
    decimal.Decimal("NaN"),
]
REFUSED = [float("inf"), np.float32("-inf"), decimal.Decimal("Infinity"), b"x", {1}, datetime.timedelta(1), "a\ud800", object()]


@pytest.mark.parametrize("value", MISSING)
def test_missing_is_absent(value):
    assert plain_fields({"x": value, "o": {"y": value}, "l": [1, value]}) == ({"o": {"y": None}, "l": [1, None]}, None)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([1.5, 2]), [1.5, 2.0]),
        (pd.Timestamp("2024-05-01 12:00"), "2024-05-01T12:00:00"),
        (np.datetime64("2024-05-01"), "2024-05-01"),
        (datetime.time(1, 2), "01:02:00"),
        (decimal.Decimal("1.5"), 1.5),
        ((1, "a"), [1, "a"]),
    ],
)
def test_values_have_a_form(value, wanted):
    fields, refused = plain_fields({"x": value})
    assert refused is None and json.loads(json.dumps(fields)) == {"x": wanted}


@pytest.mark.parametrize("value", REFUSED)
def test_what_json_cannot_hold_is_refused_by_its_column(value):
    for fields in ({"a": 1, "x": value}, {"x": [value]}, {"x": {"y": {"z": value}}}):
        assert plain_fields(fields)[1][0] == "x"
