"""Rows in a file: zeros where nothing was written, what was written where it was, and no start where it could not end."""

import os

import numpy as np
import pytest

from awase.core.errors import BackendError, InputError
from awase.store import disk, files
from awase.store.rows import create_rows


def test_rows_are_zeros_until_they_are_written_and_are_in_the_file(tmp_path):
    path = tmp_path / "new" / "table.rows"
    rows = create_rows(path, (300, 7))
    assert rows.dtype == np.float32
    assert not rows.any()
    rows[17] = np.arange(7)
    rows.flush()
    np.testing.assert_array_equal(np.fromfile(path, np.float32).reshape(300, 7)[16:19], [[0] * 7, np.arange(7), [0] * 7])


def test_a_large_array_takes_no_space_before_it_is_used(tmp_path):
    rows = create_rows(tmp_path / "table.rows", (1 << 20, 64))
    found = (tmp_path / "table.rows").stat()
    assert found.st_size == rows.nbytes == 1 << 28
    assert found.st_blocks * 512 < 1 << 20
    rows[1 << 19] = 1
    assert rows[(1 << 19) - 1 : (1 << 19) + 2].sum() == 64


def test_the_array_outlives_its_file(tmp_path):
    rows = create_rows(tmp_path / "table.rows", (4, 4), np.float16)
    rows[:] = 3
    files.remove(tmp_path / "table.rows")
    assert rows.sum() == 48


def test_a_disk_without_room_is_refused_at_once(tmp_path):
    free = os.statvfs(tmp_path)
    too_many = free.f_blocks * free.f_frsize // 400 + 1
    with pytest.raises(BackendError, match=r"E0302: the disk has room for [\d,]+ bytes, [\d,]+ are needed") as caught:
        create_rows(tmp_path / "table.rows", (too_many, 100))
    assert caught.value.remedy == "free some space or choose another disk, then run this again"
    assert not (tmp_path / "table.rows").exists()


def test_a_file_that_is_there_is_not_touched(tmp_path):
    (tmp_path / "thesis").write_bytes(b"years of work")
    with pytest.raises(BackendError, match="E0301: the system refused to write: File exists"):
        create_rows(tmp_path / "thesis", (1, 1))
    assert (tmp_path / "thesis").read_bytes() == b"years of work"


@pytest.mark.parametrize("shape", [(0, 100), (100, 0), (-1, -1, 0)])
def test_no_rows(tmp_path, shape):
    with pytest.raises(InputError, match="E0425: there are no rows to keep on the disk"):
        create_rows(tmp_path / "table.rows", shape)


def test_a_disk_that_fails_is_explained(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write", full)
    with pytest.raises(BackendError, match="E0302: the disk is full"):
        create_rows(tmp_path / "table.rows", (10, 10))
