"""kill -9 at random moments of a process that writes in a loop: whole versions only, and nothing acknowledged is lost."""

import random
import subprocess
import sys
import time
from contextlib import closing

import pytest

from awase.store import database, files, manifest

KILLS = 20

# Each writer prints a version once the call that wrote it has returned, and starts after the version given.
FOLDERS = """
import sys
from pathlib import Path
from awase.store import files
path, version = Path(sys.argv[1]), int(sys.argv[2])
while True:
    version += 1
    with files.folder(path) as temporary:
        for name in ("config.json", "1_Pooling/config.json", "weights"):
            files.write_bytes(temporary / name, b"%d" % version * 3000)
    print(version, flush=True)
"""
ROWS = """
import sys
from awase.store import database
connection, version = database.connect(sys.argv[1], create=True), int(sys.argv[2])
connection.execute("CREATE TABLE IF NOT EXISTS rows (version INTEGER, part INTEGER)")
while True:
    version += 1
    with database.transaction(connection):
        connection.executemany("INSERT INTO rows VALUES (?, ?)", [(version, part) for part in range(50)])
    print(version, flush=True)
"""


def killed_run(program, path, version, seconds):
    """The last version that a writer acknowledged before it was killed."""
    with subprocess.Popen([sys.executable, "-c", program, path, str(version)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]  # it is at work: the moments count from here
        time.sleep(seconds)
        process.kill()
        lines += process.stdout.readlines()
    return int([line for line in lines if line.endswith("\n")][-1])


@pytest.mark.parametrize("program", [FOLDERS, ROWS], ids=["folders", "rows"])
def test_kill(tmp_path, program):
    moments = random.Random(0)
    path = tmp_path / "thing"
    version, acknowledged = 0, []
    for _ in range(KILLS):
        acknowledged.append(killed_run(program, path, version, moments.uniform(0, 0.05)))
        version = folder_version(path) if program == FOLDERS else row_version(path)
        assert version in (acknowledged[-1], acknowledged[-1] + 1)
    print(f"{KILLS} kills, {version} versions written")
    if program == FOLDERS:
        with files.folder(path):
            pass
        assert [left.name for left in tmp_path.iterdir()] == ["thing"]


def folder_version(path):
    listed = manifest.verify(path)
    versions = {(path / name).read_bytes() for name in listed}
    assert len(listed) == 3 and len(versions) == 1
    content = versions.pop().decode()
    return int(content[: len(content) // 3000])


def row_version(path):
    with closing(database.connect(path)) as connection:
        assert database.damage(connection) == []
        rows = connection.execute("SELECT version, count(*) FROM rows GROUP BY version ORDER BY version").fetchall()
    assert rows == [(version + 1, 50) for version in range(len(rows))]
    return len(rows)
