"""Files from somebody who means harm. Each attempt is refused with an error that says what was tried."""

import gzip
import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest

from awase.core.errors import AwaseError, FormatError, InputError, IntegrityError, LimitError
from awase.core.limits import MAX_HEADER_BYTES, MAX_JSON_BYTES
from awase.store import cache, database, files, manifest, read, tensors


class Bomb:
    """Unpickling this would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def zipped(name, content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def saved(save, *arguments, **options):
    stream = io.BytesIO()
    save(stream, *arguments, **options)
    return stream.getvalue()


def header(content, length=None, data=b""):
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def tensor(begin, end, shape, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_not_opened(tmp_path, protocol):
    trap = tmp_path / "trap"
    (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Bomb(trap), protocol))
    with pytest.raises(FormatError, match="E0308: this is a Python pickle, not a safetensors file; Awase never unpickles"):
        tensors.load(tmp_path / "model.safetensors")
    assert not trap.exists()


ARCHIVES = {
    "zip with ../": (zipped("../../evil.py", b"print()"), "a zip archive"),
    "torch file": (zipped("archive/data.pkl", pickle.dumps(1)), "a zip archive"),
    "npz": (saved(np.savez, a=np.zeros(3)), "a zip archive"),
    "npy of objects": (saved(np.save, np.array([Bomb("x")]), allow_pickle=True), "a numpy .npy file"),
    "gzip": (gzip.compress(b"x" * 100), "a gzip file"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file"),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_other_formats_are_named(tmp_path, kind):
    content, name = ARCHIVES[kind]
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(FormatError, match=f"E0308: this is {name}") as caught:
        tensors.load(tmp_path / "model.safetensors")
    assert caught.value.remedy == "convert it to safetensors with the program that made it"
    with pytest.raises(FormatError, match="E0312"):
        database.connect(tmp_path / "model.safetensors", create=True)
    (tmp_path / "model.safetensors").rename(cache.place(tmp_path, "c"))
    assert cache.load(tmp_path, "c", {}).why.startswith(f"damaged: this is {name}")


HEADERS = {
    "overlap": header({"a": tensor(0, 8, [2]), "b": tensor(4, 12, [2])}, data=bytes(12)),
    "same bytes twice": header({"a": tensor(0, 8, [2]), "b": tensor(0, 8, [2])}, data=bytes(8)),
    "hole": header({"a": tensor(0, 4, [1]), "b": tensor(8, 12, [1])}, data=bytes(12)),
    "hidden bytes at the end": header({"a": tensor(0, 4, [1])}, data=bytes(400)),
    "beyond the end": header({"a": tensor(0, 400, [100])}, data=bytes(4)),
    "backwards": header({"a": tensor(8, 0, [2])}, data=bytes(8)),
    "negative": header({"a": tensor(-8, 0, [2])}, data=bytes(8)),
    "shape larger than the data": header({"a": tensor(0, 4, [1 << 40])}, data=bytes(4)),
    "shape that overflows": header({"a": tensor(0, 4, [1 << 32, 1 << 32])}, data=bytes(4)),
    "shape that wraps to the size": header({"a": tensor(0, 4, [(1 << 62) + 1])}, data=bytes(4)),
    "shape of nothing, but huge": header({"a": tensor(0, 0, [0, 1 << 60, 1 << 60])}),
    "too many axes": header({"a": tensor(0, 4, [1] * 1000)}, data=bytes(4)),
    "unknown dtype": header({"a": tensor(0, 4, [1], "OBJ")}, data=bytes(4)),
    "deep JSON": header(b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    "not JSON": header(b"{" + b"\xff" * 100),
    "a list": header([1, 2, 3]),
    "header beyond the end": header({}, length=1000),
}


@pytest.mark.parametrize("kind", HEADERS)
@pytest.mark.parametrize("mmap", [True, False])
def test_a_header_that_lies(tmp_path, kind, mmap):
    (tmp_path / "model.safetensors").write_bytes(HEADERS[kind])
    with pytest.raises(FormatError, match="E0309: not a valid safetensors file") as caught:
        tensors.load(tmp_path / "model.safetensors", mmap=mmap)
    assert caught.value.place == str(tmp_path / "model.safetensors") and len(str(caught.value)) < 2000


def test_a_huge_header_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "model.safetensors"
    with path.open("wb") as stream:
        stream.write((MAX_HEADER_BYTES + 1).to_bytes(8, "little") + b"{")
        stream.truncate(2 * MAX_HEADER_BYTES)  # sparse
    with pytest.raises(LimitError, match="E0310: the header claims 104,857,601 bytes; 104,857,600 are allowed"):
        tensors.load(path)
    path.write_bytes(b"\xff" * 8 + b"{}")
    with pytest.raises(LimitError, match="E0310: the header claims 18,446,744,073,709,551,615 bytes"):
        tensors.load(path)


@pytest.fixture
def model(tmp_path):
    (tmp_path / "secret").write_bytes(b"private key")
    with files.folder(tmp_path / "model") as temporary:
        files.write_bytes(temporary / "config.json", b"{}")
        files.write_bytes(temporary / "1_Pooling" / "config.json", b"{}")
    return tmp_path / "model"


@pytest.mark.parametrize(
    "name",
    ["../secret", "/etc/passwd", "a/../../secret", "a//b", "./config.json", "..", "", ".hidden", "a/.hidden", "a\\..\\secret", "C:evil",
     "con fig", "a\x00b", "a\n", "n" * 200, "/".join("abcdefghij"), "café"],
)  # fmt: skip
def test_a_manifest_cannot_name_what_is_outside(model, name):
    entry = {"bytes": 11, "sha256": "0" * 64}
    (model / "manifest.json").write_text(json.dumps({"format": 1, "files": {name: entry}}))
    with pytest.raises(FormatError, match="E0306: a file name is not allowed in a folder of Awase"):
        manifest.verify(model)


def test_a_link_out_of_the_folder_is_not_followed(model, tmp_path):
    """Even when what it points to has the size and the sha256 that the manifest lists."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "config.json").write_bytes(b"{}")
    manifest.verify(model)

    (model / "config.json").unlink()
    (model / "config.json").symlink_to(outside / "config.json")
    with pytest.raises(FormatError, match=r"E0306: a link or a special file .*\n  where: .*/model/config.json"):
        manifest.verify(model)

    (model / "config.json").unlink()
    (model / "config.json").write_bytes(b"{}")
    (model / "1_Pooling" / "config.json").unlink()
    (model / "1_Pooling").rmdir()
    (model / "1_Pooling").symlink_to(outside)
    with pytest.raises(FormatError, match=r"E0306: a link or a special file .*\n  where: .*/model/1_Pooling"):
        manifest.verify(model)


def test_a_link_in_a_folder_to_be_saved_is_not_followed(tmp_path):
    (tmp_path / "secret").write_bytes(b"private key")
    with pytest.raises(FormatError, match="E0306"), files.folder(tmp_path / "model") as temporary:
        (temporary / "config.json").symlink_to(tmp_path / "secret")
    assert not (tmp_path / "model").exists() and (tmp_path / "secret").exists()


def test_replacing_a_folder_removes_a_link_in_it_and_not_its_target(model, tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis").write_bytes(b"")
    (model / "config.json").unlink()
    (model / "config.json").symlink_to(tmp_path / "work")
    with files.folder(model):
        pass
    assert (tmp_path / "work" / "thesis").exists()


def test_a_pipe_does_not_make_us_wait(model, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for action in (tensors.load, read.json_object, database.connect):
        with pytest.raises(InputError, match="E0304: cannot read this: it is a pipe or a device, not a file"):
            action(tmp_path / "pipe")
    (model / "config.json").unlink()
    os.mkfifo(model / "config.json")
    with pytest.raises(FormatError, match="E0306: a link or a special file"):
        manifest.verify(model)
    (tmp_path / "pipe").rename(cache.place(tmp_path, "c"))
    assert cache.load(tmp_path, "c", {}).why.startswith("damaged: cannot read this")


@pytest.mark.parametrize(
    "content", [b'{"format": 1, "files": ' + b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"null", b'"' * 3]
)
def test_a_manifest_that_is_not_json(model, content):
    (model / "manifest.json").write_bytes(content)
    with pytest.raises(FormatError, match="E0316: not a valid JSON file"):
        manifest.verify(model)


def test_a_huge_manifest(model):
    with (model / "manifest.json").open("wb") as stream:
        stream.truncate(MAX_JSON_BYTES + 1)  # sparse
    with pytest.raises(LimitError, match="E0310: the file is larger than 67,108,864 bytes"):
        manifest.verify(model)


def test_a_size_that_lies(model):
    listed = manifest.listed(model)
    listed["config.json"]["bytes"] = 10**30
    (model / "manifest.json").write_text(json.dumps({"format": 1, "files": listed}))
    with pytest.raises(IntegrityError, match="E0307: the file has 2 bytes, the manifest says 1,000"):
        manifest.verify(model)


@pytest.mark.parametrize("seed", range(40))
def test_noise_raises_only_our_errors(tmp_path, seed):
    """Random bytes behind each plausible beginning, offered to every reader."""
    noise = np.random.default_rng(seed)
    starts = [b"", b"{", header({}), b"SQLite format 3\0", b"\x80\x05", (8).to_bytes(8, "little") + b"{"]
    path = cache.place(tmp_path, "noise")
    path.write_bytes(starts[seed % len(starts)] + noise.bytes(int(noise.integers(0, 5000))))
    assert cache.load(tmp_path, "noise", {}).arrays is None
    for action in (tensors.load, read.json_object, database.connect):
        with pytest.raises(AwaseError):
            action(path)
