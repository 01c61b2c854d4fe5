"""Ranges cover everything once, threads really share them, and errors come through."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awase.kernels.threads import parts, run


@given(n=st.integers(0, 200), threads=st.integers(1, 9), at_least=st.integers(1, 50))
def test_parts_cover_everything_once(n, threads, at_least):
    ranges = parts(n, threads, at_least)
    assert [i for start, stop in ranges for i in range(start, stop)] == list(range(n))
    assert len(ranges) <= threads
    assert all(stop - start >= min(at_least, n) for start, stop in ranges[:-1])


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_work_is_called_for_each_part(threads):
    seen = []
    run(threads, 10, lambda start, stop: seen.append((start, stop)))
    assert sorted(seen) == parts(10, threads)


def test_two_threads_work_at_the_same_time():
    together = threading.Barrier(2, timeout=10)
    run(2, 2, lambda start, stop: together.wait())


def test_too_little_work_stays_on_the_calling_thread():
    names = []
    run(4, 10, lambda start, stop: names.append(threading.current_thread()), at_least=10)
    assert names == [threading.current_thread()]


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_thread_reaches_the_caller(threads):
    def fail(start, stop):
        raise ZeroDivisionError(f"in {start}")

    with pytest.raises(ZeroDivisionError, match="in 0"):
        run(threads, 4, fail)
