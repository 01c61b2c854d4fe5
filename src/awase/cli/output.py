"""What a verb prints: data on stdout, remarks on stderr."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from awase.tasks.report import Report


def emit(text: str) -> None:
    """Print data. When the reader has gone away (``| head``) the command ends quietly: it got what it wanted."""
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Else the interpreter flushes once more when it ends, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def emit_json(value: Any) -> None:
    """Print a value as JSON, in UTF-8 whatever the language settings."""
    emit(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def remark(text: str) -> None:
    """Say something that is not data."""
    print(text, file=sys.stderr, flush=True)


def show(report: "Report", out: Path | None, as_json: bool) -> None:
    """Print a report, and write its files where the user asked for them."""
    if out:
        report.write(out)
    if as_json:
        emit(report.as_json())
        return
    report.print()
    if out:
        remark(f"The report is in {out / 'report.html'}.")


def coloured() -> bool:
    """Whether stdout is a terminal whose user has not asked for plain text (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def facts(values: dict[str, Any]) -> str:
    """Names and values in two columns.

    >>> print(facts({"name": "wine", "items": 60_000}))
    name   wine
    items  60,000
    """
    width = max(map(len, values), default=0)
    return "\n".join(f"{name:<{width}}  {_shown(value)}" for name, value in values.items())


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.4g}"
        case list() | tuple():
            return ", ".join(map(_shown, value)) or "-"
        case dict():
            return ", ".join(f"{name}={_shown(one)}" for name, one in value.items()) or "-"
        case None:
            return "-"
    return str(value)
