import pytest

from awase.core.errors import FormatError, InputError, LimitError
from awase.store import read


def test_whole_has_a_limit(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    assert read.whole(tmp_path / "file", 5) == b"12345"
    with pytest.raises(LimitError, match="E0310: the file is larger than 4 bytes"):
        read.whole(tmp_path / "file", 4)
    with pytest.raises(InputError) as caught:
        read.whole(tmp_path / "absent")
    assert str(caught.value) == (
        f"E0304: cannot read this: No such file or directory\n  where: {tmp_path / 'absent'}\n"
        "  to do: check the path and its permissions"
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "Expecting property name"),
        (b'{"a": "\xff"}', "can't decode byte 0xff"),
        (b"[1]", "an object is expected, this is a list"),
        (b"[" * 100_000, "recursion"),
        (b'{"a": ' + b"9" * 5000 + b"}", "4300 digits"),
    ],
)
def test_what_is_not_a_json_object(tmp_path, content, says):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(FormatError, match=says) as caught:
        read.json_object(tmp_path / "file")
    assert caught.value.code == "E0316"


def test_json(tmp_path):
    (tmp_path / "file").write_bytes('{"名": 1}'.encode())
    assert read.json_object(tmp_path / "file") == {"名": 1}
