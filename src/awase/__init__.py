"""Awase (合わせ): learns which things belong together.

>>> import awase
>>> model = awase.load("model/")                                   # doctest: +SKIP
>>> model.encode(["a query"], role="query").shape                  # doctest: +SKIP
(1, 256)

Names are looked up when first used, so ``import awase`` costs nothing a program does not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from awase import recipes
    from awase.apps.compare import compare
    from awase.apps.evaluate import evaluate
    from awase.apps.fit import fit
    from awase.apps.homophily.job import homophily
    from awase.core.errors import AwaseError
    from awase.data.pairs import read_pairs
    from awase.index.collection import Collection
    from awase.models import load

__version__ = "0.1.0"
__all__ = [
    "AwaseError",
    "Collection",
    "__version__",
    "compare",
    "evaluate",
    "fit",
    "homophily",
    "load",
    "read_pairs",
    "recipes",
]

_WHERE = {
    "AwaseError": "awase.core.errors",
    "Collection": "awase.index.collection",
    "compare": "awase.apps.compare",
    "evaluate": "awase.apps.evaluate",
    "fit": "awase.apps.fit",
    "homophily": "awase.apps.homophily.job",
    "load": "awase.models",
    "read_pairs": "awase.data.pairs",
    "recipes": "awase.recipes",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'awase' has no attribute {name!r}")
    where = _WHERE[name]
    module = import_module(where)
    value = module if where == f"awase.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
