"""Writes the pages that come from the code: reference.md, errors.md and recipes/*.md. With --check it only says which are old.

python docs/build.py [--check]
"""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import typer

import awase
from awase import recipes
from awase.cli.main import VERBS, application, name_of
from awase.core import errors, limits
from awase.core.explain import codes, explain
from awase.index import where
from awase.index.collection import Collection
from awase.index.hybrid import Fusion
from awase.index.items import Item, Result
from awase.models import StaticModel, TableModel
from awase.tasks.report import Report

DOCS = Path(__file__).parent
FILES = {
    "a corpus": "corpus.txt",
    "a graph or a corpus": "edges.tsv",
    "a hierarchy": "edges.tsv",
    "interactions": "ratings.csv",
    "labelled texts": "texts.csv",
    "pairs of names": "pairs.tsv",
    "pairs of texts": "pairs.csv",
    "triples": "triples.tsv",
}
NOTE = "<!-- Written by docs/build.py from the code: change it there, then run `make docs`. -->\n\n"
CLASSES = (
    (Collection, ("create", "open", "add", "upsert", "delete", "get", "search", "prepare", "info", "doctor", "close")),
    (Item, ()),
    (Result, ()),
    (Fusion, ("chosen_for",)),
    (StaticModel, ("encode", "save")),
    (TableModel, ("vector", "neighbours", "analogy", "predict", "recommend", "save")),
    (Report, ("as_dict", "as_json", "write", "print")),
)


def pages() -> dict[Path, str]:
    """Path -> content of every generated page."""
    made = {DOCS / "reference.md": reference(), DOCS / "errors.md": error_pages()}
    made |= {DOCS / "recipes" / f"{name}.md": recipe_page(recipes.get(name)) for name in recipes.names()}
    return {path: NOTE + re.sub(r"\n{3,}", "\n\n", content).strip() + "\n" for path, content in made.items()}


def reference() -> str:
    commands = typer.main.get_command(application()).commands  # pyright: ignore[reportAttributeAccessIssue]
    verbs = "\n".join(verb(module, commands[name_of(module)]) for module in VERBS)
    functions = "\n".join(
        function(getattr(awase, name), f"awase.{name}")
        for name in ("fit", "evaluate", "compare", "homophily", "load", "read_pairs")
    )
    classes = "\n".join(a_class(kind, methods) for kind, methods in CLASSES)
    sizes = "\n".join(f"| `{name}` | {value:,} |" for name, value in vars(limits).items() if name.isupper())
    return f"""# Reference

The [command line](#command-line), [Python](#python), [filters](#filters), [errors](#errors) and [limits](#limits).

## Command line

stdout is data and nothing else; progress, remarks and errors go to stderr. `--json` prints JSON; an error is then a line of JSON on
stderr. The exit code is 0 when it was done, 1 when it could not be done, 2 when the command line was wrong, 130 after Ctrl-C.

{verbs}

## Python

{functions}
{classes}

## Filters

`--where` and `where=` take this language (`awase.index.where`).

{text(where.__doc__)}

## Errors

Every error is an `awase.AwaseError`. Its codes are explained in [errors.md](errors.md) and by `awase explain CODE`.

{text(errors.__doc__)}

## Limits

`awase limits` prints them. Sizes are in bytes unless the name says otherwise.

| limit | value |
|---|--:|
{sizes}
"""


def verb(module, command) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join(["awase", command.name, *(one.metavar or one.name.upper() for one in arguments), "[OPTIONS]"])
    rows = [f"| `{one.metavar or one.name.upper()}` | {cell(one.help)} | |" for one in arguments]
    rows += [f"| {option_names(one)} | {cell(one.help)}{variable(one)} | {default(one)} |" for one in options]
    table, examples = "\n".join(rows), "\n".join(module.EXAMPLES)
    return f"""### awase {command.name}

{text(command.help)}

`{usage}`

| | | default |
|---|---|---|
{table}

```text
{examples}
```

In Python: `{module.PYTHON}`
"""


def option_names(option) -> str:
    value = "" if option.is_flag else f" {option.metavar or option.name.upper()}"
    return (
        ", ".join(f"`{name}`" for name in option.opts[:-1]) + (", " if option.opts[1:] else "") + f"`{option.opts[-1]}{value}`"
    )


def variable(option) -> str:
    return f" (environment: `{option.envvar}`)" if option.envvar else ""


def default(option) -> str:
    if option.required:
        return "needed"
    return "" if option.default is None or option.default is False else f"`{option.default}`"


def cell(help_text: str) -> str:
    return " ".join(help_text.split()).replace("|", r"\|")


def function(value, name: str, level: int = 3) -> str:
    return f"{'#' * level} {name}\n\n```text\n{name}{signature(value)}\n```\n\n{text(inspect.getdoc(value))}\n"


def a_class(kind: type, methods: tuple[str, ...]) -> str:
    parts = [f"### {kind.__name__}\n\n{text(inspect.getdoc(kind))}\n"]
    parts += [function(getattr(kind, name), f"{kind.__name__}.{name}", level=4) for name in methods]
    return "\n".join(parts)


def signature(value) -> str:
    """The parameters, one a line when they are many, without the types' full paths."""
    shown = str(inspect.signature(value)).replace("typing.", "").replace("collections.abc.", "").replace("pathlib.", "")
    shown = re.sub(r"awase(\.\w+)+\.(\w+)", r"\2", shown)
    shown = re.sub(r"\((self|cls)(, )?", "(", shown)
    return shown if len(shown) < 100 else re.sub(r", (?=[*\w]+(:|,))", ",\n    ", shown).replace("(", "(\n    ", 1)


def text(docstring: str | None) -> str:
    """A docstring as Markdown: its examples fenced, all else as it stands."""
    return "\n".join(_fenced(inspect.cleandoc(docstring or "").splitlines()))


def _fenced(lines: list[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        if line.startswith(">>>") and not inside:
            inside = True
            yield "```pycon"
        elif inside and not line.strip():
            inside = False
            yield "```"
        yield line.replace("# doctest: +SKIP", "").rstrip()
    if inside:
        yield "```"


def error_pages() -> str:
    return "# Errors\n\nWhat `awase explain CODE` prints, for every code.\n\n" + "\n\n".join(
        "#" + explain(code).strip() for code in codes()
    )


def recipe_page(entry) -> str:
    paper = f"*{entry.paper.title}*, {entry.paper.venue}. " if entry.paper else ""
    options = "\n".join(f"| `{name}` | {of['type']} | `{of['default']}` |" for name, of in entry.options().items())
    parts = "\n".join(f"| {part} | {cell(str(settings(value)))} |" for part, value in entry().resolved().items())
    return f"""# {entry.name}

{paper}Needs {entry.needs}.

{text(entry.make.__doc__)}

## The parts

| part | value |
|---|---|
{parts}

## Options

`awase fit {FILES[entry.needs]} -o model --recipe {entry.name} --set NAME=VALUE`, or `awase.fit(data, "{entry.name}", options={{...}})`.

| option | value | default |
|---|---|---|
{options}
"""


def settings(value) -> str:
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{name} {one}" if name != "part" else str(one) for name, one in value.items())


def main() -> int:
    made = pages()
    old = [path for path, content in made.items() if not path.exists() or path.read_text(encoding="utf-8") != content]
    if "--check" in sys.argv[1:]:
        print(
            "\n".join(f"{path.relative_to(DOCS.parent)} is old: run `make docs`" for path in old)
            or f"{len(made)} pages are new"
        )
        return bool(old)
    for path in old:
        path.parent.mkdir(exist_ok=True)
        path.write_text(made[path], encoding="utf-8")
        print(f"wrote {path.relative_to(DOCS.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
