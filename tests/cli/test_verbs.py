"""What holds for every verb."""

import inspect
import shlex

import pytest
import typer

from awase.cli.main import VERBS, application, name_of

COMMANDS = typer.main.get_command(application()).commands
NAMES = [name_of(module) for module in VERBS]


def test_the_verbs_are_these():
    expected = "demo,search,fit,evaluate,compare,index,add,delete,serve,mcp,encode,neighbours,analogy,export,recipes"
    assert (
        list(COMMANDS)
        == NAMES
        == [*expected.split(","), "homophily", "homophily simulate", "info", "doctor", "explain", "limits"]
    )


def test_they_are_listed_in_five_groups(awase):
    titles = [line[:-1] for line in awase("--help").out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert titles == ["Options", "Every day", "Collections", "Models", "Discussions", "Look up"]


@pytest.mark.parametrize("name", NAMES)
def test_help_says_what_it_does_in_a_line(awase, name):
    shown = awase(*name.split(), "--help")
    assert shown.code == 0
    first = inspect.cleandoc(COMMANDS[name].help).splitlines()[0]
    assert first.endswith(".")
    assert len(first) <= 60
    assert first in shown.out
    assert first in awase("--help").out


@pytest.mark.parametrize("module", VERBS, ids=NAMES)
def test_help_has_examples_that_the_verb_understands(awase, module):
    name = name_of(module)
    shown = awase(*name.split(), "--help").out
    own = [example for example in module.EXAMPLES if example.startswith(f"awase {name}")]
    assert own
    for example in module.EXAMPLES:
        assert example in shown, "an example was wrapped"
    for example in own:
        arguments = shlex.split(example, comments=True)[1 + len(name.split()) :]
        COMMANDS[name].make_context(name, [argument for argument in arguments if argument != "<"])


@pytest.mark.parametrize("module", VERBS, ids=NAMES)
def test_help_names_the_twin_in_python(awase, module):
    name = name_of(module)
    assert " ".join(f"In Python: {module.PYTHON}".split()) in " ".join(awase(*name.split(), "--help").out.split())


def test_every_parameter_has_help():
    parameters = [(name, one) for name, command in COMMANDS.items() for one in command.params]
    assert not [f"{name} {one.name}" for name, one in parameters if not one.help]
    assert len(parameters) > 80


def test_every_verb_that_prints_data_has_json():
    without = [
        name for name, command in COMMANDS.items() if "--json" not in [opt for one in command.params for opt in one.opts]
    ]
    assert without == ["serve", "mcp"]


def test_environment_variables_are_in_the_help(awase):
    assert "AWASE_THREADS" in awase("fit", "--help").out
    assert "AWASE_MODEL" in awase("search", "--help").out
    assert "AWASE_PORT" in awase("serve", "--help").out


def test_no_verb_shows_the_list(awase):
    shown = awase()
    assert shown.code == 0
    assert shown.out == awase("--help").out
    assert "awase fit pairs.csv -o model" in shown.out


def test_version(awase):
    import awase as package

    assert awase("--version") == (0, f"{package.__version__}\n", "")
