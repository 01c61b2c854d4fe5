"""The gradient of one parameter, where only some rows have any."""

from typing import NamedTuple

import numpy as np


class Rows(NamedTuple):
    """name: which parameter; rows: (r,) distinct int64 row numbers; values: (r, ...) their gradients."""

    name: str
    rows: np.ndarray
    values: np.ndarray
