"""The private folder for caches, and the lock that is waited for."""

import subprocess
import sys
import threading

import pytest

from awase.core.errors import ConfigError
from awase.store import files
from awase.store.private import cache_home, make_private, turn

HOLDER = """
import sys
from pathlib import Path
from awase.store.private import turn
with turn(Path(sys.argv[1]), lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for given, place in ((str(tmp_path), tmp_path), ("", tmp_path / "home/.cache"), ("relative", tmp_path / "home/.cache")):
        monkeypatch.setenv("XDG_CACHE_HOME", given)
        assert cache_home() == place / "awase"


def test_nobody_else_may_look(tmp_path, monkeypatch):
    make_private(tmp_path / "a/b")
    assert (tmp_path / "a/b").stat().st_mode & 0o777 == 0o700
    (tmp_path / "a/b").chmod(0o755)
    make_private(tmp_path / "a/b")
    assert (tmp_path / "a/b").stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    with pytest.raises(ConfigError, match="E0351: the folder for caches belongs to another user"):
        make_private(tmp_path / "a/b")


def test_a_user_without_a_home(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "")

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("pathlib.Path.home", homeless)
    with pytest.raises(ConfigError, match="E0350: there is no home folder to keep a cache in"):
        cache_home()


@pytest.mark.parametrize("removed", [False, True])
def test_the_lock_of_another_process_is_waited_for(tmp_path, removed):
    """Also where that process removes the file it holds: then a new one is taken."""
    lock, waited = tmp_path / "lock", []
    with subprocess.Popen([sys.executable, "-c", HOLDER, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdin is not None
        assert holder.stdout.readline() == b"held\n"

        def waiting():
            waited.append(holder.poll())
            if removed:
                files.remove(lock)
            threading.Timer(0.2, holder.stdin.close).start()

        with turn(lock, waiting):
            assert holder.wait(60) == 0
            assert lock.exists()
            code = HOLDER.replace("lambda: None", "lambda: sys.exit(3)")
            second = subprocess.run([sys.executable, "-c", code, lock], stdin=subprocess.DEVNULL, check=False)
            assert second.returncode == 3, "a third process would have to wait"
    assert waited == [None]
