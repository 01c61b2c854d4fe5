"""Optimisers that touch only the rows a batch touched."""

import numpy as np

from awase.contrast.encoders import Rows
from awase.kernels import threads as pool
from awase.kernels.steps import adagrad_rows


class Adagrad:
    """Adagrad (Duchi, Hazan and Singer 2011), element by element.

        squares += g²        parameter -= rate g / sqrt(squares)

    Its step shrinks with what a row has already moved, so rare tokens, which are seen a few times, still learn. ``rates`` gives each
    parameter's factor of the schedule's rate; ``state`` is what a checkpoint must keep.
    """

    def __init__(self, parameters: dict[str, np.ndarray], rates: dict[str, float], *, threads: int = 1):
        self._parameters, self._rates, self._threads = parameters, rates, threads
        self.state = {f"{name}.squares": np.zeros_like(value) for name, value in parameters.items()}

    def step(self, gradients: list[Rows], schedule: float) -> None:
        """One step along ``gradients``; ``schedule`` is the share of the full rate, 0 to 1."""
        for name, rows, values in gradients:
            parameter, squares = _as_matrix(self._parameters[name]), _as_matrix(self.state[f"{name}.squares"])
            grads, rate = _as_matrix(values), np.float32(self._rates[name] * schedule)
            self._rows(parameter, squares, rows, grads, rate)

    def _rows(self, parameter, squares, rows, grads, rate) -> None:
        pool.run(
            self._threads,
            len(rows),
            lambda first, last: adagrad_rows(parameter, squares, rows, grads, rate, first, last),
            at_least=256,
        )


def _as_matrix(array: np.ndarray) -> np.ndarray:
    """A view with two axes, so that one kernel serves vectors and tables."""
    return array[:, None] if array.ndim == 1 else array
