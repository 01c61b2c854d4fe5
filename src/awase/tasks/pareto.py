"""Which systems nobody need choose: another one is at least as good, as small and as fast, and better in one of the three."""

from collections.abc import Sequence

import numpy as np

from awase.core.errors import InputError


def dominated(quality: Sequence[float], n_bytes: Sequence[float], latency_s: Sequence[float]) -> np.ndarray:
    """bool (n_systems,): True where some other system beats this one. Quality is better higher, bytes and seconds lower.

    Of two systems equal in all three neither is dominated.

    >>> dominated([0.70, 0.71, 0.60], [4e6, 2e6, 1e6], [1e-4, 1e-4, 2e-4]).tolist()
    [True, False, False]
    """
    sizes = {len(quality), len(n_bytes), len(latency_s)}
    if len(sizes) > 1:
        raise InputError("E0806", "each system needs a quality, a size and a latency", value=sorted(sizes))
    points = np.column_stack([np.negative(quality), n_bytes, latency_s]).astype(np.float64)
    if not np.isfinite(points).all():
        raise InputError(
            "E0806",
            "a quality, size or latency is not a finite number",
            place=f"system {int(np.argwhere(~np.isfinite(points))[0, 0])}",
        )
    no_worse = (points[:, None] <= points[None]).all(axis=2)
    better = (points[:, None] < points[None]).any(axis=2)
    return np.any(no_worse & better, axis=0)
