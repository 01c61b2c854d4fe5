"""Filters that try to become SQL: all that a user writes stays a value or a name, and the table stays as it was."""

import json
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import AwaseError
from awase.index.where import compile_filter

INJECTIONS = [
    "id = 1 or 1 = 1",
    "a = 'x' or 1=1 --",
    "a = ''; DROP TABLE items; --'",
    'a = "\'; DROP TABLE items; --"',
    "a = '\\') OR 1=1 --'",
    "\"a') OR 1=1 --\" = 'x'",
    "\"a', '$') OR 1=1 --\" = 'x'",
    "a in ('x'); DELETE FROM items",
    "a in (SELECT id FROM items)",
    "json_extract(metadata, '$.a') = 1",
    "a = load_extension('x')",
    "a like '%' ESCAPE '/' OR 1=1",
    "a = x'00'",
    "a = ? or 1=1",
    "a = :p",
    "a /* */ = 1",
    "`a` = 1",
    "[a] = 1",
    "a = 'x' UNION SELECT 1",
    "row > 0",
    "items.metadata like '%'",
    "rowid = rowid",
    "a = b",
]


def found(text):
    """Rows that a filter finds in a table in which nothing should match, after checking that the table is whole."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE items (row INTEGER PRIMARY KEY, id TEXT, metadata TEXT)")
        connection.execute("INSERT INTO items VALUES (1, 'x', ?)", (json.dumps({"secret": "s", "n": [0]}),))
        condition = compile_filter(text)
        # Our own words and question marks only: whatever the user wrote is a parameter.
        assert set(condition.sql) <= set("abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ01.,'()<>=!?* ")
        assert condition.sql.count("?") == len(condition.parameters)
        rows = connection.execute(f"SELECT row FROM items WHERE {condition.sql}", condition.parameters).fetchall()
        assert connection.execute("SELECT count(*) FROM items").fetchone() == (1,)
        return rows


@pytest.mark.parametrize("text", INJECTIONS)
def test_injections_are_refused_or_find_nothing(text):
    try:
        rows = found(text)
    except AwaseError as error:
        assert error.code in ("E0710", "E0712")
    else:
        assert rows == []


@settings(deadline=None)  # the first example compiles
@given(st.text("ab\"'\\;-()$.[]?=%* \n", max_size=30))
def test_a_value_is_a_value_whatever_is_in_it(value):
    assert found(f"secret = {json.dumps(value)}") == []
    quoted = "".join(f"\\{c}" if c in "\\'" else "\\n" if c == "\n" else c for c in value)
    assert found(f"secret = '{quoted}'") == []


@settings(deadline=None)  # the first example compiles
@given(st.text("ab\"'\\;-()$.[]?=%* ", min_size=1, max_size=30))
def test_a_name_is_a_name_whatever_is_in_it(name):
    try:
        rows = found(f"{json.dumps(name)} = 's'")
    except AwaseError as error:
        assert error.code == "E0710"
        assert set(name) & {'"', "\\"}
    else:
        assert rows == []


@settings(deadline=None)  # the first example compiles
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_our_error(text):
    try:
        compile_filter(text)
    except AwaseError as error:
        assert error.code in ("E0710", "E0712")
