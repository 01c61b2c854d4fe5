"""What a regulariser answers."""

from typing import NamedTuple

import numpy as np

from awase.contrast.encoders import Rows


class Pull(NamedTuple):
    """value: what is paid; dV: (n, d) its gradient in the vectors; own: its gradient in the regulariser's own parameters."""

    value: float
    dV: np.ndarray
    own: list[Rows]
