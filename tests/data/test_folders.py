"""Folders of texts: which files are read, what is in them, and that passages are what stands there."""

import os
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.limits import MAX_FILE_BYTES
from awase.data.folders.html import lines_of_html
from awase.data.folders.passages import MOST, passages
from awase.data.folders.text import content, decoded
from awase.data.folders.walk import HIDDEN, IGNORED, LINKS, SPECIAL, walk

RULES = {
    "": ["*.log", "!keep.log", "/build", "out/", "docs/**/secret.txt", "a?c.txt", "[xy].txt", "# comment", "", "\\#hash", "trail\\ ", "!"],
    "sub": ["*.txt", "!b.txt"],
    "sub/deep": ["!*.log", "/own"],
}  # fmt: skip
FILES = [
    "a.txt", "x.log", "keep.log", "build/a.txt", "sub/build/b.txt", "out/c.txt", "sub/out/c.md", "docs/secret.txt", "docs/a/b/secret.txt",
    "abc.txt", "abbc.txt", "x.txt", "sub/x.md", "sub/a.txt", "sub/b.txt", "sub/deep/e.log", "sub/deep/own", "sub/deep/x/own", "#hash",
    "trail ", "out.md", "sub/keep.log",
]  # fmt: skip


def made(root, files, rules=()):
    for path in files:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("text")
    for path, lines in dict(rules).items():
        (root / path / ".gitignore").write_text("\n".join(lines) + "\n")
    return root


def test_what_is_ignored_is_what_git_ignores(tmp_path):
    made(tmp_path, FILES, RULES)
    assert shutil.which("git"), "git is compared with"
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    without_repository = sorted(walk(tmp_path).files)
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=tmp_path, env=environment, check=True, capture_output=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    wanted = sorted(path for path in listed.stdout.split("\0") if path and not path.endswith(".gitignore"))
    assert sorted(walk(tmp_path).files) == wanted == without_repository
    assert 8 <= len(wanted) <= len(FILES) - 8
    # a folder inside a repository: the rules above it hold, and .git/info/exclude
    (tmp_path / ".git/info/exclude").write_text("x.md\n")
    below = [path.removeprefix("sub/") for path in wanted if path.startswith("sub/") and path != "sub/x.md"]
    assert sorted(walk(tmp_path / "sub").files) == sorted(below)


def test_a_folder_that_is_ignored_itself_is_read_when_it_is_named(tmp_path):
    made(tmp_path, ["build/a.txt", "build/b.log"], {"": ["build/", "*.log"]})
    (tmp_path / ".git").mkdir()
    assert sorted(walk(tmp_path).files) == []
    assert sorted(walk(tmp_path / "build").files) == ["a.txt", "b.log"]


def test_what_is_passed_over_is_counted(tmp_path):
    made(tmp_path / "in", ["a.txt", ".hidden", ".git/config", ".venv/lib/x.py", "skip.log"], {"": ["*.log"]})
    (tmp_path / "outside.txt").write_text("not yours")
    (tmp_path / "in/out.txt").symlink_to(tmp_path / "outside.txt")
    (tmp_path / "in/up").symlink_to(tmp_path)
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/broken").symlink_to("nowhere")
    os.mkfifo(tmp_path / "in/pipe")
    found = walk(tmp_path / "in")
    assert list(found.files) == ["a.txt"]
    assert found.passed_over == {HIDDEN: 4, IGNORED: 1, LINKS: 4, SPECIAL: 1}
    assert not found.refused


def test_a_name_that_is_no_text_is_refused_by_name(tmp_path):
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("text")
    found = walk(tmp_path)
    assert list(found.files) == ["a.txt"]
    assert found.refused == {"caf\\xe9.txt": "its name is not UTF-8"}


def test_a_folder_that_cannot_be_read_is_refused_by_name(tmp_path, monkeypatch):
    made(tmp_path, ["a.txt", "closed/b.txt"])
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = walk(tmp_path)
    assert list(found.files) == ["a.txt"]
    assert found.refused == {"closed": "the folder cannot be read: Permission denied"}


@pytest.mark.parametrize(
    ("data", "text", "why"),
    [
        ("wine\r\nワイン\rend".encode(), "wine\nワイン\nend", ""),
        (b"\xef\xbb\xbfwine", "wine", ""),
        ("ワイン".encode("utf-16"), "ワイン", ""),
        (b"\xfe\xff" + "ワイン".encode("utf-16-be"), "ワイン", ""),
        (b"", "", ""),
        (b"a" * 8191 + b"\0", "", "binary"),
        (b"a" * 8192 + b"\0", "a" * 8192 + "\0", ""),
        ("a\nb\nワイン".encode("cp932"), "", "its encoding is not known: line 3 is not UTF-8"),
        (b"\xff\xfea", "", "its encoding is not known: line 1 is not UTF-8"),
    ],
)
def test_decoding(data, text, why):
    assert decoded(data) == (text, why)


def test_reading_follows_no_link_waits_for_no_pipe_and_reads_no_giant(tmp_path):
    (tmp_path / "real").write_text("text")
    (tmp_path / "link").symlink_to("real")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "giant").write_bytes(b"")
    os.truncate(tmp_path / "giant", MAX_FILE_BYTES + 1)
    (tmp_path / "largest").write_bytes(b"a" * MAX_FILE_BYTES)
    assert content(tmp_path / "real").data == b"text"
    assert content(tmp_path / "link").why.startswith("it cannot be read: ")
    assert content(tmp_path / "pipe").why == "it is no file any more"
    assert content(tmp_path / "giant").why == "it is larger than 8 MB"
    assert len(content(tmp_path / "largest").data) == MAX_FILE_BYTES
    assert content(tmp_path / "gone").why == "it vanished while the folder was read"


LINES = st.lists(
    st.one_of(
        st.sampled_from(["", "# head", "def f():", "    x = 1", "=====", "title", "* item"]), st.text("ab 猫", max_size=900)
    )
)


@settings(deadline=None)
@given(LINES, st.sampled_from(["a.txt", "a.md", "a.rst", "a.py", "Makefile"]))
def test_passages_hold_every_line_at_its_place(lines, name):
    text = "\n".join(lines)
    found = passages(name, text)
    assert [line for line in text.split("\n") if line.strip()] == [
        line for one in found if one.part == 1 for line in _whole(one, found).split("\n") if line.strip()
    ]
    for one in found:
        assert text.split("\n")[one.line - 1].startswith(one.text.split("\n")[0]) or one.part > 1
        assert len(one.text) <= MOST
    assert len({(one.line, one.part) for one in found}) == len(found)
    assert [(one.line, one.part) for one in found] == sorted((one.line, one.part) for one in found)


def _whole(first, found):
    return "".join(one.text for one in found if one.line == first.line)


FILLER = "word " * 100


@pytest.mark.parametrize(
    ("name", "text", "begins"),
    [
        ("a.md", f"# One\n{FILLER}\n## Two\n{FILLER}\n\nThree\n-----\n{FILLER}\n```\n# no heading\n```\n", [1, 3, 6]),
        ("a.rst", f"One\n===\n{FILLER}\n\n====\nTwo\n====\n{FILLER}\n", [1, 5]),
        ("a.py", f"import a\n\n\ndef one():\n    '''{FILLER}'''\n\n    return 1\n\n\ndef two():\n    {FILLER}\n", [1, 10]),
        ("a.txt", f"{FILLER * 2}\n\n{FILLER * 2}\n\n{FILLER}\n", [1, 3]),
        ("a.html", f"<title>One</title>\n<p>{FILLER}</p>\n<h2>Two</h2><p>{FILLER}</p><script>\nx</script>\n<h2>Three</h2>", [1, 3, 5]),
        ("a.txt", "x" * (MOST + 5), [1, 1]),
    ],
)  # fmt: skip
def test_passages_begin_at_good_places(name, text, begins):
    assert [one.line for one in passages(name, text)] == begins


def test_html_says_what_a_reader_sees():
    head = '<!doctype html><head><style>p{}</style></head><body a="1>2">'
    page = head + "Red<br/>white&nbsp;&lt;<!-- no\n -->\n<p>a <b>b</b>c<svg><p>d</p></svg>\n</P>"
    assert lines_of_html(page)[:2] == (["Red", "white <", "a bc"], [1, 1, 3])


@pytest.mark.parametrize(
    "part", ["<a ", "<", '<a "', "<a '\" ", "<!--", "<![CDATA[", "</", "<script></script ", "<svg>", "&#", "<div a=b "]
)
def test_hostile_html_takes_time_that_grows_with_its_length(part):
    """Work is counted in characters looked at by the slowest thing there is: half a megabyte ends at all."""
    lines_of_html(part * (500_000 // len(part)))
