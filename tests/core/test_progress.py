import io
from types import SimpleNamespace

import pytest

from awase.core import progress as module
from awase.core.progress import enable, progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when told; progress is on."""
    now = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))  # the room's own clock only
    enable()
    yield now
    enable(False)


def test_a_library_call_is_silent(clock, capsys):
    enable(False)
    with progress("reading", 10) as job:
        for _ in range(10):
            clock[0] += 60
            job.advance()
    assert job.done == 10 and capsys.readouterr() == ("", "")


def test_a_quick_job_is_silent(clock, capsys):
    with progress("reading", 10) as job:
        clock[0] += 1.9
        job.advance(10)
    assert capsys.readouterr().err == ""


def test_a_log_gets_a_line_now_and_then_with_the_time_left(clock, capsys):
    with progress("training", 400_000, "pairs") as job:
        for _ in range(4):
            clock[0] += 10
            job.note("loss 1.25")
            job.advance(50_000)
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        "training: 100,000/400,000 pairs, 60 s left loss 1.25",
        "training: 200,000/400,000 pairs, 40 s left loss 1.25",
    ]
    assert out == ""  # stdout is for data


def test_without_a_total_there_is_no_time_left(clock, capsys):
    with progress("reading", unit="rows") as job:
        clock[0] += 20
        job.advance(7)
    assert capsys.readouterr().err == "reading: 7 rows\n"


def test_more_than_the_total_is_not_a_negative_time(clock, capsys):
    with progress("reading", 5) as job:
        clock[0] += 20
        job.advance(7)
    assert "0 s left" in capsys.readouterr().err


def test_a_terminal_gets_a_bar_that_goes_away(clock, monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(ZeroDivisionError), progress("indexing", 10, "items") as job:
        clock[0] += 3
        job.advance(4)
        _ = 1 / 0
    shown = stream.getvalue()
    assert "indexing" in shown and "4/10" in shown and "items" in shown
    assert shown.rstrip("\n").endswith("\x1b[2K")  # the line is cleared, also after an error


def test_a_choice_is_said_only_when_a_command_asked(capsys, monkeypatch):
    module.say("batch 512")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(module, "_enabled", True)
    module.say("batch 512")
    assert capsys.readouterr() == ("", "batch 512\n")


def test_what_is_left_is_judged_by_the_last_while(clock, capsys):
    """A slow beginning, as kernels are compiled, says nothing of what comes."""
    with progress("training", 1000, "pairs") as job:
        clock[0] += 50
        job.advance(1)
        for _ in range(30):
            clock[0] += 1
            job.advance(10)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "training: 301/1,000 pairs, 70 s left"
