"""Whole or not at all, in ordinary life; tests/crash does the same under faults."""

import fcntl
import io
import os
import subprocess
import sys
import threading

import pytest

from awase.core.errors import BackendError, ConfigError, FormatError
from awase.store import disk, files, manifest, siblings


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_write_makes_folders_and_replaces(tmp_path):
    path = tmp_path / "a" / "b" / "file"
    files.write_bytes(path, b"one")
    files.write_bytes(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert names(path.parent) == ["file"]


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    files.write_bytes(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    files.write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_reader_keeps_the_file_it_opened(tmp_path):
    files.write_bytes(tmp_path / "file", b"old")
    with (tmp_path / "file").open("rb") as opened:
        files.write_bytes(tmp_path / "file", b"new")
        assert opened.read() == b"old"


def test_nothing_appears_until_the_block_ends_well(tmp_path):
    with pytest.raises(ZeroDivisionError), files.open_atomic(tmp_path / "file") as stream:
        stream.write(b"half")
        assert not (tmp_path / "file").exists()
        _ = 1 / 0
    assert names(tmp_path) == []


def test_a_stream_takes_what_libraries_write(tmp_path):
    """Small and large pieces, arrays, text through a wrapper that closes it, and no way past the store."""
    with files.open_atomic(tmp_path / "file") as stream:
        assert stream.write(b"") == 0 and stream.write(memoryview(b"12")) == 2
        stream.write(bytearray(3 << 20))
        assert stream.tell() == 2 + (3 << 20)
        with pytest.raises(io.UnsupportedOperation):
            stream.fileno()
        with io.TextIOWrapper(stream, encoding="utf-8") as text:
            text.write("合わせ")
    assert (tmp_path / "file").read_bytes() == b"12" + bytes(3 << 20) + "合わせ".encode()


def test_an_error_of_the_system_names_the_path_and_the_remedy(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(BackendError) as caught:
        files.write_bytes(tmp_path / "folder", b"")
    assert str(caught.value) == (
        f"E0301: the system refused to write: Is a directory\n  where: {tmp_path / 'folder'}\n"
        "  to do: this is a folder: give the path of a file"
    )
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BackendError, match="Not a directory"):
        files.write_bytes(tmp_path / "file" / "below", b"")
    with pytest.raises(BackendError, match="choose a shorter name"):
        files.write_bytes(tmp_path / ("n" * 300), b"")


def test_leftovers_of_a_dead_run_go_with_the_next_write_and_those_of_a_living_one_stay(tmp_path):
    path = tmp_path / "file"
    dead, living = siblings.beside(path, "new"), siblings.beside(path, "new")
    other = siblings.beside(tmp_path / "other", "new")
    similar = tmp_path / ".file.backup.awase-new"
    for leftover in (dead, living, other, similar):
        leftover.write_bytes(b"half")
    with living.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        files.write_bytes(path, b"new")
        assert names(tmp_path) == sorted(["file", living.name, other.name, similar.name])
    files.write_bytes(path, b"new")
    assert names(tmp_path) == sorted(["file", other.name, similar.name])


def test_writers_of_one_path_do_not_disturb_each_other(tmp_path):
    """Each write is whole although four threads sweep, write and rename at once."""
    failures = []

    def write(content):
        try:
            for _ in range(25):
                files.write_bytes(tmp_path / "file", content)
                with files.folder(tmp_path / "model") as temporary:
                    files.write_bytes(temporary / "a", content)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=write, args=(bytes([n]) * 5000,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(set((tmp_path / "file").read_bytes())) == 1
    manifest.verify(tmp_path / "model")
    files.write_bytes(tmp_path / "file", b"")
    with files.folder(tmp_path / "model"):
        pass
    assert names(tmp_path) == ["file", "model"]


@pytest.fixture(params=[True, False], ids=["exchange", "two-renames"])
def exchange(request, monkeypatch):
    """With the system's swap of two folders, and without."""
    if not request.param:
        real = disk.rename

        def rename(source, target, *, exchange=False):
            if exchange:
                raise OSError(22, "Invalid argument")
            real(source, target)

        monkeypatch.setattr(disk, "rename", rename)


def test_folder_replaces_a_folder_of_ours(tmp_path, exchange):
    for content in (b"1", b"2"):
        with files.folder(tmp_path / "model") as temporary:
            files.write_bytes(temporary / "sub" / "config.json", content)
    assert set(manifest.verify(tmp_path / "model")) == {"sub/config.json"}
    assert (tmp_path / "model" / "sub" / "config.json").read_bytes() == b"2"
    assert names(tmp_path) == ["model"]


def test_a_file_system_without_locks(tmp_path, exchange, monkeypatch):
    """Some network disks have none. Writing works; what might be a living run's is never swept."""

    def no_locks(descriptor, kind):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    leftover = siblings.beside(tmp_path / "model", "new")
    leftover.mkdir()
    for content in (b"1", b"2"):
        with files.folder(tmp_path / "model") as temporary:
            files.write_bytes(temporary / "a", content)
    assert (tmp_path / "model" / "a").read_bytes() == b"2"
    assert names(tmp_path) == [leftover.name, "model"]
    (tmp_path / "model").rename(siblings.beside(tmp_path / "model", "old"))
    assert set(manifest.verify(tmp_path / "model")) == {"a"}


def test_folder_takes_what_a_library_wrote_past_the_store(tmp_path):
    with files.folder(tmp_path / "model") as temporary:
        (temporary / "foreign.json").write_text("{}")
    assert set(manifest.verify(tmp_path / "model")) == {"foreign.json"}


def test_folder_replaces_an_empty_folder_and_follows_a_link(tmp_path, exchange):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for content in (b"1", b"2"):
        with files.folder(tmp_path / "link") as temporary:
            files.write_bytes(temporary / "a", content)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a").read_bytes() == b"2"


@pytest.mark.parametrize("kind", ["a file", "a folder of somebody else", "ours, with a note added"])
def test_folder_never_deletes_what_awase_did_not_write(tmp_path, kind):
    path = tmp_path / "thesis"
    if kind == "a file":
        path.write_bytes(b"work")
    elif kind == "a folder of somebody else":
        path.mkdir()
        (path / "chapter.txt").write_bytes(b"work")
    else:
        with files.folder(path) as temporary:
            files.write_bytes(temporary / "config.json", b"{}")
        (path / "chapter.txt").write_bytes(b"work")
    started = False
    with pytest.raises(ConfigError) as caught, files.folder(path):
        started = True
    assert not started
    assert str(caught.value) == (
        f"E0303: this would delete something that Awase did not write\n  where: {path}\n"
        f"  value: '{'thesis' if kind == 'a file' else 'chapter.txt'}'\n"
        "  to do: choose another output folder, or move that away first"
    )
    assert (path if kind == "a file" else path / "chapter.txt").read_bytes() == b"work"


def test_folder_replaces_a_damaged_one_of_ours(tmp_path):
    with files.folder(tmp_path / "model") as temporary:
        files.write_bytes(temporary / "config.json", b"{}")
    (tmp_path / "model" / "config.json").write_bytes(b"flipped")
    with files.folder(tmp_path / "model") as temporary:
        files.write_bytes(temporary / "config.json", b"{}")
    manifest.verify(tmp_path / "model")


def test_a_block_that_fails_leaves_the_old_folder(tmp_path):
    with files.folder(tmp_path / "model") as temporary:
        files.write_bytes(temporary / "a", b"old")
    with pytest.raises(ZeroDivisionError), files.folder(tmp_path / "model") as temporary:
        files.write_bytes(temporary / "a", b"new")
        _ = 1 / 0
    assert (tmp_path / "model" / "a").read_bytes() == b"old"
    assert names(tmp_path) == ["model"]


def test_a_name_that_could_not_be_read_back_is_refused_when_it_is_written(tmp_path):
    with pytest.raises(FormatError, match="E0306: a file name is not allowed"), files.folder(tmp_path / "model") as temporary:
        (temporary / "my notes.txt").write_text("")
    assert names(tmp_path) == []


def test_a_reader_waits_for_a_writer_between_its_two_renames(tmp_path):
    """`recover` must not put the old folder back under the hands of a living writer."""
    with files.folder(tmp_path / "model") as temporary:
        files.write_bytes(temporary / "a", b"old")
    old = siblings.beside(tmp_path / "model", "old")
    descriptor = os.open(tmp_path / "model", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    (tmp_path / "model").rename(old)
    found = []
    reader = threading.Thread(target=lambda: found.append(manifest.verify(tmp_path / "model")))
    reader.start()
    reader.join(0.2)
    assert reader.is_alive() and not (tmp_path / "model").exists()
    os.close(descriptor)
    reader.join()
    assert set(found[0]) == {"a"} and names(tmp_path) == ["model"]


def test_log_appends_whole_lines_and_drops_a_torn_one(tmp_path):
    path = tmp_path / "run" / "metrics.jsonl"
    log = files.append_lines(path)
    log.write('{"loss": 1}\n')
    assert path.read_text() == '{"loss": 1}\n'  # readable at once, by another process too
    log.close()
    with path.open("a") as torn:
        torn.write('{"loss": 0.')
    log = files.append_lines(path)
    log.write('{"loss": 2}\n{"loss": 3}\n')
    log.close()
    assert path.read_text() == '{"loss": 1}\n{"loss": 2}\n{"loss": 3}\n'
    with pytest.raises(ValueError, match="a log takes whole lines"):
        log.write("no newline")


def test_remove(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "keep").write_bytes(b"work")
    (tmp_path / "folder" / "sub").mkdir(parents=True)
    (tmp_path / "folder" / "sub" / "file").write_bytes(b"")
    (tmp_path / "folder" / "link").symlink_to("../outside")
    (tmp_path / "link").symlink_to("outside")
    for name in ("folder", "link", "absent"):
        files.remove(tmp_path / name)
    assert names(tmp_path) == ["outside"] and names(tmp_path / "outside") == ["keep"]


def test_make_folder(tmp_path):
    files.make_folder(tmp_path / "a" / "b")
    files.make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BackendError, match="Not a directory"):
        files.make_folder(tmp_path / "file")


def test_the_store_needs_nothing_heavy():
    """Writing a model folder must not wait for numba or pyarrow."""
    code = "import awase.store.tensors, awase.store.files, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" in loaded and not {"numba", "pyarrow", "torch", "rich", "tokenizers"} & set(loaded)
