import resource

import pytest

from awase.core import process
from awase.core.errors import BackendError


def test_memory_is_in_bytes():
    before = process.peak_rss_bytes()
    held = bytearray(b"x" * 50_000_000)
    assert 50e6 < before + len(held) / 2 <= process.peak_rss_bytes() + len(held) and before > 1e7


def test_open_files_are_raised_to_what_is_wanted_and_no_further_than_allowed(monkeypatch):
    set_to = []
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: set_to.append(limits))
    for limits, wanted in (((100, 1000), 500), ((100, 1000), 5000), ((600, 1000), 500), ((100, resource.RLIM_INFINITY), 5000)):
        monkeypatch.setattr(resource, "getrlimit", lambda kind, limits=limits: limits)
        process.allow_open_files(wanted)
    assert set_to == [(500, 1000), (1000, 1000), (5000, resource.RLIM_INFINITY)]


def test_a_system_that_does_not_say_is_named(monkeypatch):
    monkeypatch.setattr(process, "resource", None)
    monkeypatch.setattr(process.sys, "platform", "win32")
    for asked in (process.peak_rss_bytes, lambda: process.allow_open_files(10)):
        with pytest.raises(BackendError) as caught:
            asked()
        assert str(caught.value) == (
            "E0010: this system does not say what a process uses\n  where: win32\n"
            "  to do: use Linux or macOS; on Windows, the Windows Subsystem for Linux"
        )
