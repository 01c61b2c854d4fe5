"""The filter language: the SQL means what a plain reading of the filter means, and errors point at the column."""

import json
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import InputError, LimitError
from awase.core.limits import MAX_FILTER_CHARS, MAX_FILTER_DEPTH
from awase.index.collection import Collection, Item
from awase.index.where import compile_filter

ITEMS = [
    {"year": 2019, "lang": "ja", "tags": ["a", 1, None, True]},
    {"year": 2020, "lang": "en", "draft": True, "author": {"name": "Akiko", "age": 41}},
    {"year": 2021.5, "lang": "ja", "draft": False, "note": "50% off\n", "a.b": "dotted"},
    {"year": "2022", "lang": None, "名前": "日本", "tags": []},
    {},
]


def table(items):
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE items (row INTEGER PRIMARY KEY, metadata TEXT)")
    rows = [(json.dumps(item, ensure_ascii=False),) for item in items]
    connection.executemany("INSERT INTO items (metadata) VALUES (?)", rows)
    return connection


def matching(text, items=ITEMS):
    condition = compile_filter(text)
    sql = f"SELECT row FROM items WHERE {condition.sql} ORDER BY row"
    return [row - 1 for (row,) in table(items).execute(sql, condition.parameters)]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("year >= 2020", [1, 2]),  # the text "2022" is no number
        ('year >= "2020"', [3]),
        ("year = 2019.0", [0]),
        ("year != 2020", [0, 2, 3, 4]),  # also where there is no year
        ("not year = 2020", [0, 2, 3, 4]),
        ('lang = "ja" and year > 2019', [2]),
        ('year = 2019 or year = 2020 and lang = "ja"', [0]),  # and binds tighter
        ('(year = 2019 or year = 2020) AND lang = "ja"', [0]),
        ("lang = null", [3, 4]),
        ("lang != null", [0, 1, 2]),
        ("draft = true", [1]),
        ("draft = false", [2]),
        ("draft = 1", []),
        ("year in (2019, 'x', 2021.5)", [0, 2]),
        ("lang in ('en', null)", [1, 3, 4]),
        ("lang not in ('en', null)", [0, 2]),
        ("lang like 'J%'", [0, 2]),
        ("lang like '_n'", [1]),
        ("lang not like 'j%'", [1, 3, 4]),
        ('note contains "% off"', [2]),
        (r'note contains "\n"', [2]),
        ("tags contains 'a'", [0]),
        ("tags contains 1", [0]),
        ("tags contains null", [0]),
        ("tags contains true", [0]),
        ("tags not contains 'a'", [1, 2, 3, 4]),
        ("author.name = 'Akiko' and author.age < 50", [1]),
        ('"a.b" = "dotted"', [2]),
        ("a.b = 'dotted'", []),
        (r"名前 = '\u65e5本'", [3]),
        ("year > -1e3 and year < +.5e4 and not not not draft = true", [0, 2]),
        ("year = 99999999999999999999999999", []),
        ("year < 1e999", [0, 1, 2]),
    ],
)
def test_meaning(text, rows):
    assert matching(text) == rows


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("id = 'order-1'", ["order-1"]),
        ('id in ("a", "order-2", "none")', ["order-2", "a"]),
        ("id like 'ORDER-%' and year > 2019", ["order-2"]),
        ("id contains 'der' or id = null", ["order-1", "order-2"]),
        ("id != 'a' and not id contains '2'", ["order-1", "7", "京都"]),
        ("id = 7", []),  # an id is a text
        ("id = '7' or id >= '京'", ["7", "京都"]),
        ("id.x = 'a'", []),
    ],
)
def test_the_id_of_an_item(tmp_path, text, ids):
    with Collection.create(tmp_path / "docs.awase") as docs:
        years = {"order-1": 2019, "order-2": 2020}
        docs.add(
            {"id": item_id, "text": "wine", "year": years.get(item_id, 0)}
            for item_id in ("order-1", "order-2", "a", "7", "京都")
        )
        assert [found.id for found in docs.search("wine", where=text)[0]] == ids


def test_a_field_named_id_is_meant_where_there_is_one(tmp_path):
    with Collection.create(tmp_path / "docs.awase") as docs:
        docs.add([Item("a", "wine", {"id": "b"}), Item("b", "wine", {"id": 7})])
        assert [found.id for found in docs.search("wine", where="id = 'b'")[0]] == ["a"]
        assert [found.id for found in docs.search("wine", where="id = 7")[0]] == ["b"]


NAMES = ["a", "b", "in", "a b", "日本", "or1"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=4),
    st.sampled_from(["ab", "Ab", "a%", "é"]),
)
DOCUMENTS = st.lists(
    st.dictionaries(st.sampled_from(NAMES), SCALARS | st.lists(SCALARS, max_size=3), max_size=4), min_size=1, max_size=6
)


def written(value):
    """A value in the filter language."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if "'" in value else "'" + json.dumps(value)[1:-1] + "'"
    return {None: "null", True: "TRUE", False: "false"}[value] if value is None or isinstance(value, bool) else repr(value)


def number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(a, b):
    if number(a) and number(b):
        return a == b
    return type(a) is type(b) and a == b


def like(text, pattern):
    """% and _ by dynamic programming; ASCII letters in any case."""
    lower = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
    text, pattern = text.translate(lower), pattern.translate(lower)
    reach = [True] + [False] * len(text)
    for sign in pattern:
        if sign == "%":
            for i in range(len(text)):
                reach[i + 1] |= reach[i]
        else:
            reach = [False] + [reach[i] and sign in ("_", text[i]) for i in range(len(text))]
    return reach[-1]


ORDERS = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


@st.composite
def comparisons(draw):
    """(text, a Python function that says the same)."""
    name = draw(st.sampled_from(NAMES))
    field = name if name in ("a", "b", "日本", "or1") and draw(st.booleans()) else json.dumps(name, ensure_ascii=False)
    kind = draw(st.sampled_from(["=", "!=", "in", "contains", "like", "order"]))
    if kind == "order":
        sign = draw(st.sampled_from(sorted(ORDERS)))
        value = draw(SCALARS.filter(lambda v: isinstance(v, str) or number(v)))

        def ordered(item):
            other = item.get(name)
            return ((number(other) and number(value)) or type(other) is type(value) is str) and ORDERS[sign](other, value)

        return f"{field} {sign} {written(value)}", ordered
    if kind == "like":
        pattern = draw(st.text("aAb%_é", max_size=4))
        return f"{field} LIKE {written(pattern)}", lambda item: isinstance(item.get(name), str) and like(item[name], pattern)
    if kind == "in":
        values = draw(st.lists(SCALARS, min_size=1, max_size=4))
        return f"{field} in ({', '.join(map(written, values))})", lambda item: any(same(item.get(name), v) for v in values)
    value = draw(SCALARS)
    if kind == "contains":

        def contains(item):
            other = item.get(name)
            if isinstance(other, list):
                return any(same(v, value) for v in other)
            return isinstance(other, str) and isinstance(value, str) and value in other

        return f"{field} contains {written(value)}", contains
    equal = kind == "="
    return f"{field} {kind} {written(value)}", lambda item: same(item.get(name), value) == equal


def joined(inner):
    both = st.tuples(inner, inner)
    return st.one_of(
        both.map(lambda p: (f"({p[0][0]}) and ({p[1][0]})", lambda i: p[0][1](i) and p[1][1](i))),
        both.map(lambda p: (f"({p[0][0]} or {p[1][0]})", lambda i: p[0][1](i) or p[1][1](i))),
        inner.map(lambda p: (f"not ({p[0]})", lambda i: not p[1](i))),
    )


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, st.recursive(comparisons(), joined, max_leaves=5))
def test_sql_equals_a_plain_reading(items, filtered):
    text, keeps = filtered
    assert matching(text, items) == [row for row, item in enumerate(items) if keeps(item)]


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ('year >= 2020 an lang = "ja"', 14, "cannot be read from here; expected and, or, the end"),
        ("year >", 7, 'ends too early; expected a "text", a number, false, null, true'),
        ("", 1, "ends too early"),
        ("a = 1)", 6, "cannot be read from here; expected"),
        ("a < true", 3, "only = and != compare with true, false and null"),
        (r'a = "x\q"', 7, r"unknown escape \q"),
        ('a = "x', 5, "expected"),
        (r'a = "\u0000"', 5, "cannot hold the character NUL"),
        (r'"a\"b" = 1', 1, "a field with a double quote, a backslash or a control character"),
        ("a == 1", 4, "expected"),
        ("a = 1; DROP TABLE items", 6, "cannot be read from here; expected"),
    ],
)
def test_errors_point_at_the_column(text, column, says):
    with pytest.raises(InputError) as caught:
        compile_filter(text)
    message = str(caught.value)
    assert caught.value.code == "E0710"
    assert says in message
    assert caught.value.place == f"column {column}"
    lines = message.splitlines()
    caret = next(line for line in lines if line.strip() == "^")
    assert caret.index("^") == 4 + column - 1


def test_the_caret_stands_under_wide_characters_and_in_the_right_line():
    with pytest.raises(InputError) as caught:
        compile_filter("lang = 'ja' and\n 名前 = x")
    assert caught.value.message.splitlines()[1:] == ["     名前 = x", "            ^"]
    assert caught.value.place == "column 7"


def test_unknown_field_suggests_the_nearest():
    with pytest.raises(InputError) as caught:
        compile_filter("year > 1 and lagn = 'ja'", ["lang", "year"])
    assert str(caught.value) == (
        "E0711: no item has the field 'lagn'\n    year > 1 and lagn = 'ja'\n                 ^\n"
        "  where: column 14\n  to do: did you mean 'lang'? valid: lang, year"
    )
    with pytest.raises(InputError, match="the items of this collection have no metadata"):
        compile_filter("a = 1", [])


def test_length_and_depth_are_limited_and_what_is_allowed_runs():
    with pytest.raises(LimitError, match=r"E0712: the filter has 4,097 characters; at most 4,096 are read"):
        compile_filter("a" * (MAX_FILTER_CHARS + 1))
    too_deep = MAX_FILTER_DEPTH + 1
    with pytest.raises(LimitError, match="E0712: the filter nests 13 deep; at most 12 is allowed"):
        compile_filter("(" * too_deep + "a = 1" + ")" * too_deep)
    assert matching("a=1or " * 682 + "a=1", [{"a": 1}]) == [0]  # the longest chains and lists that fit
    assert matching(f"a in ({','.join('1' * 2040)})", [{"a": 1}]) == [0]
    half = MAX_FILTER_DEPTH // 2
    assert matching("not (b=1 or b=1 and " * half + "a contains 'x'" + ")" * half, [{}]) == [0]
    assert matching("(a=1 or b=1 and " * MAX_FILTER_DEPTH + "a=1" + ")" * MAX_FILTER_DEPTH, [{"a": 1}]) == [0]


def test_a_pattern_made_to_be_slow_is_not():
    assert matching(f"a like '{'%a' * 100}%b'", [{"a": "a" * 60_000}]) == []
