"""Checks a request against its schema: the very one that ``/openapi.json`` shows, so the two cannot disagree.

Of JSON Schema it knows what the schemas here use: type (one or several), enum, minLength, minimum, maximum, minItems, maxItems,
items, properties, required, and additionalProperties when false. Our own "x-hint" is added to the message about a wrong type.

An optional field that is null is one that was not given, as clients and proxies write out every option they know.
"""

from typing import Any

from awase.core.suggest import did_you_mean
from awase.serve.refusal import Refusal

_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}
_SHOWN_CHARS = 64  # of the name of an unknown field


def check(value: Any, schema: dict, name: str = "") -> Any:
    """The value without optional fields that are null.

    Raises Refusal E0910 (400) where it does not fit, E0911 (422) where a list is too long; says which field.

    >>> check({"k": 3, "where": None}, {"type": "object", "properties": {"k": {"type": "integer"}, "where": {"type": "string"}}})
    {'k': 3}
    >>> check({"k": 0}, {"type": "object", "properties": {"k": {"type": "integer", "minimum": 1}}})
    Traceback (most recent call last):
    awase.serve.refusal.Refusal: 'k' must be at least 1
    """
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    kind = _NAMES[type(value)]
    if kinds and kind not in kinds:
        hint = f"; {schema['x-hint']}" if "x-hint" in schema else ""
        raise _refusal(name, f"must be {_listed(kinds)}, not {_listed((kind,))}{hint}")
    if "enum" in schema and value not in schema["enum"]:
        raise _refusal(name, f"is none that is known; {did_you_mean(value, schema['enum'])}")
    if kind == "string" and len(value) < schema.get("minLength", 0):
        raise _refusal(name, "must not be empty")
    if kind == "integer":
        _check_range(value, schema, name)
    if kind == "array":
        return _check_array(value, schema, name)
    if kind == "object":
        return _check_object(value, schema, name)
    return value


def _check_range(value: int, schema: dict, name: str) -> None:
    if value < schema.get("minimum", value):
        raise _refusal(name, f"must be at least {schema['minimum']:,}")
    if value > schema.get("maximum", value):
        raise _refusal(name, f"must be at most {schema['maximum']:,}")


def _check_array(values: list, schema: dict, name: str) -> list:
    if len(values) < schema.get("minItems", 0):
        raise _refusal(name, "must not be empty")
    most = schema.get("maxItems", len(values))
    if len(values) > most:
        raise Refusal(422, "E0911", f"{name!r} has {len(values):,} items; at most {most:,} are allowed", param=name)
    if "items" not in schema:
        return values
    return [check(value, schema["items"], f"{name}[{place}]") for place, value in enumerate(values)]


def _check_object(fields: dict, schema: dict, name: str) -> dict:
    properties, required, closed = schema.get("properties", {}), schema.get("required", ()), not _takes_others(schema)
    inside = f"{name}." if name else ""
    for missing in (field for field in required if field not in fields):
        raise _refusal(inside + missing, "is missing")
    given = {}
    for field, value in fields.items():
        if value is None and field not in required and (closed or field in properties):
            continue
        given[field] = check(value, properties[field], inside + field) if field in properties else value
        if field not in properties and closed:
            raise _refusal(
                inside + field[:_SHOWN_CHARS], f"is no field of this; {did_you_mean(field[:_SHOWN_CHARS], properties)}"
            )

    return given


def _takes_others(schema: dict) -> bool:
    """Whether fields may be there that the schema does not name."""
    return schema.get("additionalProperties") is not False


def _refusal(name: str, what: str) -> Refusal:
    return Refusal(400, "E0910", f"{name!r} {what}" if name else f"the body {what}", param=name or None)


def _listed(kinds: tuple[str, ...] | list[str]) -> str:
    named = [kind if kind == "null" else f"an {kind}" if kind[0] in "aio" else f"a {kind}" for kind in kinds]
    return " or ".join(named)
