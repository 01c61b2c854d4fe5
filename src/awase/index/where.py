"""Metadata filters: ``year >= 2020 and lang = "ja"`` becomes SQL whose every name and value is a parameter.

    filter:      comparisons joined by and, or, not, with parentheses; keywords in any case
    comparison:  field = value   !=  <  <=  >  >=   field in (value, ...)   field like "a%"   field contains value
                 and not in, not like, not contains
    field:       year, author.name (nested), "any name" (quoted: a name with a space or a dot, or that is a keyword)
                 id is the id of the item, unless metadata has a field of that name
    value:       12, -0.5, 1e3, "text" or 'text' (with \\" \\' \\\\ \\n \\t \\uXXXX), true, false, null

Every comparison is either true or false, so that ``not`` is exact: where an item lacks the field, or holds a value of another
type than the one asked for, the comparison is false (and ``!=`` true). A missing field equals null. ``like`` knows % (anything)
and _ (one character) and ignores the case of ASCII letters; ``contains`` finds a part of a text or a member of a list.
"""

import re
import unicodedata
from collections.abc import Collection as Names
from functools import cache
from typing import NamedTuple, NoReturn, cast

from lark import Lark, Transformer, v_args
from lark.exceptions import UnexpectedInput

from awase.core.errors import InputError, LimitError
from awase.core.limits import MAX_FILTER_CHARS, MAX_FILTER_DEPTH
from awase.core.suggest import did_you_mean

_GRAMMAR = r"""
?start: any
?any: all (_OR all)*
?all: one (_AND one)*
?one: _NOT one -> negated
    | "(" any ")" -> nested
    | field COMPARE value -> compare
    | field _IN values -> among
    | field _LIKE text -> like
    | field _CONTAINS value -> contains
    | field _NOT _IN values -> not_among
    | field _NOT _LIKE text -> not_like
    | field _NOT _CONTAINS value -> not_contains
field: name ("." name)*
?name: NAME -> bare_name
    | STRING -> quoted_name
values: "(" value ("," value)* ")"
?value: NUMBER -> number
    | _TRUE -> true
    | _FALSE -> false
    | _NULL -> null
    | text
?text: STRING -> string
_AND.2: /and\b/i
_OR.2: /or\b/i
_NOT.2: /not\b/i
_IN.2: /in\b/i
_LIKE.2: /like\b/i
_CONTAINS.2: /contains\b/i
_TRUE: /true\b/i
_FALSE: /false\b/i
_NULL: /null\b/i
COMPARE: "=" | "!=" | "<=" | "<" | ">=" | ">"
NAME: /[^\W\d]\w*/
NUMBER: /[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?/i
STRING: /"([^"\\\x00-\x1f]|\\.)*"/ | /'([^'\\\x00-\x1f]|\\.)*'/
%ignore /\s+/
"""


_EXPECTED = {
    "COMPARE": "= != < <= > >=",
    "NAME": "a field",
    "NUMBER": "a number",
    "STRING": 'a "text"',
    "LPAR": '"("',
    "RPAR": '")"',
    "COMMA": '","',
    "DOT": '"."',
    "$END": "the end",
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'"}


class Condition(NamedTuple):
    """A filter as SQL over ``items.id`` and ``items.metadata``.

    parameters: for its question marks, in order; fields: the (name, position in the text) of each field it asks for; depth: how
    far it nests; weight: how often it looks at the metadata of an item, comparisons with long texts counting more.
    """

    sql: str
    parameters: tuple
    fields: tuple = ()
    depth: int = 0
    weight: float = 0.0


_LONG = 64  # characters sought that cost as much again
_ID = "id"
_OF_ID = "/* id */ items.metadata"  # until it is known whether metadata has such a field


class _Field(NamedTuple):
    name: str  # its first step, which is the metadata key
    path: str  # as SQLite wants it
    at: int

    @property
    def source(self) -> str:
        """The JSON that it is looked up in."""
        return _OF_ID if self.name == _ID else "items.metadata"


class _Refused(Exception):
    """(code, what is wrong, position): raised inside the parser, turned into an InputError that shows the text."""


def compile_filter(text: str, fields: Names[str] | None = None) -> Condition:
    """The SQL condition of a filter. `fields`: the names that metadata has; another one, but for id, is an error with the nearest name.

    Errors: E0710 the text is no filter, E0711 no such field, E0712 it is too long or nests too deeply.

    >>> compile_filter("year >= 2020").parameters
    ('$."year"', '$."year"', 2020)
    """
    if len(text) > MAX_FILTER_CHARS:
        raise LimitError("E0712", f"the filter has {len(text):,} characters; at most {MAX_FILTER_CHARS:,} are read", value=text)
    try:
        condition = cast(Condition, _parser().parse(text))  # the transformer makes it, where lark's types promise a tree
    except UnexpectedInput as error:
        _refuse_unread(text, error)
    except _Refused as error:
        _refuse(text, *error.args)
    if condition.depth > MAX_FILTER_DEPTH:
        raise LimitError("E0712", f"the filter nests {condition.depth} deep; at most {MAX_FILTER_DEPTH} is allowed", value=text)
    for name, at in condition.fields if fields is not None else ():
        if name not in fields and name != _ID:
            remedy = did_you_mean(name, fields) if fields else "the items of this collection have no metadata"
            _refuse(text, "E0711", f"no item has the field {name!r}", at, remedy)
    of_id = "items.metadata" if fields and _ID in fields else f"json_object('{_ID}', items.id)"
    return condition._replace(sql=condition.sql.replace(_OF_ID, of_id))


def _refuse(text: str, code: str, message: str, at: int, remedy: str = "") -> NoReturn:
    """Raise the error, with a caret under the place: Japanese characters are two columns wide."""
    line_start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    line = re.split(r"[\r\n]", text[line_start:])[0]
    before = "".join(
        "\t" if c == "\t" else "  " if unicodedata.east_asian_width(c) in "WF" else " " for c in text[line_start:at]
    )
    raise InputError(code, f"{message}\n    {line}\n    {before}^", place=f"column {at - line_start + 1}", remedy=remedy)


def _refuse_unread(text: str, error) -> NoReturn:
    """Say what the parser would have taken at the place where it stopped."""
    ended = getattr(getattr(error, "token", None), "type", "") == "$END"
    at = len(text.rstrip()) if ended else error.pos_in_stream
    names = getattr(error, "accepts", None) or getattr(error, "allowed", None) or getattr(error, "expected", ())
    wanted = ", ".join(sorted({_EXPECTED.get(name) or name.strip("_").lower() for name in names if name}))
    what = "the filter ends too early" if ended else "the filter cannot be read from here"
    _refuse(text, "E0710", f"{what}; expected {wanted}", at, "see the examples in `awase explain E0710`")


@cache
def _parser():
    # The transformer runs inside the LALR parser, so that no nesting, however deep, recurses.
    return Lark(_GRAMMAR, parser="lalr", transformer=_ToSQL(), maybe_placeholders=False)


@v_args(inline=True)
class _ToSQL(Transformer):
    """Grammar rules, by name, to SQL. Nothing of the user's text gets into the SQL, only question marks."""

    def bare_name(self, token):
        return token, str(token)

    def quoted_name(self, token):
        return token, _unquote(token)

    def field(self, *steps):
        at = steps[0][0].start_pos
        for _, name in steps:
            if re.search(r'["\\\x00-\x1f]', name):  # SQLite's JSON paths cannot spell these
                raise _Refused(
                    "E0710", "a field with a double quote, a backslash or a control character cannot be asked for", at
                )
        return _Field(steps[0][1], "$" + "".join(f'."{name}"' for _, name in steps), at)

    def number(self, token):
        whole = not re.search(r"[.eE]", token) and len(token) <= 20
        value = int(token) if whole else float(token)
        return value if -(2**63) <= value < 2**63 else float(token)

    def string(self, token):
        return _unquote(token)

    def true(self):
        return True

    def false(self):
        return False

    def null(self):
        return None

    def values(self, *values):
        return values

    def compare(self, field, operator, value):
        if operator in ("=", "!="):
            equal = self.among(field, (value,))
            return equal if operator == "=" else self.negated(equal)
        if value is None or isinstance(value, bool):
            raise _Refused("E0710", "only = and != compare with true, false and null", operator.start_pos)
        guard, parameters = _of_type(field, value)
        return _comparison(field, f"({guard} AND json_extract({field.source}, ?) {operator} ?)", *parameters, field.path, value)

    def among(self, field, values):
        terms, parameters = [], []
        for same_type in (_numbers(values), [v for v in values if isinstance(v, str)]):
            if same_type:
                guard, guarded = _of_type(field, same_type[0])
                marks = ", ".join("?" * len(same_type))
                terms.append(f"({guard} AND json_extract({field.source}, ?) IN ({marks}))")
                parameters += [*guarded, field.path, *same_type]
        for constant in {repr(v): v for v in values if v is None or isinstance(v, bool)}.values():
            terms.append(f"ifnull(json_type({field.source}, ?), 'null') = ?")
            parameters += [field.path, {None: "null", True: "true", False: "false"}[constant]]
        return _comparison(field, f"({' OR '.join(terms)})", *parameters)

    def like(self, field, pattern):
        guard, parameters = _of_type(field, pattern)
        return _comparison(field, f"({guard} AND json_extract({field.source}, ?) LIKE ?)", *parameters, field.path, pattern)

    def contains(self, field, value):
        if isinstance(value, str):
            member, parameters = "j.type = 'text' AND j.atom = ?", (value,)
        elif value is None or isinstance(value, bool):
            member, parameters = "j.type = ?", ({None: "null", True: "true", False: "false"}[value],)
        else:
            member, parameters = "j.type IN ('integer', 'real') AND j.atom = ?", (value,)
        listed = f"EXISTS (SELECT 1 FROM json_each({field.source}, ?) AS j WHERE {member})"  # noqa: S608 (constants)
        part = f"instr(json_extract({field.source}, ?), ?) > 0"
        sql = f"CASE json_type({field.source}, ?) WHEN 'array' THEN {listed} WHEN 'text' THEN {part} ELSE 0 END"
        if not isinstance(value, str):
            sql = f"CASE json_type({field.source}, ?) WHEN 'array' THEN {listed} ELSE 0 END"
            return _comparison(field, sql, field.path, field.path, *parameters)
        return _comparison(field, sql, field.path, field.path, *parameters, field.path, value)

    def not_among(self, field, values):
        return self.negated(self.among(field, values))

    def not_like(self, field, pattern):
        return self.negated(self.like(field, pattern))

    def not_contains(self, field, value):
        return self.negated(self.contains(field, value))

    def nested(self, inner):
        return inner._replace(sql=f"({inner.sql})", depth=inner.depth + 1)

    def negated(self, inner):
        return inner._replace(sql=f"NOT {inner.sql}", depth=inner.depth + 1)

    def all(self, *parts):
        return _joined(" AND ", parts)

    def any(self, *parts):
        return _joined(" OR ", parts)


def _comparison(field: _Field, sql: str, *parameters) -> Condition:
    longest = max((len(value) for value in parameters if isinstance(value, str)), default=0)
    return Condition(sql, parameters, ((field.name, field.at),), weight=1 + longest / _LONG)


def _joined(word: str, parts) -> Condition:
    return Condition(
        word.join(part.sql for part in parts),
        sum((part.parameters for part in parts), ()),
        sum((part.fields for part in parts), ()),
        max(part.depth for part in parts),
        sum(part.weight for part in parts),
    )


def _of_type(field: _Field, value) -> tuple[str, tuple]:
    """SQL that is true or false, never NULL: whether the field holds a value of the type of `value`."""
    if isinstance(value, str):
        return f"json_type({field.source}, ?) IS 'text'", (field.path,)
    return f"ifnull(json_type({field.source}, ?), '') IN ('integer', 'real')", (field.path,)


def _numbers(values) -> list:
    return [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]


def _unquote(token) -> str:
    """The text between the quotes, its escapes resolved."""

    def resolve(match):
        escape = match[1]
        if escape[0] == "u" and len(escape) == 5:
            return chr(int(escape[1:], 16))
        if escape in _ESCAPES:
            return _ESCAPES[escape]
        raise _Refused(
            "E0710", f"unknown escape \\{escape}; known: \\n \\t \\\" \\' \\\\ \\uXXXX", token.start_pos + 1 + match.start()
        )

    text = re.sub(r"\\(u[0-9a-fA-F]{4}|.)", resolve, token[1:-1])
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # a pair of escapes is one character
    if "\x00" in text:
        raise _Refused("E0710", "a text cannot hold the character NUL", token.start_pos)
    return text
