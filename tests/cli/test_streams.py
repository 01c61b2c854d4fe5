"""Streams that are full or closed, and disks that are read-only: an error and an exit code, never a traceback."""

import os
import shutil
import subprocess
import sys

import pytest

from awase.index.collection import Collection

MAIN = [sys.executable, "-c", "from awase.cli.main import main; main()"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("streams") / "docs.awase"
    with Collection.create(path) as docs:
        docs.add([("a", "red wine"), ("b", "white wine")])
    return path


def run(arguments, redirected):
    """(exit code, stdout, stderr) of a command line with redirections, as a shell does them."""
    command = [*MAIN, *map(str, arguments)]
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirected}', "sh", *command], capture_output=True, text=True, check=False, timeout=120
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert "Exception ignored" not in done.stderr
    return done.returncode, done.stdout, done.stderr


FULL, CLOSED = "No space left on device", "it is closed"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("arguments", [["search", "{path}", "wine"], ["info", "{path}", "--json"], ["--help"], ["limits"]])
def test_a_full_stdout_is_an_error(path, arguments):
    code, _, err = run([argument.format(path=path) for argument in arguments], ">/dev/full")
    assert code == 1
    assert "E0341" in err and FULL in err


def test_a_closed_stdout_is_an_error_where_something_is_to_be_printed(path):
    code, _, err = run(["search", path, "wine"], ">&-")
    assert (code, err.splitlines()[0]) == (1, f"E0341: the result could not be written to stdout: {CLOSED}")
    code, _, err = run(["delete", path, "none such"], ">&-")
    assert (code, err) == (0, "0 items deleted, 1 were not there; 2 in all.\n")
    with Collection.open(path, readonly=True) as docs:
        assert docs.doctor()["whole"]  # nothing was printed into the file in the place of stdout


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full", ">&- 2>&-"])
def test_an_error_that_nobody_can_be_told_is_still_a_code(path, redirected):
    assert run(["search", path.with_name("none.awase"), "wine"], redirected)[0] == 1


def test_a_closed_stdin_and_a_closed_stderr_change_no_result(path):
    assert run(["search", path, "red", "--json"], "<&- 2>&-")[1] == run(["search", path, "red", "--json"], "")[1]


@pytest.mark.parametrize(
    "arguments", [["search", "{name}", "wine"], ["info", "{name}"], ["fit", "{name}", "-o", "m"], ["doctor", "{name}"]]
)
def test_a_name_that_no_file_can_have(tmp_path, arguments):
    code, _, err = run([argument.format(name=tmp_path / ("x" * 300)) for argument in arguments], "")
    assert code == 1
    assert err.startswith("E")


@pytest.fixture
def readonly(tmp_path, path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True, check=False).returncode:
        pytest.skip("no tmpfs can be mounted here, so there is no read-only disk")
    try:
        shutil.copyfile(path, disk / "docs.awase")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        yield disk / "docs.awase"
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_read_only_disk_is_searched_and_not_written(readonly, tmp_path):
    code, out, err = run(["search", readonly, "red"], "")
    assert (code, err) == (0, "")
    assert "red wine" in out
    assert run(["info", readonly], "")[0] == run(["doctor", readonly], "")[0] == 0
    for arguments in (["delete", readonly, "a"], ["add", readonly, tmp_path / "more.jsonl"]):
        (tmp_path / "more.jsonl").write_text('{"id": "c", "text": "tea"}\n')
        code, _, err = run(arguments, "")
        assert code == 1
        assert err.startswith("E0729: the collection is where nothing can be written")
