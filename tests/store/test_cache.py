import threading

import numpy as np
import pytest
import safetensors.numpy

from awase.core.errors import InputError
from awase.store import cache

STAMP = {"generation": 7, "model": "abc", "parts": [1, 2]}
ARRAYS = {
    "vectors": np.arange(12, dtype=np.float32).reshape(3, 4),
    "rows": np.arange(3),
    "graph": np.arange(9, dtype=np.uint8),
    "on": np.array([True]),
}


def test_what_was_kept_comes_back_as_views(tmp_path):
    cache.save(tmp_path / "docs.cache", "vectors", ARRAYS, STAMP)
    found = cache.load(tmp_path / "docs.cache", "vectors", {"parts": [1, 2], "model": "abc", "generation": 7})
    assert found.why == "" and found.arrays is not None and set(found.arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert np.array_equal(found.arrays[name], array) and found.arrays[name].dtype == array.dtype
        assert not found.arrays[name].flags.owndata and not found.arrays[name].flags.writeable


def test_it_is_a_plain_safetensors_file(tmp_path):
    cache.save(tmp_path, "vectors", ARRAYS, STAMP)
    found = safetensors.numpy.load_file(cache.place(tmp_path, "vectors"))
    assert np.array_equal(found["vectors"], ARRAYS["vectors"])


def test_reasons(tmp_path):
    assert cache.load(tmp_path, "vectors", STAMP) == (None, "absent")
    cache.save(tmp_path, "vectors", ARRAYS, STAMP)
    assert cache.load(tmp_path, "vectors", {**STAMP, "generation": 8}) == (None, "stale: generation is 7, not 8")
    assert cache.load(tmp_path, "vectors", {**STAMP, "threads": 2}) == (None, "stale: threads is None, not 2")
    cache.save(tmp_path, "vectors", ARRAYS, {**STAMP, "generation": 6})  # older than the collection
    assert cache.load(tmp_path, "vectors", STAMP) == (None, "stale: generation is 6, not 7")


def test_flipped_bytes_and_truncations_are_noticed(tmp_path):
    cache.save(tmp_path, "c", ARRAYS, STAMP)
    path = cache.place(tmp_path, "c")
    content = path.read_bytes()
    for at in range(0, len(content), 3):
        flipped = bytearray(content)
        flipped[at] ^= 0x10
        path.write_bytes(flipped)
        found = cache.load(tmp_path, "c", STAMP)
        assert found.arrays is None and found.why.startswith(("damaged", "stale")), at
        path.write_bytes(content[:at])
        assert cache.load(tmp_path, "c", STAMP).why.startswith("damaged"), at
    path.write_bytes(content)
    assert cache.load(tmp_path, "c", STAMP).arrays is not None


def test_a_cache_under_another_s_name_is_not_taken_for_it(tmp_path):
    cache.save(tmp_path, "a", {"x": np.zeros(3)}, {"kind": "a"})
    cache.place(tmp_path, "a").rename(cache.place(tmp_path, "b"))
    assert cache.load(tmp_path, "b", {"kind": "b"}).why == "stale: kind is 'a', not 'b'"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(60), b"\x80\x05" + bytes(60), bytes(100), b"\xff" * 100])
def test_anything_else_is_damaged_and_never_raises(tmp_path, content):
    cache.place(tmp_path, "c").write_bytes(content)
    assert cache.load(tmp_path, "c", STAMP).why.startswith("damaged: ")


def test_a_file_without_a_stamp_of_ours(tmp_path):
    for metadata in (None, {"stamp": "x"}, {"stamp": "[]"}, {"stamp": "[" * 5000}):
        cache.place(tmp_path, "c").write_bytes(safetensors.numpy.save({"a": np.zeros(2)}, metadata))
        assert cache.load(tmp_path, "c", STAMP).why == "damaged: its stamp cannot be read"


def test_what_cannot_be_mapped_is_refused(tmp_path):
    with pytest.raises(InputError, match="E0317"):
        cache.save(tmp_path, "c", {"texts": np.array([None])}, STAMP)


def test_readers_while_a_writer_replaces_it(tmp_path):
    """A reader sees one whole version, and what it has mapped stays that version."""
    cache.save(tmp_path, "c", {"v": np.zeros(20_000)}, {})
    stop, failures = threading.Event(), []

    def read():
        while not stop.is_set():
            found = cache.load(tmp_path, "c", {})
            values = None if found.arrays is None else np.unique(found.arrays["v"])
            if values is None or len(values) != 1:
                failures.append((found.why, values))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for generation in range(60):
        cache.save(tmp_path, "c", {"v": np.full(20_000, generation, float)}, {})
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
