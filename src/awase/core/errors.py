"""Every error Awase raises on purpose.

    AwaseError
    ├── InputError       data a user gave is wrong                (also a ValueError)
    ├── ConfigError      an option or a combination is wrong      (also a ValueError)
    ├── FormatError      a file is not what it says it is         (also a ValueError)
    ├── IntegrityError   a file was damaged, or two do not match
    ├── LimitError       something is larger than is allowed      (also a ValueError)
    ├── BackendError     a library or the system below us failed  (also a RuntimeError)
    └── MissingExtra     an optional library is not installed     (also an ImportError)

Each carries a code (``awase explain E0104`` prints its page), what was wrong, where, which value, and what to do next.
"""

_VALUE_CHARS = 120


class AwaseError(Exception):
    """An error with a code, a place, a value and a next step.

    >>> print(InputError("E0104", "column 'label' holds text", place="pairs.csv:17", value="yes", remedy="use numbers"))
    E0104: column 'label' holds text
      where: pairs.csv:17
      value: 'yes'
      to do: use numbers
    """

    def __init__(self, code: str, message: str, *, place: str = "", value: object = None, remedy: str = ""):
        self.code, self.message, self.place, self.value, self.remedy = code, message, place, value, remedy
        lines = [f"{code}: {message}"]
        if place:
            lines.append(f"  where: {place}")
        if value is not None:
            lines.append(f"  value: {shown(value)}")
        if remedy:
            lines.append(f"  to do: {remedy}")
        super().__init__("\n".join(lines))

    def as_dict(self) -> dict[str, str]:
        """The error for machines: the server and ``--json`` print this."""
        return {"code": self.code, "message": self.message, "place": self.place, "remedy": self.remedy}

    def __reduce__(self):
        # Exceptions cross process boundaries by their arguments; ours are mostly keywords.
        return _rebuild, (type(self), self.code, self.message, self.place, self.value, self.remedy)


def shown(value: object) -> str:
    """A value as errors show it: its beginning, on one line, whatever it is.

    >>> shown("yes"), shown(10**5000)
    ("'yes'", 'a value of type int that cannot be shown')
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - an int of 5,000 digits, or somebody's own class
        return f"a value of type {type(value).__name__} that cannot be shown"
    return text if len(text) <= _VALUE_CHARS else text[:_VALUE_CHARS] + "…"


def _rebuild(kind, code, message, place, value, remedy):
    return kind(code, message, place=place, value=value, remedy=remedy)


class InputError(AwaseError, ValueError):
    """Data a user gave is wrong."""


class ConfigError(AwaseError, ValueError):
    """An option, or a combination of options, is wrong."""


class FormatError(AwaseError, ValueError):
    """A file is not what it says it is."""


class IntegrityError(AwaseError):
    """A file was damaged, or two things that must match do not."""


class LimitError(AwaseError, ValueError):
    """Something is larger than is allowed; the limits are in ``awase.core.limits``."""


class BackendError(AwaseError, RuntimeError):
    """A library or the operating system below us failed."""


class MissingExtra(AwaseError, ImportError):
    """An optional library is not installed; the remedy is the exact command."""


def missing_extra(extra: str, library: str) -> MissingExtra:
    """The error for an optional library, with the command that installs it."""
    return MissingExtra(
        "E0001",
        f"this needs the library {library!r}, which is not installed",
        remedy=f"pip install 'awase[{extra}]'",
    )
