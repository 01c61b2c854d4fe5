"""One room per method. ``awase recipes`` lists them; each is a value of five parts and a plan."""

from importlib import import_module
from pkgutil import iter_modules

from .recipe import Entry, Paper, Recipe, get, names, recipe

__all__ = ["Entry", "Paper", "Recipe", "get", "names", "recipe"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
