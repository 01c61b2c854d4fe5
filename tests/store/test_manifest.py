import hashlib
import json

import pytest

from awase.core.errors import FormatError, InputError, IntegrityError
from awase.store import files, manifest


@pytest.fixture
def model(tmp_path):
    with files.folder(tmp_path / "model") as temporary:
        files.write_bytes(temporary / "config.json", b'{"dim": 8}')
        files.write_bytes(temporary / "1_Pooling" / "config.json", b"{}")
        files.write_bytes(temporary / "model.safetensors", bytes(range(256)) * 100)
    return tmp_path / "model"


def test_what_is_written(model):
    written = json.loads((model / "manifest.json").read_bytes())
    assert written["format"] == 1
    assert written["files"]["config.json"] == {"bytes": 10, "sha256": hashlib.sha256(b'{"dim": 8}').hexdigest()}
    assert set(written["files"]) == {"config.json", "1_Pooling/config.json", "model.safetensors"}
    assert manifest.verify(model) == manifest.listed(model) == written["files"]
    assert manifest.verify(str(model)) == written["files"]


def test_the_same_files_give_the_same_manifest(model, tmp_path):
    with files.folder(tmp_path / "again") as temporary:
        for name in reversed(list(manifest.listed(model))):
            files.write_bytes(temporary / name, (model / name).read_bytes())
    assert (tmp_path / "again" / "manifest.json").read_bytes() == (model / "manifest.json").read_bytes()


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def swap(path):
    other = path.with_name("model.safetensors")
    content = path.read_bytes(), other.read_bytes()
    path.write_bytes(content[1])
    other.write_bytes(content[0])


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "the file has 9 bytes, the manifest says 10"),
        (flip, "the content of the file is not what was saved"),
        (swap, "the file has 25,600 bytes, the manifest says 10"),
        (lambda path: path.unlink(), "a file of the folder is missing"),
    ],
    ids=["truncated", "flipped", "swapped", "missing"],
)
def test_damage_is_named(model, damage, says):
    damage(model / "config.json")
    with pytest.raises(IntegrityError) as caught:
        manifest.verify(model)
    assert str(caught.value) == (
        f"E0307: {says}\n  where: {model / 'config.json'}\n  to do: restore the folder from a copy, or save or train it again"
    )


def test_no_folder_and_no_manifest(model, tmp_path):
    with pytest.raises(InputError, match="E0304: cannot read this: No such file or directory"):
        manifest.verify(tmp_path / "absent")
    (model / "manifest.json").unlink()
    with pytest.raises(IntegrityError, match="E0307: the folder has no manifest"):
        manifest.verify(model)


@pytest.mark.parametrize(
    "content",
    [
        {"format": 2, "files": {}},
        {"format": 1},
        {"format": 1, "files": []},
        {"format": 1, "files": {"a": {"bytes": "1", "sha256": ""}}},
    ],
)
def test_a_manifest_of_another_shape(model, content):
    (model / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(FormatError, match="E0305"):
        manifest.verify(model)


def test_first_unlisted(model, tmp_path):
    assert manifest.first_unlisted(model) is None
    (model / "1_Pooling" / "note").write_bytes(b"")
    assert manifest.first_unlisted(model) == "1_Pooling/note"
    (tmp_path / "empty").mkdir()
    assert manifest.first_unlisted(tmp_path / "empty") is None
    (tmp_path / "empty" / "manifest.json").write_text('{"name": "a web page"}')
    assert manifest.first_unlisted(tmp_path / "empty") == "manifest.json"
