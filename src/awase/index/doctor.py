"""Is a collection whole? Found by reading every byte of it."""

from collections.abc import Sequence

from awase.core.errors import AwaseError
from awase.index.bound import BoundModel
from awase.index.follow import Follower
from awase.index.table import Table


def examine(table: Table, model: BoundModel, followers: Sequence[Follower]) -> dict:
    """ "problems": what of the user's is lost or cannot be used; "whole": whether there are none; "caches": how each was found.

    Caches that are not good are made again, in memory; when the table itself is damaged they are not looked at.
    """
    try:
        with table.snapshot():
            problems = list(table.all_damage(model.dim))
    except AwaseError as error:  # too damaged to be read to its end
        problems = [error.message]
    caches = {}
    for follower in followers if not problems else []:
        with table.snapshot():
            caches[follower.kind.name] = follower.remake() or "good"
    if model.dim:
        try:
            model.load()
        except AwaseError as error:
            problems.append(error.message)
    return {"path": table.path, "whole": not problems, "problems": problems, "caches": caches}
