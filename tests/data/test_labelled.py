"""Labelled texts: which column is what, what is numbered, what is refused."""

import numpy as np
import pytest

from awase.core.errors import InputError
from awase.data.labelled import read_labelled

ROWS = [("red wine", "drink"), ("bread", "food"), ("White wine", "Drink"), ("bread", "basics")]


def test_tuples_are_text_and_label():
    found = read_labelled(ROWS)
    assert found.texts.tolist() == [0, 1, 2, 1] and found.n_texts == 3 and len(found) == 4
    assert found.labels.tolist() == [0, 1, 0, 2] and found.label_names == ["drink", "food", "basics"]


@pytest.mark.parametrize("header", ["text,label", "body,section", "label,text", "Sentence,Class", ""])
def test_columns_are_known_by_name_or_come_first(tmp_path, header):
    turned = header.startswith("label")
    lines = [",".join((label, text) if turned else (text, label)) for text, label in ROWS]
    (tmp_path / "texts.csv").write_text("\n".join([header, *lines] if header else lines))
    found = read_labelled(tmp_path / "texts.csv")
    assert found.label_names == ["drink", "food", "basics"]
    assert found.pairs.anchors.to_pylist()[0] == "red wine"


def test_columns_by_option_and_in_dicts(tmp_path):
    (tmp_path / "texts.csv").write_text("a,b,c\n1,red wine,drink\n2,bread,food\n")
    assert read_labelled(tmp_path / "texts.csv", columns={"text": "b", "label": "c"}).label_names == ["drink", "food"]
    rows = [{"id": i, "text": text, "label": label} for i, (text, label) in enumerate(ROWS)]
    assert np.array_equal(read_labelled(rows).labels, [0, 1, 0, 2])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("a", "x"), ("b", "X")], "E0579: every text has the same label\n  where: the list\n  value: 'x'"),
        ([("a", "x"), ("", "y")], "E0109: column 'anchor': the text is empty\n  where: item [1]"),
        ([{"text": "a", "kind": "x"}], "E0105: no column is the label; the columns are text, kind"),
        ([], "E0106: the list is empty"),
    ],
)
def test_what_cannot_be_read(rows, says):
    with pytest.raises(InputError) as caught:
        read_labelled(rows)
    assert says in str(caught.value)
