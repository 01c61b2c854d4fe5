"""Exit codes, the text of errors, and streams that close."""

import json
import signal
import subprocess
import sys

import pytest

from awase.cli import limits, output


def test_a_wrong_verb_gets_the_nearest(awase):
    ran = awase("serch", "docs.awase", "wine")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("E1050: no such command 'serch'. Did you mean 'search'")
    assert "`awase --help` shows what there is" in ran.err


def test_a_wrong_option_gets_the_nearest(awase):
    ran = awase("search", "docs.awase", "wine", "--wher", "year > 1")
    assert ran.code == 2
    assert (
        ran.err == "E1050: no such option: --wher\n  to do: did you mean --where? `awase search --help` shows what there is\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit"], "E1050: missing argument 'FILE'"),
        (["fit", "pairs.csv"], "E1050: missing option '-o' / '--out'"),
        (["search", "docs.awase", "wine", "--mode", "fuzzy"], "E1050: invalid value for '--mode'"),
        (["search", "docs.awase", "wine", "-k", "0"], "E1050: invalid value for '-k'"),
        (["search", "docs.awase", "wine", "-k", "many"], "E1050: invalid value for '-k'"),
        (["fit", "p.csv", "-o", "m", "--columns", "anchor"], "E1050: invalid value for --columns: 'anchor' is not NAME=VALUE"),
        (["fit", "p.csv", "-o", "m", "--set", "dim="], "E1050: invalid value for --set: 'dim=' is not NAME=VALUE"),
    ],
)
def test_a_wrong_command_line_is_2(awase, arguments, message):
    ran = awase(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith(message)
    assert "Traceback" not in ran.err


def test_an_error_is_1_with_its_text(awase):
    ran = awase("index", "no-such.jsonl", "-o", "docs.awase")
    assert ran.code == 1
    assert ran.out == ""
    assert "E0101: there is no such file\n  where: no-such.jsonl\n  to do: check the path\n" in ran.err
    assert "Traceback" not in ran.err


def test_an_error_as_json_leaves_stdout_empty(awase):
    ran = awase("recipes", "statik", "--json")
    assert (ran.code, ran.out) == (1, "")
    error = json.loads(ran.err)["error"]
    assert error["code"] == "E0611"
    assert "did you mean 'static'?" in error["remedy"]


def test_a_wrong_command_line_as_json(awase):
    ran = awase("recipes", "--jsn", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert json.loads(ran.err)["error"]["code"] == "E1050"


def test_an_unknown_code(awase):
    ran = awase("explain", "E9999")
    assert ran.code == 1
    assert ran.err.startswith("E0002")


def test_interrupted_says_one_word(awase, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(limits, "emit", interrupt)
    assert awase("limits") == (130, "", "interrupted\n")


def test_interrupted_by_the_keyboard(process, collection, tmp_path):
    serving = process("serve", collection, "--port", "0")
    assert "Ctrl-C stops it" in serving.stderr.readline()
    serving.send_signal(signal.SIGINT)
    out, err = serving.communicate(timeout=20)
    assert out == ""
    assert "Traceback" not in err


def test_a_reader_that_goes_away_ends_it_quietly(process):
    explaining = process("explain")
    explaining.stdout.close()
    assert explaining.stderr.read() == ""
    assert explaining.wait(timeout=20) == 0


def test_a_search_imports_only_what_it_needs(collection):
    """The first result of a new process does not wait for libraries that draw, parse filters or train."""
    program = f"""
import sys
from awase.cli.main import main
try:
    main(["search", {str(collection)!r}, "red wine"])
finally:
    print(*sys.modules, file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Red wine from France" in ran.stdout
    assert not set(ran.stderr.split()) & {
        "rich",
        "lark",
        "torch",
        "matplotlib",
        "starlette",
        "pandas",
        "transformers",
        "awase.train",
    }


def test_emit_ends_every_output_with_one_line_end(capsys):
    output.emit("a")
    output.emit("b\n")
    assert capsys.readouterr().out == "a\nb\n"


def test_output_is_utf8_whatever_the_language_settings(process, tmp_path, collection, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    found = process("search", collection, "ワイン", "--mode", "bm25", text=False).communicate(timeout=60)[0]
    assert "フランスの赤いワイン" in found.decode("utf-8")
