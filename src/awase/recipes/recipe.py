"""What a recipe is, and the list of all recipes."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from numbers import Integral, Real
from operator import index
from typing import Any, get_type_hints

from awase.core.errors import ConfigError
from awase.core.suggest import did_you_mean
from awase.train.plan import Plan


@dataclass(frozen=True)
class Recipe:
    """Five parts and a plan, and what is added to the loss. A value: the loop trains it, nothing subclasses it."""

    positives: Any
    encoder: Any
    score: Any
    negatives: Any
    loss: Any
    plan: Plan
    regularisers: tuple = ()

    def resolved(self) -> dict:
        """All parts with all their settings, as plain values: what a report and a run folder keep."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True)
class Paper:
    """Where a method was published."""

    title: str
    venue: str
    arxiv: str = ""


@dataclass(frozen=True)
class Entry:
    """A recipe in the list: its name, paper, and the function that makes it from options."""

    name: str
    paper: Paper | None
    make: Callable[..., Recipe]

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.make) or "").split("\n", 1)[0]

    @property
    def needs(self) -> str:
        """The kind of data it is fitted to, with its options as they are: what its positives say."""
        return self.make().positives.needs

    def options(self) -> dict[str, dict]:
        """name -> {"type", "default"} of each option; the type in words."""
        hints = get_type_hints(self.make)
        parameters = inspect.signature(self.make).parameters.values()
        return {p.name: {"type": _described(hints[p.name]), "default": p.default} for p in parameters}

    def __call__(self, **options) -> Recipe:
        """The recipe with these options. A text, as a command line gives it, is read as the option's type.

        Raises ConfigError: E0610 for an option that does not exist, with the nearest that does; E0612 for a value of another type.

        >>> get("static")(dim="128", matryoshka="64,32").plan.dims
        (32, 64, 128)
        """
        hints = get_type_hints(self.make)
        known = self.options()
        for name, value in options.items():
            if name not in known:
                raise ConfigError(
                    "E0610", f"recipe {self.name!r} has no option {name!r}", remedy=did_you_mean(name, known), value=value
                )
            options[name] = _read(value, hints[name], name)
        return self.make(**options)


_ENTRIES: dict[str, Entry] = {}


def recipe(name: str, *, paper: Paper | None = None) -> Callable[[Callable[..., Recipe]], Callable[..., Recipe]]:
    """Puts a function that returns a ``Recipe`` on the list."""

    def put(make: Callable[..., Recipe]) -> Callable[..., Recipe]:
        _ENTRIES[name] = Entry(name, paper, make)
        return make

    return put


def names() -> list[str]:
    return sorted(_ENTRIES)


def get(name: str) -> Entry:
    """The entry of a name.

    >>> get("statik")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    awase.core.errors.ConfigError: E0611: there is no recipe 'statik'
      to do: did you mean 'static'? valid: ace, ...
    """
    if name not in _ENTRIES:
        raise ConfigError("E0611", f"there is no recipe {name!r}", remedy=did_you_mean(name, _ENTRIES))
    return _ENTRIES[name]


def _read(value: Any, kind, name: str):
    """An option's value, or a command line's text for it, as the option's type."""
    try:
        if isinstance(value, str):
            value = _PARSERS.get(kind, _dimensions)(value)
        if isinstance(value, bool) == (kind is bool) and isinstance(value, _ACCEPTED.get(kind, tuple | list)):
            # Plain Python values, whatever library's numbers were given: they end up in JSON.
            return kind(value) if kind in _ACCEPTED else tuple(index(one) for one in value)
    except (ValueError, KeyError, TypeError):
        pass
    raise ConfigError("E0612", f"option {name!r} must be {_described(kind)}", value=value)


def _dimensions(text: str) -> tuple[int, ...]:
    # "+" as well, for where a comma already parts the options (awase compare).
    return tuple(int(part) for part in text.replace("+", ",").split(",") if part)


_PARSERS = {bool: lambda text: {"true": True, "false": False}[text.lower()], int: int, float: float, str: str}
_ACCEPTED = {bool: bool, int: Integral, float: Real, str: str}


def _described(kind) -> str:
    """A type in words; the only one that is not plain is a list of dimensions."""
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return words.get(kind, "whole numbers with commas between")


def _plain(part):
    if isinstance(part, tuple | list):
        return [_plain(one) for one in part]
    if is_dataclass(part):
        name = getattr(part, "name", None)
        named = {} if name is None else {"part": name}
        return named | {f.name: _plain(getattr(part, f.name)) for f in fields(part) if f.repr}
    return part
