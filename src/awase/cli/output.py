"""What a verb prints: data on stdout, remarks on stderr."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from awase.core.errors import BackendError

if TYPE_CHECKING:
    from awase.tasks.report import Report


def emit(text: str) -> None:
    """Print data. When the reader has gone away (``| head``) the command ends quietly: it got what it wanted.

    Raises BackendError E0341 when the data cannot be written.
    """
    if _CLOSED:
        raise _unwritten("it is closed")
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
        raise typer.Exit(0) from None
    except OSError as error:
        _silence()
        raise _unwritten(error.strerror or str(error)) from error


_CLOSED: list[str] = []  # "stdout" if it was closed when the command began


def open_streams() -> None:
    """Make sure that 0, 1 and 2 are open files. A closed one would be the next file that is opened, and what is printed would go into it."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            if name == "stdout":
                _CLOSED.append(name)
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - for the life of the process


def refused(error: OSError) -> BackendError:
    """The error of ours for one of the system's that nobody else has explained. Without a file it is stdout, to which the help is printed."""
    why = error.strerror or str(error)
    if error.filename is None:
        _silence()
        return _unwritten(why)
    remedy = "check the path, its permissions and the disk"
    return BackendError("E0301", f"the system refused: {why}", place=str(error.filename), remedy=remedy)


def _unwritten(why: str) -> BackendError:
    return BackendError(
        "E0341", f"the result could not be written to stdout: {why}", remedy="send it elsewhere, or free some space"
    )


def _silence() -> None:
    """Else the interpreter flushes once more when it ends, and complains."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def emit_json(value: Any) -> None:
    """Print a value as JSON, in UTF-8 whatever the language settings."""
    emit(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def remark(text: str) -> None:
    """Say something that is not data. Where nobody can be told, the command goes on."""
    with suppress(OSError):
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
