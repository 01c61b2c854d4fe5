"""Workbooks: rows as a table has them, or an error that says what to do."""

import builtins
import zipfile
from xml.sax.saxutils import escape

import pytest

from awase.core import limits
from awase.core.errors import AwaseError, MissingExtra
from awase.data.documents import read_documents
from awase.data.formats import excel
from awase.data.links import read_links
from awase.data.pairs import read_pairs

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
    "</styleSheet>"
)


class Day(float):
    """A day as Excel counts them."""


def cell(value):
    if value is None:
        return "<c/>"
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f'<c s="1"><v>{float(value)}</v></c>' if isinstance(value, Day) else f"<c><v>{value}</v></c>"


def workbook(path, **sheets):
    """A workbook as Excel writes it, without a library."""
    names = list(sheets)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r" Type="{DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><sheets>'
        + "".join(f'<sheet name="{name}" sheetId="{at}" r:id="s{at}"/>' for at, name in enumerate(names, 1))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="s{at}" Type="{DOCUMENT}/worksheet" Target="worksheets/s{at}.xml"/>'
            for at in range(1, len(names) + 1)
        )
        + f'<Relationship Id="y" Type="{DOCUMENT}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": STYLES,
    }
    for at, rows in enumerate(sheets.values(), 1):
        data = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
        parts[f"xl/worksheets/s{at}.xml"] = f'<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>'
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    return path


def test_pairs_of_the_first_sheet_with_rows(tmp_path):
    rows = [[], ["query", "answer", None], ["dog", "barks\nloudly"], [], ["犬", " ワン "]]
    pairs = read_pairs(workbook(tmp_path / "a.xlsx", Empty=[], FAQ=rows, Notes=[["other"]]))
    assert list(zip(pairs.anchors.to_pylist(), pairs.positives.to_pylist())) == [("dog", "barks\nloudly"), ("犬", " ワン ")]
    assert pairs.understood["source"] == f"{tmp_path / 'a.xlsx'} (sheet 'FAQ')"
    assert pairs.understood["format"] == "Excel"


def test_documents_have_numbers_days_and_no_blanks(tmp_path):
    rows = [
        ["id", "text", "year", "price", "day", "blank"],
        [7, "x", 2020, 1.5, Day(45413), None],
        ["b", "y", 2021, 2, None, ""],
    ]
    found = [item for batch in read_documents(workbook(tmp_path / "a.xlsx", S=rows)) for item in zip(*batch)]
    assert found == [("7", "x", {"year": 2020, "price": 1.5, "day": "2024-05-01"}), ("b", "y", {"year": 2021, "price": 2})]


def test_interactions_and_columns_by_name(tmp_path):
    path = workbook(tmp_path / "a.xlsx", S=[["Kunde", "Artikel", "Sterne"], [1, "tea", 5], [2, "jam", -1]])
    links = read_links(path, "interactions", columns={"user": "Kunde", "item": "Artikel", "value": "Sterne"})
    assert (links.head_names, links.tail_names) == (["1"], ["tea"])
    with pytest.raises(AwaseError, match="E0105: no column is the user; the columns are Kunde, Artikel, Sterne"):
        read_links(path, "interactions")


def test_a_wrong_cell_has_its_row(tmp_path):
    path = workbook(tmp_path / "a.xlsx", S=[["query", "answer"], ["a", "b"], ["c", None]])
    with pytest.raises(AwaseError) as caught:
        read_pairs(path)
    assert caught.value.place == f"{path} (sheet 'S'):row 3"
    assert read_pairs(path, on_bad="skip").bad.n == 1


@pytest.mark.parametrize("content", [b"", b"query,answer\n", b"PK\x03\x04" + bytes(99), b"\xd0\xcf\x11\xe0" + bytes(600)])
@pytest.mark.parametrize("suffix", excel.SUFFIXES)
def test_what_is_no_workbook(tmp_path, content, suffix):
    (tmp_path / f"a{suffix}").write_bytes(content)
    with pytest.raises(AwaseError) as caught:
        read_pairs(tmp_path / f"a{suffix}")
    assert caught.value.code == "E0164" and "CSV (UTF-8)" in caught.value.remedy


def test_workbooks_without_rows_and_too_large_ones(tmp_path, monkeypatch):
    with pytest.raises(AwaseError, match="E0106: the workbook has no rows"):
        read_pairs(workbook(tmp_path / "a.xlsx", S=[], T=[[None, ""]]))
    monkeypatch.setattr(excel, "MAX_WORKBOOK_BYTES", 500)
    with pytest.raises(AwaseError, match=r"E0110: the workbook unpacks to [\d,]+ bytes; at most 500 are allowed"):
        read_pairs(workbook(tmp_path / "b.xlsx", S=[["query", "answer"], ["a", "b" * 500]]))
    assert limits.MAX_WORKBOOK_BYTES == 1 << 30


def test_without_the_library_the_remedy_is_a_command_and_another_way(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name == "python_calamine":
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra) as caught:
        read_pairs(workbook(tmp_path / "a.xlsx", S=[["query", "answer"]]))
    assert caught.value.remedy == "pip install 'awase[excel]', or save the sheet as CSV (UTF-8)"
