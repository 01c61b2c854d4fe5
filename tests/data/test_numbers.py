"""Columns of numbers and of codes: a value is a number only if it comes back as it was written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.data import blocks
from awase.data.documents import read_documents
from awase.data.formats.delimited import Delimited
from awase.data.numbers import number_columns


def numeric(folder, values):
    path = folder / "a.csv"
    path.write_text("id,text,v\n" + "".join(f"{row},t,{value}\n" for row, value in enumerate(values)))
    return number_columns(Delimited(path, ","), ["v"])


@pytest.mark.parametrize(
    "values", [["1", "2"], ["-1", "0"], ["3.5", "", "0.25"], ["1", "2.5"], ["1.0", "2.0"], ["9999999999999999"]]
)
def test_numbers(tmp_path, values):
    assert numeric(tmp_path, values).columns == {"v"}


@pytest.mark.parametrize(
    "values",
    [
        ["1.10", "1.9"], ["007", "8"], ["+1"], ["1e5"], ["-0"], ["2.0", "2.10"], ["1", "1.0"], ["12345678901234567"], ["0.00001"],
        ["1_000"], ["\u0661"], ["NaN", "1"], ["1."], [".5"], ["0x1f"], ["0.12345678901234567"], ["", ""], ["2020-01-01"], ["-0.0"],
    ],
)  # fmt: skip
def test_codes(tmp_path, values):
    assert numeric(tmp_path, values).columns == set()


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.from_regex(r"-?[0-9]{1,18}(\.[0-9]{1,12})?", fullmatch=True), st.floats().map(repr), st.integers().map(str))
)
def test_a_number_is_written_back_as_it_was(tmp_path_factory, value):
    if numeric(tmp_path_factory.mktemp("numbers"), [value]).columns:
        assert str(float(value) if "." in value else int(value)) == value


def test_one_code_anywhere_makes_a_column_of_codes(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4_000)
    path = tmp_path / "zip.csv"
    path.write_text("id,text,zip,n\n" + "".join(f"{i},t,{10_000 + i},{i}\n" for i in range(9_000)) + "x,t,01234,7\n")
    found = number_columns(Delimited(path, ","), ["zip", "n"])
    assert found.columns == {"n"}
    assert found.notes == ["column 'zip' is kept as text: '01234' is not how a number is written"]
    kinds = {(type(fields["zip"]), type(fields["n"])) for batch in read_documents(path) for fields in batch.metadata}
    assert kinds == {(str, int)}
