"""Where the rows of a table may lie: a constraint that holds after every step, and what it makes of a gradient."""

from dataclasses import dataclass

import numpy as np

from awase.kernels import manifolds as codes


@dataclass(frozen=True)
class Flat:
    """Anywhere."""

    name = "flat"
    code, radius = codes.FLAT, 0.0

    def project(self, rows: np.ndarray) -> np.ndarray:
        return rows


@dataclass(frozen=True)
class Ball:
    """|x| <= radius."""

    radius: float = 1.0
    name = "ball"
    code = codes.BALL

    def project(self, rows: np.ndarray) -> np.ndarray:
        """(n, d), longer rows shortened to the radius."""
        norms = np.linalg.norm(rows, axis=-1, keepdims=True)
        return (rows * np.minimum(1, self.radius / np.maximum(norms, 1e-300))).astype(rows.dtype)


@dataclass(frozen=True)
class Sphere:
    """|x| = 1. A zero row stays zero."""

    name = "sphere"
    code, radius = codes.SPHERE, 1.0

    def project(self, rows: np.ndarray) -> np.ndarray:
        """(n, d), each row over its length."""
        norms = np.linalg.norm(rows, axis=-1, keepdims=True)
        return (rows / np.where(norms > 0, norms, 1)).astype(rows.dtype)


@dataclass(frozen=True)
class NonNegative:
    """x_j >= 0 for all j."""

    name = "non-negative"
    code, radius = codes.NONNEGATIVE, 0.0

    def project(self, rows: np.ndarray) -> np.ndarray:
        """(n, d), what is below 0 set to 0."""
        return np.maximum(rows, 0)


@dataclass(frozen=True)
class Poincare:
    """|x| <= 1 - eps, with the metric of the Poincaré ball: a step follows ((1 - |x|²) / 2)² times the gradient."""

    eps: float = 1e-5
    name = "poincare ball"
    code = codes.POINCARE

    @property
    def radius(self) -> float:
        return 1 - self.eps

    def project(self, rows: np.ndarray) -> np.ndarray:
        """(n, d), rows at or past the boundary put inside it."""
        return Ball(self.radius).project(rows)
