"""awase limits: every size that Awase refuses to exceed."""

from awase.cli.options import Json
from awase.cli.output import emit, emit_json, facts

EXAMPLES = ("awase limits", "awase limits --json")
PYTHON = "awase.core.limits"


def limits(as_json: Json = False) -> None:
    """List the limits on what is read and accepted.

    Sizes are in bytes unless the name says otherwise.
    """
    from awase.core import limits as module

    values = {name.lower(): value for name, value in vars(module).items() if name.isupper()}
    if as_json:
        emit_json(values)
    else:
        emit(facts(values))
