"""The checker of requests, on what no request of ours has yet, and on everything hypothesis can think of."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awase.serve.body import parse
from awase.serve.openapi import SCHEMAS
from awase.serve.refusal import Refusal
from awase.serve.schema import check

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["query", "input", "items", "id", "k"]) | st.text(), inner),
    max_leaves=10,
)
REQUESTS = [name for name in SCHEMAS if name.endswith("Request")]


@given(JSON, st.sampled_from(REQUESTS))
def test_any_value_fits_or_is_refused(value, name):
    try:
        check(value, SCHEMAS[name])
    except Refusal as refusal:
        assert refusal.status in (400, 422)
        assert refusal.code in ("E0910", "E0911")
    else:
        assert isinstance(value, dict)
        assert set(value) <= set(SCHEMAS[name]["properties"])


def test_there_are_five_requests():
    assert len(REQUESTS) == 5


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON: Expecting value at line 1, column 1"),
        (b'{"a": 1,}', "the body is not JSON: Illegal trailing comma before end of object at line 1, column 8"),
        (b'{"a": secret}', "the body is not JSON: Expecting value at line 1, column 7"),
        (b"{} {}", "the body is not JSON: Extra data at line 1, column 4"),
        (b'{"a": NaN}', "the body is not JSON: a number is NaN or infinite, which JSON does not have"),
        (b'{"a": -Infinity}', "the body is not JSON: a number is NaN or infinite, which JSON does not have"),
        (b'{"a": 1e999}', "the body is not JSON: a number is NaN or infinite, which JSON does not have"),
        (b'{"a": ' + b"9" * 5000 + b"}", "the body is not JSON: a number has too many digits"),
        (b"[" * 200_000, "the body is not JSON: it nests too deeply"),
        (b'{"a":' * 200_000, "the body is not JSON: it nests too deeply"),
        ('{"a": "é"}'.encode("latin-1"), "the body is not JSON: byte 7 is not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "the body is not JSON: byte 0 is not UTF-8"),
    ],
)
def test_what_is_not_json(body, message):
    with pytest.raises(Refusal) as caught:
        parse(body)
    if "trailing comma" in message and "trailing" not in caught.value.message:  # Python before 3.13 says less
        message = "the body is not JSON: Expecting property name enclosed in double quotes at line 1, column 9"
    assert (caught.value.message, caught.value.status, caught.value.code) == (message, 400, "E0909")


@given(JSON)
def test_json_is_read_as_it_was_written(value):
    import json

    assert parse(json.dumps(value).encode()) == value


def test_a_number_at_the_edge_is_read():
    assert parse(b"1.7976931348623157e308") == 1.7976931348623157e308
    assert math.isfinite(parse(b"-1e308"))
