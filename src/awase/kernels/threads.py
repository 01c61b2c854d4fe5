"""Threads for kernels that release the GIL.

Ranges of a plain ``nogil`` kernel on a pool, rather than numba's ``prange``: it compiles in a fraction of the time, the parts
are the same whatever the pool does, and two server threads may run kernels at once (numba's default layer aborts then).
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="awase-kernel")


def available() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def parts(n: int, threads: int, at_least: int = 1) -> list[tuple[int, int]]:
    """Up to ``threads`` contiguous ranges that cover 0..n, each of at least ``at_least`` (the last may be smaller).

    >>> parts(10, 3)
    [(0, 4), (4, 8), (8, 10)]
    """
    if n <= 0:
        return []
    size = max(-(-n // max(threads, 1)), at_least)
    return [(start, min(start + size, n)) for start in range(0, n, size)]


def run(threads: int, n: int, work: Callable[[int, int], None], *, at_least: int = 1) -> None:
    """Call ``work(start, stop)`` over 0..n, on ``threads`` threads when there is enough to share out."""
    ranges = parts(n, threads, at_least)
    if len(ranges) <= 1:
        for start, stop in ranges:
            work(start, stop)
        return
    for done in [_pool(threads).submit(work, start, stop) for start, stop in ranges]:
        done.result()
