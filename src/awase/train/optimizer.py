"""Optimisers that touch only the rows a batch touched."""

from collections.abc import Callable, Mapping

import numpy as np

from awase.contrast.encoders import Rows
from awase.contrast.manifolds import Flat
from awase.kernels import threads as pool
from awase.kernels.steps import adagrad_rows, sgd_rows


class Sgd:
    """Plain gradient descent, row by row; on a manifold (``contrast.manifolds``), Riemannian.

        parameter = project(parameter - rate scale(parameter) g)

    ``rates`` gives each parameter's full rate; ``manifolds`` where its rows may lie: anywhere, where it is not named. ``state`` is what
    a checkpoint must keep: nothing.
    """

    name = "sgd"

    def __init__(
        self, parameters: dict[str, np.ndarray], rates: dict[str, float], manifolds: Mapping | None = None, *, threads: int = 1
    ):
        self.rates, self.manifolds = rates, _each(parameters, manifolds)
        self.state: dict[str, np.ndarray] = {}
        self._parameters, self._threads = parameters, threads

    def step(self, gradients: list[Rows], schedule: float) -> None:
        """One step along ``gradients``; ``schedule`` is the share of the full rate, 0 to 1."""
        for name, rows, values in gradients:
            table, grads, on = _as_matrix(self._parameters[name]), _as_matrix(values), self.manifolds[name]
            rate = table.dtype.type(self.rates[name] * schedule)
            _shared(self._threads, rows, lambda a, b: sgd_rows(table, rows, grads, rate, on.code, on.radius, a, b))  # noqa: B023


class Adagrad:
    """Adagrad (Duchi, Hazan and Singer 2011), element by element.

        squares += g²        parameter = project(parameter - rate g / sqrt(squares))

    Its step shrinks with what a row has already moved, so rare tokens, which are seen a few times, still learn. Arguments as of ``Sgd``;
    ``state`` holds the squares.
    """

    name = "adagrad"

    def __init__(
        self, parameters: dict[str, np.ndarray], rates: dict[str, float], manifolds: Mapping | None = None, *, threads: int = 1
    ):
        self.rates, self.manifolds = rates, _each(parameters, manifolds)
        self.state = {f"{name}.squares": np.zeros_like(value) for name, value in parameters.items()}
        self._parameters, self._threads = parameters, threads

    def step(self, gradients: list[Rows], schedule: float) -> None:
        """One step along ``gradients``; ``schedule`` is the share of the full rate, 0 to 1."""
        for name, rows, values in gradients:
            table, squares = _as_matrix(self._parameters[name]), _as_matrix(self.state[f"{name}.squares"])
            grads, on, rate = _as_matrix(values), self.manifolds[name], table.dtype.type(self.rates[name] * schedule)
            _shared(
                self._threads,
                rows,
                lambda a, b: adagrad_rows(table, squares, rows, grads, rate, on.code, on.radius, a, b),  # noqa: B023
            )


OPTIMIZERS = {"adagrad": Adagrad, "sgd": Sgd}


def _each(parameters: dict[str, np.ndarray], manifolds: Mapping | None) -> dict:
    return {name: (manifolds or {}).get(name, Flat()) for name in parameters}


def _shared(threads: int, rows: np.ndarray, work: Callable[[int, int], None]) -> None:
    pool.run(threads, len(rows), work, at_least=256)


def _as_matrix(array: np.ndarray) -> np.ndarray:
    """A view with two axes, so that one kernel serves vectors and tables."""
    return array[:, None] if array.ndim == 1 else array
