"""Kernels that numba compiles. numba itself, a third of a second, is imported when the first of them is called, not when it is defined."""

from collections.abc import Callable
from functools import cached_property, partial, update_wrapper
from typing import Any


class _Kernel:
    """A function that numba compiles when it is first called; else the same as what ``numba.njit`` returns."""

    def __init__(self, function: Callable, options: dict[str, Any]):
        update_wrapper(self, function)
        self._options = options

    def __call__(self, *values):
        return self._compiled(*values)

    def __getattr__(self, name: str):
        if name.startswith("__"):  # of those only what update_wrapper gave it
            raise AttributeError(name)
        return getattr(self._compiled, name)

    @cached_property
    def _compiled(self):
        """What numba made of it. Threads that ask at once make the same and one of them stays."""
        _teach_numba()
        import numba

        return numba.njit(**self._options)(self.__wrapped__)  # pyright: ignore[reportAttributeAccessIssue]


def njit(function: Callable | None = None, **options) -> Any:
    """``numba.njit``, but numba is not imported yet.

    >>> @njit(nogil=True)
    ... def twice(x):
    ...     return 2 * x
    >>> twice(21)
    42
    """
    return partial(njit, **options) if function is None else _Kernel(function, options)


def _teach_numba() -> None:
    """Kernels call each other: numba takes one of ours that another mentions as its own."""
    from numba.extending import typeof_impl

    if _Kernel not in typeof_impl.registry:
        typeof_impl.register(_Kernel)(lambda kernel, context: typeof_impl(kernel._compiled, context))
