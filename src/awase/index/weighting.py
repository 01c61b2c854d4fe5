"""How BM25 weighs, and which weighting ranks best on queries whose answers are known.

Without such queries: k1 = 0.9 and b = 0.75, and a long query does without its stop words. A query of few words needs them all ("the who",
"IT support"); in a long one ("I am interested in articles about ...") they find what is beside the point. Measured on six test collections
(``benchmarks/bm25_settings.py``), that is nowhere more than .010 nDCG@10 behind the best of three k1, with and without stop words; Lucene's
k1 = 1.2 is, on two of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import product
from numbers import Real
from typing import Any

import numpy as np

from awase.core.errors import ConfigError
from awase.data.text.analyze import TermBags

FEW_WORDS = 4  # a query of so many keeps all of them
_K1S, _BS = (0.9, 0.6, 1.2, 1.5), (0.75, 0.4, 0.9)


@dataclass(frozen=True)
class Weighting:
    """k1: how soon a term that occurs again stops counting; b: how much the length of a text counts, 0 to 1; drop_stop_words: whether a
    query of more than ``FEW_WORDS`` words is asked without its stop words.

    Raises ConfigError E0210 for numbers that make no sense.
    """

    k1: float = 0.9
    b: float = 0.75
    drop_stop_words: bool = True

    def __post_init__(self):
        numbers = isinstance(self.k1, Real) and isinstance(self.b, Real)
        if not (numbers and 0 <= self.k1 < np.inf and 0 <= self.b <= 1):
            raise ConfigError("E0210", "BM25 needs k1 >= 0 and b between 0 and 1", value={"k1": self.k1, "b": self.b})

    @classmethod
    def chosen_for(cls, model: object) -> "Weighting":
        """The weighting that was chosen on validation queries when the model was fitted; the default for any other model, and for None."""
        chosen = getattr(model, "info", {}).get("bm25") or {}
        return cls(**{name: value for name, value in chosen.items() if name in cls.__dataclass_fields__})

    @classmethod
    def remembered(cls, meta: Mapping) -> "Weighting":
        """The weighting of a collection by what it remembers; of one that remembers none, which was made by version 0.1, that version's."""
        return cls(meta.get("k1", 0.9), meta.get("b", 0.75), bool(meta.get("drop_stop_words", False)))

    def values(self) -> dict[str, Any]:
        """Its fields by name, as a model and a collection keep them."""
        return asdict(self)


def choose(quality: Callable[[Weighting], np.ndarray]) -> Weighting:
    """The weighting with the highest mean quality over k1 with and without stop words; then another b, if it is better by more than the
    standard error of the difference. The default where others are no better.

    quality: of a weighting on each of some queries, (n,). On halves of test collections, the choice was then significantly below one of k1 0.9,
    1.2 and 1.5 with or without stop words little more often than chance has it; k1 up to 2 and b by the mean alone were worse than the default.

    >>> choose(lambda weighting: -abs(weighting.k1 - np.array([1.6, 1.4]))).k1
    1.5
    """
    grid = {one: quality(one) for k1, drop in product(_K1S, (True, False)) for one in [Weighting(k1, drop_stop_words=drop)]}
    first = max(grid, key=lambda one: grid[one].mean())  # the first of equals
    others = {one: quality(one) - grid[first] for b in _BS for one in [replace(first, b=b)] if one != first}
    best = max(others, key=lambda one: others[one].mean())
    gain = others[best]
    return best if gain.mean() > gain.std() / np.sqrt(len(gain)) else first


def without_stop_words(bags: TermBags, spelt: np.ndarray, stop: np.ndarray) -> TermBags:
    """Queries without the terms that are stop words (bool, for each term of the bags) where they have more than ``FEW_WORDS`` words
    (spelt: bool likewise) and something is left.

    >>> bags = TermBags(np.arange(7), np.array([0, 5, 7]))
    >>> without_stop_words(bags, np.ones(7, bool), np.array([1, 0, 1, 0, 0, 1, 0], bool)).ids.tolist()
    [1, 3, 4, 5, 6]
    """
    query = np.repeat(np.arange(len(bags.offsets) - 1), np.diff(bags.offsets))

    def count(of: np.ndarray) -> np.ndarray:
        return np.bincount(query[of], minlength=len(bags.offsets) - 1)

    concerned = (count(spelt) > FEW_WORDS) & (count(~stop) > 0)
    kept = ~(stop & concerned[query])
    return TermBags(bags.ids[kept], np.concatenate([[0], np.cumsum(kept)])[bags.offsets])
