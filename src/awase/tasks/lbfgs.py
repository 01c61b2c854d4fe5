"""The minimum of a smooth convex function by L-BFGS (Nocedal & Wright, Numerical Optimization, 2006, algorithm 7.4)."""

from collections import deque
from collections.abc import Callable

import numpy as np

_MEMORY = 10  # pairs of steps and gradient changes that stand for the curvature
_ENOUGH = 1e-4  # of the decrease a straight line would give (Armijo)


def minimise(
    function: Callable[[np.ndarray], tuple[float, np.ndarray]], x: np.ndarray, *, max_iter: int = 500, tolerance: float = 1e-6
) -> tuple[np.ndarray, bool]:
    """The minimum near x, float64 (n,), and whether it was reached: whether no entry of the gradient is above ``tolerance``.

    ``function`` gives the value and the gradient.

    >>> x, converged = minimise(lambda x: (float(np.sum((x - 3) ** 2)), 2 * (x - 3)), np.zeros(2))
    >>> x.round(5).tolist(), converged
    ([3.0, 3.0], True)
    """
    value, gradient = function(x)
    history: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=_MEMORY)
    for _ in range(max_iter):
        if np.abs(gradient).max() <= tolerance:
            return x, True
        direction = -_inverse_curvature(history, gradient)
        slope = float(direction @ gradient)
        step = 1.0 if history else min(1.0, 1 / float(np.abs(gradient).sum()))
        while True:
            moved = x + step * direction
            new_value, new_gradient = function(moved)
            if new_value <= value + _ENOUGH * step * slope:
                break
            step /= 2
            if step < 1e-12:  # nothing below can be told from rounding
                return x, False
        change = new_gradient - gradient
        curvature = float(change @ (moved - x))
        if curvature > 0:
            history.append((moved - x, change, curvature))
        x, value, gradient = moved, new_value, new_gradient
    return x, bool(np.abs(gradient).max() <= tolerance)


def _inverse_curvature(history: deque[tuple[np.ndarray, np.ndarray, float]], gradient: np.ndarray) -> np.ndarray:
    """The gradient times the inverse Hessian as the steps so far show it: the two-loop recursion."""
    q = gradient.copy()
    alphas = []
    for step, change, curvature in reversed(history):
        alphas.append(float(step @ q) / curvature)
        q -= alphas[-1] * change
    if history:
        _, change, curvature = history[-1]
        q *= curvature / float(change @ change)
    for (step, change, curvature), alpha in zip(history, reversed(alphas)):
        q += (alpha - float(change @ q) / curvature) * step
    return q
