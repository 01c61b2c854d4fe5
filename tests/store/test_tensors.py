"""The format is the library's: what it writes we read, what we write it reads, and its refusals are ours."""

import json
import tracemalloc

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors import SafetensorError

from awase.core.errors import AwaseError, FormatError, InputError, IntegrityError
from awase.store import files, tensors

DTYPES = [np.dtype(name) for name in ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?")]

some_arrays = st.dictionaries(
    st.text("abcXYZ019._-/", min_size=1, max_size=8),
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    ),
    max_size=6,
)
some_metadata = st.dictionaries(st.text(max_size=6), st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=1)


@settings(max_examples=150, deadline=None)
@given(some_arrays, some_metadata)
def test_bytes_equal_the_library_s_and_come_back(tmp_path_factory, arrays, metadata):
    path = tmp_path_factory.getbasetemp() / "t.safetensors"
    tensors.save(path, arrays, metadata)
    assert path.read_bytes() == safetensors.numpy.save(arrays, metadata or None)
    for mmap in (False, True):
        found, found_metadata = tensors.load(path, mmap=mmap)
        assert found_metadata == metadata and set(found) == set(arrays)
        for name, array in arrays.items():
            assert found[name].dtype == array.dtype and found[name].shape == array.shape
            assert found[name].tobytes() == array.tobytes()


def test_metadata_are_in_order_so_that_equal_content_gives_equal_files(tmp_path):
    """The library writes them in an order that changes from run to run."""
    metadata = {str(n): "合" for n in range(20)}
    for name, order in (("a", sorted(metadata)), ("b", sorted(metadata, reverse=True))):
        tensors.save(tmp_path / name, {}, {key: metadata[key] for key in order})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with safetensors.safe_open(tmp_path / "a", "np") as library:
        assert library.metadata() == metadata


def test_mmap_gives_views_that_outlive_a_replacement(tmp_path):
    path = tmp_path / "t.safetensors"
    tensors.save(path, {"a": np.arange(1000, dtype=np.float32)})
    view = tensors.load(path, mmap=True)[0]["a"]
    assert not view.flags.owndata and not view.flags.writeable and type(view) is np.ndarray
    tensors.save(path, {"a": np.zeros(1000, np.float32)})
    assert np.array_equal(view, np.arange(1000))
    copy = tensors.load(path)[0]["a"]
    copy += 1
    assert not tensors.load(path)[0]["a"].any()


def test_saving_and_mapping_make_no_copy(tmp_path):
    array = np.ones((500, 10_000), np.float32)
    tracemalloc.start()
    tensors.save(tmp_path / "t", {"a": array})
    tensors.load(tmp_path / "t", mmap=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < array.nbytes / 4


def test_views_that_are_not_contiguous_are_saved_as_they_look(tmp_path):
    array = np.arange(12, dtype=np.int32).reshape(3, 4)
    tensors.save(tmp_path / "t", {"t": array.T, "o": array[::2]})
    found, _ = tensors.load(tmp_path / "t")
    assert np.array_equal(found["t"], array.T) and np.array_equal(found["o"], array[::2])


def test_bfloat16_of_other_libraries_is_read_as_float32(tmp_path):
    values = np.array([1.0, -2.5, 3e38], np.float32)
    upper = (values.view(np.uint32) >> 16).astype(np.uint16)
    header = json.dumps({"w": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}).encode()
    files.write_bytes(tmp_path / "t", len(header).to_bytes(8, "little") + header + upper.tobytes())
    found = tensors.load(tmp_path / "t")[0]["w"]
    assert found.dtype == np.float32 and np.array_equal(found.view(np.uint32) >> 16, upper)


def test_an_array_at_an_odd_place_is_usable(tmp_path):
    """The format does not promise alignment; native code needs it."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode() + b" "
    files.write_bytes(tmp_path / "t", len(header).to_bytes(8, "little") + header + np.float32([1, 2]).tobytes())
    found = tensors.load(tmp_path / "t", mmap=True)[0]["w"]
    assert len(header) % 4 != 0 and found.flags.aligned and found.tolist() == [1, 2]


@pytest.mark.parametrize("dtype", ["<U4", "O", "c16", ">f4"])
def test_what_the_format_does_not_have_is_refused(tmp_path, dtype):
    with pytest.raises(InputError, match=f"E0317: cannot save array 'x' of dtype {np.dtype(dtype)}"):
        tensors.save(tmp_path / "t", {"x": np.zeros(2, dtype)})
    assert list(tmp_path.iterdir()) == []


def test_every_truncation_is_refused(tmp_path):
    tensors.save(tmp_path / "whole", {"a": np.arange(6, dtype=np.int16), "b": np.ones(3, np.float32)}, {"k": "v"})
    content = (tmp_path / "whole").read_bytes()
    for size in range(len(content)):
        (tmp_path / "part").write_bytes(content[:size])
        with pytest.raises(FormatError, match="E0309: not a valid safetensors file"):
            tensors.load(tmp_path / "part")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mangled_headers_do_what_they_do_in_the_library(tmp_path_factory, data):
    """A header with a few bytes changed is refused with our error, or read as the library reads it."""
    content = bytearray(
        safetensors.numpy.save({"a": np.arange(6, dtype=np.int16), "b": np.ones((3, 2), np.float32)}, {"k": "v"})
    )
    header_bytes = int.from_bytes(content[:8], "little")
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, 8 + header_bytes - 1))] = data.draw(st.sampled_from(b'0123456789{}[]",:abFIU\x00\xff'))
    path = tmp_path_factory.getbasetemp() / "mangled"
    path.write_bytes(content)
    try:
        expected = safetensors.numpy.load(bytes(content))
    except (SafetensorError, KeyError, ValueError):
        expected = None
    try:
        found = tensors.load(path)[0]
    except AwaseError:
        found = None
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert {name: array.tobytes() for name, array in found.items()} == {name: a.tobytes() for name, a in expected.items()}


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(InputError, match="E0304: cannot read this: No such file"):
        tensors.load(tmp_path / "absent")
    with pytest.raises(InputError, match="E0304: cannot read this: Is a directory"):
        tensors.load(tmp_path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_check_finite_names_the_array_and_the_row(bad):
    array = np.ones((4, 3), np.float32)
    tensors.check_finite("table", array)
    tensors.check_finite("ids", np.arange(3))
    tensors.check_finite("none", np.empty((0, 3), np.float32))
    tensors.check_finite("large", np.full(10, np.finfo(np.float32).max, np.float32))
    array[2, 1] = bad
    with pytest.raises(IntegrityError, match=r"array 'table' holds NaN or infinity, first in row 2\n  where: m.safetensors"):
        tensors.check_finite("table", array, place="m.safetensors")
    with pytest.raises(IntegrityError, match="first in row 0"):
        tensors.check_finite("temperature", np.array(bad))
