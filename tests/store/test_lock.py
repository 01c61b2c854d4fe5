import os
import signal
import subprocess
import sys

import pytest

from awase.core.errors import BackendError
from awase.store.lock import file_lock


def test_the_error_names_the_holder_and_the_lock_ends_with_the_block(tmp_path):
    path = tmp_path / "run" / "lock"
    with file_lock(path):
        with pytest.raises(BackendError) as caught, file_lock(path):
            pass
        assert str(caught.value) == (
            f"E0315: in use by another process (id {os.getpid()})\n  where: {path}\n"
            "  to do: wait for it to end, or stop it, then run this again"
        )
    with file_lock(path):
        pass


def test_a_system_without_locks_is_named(tmp_path):
    """With the module hidden: what only reads works, and what would write says why it cannot."""
    code = (
        "import sys; sys.modules['fcntl'] = None; sys.platform = 'win32'\n"
        "import awase\nfrom pathlib import Path\nfrom awase.store import files, read\n"
        "assert read.regular(Path(sys.argv[1])).read() == b'there'\n"
        "try: files.write_bytes(Path(sys.argv[1]), b'new')\n"
        "except awase.AwaseError as error: print(error)"
    )
    (tmp_path / "file").write_bytes(b"there")
    ran = subprocess.run([sys.executable, "-c", code, tmp_path / "file"], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == (
        "E0330: this system has no locks on files, so nothing can be written safely\n  where: win32\n"
        "  to do: use Linux or macOS; on Windows, the Windows Subsystem for Linux\n",
        "",
    )
    assert (tmp_path / "file").read_bytes() == b"there"


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    code = "import sys, time; from awase.store.lock import file_lock\nwith file_lock(sys.argv[1]): print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / "lock"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        with pytest.raises(BackendError, match=f"id {process.pid}"), file_lock(tmp_path / "lock"):
            pass
        process.send_signal(signal.SIGKILL)
    with file_lock(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text().split() == [str(os.getpid())]
