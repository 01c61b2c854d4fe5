"""Old or new, never a mix, and what was acknowledged stays: at every disk action of every way the store writes."""

import json
from contextlib import suppress

import numpy as np
import pytest
from faults import Dead, FaultyDisk, walk

from awase.store import cache, files, manifest, tensors

OLD, NEW = b"old " * 500, b"new content " * 300


def old_file(root):
    files.write_bytes(root / "deep" / "file", OLD)


def check_file(root, done, *, old=OLD, new=NEW):
    path = root / "deep" / "file"
    content = path.read_bytes() if path.exists() else None
    assert content == new or (not done and content == old), f"{content!r:.60} is neither old nor new, or was promised"


@pytest.mark.parametrize("replacing", [True, False])
def test_write_bytes(replacing):
    points = walk(
        old_file if replacing else lambda root: None,
        lambda root: files.write_bytes(root / "deep" / "file", NEW),
        lambda root, done: check_file(root, done, old=OLD if replacing else None),
    )
    print(f"write_bytes: {points} fault points")
    assert points >= 7 * 5  # create, write, fsync, rename, fsync_dir, under each of seven faults


def test_open_atomic():
    block = 1 << 20  # as large as the buffer of the stream, so that each goes out on its own

    def operation(root):
        with files.open_atomic(root / "deep" / "file") as stream:
            for n in b"123":
                stream.write(bytes([n]) * block)

    points = walk(
        old_file, operation, lambda root, done: check_file(root, done, new=b"1" * block + b"2" * block + b"3" * block)
    )
    print(f"open_atomic: {points} fault points")
    assert points >= 7 * 7


def version(root):
    """The version that a reader finds in root/model; None when there is none. Anything else is an error."""
    path = root / "model"
    if not (path.exists() or list(root.glob(".model*awase-old"))):
        return None
    listed = manifest.verify(path)
    assert set(listed) == {"config.json", "1_Pooling/config.json", "weights"}
    contents = {(path / name).read_bytes()[:1] for name in listed}
    assert len(contents) == 1, f"a mix of versions: {contents}"
    return contents.pop()


def write_folder(root, content):
    with files.folder(root / "model") as temporary:
        files.write_bytes(temporary / "config.json", content)
        files.write_bytes(temporary / "1_Pooling" / "config.json", content)
        with files.open_atomic(temporary / "weights") as stream:
            stream.write(content * 1000)


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two-renames"])
@pytest.mark.parametrize("replacing", [True, False], ids=["replacing", "fresh"])
def test_folder(replacing, exchange):
    def check(root, done):
        found = version(root)
        assert found == b"2" or (not done and found == (b"1" if replacing else None))

    points = walk(
        (lambda root: write_folder(root, b"1")) if replacing else lambda root: None,
        lambda root: write_folder(root, b"2"),
        check,
        exchange=exchange,
    )
    print(
        f"folder, {'replacing' if replacing else 'fresh'}, {'exchange' if exchange else 'two renames'}: {points} fault points"
    )
    assert points >= 7 * 29


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two-renames"])
@pytest.mark.parametrize("at", [30, 31])
def test_the_power_goes_after_a_kill(at, exchange):
    """A run is killed around its swap, before that is durable; the power goes while the next run cleans up and writes."""
    reached = []

    def operation(root):
        killed = FaultyDisk(root, "kill", at, exchange=True)
        with killed.installed(), suppress(Dead):
            write_folder(root, b"2")
        reached.append(killed.reached)
        write_folder(root, b"3")

    def check(root, done):
        found = version(root)
        assert found == b"3" or (not done and found in (b"1", b"2"))

    points = walk(lambda root: write_folder(root, b"1"), operation, check, exchange=exchange, faults=("lost", "gone", "ahead"))
    print(f"folder, killed at {at}, {'exchange' if exchange else 'two renames'}: {points} fault points")
    assert points >= 3 * 60 and any(reached)


def test_remove_folder():
    def check(root, done):
        assert version(root) == (None if done or not (root / "model").exists() else b"1")

    points = walk(lambda root: write_folder(root, b"1"), lambda root: files.remove(root / "model"), check)
    print(f"remove: {points} fault points")
    assert points >= 7 * 3


def test_tensors():
    def save(root, value):
        arrays = {"table": np.full((50, 8), value, np.float32), "ids": np.full(9, value, np.int64)}
        tensors.save(root / "t.safetensors", arrays, {"v": str(value)})

    def check(root, done):
        arrays, metadata = tensors.load(root / "t.safetensors")
        values = {float(metadata["v"]), *np.unique(arrays["table"]), *np.unique(arrays["ids"])}
        assert values == {2.0} or (not done and values == {1.0})

    points = walk(lambda root: save(root, 1), lambda root: save(root, 2), check)
    print(f"tensors.save: {points} fault points")
    assert points >= 7 * 5


def test_cache():
    def save(root, generation):
        cache.save(
            root / "docs.cache", "vectors", {"vectors": np.full((40, 4), generation, np.float32)}, {"generation": generation}
        )

    def check(root, done):
        found = {generation: cache.load(root / "docs.cache", "vectors", {"generation": generation}) for generation in (1, 2)}
        whole = [generation for generation, cached in found.items() if cached.arrays is not None]
        assert whole == [2] or (not done and whole == [1])
        assert np.all(found[whole[0]].arrays["vectors"] == whole[0])

    points = walk(lambda root: save(root, 1), lambda root: save(root, 2), check)
    print(f"cache.save: {points} fault points")
    assert points >= 7 * 5


def test_log():
    """Whole lines in order, at least those that were synced; a torn tail disappears when the log is opened again."""
    synced = []

    def operation(root):
        synced.clear()
        log = files.append_lines(root / "metrics.jsonl")
        for step in range(3):
            log.write(f'{{"step": {step}}}\n')
            log.sync()
            synced.append(step)
        log.close()

    def check(root, done):
        path = root / "metrics.jsonl"
        whole, _, torn = path.read_text().rpartition("\n") if path.exists() else ("", "", "")
        steps = [json.loads(line)["step"] for line in whole.splitlines()]
        assert all(here in (0, before + 1) for before, here in zip([-1, *steps], steps)), steps
        assert len(steps) >= len(synced)
        assert not (done and torn), torn

    points = walk(lambda root: None, operation, check)
    print(f"append_lines: {points} fault points")
    assert points >= 7 * 8


@pytest.mark.parametrize("sloppy", ["fsync", "fsync_dir"])
def test_the_walk_fails_where_a_sync_is_missing(monkeypatch, sloppy):
    """Else it would prove nothing."""
    monkeypatch.setattr(FaultyDisk, sloppy, lambda self, target: None)
    with pytest.raises(AssertionError, match="neither old nor new, or was promised"):
        walk(old_file, lambda root: files.write_bytes(root / "deep" / "file", NEW), check_file)
