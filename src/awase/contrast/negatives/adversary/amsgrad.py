"""The optimiser of a learned sampler."""

import numpy as np

from awase.contrast.encoders.gradient import Rows
from awase.kernels.amsgrad import amsgrad_rows

_BETAS = np.float32(0.5), np.float32(0.99)
_MOMENTS = "mean", "square", "largest"


class AmsGrad:
    """AMSGrad (Reddi et al. 2018, arXiv 1904.09237) over rows, with betas 0.5 and 0.99: a generator follows rewards that change under it, so
    its memory is short.

    The moments are corrected for their start at 0 as Adam's are (Kingma and Ba 2015). ``state`` is what a checkpoint must keep.
    """

    def __init__(self, parameters: dict[str, np.ndarray], rate: float):
        self._parameters, self._rate = parameters, rate
        self.state = {"steps": np.zeros(1, np.int64)}
        for name, value in parameters.items():
            self.state |= {f"{name}.{moment}": np.zeros_like(value) for moment in _MOMENTS}

    def step(self, gradients: list[Rows]) -> None:
        """One step down ``gradients``; rows without a gradient stay, and so do their moments."""
        self.state["steps"] += 1
        steps = int(self.state["steps"][0])
        rate = np.float32(self._rate * np.sqrt(1 - _BETAS[1] ** steps) / (1 - _BETAS[0] ** steps))
        for name, rows, values in gradients:
            table, mean, square, largest = (
                _as_matrix(array)
                for array in (self._parameters[name], *(self.state[f"{name}.{moment}"] for moment in _MOMENTS))
            )
            amsgrad_rows(table, mean, square, largest, rows, _as_matrix(values), rate, _BETAS[0], _BETAS[1])


def _as_matrix(array: np.ndarray) -> np.ndarray:
    return array[:, None] if array.ndim == 1 else array
