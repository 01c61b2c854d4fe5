"""Kernels start numba when they are called and not before, and are then what numba makes of them."""

import subprocess
import sys
import threading

import numpy as np
import pytest
from numba.core.errors import TypingError

from awase.kernels.lazy import njit


@njit(inline="always")
def worse(a, b):
    return a < b


@njit
def larger(a, b):
    return b if worse(a, b) else a


@njit(nogil=True, fastmath={"reassoc"})
def largest(values):
    """The largest of them."""
    found = values[0]
    for value in values[1:]:
        found = larger(found, value)
    return found


def test_kernels_call_each_other():
    assert largest(np.float32([2, 5, 3])) == 5
    assert largest(np.array([2, 7])) == 7
    assert len(largest.signatures) == 2
    assert largest.py_func(np.array([2, 7])) == 7
    assert largest.targetoptions["fastmath"] == {"reassoc"}


def test_a_kernel_looks_like_its_function():
    assert (largest.__name__, largest.__module__, largest.__doc__) == ("largest", __name__, "The largest of them.")
    assert not hasattr(largest, "__len__")


def test_what_numba_refuses_is_said_by_numba():
    @njit
    def wrong(x):
        return x.nothing

    with pytest.raises(TypingError, match="nothing"):
        wrong(1)


def test_first_called_by_many_threads_at_once():
    @njit(nogil=True)
    def squared(x):
        return larger(x, -x) ** 2

    together, found = threading.Barrier(8), []

    def call(i):
        together.wait()
        found.append(squared(i) == i * i)

    threads = [threading.Thread(target=call, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8


def test_importing_them_imports_no_numba():
    program = (
        "import sys, awase.index.collection, awase.kernels.steps, awase.kernels.bags, awase.kernels.pieces\n"
        "assert not {'numba', 'llvmlite', 'scipy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
