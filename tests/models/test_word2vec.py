"""word2vec files: written to the digit, read whatever program wrote them, and refused with the place where they stop being one."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import AwaseError, ConfigError
from awase.models import TableModel, load, word2vec, word2vec_rows
from awase.models.word2vec import FORMATS, read_word2vec, write

NAMES = ["wine", "赤ワイン", '"', ",", "a,b", "'", "\\", "nan", "NA", "null", "1.5", "007", "\u3000", "\u00a0x", "\u2028", "🍷"]
ENDINGS = {"word2vec": ".vec", "word2vec-binary": ".bin"}


def made(names, dim=3, seed=0, **options):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(len(names), dim)) * 10.0 ** rng.integers(-30, 30, (len(names), dim))
    return TableModel({"words": rows.astype(np.float32)}, {"words": names}, **options)


def refused(action, *arguments, **options):
    with pytest.raises(AwaseError) as caught:
        action(*arguments, **options)
    assert caught.value.remedy
    return str(caught.value)


@pytest.mark.parametrize("format", FORMATS)
def test_every_digit_and_every_name_comes_back(tmp_path, format, monkeypatch):
    monkeypatch.setattr(word2vec, "_ROW_FLOATS", 15)  # several blocks
    path = tmp_path / f"words{ENDINGS[format]}"
    model = made(NAMES)
    assert write(model, path, format) == len(NAMES)
    for back in (read_word2vec(path), load(path)):
        np.testing.assert_array_equal(back.tables["words"], model.tables["words"])
        assert list(back.names["words"]) == NAMES
        assert (back.name, back.geometry) == ("words", "cosine")


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \t\n\r\f\v\0"), min_size=1, max_size=5)


@settings(max_examples=30, deadline=None)
@given(st.lists(WORDS, unique=True, min_size=1))
def test_any_name_without_white_space(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("words")
    for format, ending in ENDINGS.items():
        write(made(names, dim=1), folder / f"w{ending}", format)
        assert list(read_word2vec(folder / f"w{ending}").names["words"]) == names


def test_what_is_written(tmp_path):
    model = TableModel({"words": np.array([[0.1, -2], [1e-10, 16777216]], np.float32)}, {"words": ["a", "é"]})
    write(model, tmp_path / "w.vec")
    assert (tmp_path / "w.vec").read_bytes() == "2 2\na 0.1 -2\né 1e-10 16777216\n".encode()
    write(model, tmp_path / "w.bin", "word2vec-binary")
    floats = model.tables["words"].astype("<f4")
    assert (tmp_path / "w.bin").read_bytes() == b"2 2\na " + floats[0].tobytes() + b"\n" + "é ".encode() + floats[
        1
    ].tobytes() + b"\n"


def test_half_precision_rows_and_other_tables(tmp_path):
    rows = {"users": np.eye(2, dtype=np.float16), "items": np.full((1, 2), 0.5, np.float16)}
    model = TableModel(rows, {"users": ["u", "v"], "items": ["i"]})
    assert write(model, tmp_path / "items.vec", table="items") == 1
    assert (tmp_path / "items.vec").read_text() == "1 2\ni 0.5 0.5\n"
    assert refused(write, model, tmp_path / "w.vec", table="item").startswith("E0424: the model has no table 'item'")


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\r", "\v", "\f", "\0"])
def test_names_with_white_space(tmp_path, space):
    model = made(["wine", f"red{space}wine"])
    for format in FORMATS:
        message = refused(write, model, tmp_path / "w.vec", format)
        assert message.startswith("E0426: a name with white space cannot be written in this format\n  where: row 1")
        assert message.endswith("to do: have it replaced: --space _")
    assert not (tmp_path / "w.vec").exists()
    write(model, tmp_path / "w.vec", space="_")
    assert list(read_word2vec(tmp_path / "w.vec").names["words"]) == ["wine", "red_wine"]


def test_names_that_cannot_be_written(tmp_path):
    path = tmp_path / "w.vec"
    assert refused(write, made(["a b", "a_b"]), path, space="_").startswith(
        "E0426: two names are both written as 'a_b'\n  where: rows 0 and 1"
    )
    assert refused(write, made(["a", ""]), path, space="_").startswith("E0426: an empty name cannot be written\n  where: row 1")
    for space in (" ", "", "_\n"):
        assert refused(write, made(["a b"]), path, space=space).startswith(
            "E0424: white space cannot be replaced by white space"
        )
    with pytest.raises(ConfigError, match="E0424: there is no format 'word2vek'\n  to do: did you mean 'word2vec'"):
        write(made(["a"]), path, "word2vek")
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.vec", b"2 2\nred 1.000000 2.000000 \nblue -1.5 0 \n"),  # as the word2vec program and fastText write text
        ("windows.txt", b"2 2\r\nred 1 2\r\nblue -1.5 0\r\n"),
        ("no last line end.w2v", b"2 2\nred 1 2\nblue -1.5 0"),
        ("bom.vec", b"\xef\xbb\xbf2 2\nred 1 2\nblue -1.5 0\n"),
        ("glove.txt", b"red 1 2\nblue -1.5 0\n"),
        ("glove with bom.txt", b"\xef\xbb\xbfred 1.0 2.0\r\nblue -1.5 0\r\n"),
        ("glove no last line end.vec", b"red 1 2\n\nblue -1.5 0"),
        ("glove.txt.gz", gzip.compress(b"red 1 2\nblue -1.5 0\n")),
        ("c.vec.gz", gzip.compress(b"2 2\nred 1.000000 2.000000 \nblue -1.5 0 \n")),
        (
            "c.BIN.GZ",
            gzip.compress(b"2 2\nred " + np.array([1, 2], "<f4").tobytes() + b"blue " + np.array([-1.5, 0], "<f4").tobytes()),
        ),
        ("c.bin", b"2 2\nred " + np.array([1, 2], "<f4").tobytes() + b"\nblue " + np.array([-1.5, 0], "<f4").tobytes() + b"\n"),
        ("gensim.bin", b"2 2\nred " + np.array([1, 2], "<f4").tobytes() + b"blue " + np.array([-1.5, 0], "<f4").tobytes()),
    ],
)
def test_files_of_other_programs(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    back = load(tmp_path / name)
    assert list(back.names["words"]) == ["red", "blue"]
    assert back.tables["words"].tolist() == [[1, 2], [-1.5, 0]]


ROW = np.zeros(2, "<f4").tobytes()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.vec", b"", "E0427: this is not a word2vec file: the first line is neither two numbers nor a name with its values\n  where: {}:1"),
        ("w.vec", b"red 1 two\n", "E0427: this is not a word2vec file: the first line is neither two numbers nor a name with its values"),
        ("w.vec", b"red 1\n", "E0427: this is not a word2vec file: the first line is neither two numbers nor a name with its values"),
        ("w.bin", b"\x80\x05cposix\nsystem\n.", "E0427: this is not a word2vec file: the first line is not two numbers"),
        ("w.bin", b"PK\x03\x04" + bytes(99), "E0427: this is not a word2vec file: the first line is not two numbers"),
        ("w.vec", b"0 2\n", "E0427: this is not a word2vec file: it claims 0 names of 2 dimensions, and has 4 bytes"),
        ("w.vec", b"999999999999 99999\na 1\n", "E0427: this is not a word2vec file: it claims 999,999,999,999 names of 99,999 dim"),
        ("w.bin", b"900000000 300\n" + bytes(999), "E0427: this is not a word2vec file: it claims 900,000,000 names of 300 dimensions"),
        ("w.vec", b"2 2\nred 1 2\nblue 1\n", "E0450: a row cannot be read: it is not a name with 2 numbers\n  where: {}:3"),
        ("w.vec", b"1 2\nnew york 1 2\n", "E0450: a row cannot be read: its name has white space\n  where: {}:2\n  value: 'new york'"),
        ("w.vec", b"1 2\n 1 2\n", "E0450: a row cannot be read: it has no name\n  where: {}:2"),
        ("w.vec", b"1 2\nnew\x0byork 1 2\n", "E0450: a row cannot be read: its name has white space"),
        ("w.vec", b"red 1 2\nblue 1 2 3\n", "E0450: a row cannot be read: its name has white space\n  where: {}:2"),
        ("w.vec", b"red 1 2\nblue 1\n", "E0450: a row cannot be read: it is not a name with 2 numbers\n  where: {}:2"),
        ("w.bin", b"1 2\nnew\tyork " + ROW, "E0450: a row cannot be read: its name has white space\n  where: {}: row 0"),
        ("w.vec", b"2 2\nred 1 2\n\n\n\n", "E0427: this is not a word2vec file: the first line promises 2 names, 1 follow"),
        ("w.vec", b"1 2\nred 1 2\nblue 3 4\ngrey 3 4\n", "E0427: this is not a word2vec file: the first line promises 1 names, 3 follow"),
        ("w.vec", b"1 2\nred 1 two\n", "E0450: a row cannot be read: it is not a name with 2 numbers\n  where: {}:2\n  value: b'red 1 two'"),
        ("w.vec", b"1 2\n\xff\xfe 1 2\n", "E0450: a row cannot be read: its name is not UTF-8\n  where: {}:2\n  value: b'\\xff\\xfe'"),
        ("w.vec", b"2 2\nred 1 2\nred 3 4\n", "E0421: a name stands twice in table 'words'\n  where: {}: rows 0 and 1"),
        ("w.vec", b"1 2\nred 1 nan\n", "E0425: 1 rows of table 'words' hold NaN or infinity\n  where: {}: row 0"),
        ("w.vec", b"1 2\nred 1 1e99\n", "E0425: 1 rows of table 'words' hold NaN or infinity"),
        ("w.bin", b"2 2\nred " + ROW + b"\n", "E0427: this is not a word2vec file: the file ends; the first line promises 2 names"),
        ("w.bin", b"2 2\nred " + ROW + b"\nblue 1234567", "E0427: this is not a word2vec file: the file ends"),
        ("w.bin", b"1 2\nred " + ROW + b"\nblue " + ROW, "E0427: this is not a word2vec file: more follows; the first line promises 1"),
        ("w.bin", b"1 2\n " + ROW + b"\n", "E0450: a row cannot be read: it has no name\n  where: {}: row 0"),
        ("w.bin", b"1 2\n" + b"a" * 600 + b" " + ROW, "E0427: this is not a word2vec file: there is no name"),
        ("w.bin", b"1 2\n\xff " + ROW, "E0450: a row cannot be read: its name is not UTF-8\n  where: {}: row 0"),
    ],
)  # fmt: skip
def test_what_is_no_word2vec_file(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    assert refused(load, path).startswith(message.format(path))


@pytest.mark.parametrize("seed", range(30))
def test_noise_and_cut_files_raise_only_our_errors(tmp_path, seed):
    rng = np.random.default_rng(seed)
    for format, ending in ENDINGS.items():
        path = tmp_path / f"w{ending}"
        write(made([f"w{i}" for i in range(40)], dim=4), path, format)
        content = bytearray(path.read_bytes())
        content[int(rng.integers(5, len(content))) :] = rng.bytes(int(rng.integers(0, 300)))
        path.write_bytes(content)
        try:
            load(path)
        except AwaseError as error:
            assert error.code in ("E0427", "E0421", "E0425", "E0450")


def test_a_pipe_does_not_make_us_wait(tmp_path):
    import os

    os.mkfifo(tmp_path / "w.vec")
    assert refused(read_word2vec, tmp_path / "w.vec").startswith("E0304: cannot read this: it is a pipe or a device")


BAD_TEXT = b"7 2\nred 1 2\n\xe3\x81 3 4\n 5 6\nred 7 8\nnew york 1 1\nnan nan 1\nblue 9 10\n"
BAD_BINARY = b"5 2\n" + b"".join(
    name + b" " + np.array(row, "<f4").tobytes()
    for name, row in [(b"red", (1, 2)), (b"\xe3\x81", (3, 4)), (b"", (5, 6)), (b"red", (7, 8)), (b"blue", (9, 10))]
)


@pytest.mark.parametrize(
    ("name", "content", "n_bad"),
    [
        ("w.vec", BAD_TEXT, 5),
        ("glove.txt", BAD_TEXT.partition(b"\n")[2], 5),
        ("w.vec.gz", gzip.compress(BAD_TEXT), 5),
        ("w.bin", BAD_BINARY, 3),
        ("w.vec", b"3 2\nred 1 2\nred 7 8\nblue 9 10\n", 1),
        ("w.vec", b"3 2\nred 1 2\ngrey 1e99 8\nblue 9 10\n", 1),
    ],
)
@pytest.mark.parametrize("block", [1, 16, 1 << 22])
def test_rows_that_cannot_be_read_are_skipped_and_counted_when_told(tmp_path, monkeypatch, name, content, n_bad, block):
    monkeypatch.setattr(word2vec_rows, "_BLOCK_BYTES", block)
    (tmp_path / name).write_bytes(content)
    assert "--on-bad skip" in refused(load, tmp_path / name)
    back = read_word2vec(tmp_path / name, on_bad="skip")
    assert list(back.names["words"]) == ["red", "blue"]
    assert back.tables["words"].tolist() == [[1, 2], [9, 10]]
    assert back.info["bad_rows"] == n_bad
    write(back, tmp_path / "clean.vec")  # what is read can be written, and read by anyone
    assert list(load(tmp_path / "clean.vec").names["words"]) == ["red", "blue"]


def test_blocks_change_nothing(tmp_path, monkeypatch):
    write(made([f"w{i}" for i in range(500)], dim=5), tmp_path / "w.vec")
    write(made([f"w{i}" for i in range(500)], dim=5), tmp_path / "w.bin", "word2vec-binary")
    whole = load(tmp_path / "w.vec").tables["words"]
    monkeypatch.setattr(word2vec_rows, "_BLOCK_BYTES", 300)
    for name in ("w.vec", "w.bin"):
        np.testing.assert_array_equal(load(tmp_path / name).tables["words"], whole)
    (tmp_path / "glove.txt").write_bytes((tmp_path / "w.vec").read_bytes().partition(b"\n")[2])
    np.testing.assert_array_equal(load(tmp_path / "glove.txt").tables["words"], whole)


def test_damaged_gzip_and_options(tmp_path):
    (tmp_path / "w.vec.gz").write_bytes(gzip.compress(b"2 2\nred 1 2\nblue 3 4\n" * 99)[:-9])
    assert refused(load, tmp_path / "w.vec.gz").startswith("E0427: this is not a word2vec file: the compressed file is damaged")
    (tmp_path / "v.vec.gz").write_bytes(b"2 2\nred 1 2\n")
    assert refused(load, tmp_path / "v.vec.gz").startswith("E0427: this is not a word2vec file: the compressed file is damaged")
    with pytest.raises(ConfigError, match="E0117"):
        read_word2vec(tmp_path / "w.vec.gz", on_bad="ignore")
    (tmp_path / "all.vec").write_bytes(b"1 2\n\xff 1 2\n")
    with pytest.raises(AwaseError, match="none of its 1 rows can be read"):
        read_word2vec(tmp_path / "all.vec", on_bad="skip")
