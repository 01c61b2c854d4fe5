"""awase analogy: a is to b as c is to what?"""

from typing import Annotated

import typer

from awase.cli.options import Json, TableModel
from awase.cli.output import emit, emit_json
from awase.core.limits import MAX_K

EXAMPLES = ("awase analogy model man king woman", "awase analogy model 東京 日本 パリ -k 3")
PYTHON = 'awase.load("model").analogy("man", "king", "woman")'

Word = Annotated[str, typer.Argument(metavar="NAME", help="A name that the model knows.", show_default=False)]


def analogy(
    model: TableModel,
    a: Word,
    b: Word,
    c: Word,
    k: Annotated[int, typer.Option("-k", min=1, max=MAX_K, help="How many.")] = 10,
    as_json: Json = False,
) -> None:
    """Say what is to a third name as a second to a first.

    Scores are the cosine with b - a + c.
    """
    from awase.models import named_table

    found = named_table(model).analogy(a, b, c, k)
    if as_json:
        emit_json([one._asdict() for one in found])
    else:
        from awase.cli.ranked import named

        emit(named(found))
