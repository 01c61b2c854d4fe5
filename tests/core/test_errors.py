import json
import pickle
import re
from pathlib import Path

import pytest

import awase
from awase.core import errors
from awase.core.errors import AwaseError, InputError
from awase.core.explain import codes, explain

SOURCE = Path(awase.__file__).parent


def kinds():
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AwaseError)]


def test_the_text_has_code_message_place_value_and_remedy():
    error = InputError("E0104", "column 'label' holds text", place="pairs.csv:17", value="yes", remedy="use numbers")
    assert str(error) == "E0104: column 'label' holds text\n  where: pairs.csv:17\n  value: 'yes'\n  to do: use numbers"
    assert str(InputError("E0104", "only this")) == "E0104: only this"


@pytest.mark.parametrize(("value", "line"), [(0, "  value: 0"), ("", "  value: ''"), ([], "  value: []")])
def test_a_value_that_is_nothing_is_shown_too(value, line):
    assert str(InputError("E0104", "m", value=value)).splitlines()[1] == line


def test_a_long_value_is_cut():
    text = str(InputError("E0104", "m", value="x" * 10_000))
    assert len(text) < 150 and text.endswith("…")


def test_errors_are_what_callers_catch():
    parents = {
        kind.__name__: tuple(parent.__name__ for parent in kind.__bases__ if parent is not AwaseError) for kind in kinds()
    }
    assert parents == {
        "AwaseError": ("Exception",),
        "InputError": ("ValueError",),
        "ConfigError": ("ValueError",),
        "FormatError": ("ValueError",),
        "IntegrityError": (),
        "LimitError": ("ValueError",),
        "BackendError": ("RuntimeError",),
        "MissingExtra": ("ImportError",),
    }


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    assert drawn == [kind.__name__ for kind in kinds() if kind is not AwaseError]


def test_errors_cross_processes_and_become_json():
    assert len(kinds()) == 8
    for kind in kinds():
        error = kind("E0104", "message", place="a:1", value=[1], remedy="do")
        back = pickle.loads(pickle.dumps(error))
        assert (type(back), str(back), back.__dict__) == (kind, str(error), error.__dict__)
        assert json.loads(json.dumps(error.as_dict())) == {
            "code": "E0104",
            "message": "message",
            "place": "a:1",
            "remedy": "do",
        }


def test_missing_extra_prints_the_command():
    error = errors.missing_extra("ann", "faiss")
    assert str(error) == ("E0001: this needs the library 'faiss', which is not installed\n  to do: pip install 'awase[ann]'")


def test_every_code_has_a_page_and_every_page_a_code():
    used: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        for code in re.findall(r"\"(E\d{4})\"", path.read_text(encoding="utf-8")):
            used.setdefault(code, set()).add(path.relative_to(SOURCE).as_posix())
    pages = set(codes())
    print(f"{len(used)} codes raised, {len(pages)} pages")
    assert len(pages) >= 30
    assert {code: sorted(used[code]) for code in set(used) - pages} == {}, "codes without a page"
    assert sorted(pages - set(used)) == [], "pages of codes that nothing raises"


@pytest.mark.parametrize("code", codes())
def test_a_page_has_a_title_a_reason_and_a_next_step(code):
    title, blank, *body = explain(code).splitlines()
    assert re.fullmatch(rf"# {code}: .*[^.]", title) and blank == ""
    assert 2 <= len([line for line in body if line]) <= 9
    assert any(re.match("(Do|To do): ", line) for line in body), "a page says what to do"


@pytest.mark.parametrize("code", ["E0001", "e0001", " E0001 ", "1", "0001", "E1"])
def test_a_code_may_be_written_in_many_ways(code):
    assert explain(code).startswith("# E0001: an optional library is not installed\n")


@pytest.mark.parametrize(
    ("code", "remedy"), [("E0391", "did you mean E03"), ("E9999", ""), ("disk full", "codes go from E0001 to E")]
)
def test_an_unknown_code(code, remedy):
    with pytest.raises(errors.ConfigError) as caught:
        explain(code)
    assert str(caught.value).startswith(f"E0002: no error has this code\n  value: {code!r}\n  to do: {remedy}")
