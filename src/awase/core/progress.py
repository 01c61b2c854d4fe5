"""Progress on stderr for anything that takes over two seconds, with the time left. Silent until a command turns it on."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_SHOW_AFTER_S = 2.0
_LINE_EVERY_S = 15.0
_MARK_EVERY_S, _MARKS = 1.0, 20
_enabled = False


def enable(on: bool = True) -> None:
    """The command line turns progress on; a library call stays silent."""
    global _enabled
    _enabled = on


def say(text: str) -> None:
    """One line for the user about a choice that was made for them; silent like progress."""
    if _enabled:
        print(text, file=sys.stderr, flush=True)


class Progress:
    """One running job. Call ``advance`` with what was done; ``note`` sets the text at the end of the line."""

    def __init__(self, label: str, total: int | None, unit: str):
        self.label, self.total, self.unit = label, total, unit
        self.done, self.text = 0, ""
        self._start = self._last = time.monotonic()
        self._marks = [(self._start, 0)]  # (time, done) of the last while: what is left is judged by it, as beginnings are slow
        self._drawn = None  # the bar of rich and its task, once there is one

    def note(self, text: str) -> None:
        self.text = text

    def advance(self, n: int = 1) -> None:
        self.done += n
        if not _enabled:
            return
        now = time.monotonic()
        if now - self._marks[-1][0] >= _MARK_EVERY_S:
            self._marks = [*self._marks[-_MARKS:], (now, self.done)]
        if now - self._start < _SHOW_AFTER_S:
            return
        if sys.stderr.isatty():
            self._draw()
        elif now - self._last >= _LINE_EVERY_S:
            self._last = now
            print(self._line(now), file=sys.stderr, flush=True)

    def _line(self, now: float) -> str:
        of = f"/{self.total:,}" if self.total else ""
        left = ""
        since, before = self._marks[0]
        if self.total and self.done > before and now > since:
            left = f", {max(self.total - self.done, 0) * (now - since) / (self.done - before):,.0f} s left"
        return f"{self.label}: {self.done:,}{of} {self.unit}{left} {self.text}".rstrip()

    def _draw(self) -> None:
        if self._drawn is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn(self.unit),
                TimeRemainingColumn(),
                TextColumn("{task.fields[text]}"),
            )
            bar = Bar(*columns, console=Console(stderr=True), transient=True)
            bar.start()
            self._drawn = bar, bar.add_task(self.label, total=self.total, text="")
        bar, task = self._drawn
        bar.update(task, completed=self.done, text=self.text)

    def close(self) -> None:
        if self._drawn is not None:
            self._drawn[0].stop()
            self._drawn = None


@contextmanager
def progress(label: str, total: int | None = None, unit: str = "rows") -> Iterator[Progress]:
    """A job whose progress is shown once it has taken two seconds.

    >>> with progress("reading", total=3) as job:
    ...     for _ in range(3):
    ...         job.advance()
    """
    job = Progress(label, total, unit)
    try:
        yield job
    finally:
        job.close()
