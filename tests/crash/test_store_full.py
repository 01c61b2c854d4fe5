"""A really full disk (a tmpfs of 24 MB): a clear error, the old state intact, removing works, and then writing works again."""

import subprocess
from contextlib import closing

import numpy as np
import pytest

from awase.core.errors import BackendError
from awase.store import cache, database, files, manifest, tensors

MB = 1 << 20


@pytest.fixture
def small(tmp_path):
    """A disk of 24 MB that holds 8 MB."""
    disk = tmp_path / "small"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        reason = f"no tmpfs can be mounted here, so the disk cannot be filled: {mounted.stderr.strip()}"
        print(reason)
        pytest.skip(reason)
    try:
        files.write_bytes(disk / "other", bytes(8 * MB))
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def save_folder(disk, value, size):
    with files.folder(disk / "thing") as temporary:
        files.write_bytes(temporary / "a", bytes([value]) * (size // 2))
        files.write_bytes(temporary / "b", bytes([value]) * (size // 2))


def load_folder(disk):
    return {(disk / "thing" / name).read_bytes()[0] for name in manifest.verify(disk / "thing")}


def save_tensors(disk, value, size):
    tensors.save(disk / "thing", {"a": np.full(size, value, np.uint8)})


def load_tensors(disk):
    return set(np.unique(tensors.load(disk / "thing", mmap=True)[0]["a"]))


def save_cache(disk, value, size):
    cache.save(disk, "thing", {"a": np.full(size, value, np.uint8)}, {})


def load_cache(disk):
    found = cache.load(disk, "thing", {}).arrays
    assert found is not None
    return set(np.unique(found["a"]))


def save_rows(disk, value, size):
    with closing(database.connect(disk / "thing", create=True)) as connection, database.transaction(connection):
        connection.execute("CREATE TABLE IF NOT EXISTS rows (value)")
        connection.execute("DELETE FROM rows")
        connection.executemany("INSERT INTO rows VALUES (?)", [(bytes([value]) * (size // 100),)] * 100)


def load_rows(disk):
    with closing(database.connect(disk / "thing")) as connection:
        assert database.damage(connection) == []
        return {row[0][0] for row in connection.execute("SELECT value FROM rows")}


@pytest.mark.parametrize(
    ("save", "load"),
    [(save_folder, load_folder), (save_tensors, load_tensors), (save_cache, load_cache), (save_rows, load_rows)],
    ids=["folder", "tensors", "cache", "rows"],
)
def test_the_disk_is_full(small, save, load):
    save(small, 1, MB)
    with pytest.raises(BackendError) as caught:
        save(small, 2, 20 * MB)
    assert caught.value.code == "E0302" and "the disk is full; what was there before is unchanged" in str(caught.value)
    assert "free some space or choose another disk" in caught.value.remedy and "thing" in caught.value.place
    assert load(small) == {1}
    assert not list(small.rglob("*awase-*"))

    files.remove(small / "other")
    save(small, 3, 2 * MB)
    assert load(small) == {3}


def fill(disk, spare):
    """Take what is left of the disk but a few bytes."""
    (disk / "spare").write_bytes(bytes(spare))
    with (disk / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError, match="No space"):
        while True:
            ballast.write(bytes(4096))
    (disk / "spare").unlink()


def test_removing_works_on_a_disk_without_a_byte_left(small):
    save_folder(small, 1, MB)
    fill(small, 0)
    with pytest.raises(BackendError, match="E0302"):
        files.write_bytes(small / "note", bytes(5000))
    files.remove(small / "thing")
    files.write_bytes(small / "note", bytes(5000))


def test_a_log_on_a_full_disk_keeps_whole_lines(small):
    fill(small, 100_000)
    line = "x" * 998 + "\n"
    log = files.append_lines(small / "metrics.jsonl")
    with pytest.raises(BackendError, match="E0302"):
        for _ in range(1000):
            log.write(line)
    log.close()
    files.remove(small / "other")
    log = files.append_lines(small / "metrics.jsonl")
    log.write("last\n")
    log.close()
    *lines, last = (small / "metrics.jsonl").read_text().splitlines(keepends=True)
    assert len(lines) > 50 and set(lines) == {line} and last == "last\n"
