"""The command ``awase``: puts the verbs together and turns every error into a message and an exit code."""

import json
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import awase
from awase.cli import (
    add,
    analogy,
    compare,
    delete,
    demo,
    doctor,
    encode,
    evaluate,
    explain,
    export,
    fit,
    homophily,
    homophily_simulate,
    index,
    info,
    limits,
    mcp,
    neighbours,
    recipes,
    search,
    serve,
)
from awase.cli.output import emit, open_streams, refused, remark
from awase.core import progress
from awase.core.errors import AwaseError, ConfigError

# In the order in which `awase --help` lists them: what is needed every day first.
GROUPS = {
    "Every day": (demo, search, fit, evaluate, compare),
    "Collections": (index, add, delete, serve, mcp),
    "Models": (encode, neighbours, analogy, export, recipes),
    "Discussions": (homophily, homophily_simulate),
    "Look up": (info, doctor, explain, limits),
}
VERBS = tuple(verb for group in GROUPS.values() for verb in group)
INTERRUPTED = 130  # as shells count it: 128 + SIGINT


class _Verbs(TyperGroup):
    """Commands whose names have one word or two: `awase homophily simulate` is not `awase homophily` of a file of that name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        two = " ".join(args[:2])
        return (two, self.commands[two], args[2:]) if two in self.commands else super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The verbs by group, all in the same columns."""
        widest = max(map(len, self.commands))
        room = formatter.width - widest - 6  # two columns, the gap between them and the indentation
        for title, modules in GROUPS.items():
            with formatter.section(title):
                rows = [(name, self.commands[name].get_short_help_str(room)) for name in map(name_of, modules)]
                formatter.write_dl([(f"{name:<{widest}}", text) for name, text in rows])


def name_of(module: ModuleType) -> str:
    """The name of the command that a module has: fit, homophily simulate."""
    return module.__name__.rpartition(".")[2].replace("_", " ")


def application() -> typer.Typer:
    """All verbs. A module of this package named after its verb has a function of that name, EXAMPLES and PYTHON, its twin in Python."""
    app = typer.Typer(
        name="awase",
        cls=_Verbs,
        help="Learns which things belong together: embedding models fitted to your own pairs, judged honestly, indexed and served.",
        epilog=_block(
            "Start here:", ("awase demo", 'awase search FOLDER "red wine"', "awase fit pairs.csv -o model", "awase VERB --help")
        ),
        rich_markup_mode=None,  # plain help that can be copied, and no rich on the way to the first search result
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_awase)
    for module in VERBS:
        function = getattr(module, module.__name__.rpartition(".")[2])
        epilog = _block("Examples:", module.EXAMPLES) + (f"\n\nIn Python: {module.PYTHON}" if module.PYTHON else "")
        app.command(name_of(module), epilog=epilog)(function)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    open_streams()
    for stream in (sys.stdout, sys.stderr):
        if (stream.encoding or "").lower() != "utf-8" and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")  # pyright: ignore[reportAttributeAccessIssue]
    progress.enable()
    sys.exit(_run(given))


def _run(given: list[str]) -> int:
    as_json = "--json" in given
    try:
        code = typer.main.get_command(application()).main(given, prog_name="awase", standalone_mode=False)
    except AwaseError as error:
        _complain(error, as_json)
        return 1
    except OSError as error:
        _complain(refused(error), as_json)
        return 1
    except typer.TyperException as error:  # the command line itself is wrong
        _complain(_misuse(error), as_json)
        return error.exit_code
    except typer.Abort:
        code = INTERRUPTED
    if code == INTERRUPTED:
        remark("interrupted")
    return code or 0


def _misuse(error: typer.TyperException) -> ConfigError:
    """A wrong command line as one of our errors, with the nearest right name."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "awase"
    message = (getattr(error, "message", "") if getattr(error, "possibilities", None) else error.format_message()).rstrip(".")
    message = message.replace("Value error, ", "")  # what the library below puts before it
    near = getattr(error, "possibilities", None)
    hint = f"did you mean {near[0]}? " if near else ""
    return ConfigError("E1050", message[:1].lower() + message[1:], remedy=f"{hint}`{path} --help` shows what there is")


def _complain(error: AwaseError, as_json: bool) -> None:
    remark(json.dumps({"error": error.as_dict()}, ensure_ascii=False) if as_json else str(error))


def _block(title: str, lines: Sequence[str]) -> str:
    """An epilog that keeps its lines: \\b says so."""
    return "\b\n" + "\n".join([title, *(f"  {line}" for line in lines)])


def _awase(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        emit(awase.__version__)
    elif context.invoked_subcommand is None:
        emit(context.get_help())
