"""awase neighbours: what is close to a word, a node, a user or an item."""

from typing import Annotated

import typer

from awase.cli.options import Json, Table, TableModel
from awase.cli.output import emit, emit_json, remark
from awase.core.limits import MAX_K

EXAMPLES = (
    "awase neighbours model wine",
    "awase neighbours graph paris --relation capital_of      # the likeliest tails",
    "awase neighbours shop user17 --items -k 20              # what to recommend",
)
PYTHON = 'awase.load("model").neighbours("wine"), .predict("paris", "capital_of"), .recommend("user17")'


def neighbours(
    model: TableModel,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name that the model knows.", show_default=False)],
    k: Annotated[int, typer.Option("-k", min=1, max=MAX_K, help="How many.")] = 10,
    table: Table = None,
    relation: Annotated[
        str | None, typer.Option(help="Of a model of triples: what NAME is likely to have this relation with.")
    ] = None,
    items: Annotated[
        bool, typer.Option("--items", help="Of a model of users and items: the items closest to the user NAME.")
    ] = False,
    known: Annotated[
        bool, typer.Option("--known", help="With --relation and --items: also what is known from training already.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the names that are closest to one.

    Higher scores are closer. A model of a hierarchy lists what is likely to be above the name.
    """
    if (relation is not None) + items + (table is not None) > 1:
        raise typer.BadParameter("only one of --table, --relation and --items can be asked for at a time")
    from awase.models import named_table

    opened = named_table(model)
    if relation is not None:
        found = opened.predict(name, relation, k, known=known)
    elif items:
        found = opened.recommend(name, k, known=known)
    else:
        found = opened.neighbours(name, k, table)
    if as_json:
        emit_json([one._asdict() for one in found])
    elif found:
        from awase.cli.ranked import named

        emit(named(found))
    else:
        remark("Nothing is left to list.")
