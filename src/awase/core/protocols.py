"""What the rooms ask of each other. A class fits a protocol by having its methods; nothing is inherited."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np


class Hits(NamedTuple):
    """The best rows for each query, best first. Ties are broken by the lower row number, so results are a function of the data.

    rows: (n_queries, k) int64, -1 where there were fewer than k; scores: (n_queries, k) float32, -inf there.
    """

    rows: np.ndarray
    scores: np.ndarray


@runtime_checkable
class TextEncoder(Protocol):
    """A model: texts in, vectors out."""

    @property
    def name(self) -> str: ...

    @property
    def dim(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """sha256 over what decides the vectors; two models with one fingerprint give the same vectors."""
        ...

    def encode(self, texts: Sequence[str], *, role: str = "document", dim: int | None = None) -> np.ndarray:
        """float32 (n_texts, dim), unit length unless the text had no known token (then zero)."""
        ...


@runtime_checkable
class Searcher(Protocol):
    """Anything that finds rows for queries: texts for a lexical one, vectors (n, dim) for a dense one."""

    def search(self, queries, k: int) -> Hits: ...
