"""Telling what was read and how it was split, alike for every kind of data."""

from collections.abc import Mapping
from typing import Any

from awase.core.progress import say
from awase.core.protocols import TextEncoder
from awase.data.judged import Judged
from awase.data.link_split import LinkSplit
from awase.data.links import Links
from awase.data.pairs import Pairs
from awase.models.cut import cut


def what_was_read(source: Links | Pairs, counts: Mapping[str, int]) -> dict[str, Any]:
    """How the source was understood, these counts, and what was left out: the ``data`` of a report."""
    return {
        **source.understood,
        **counts,
        "duplicates": source.duplicates,
        "bad_rows": source.bad.n,
        "bad": source.bad.listed,
    }


def what_was_cut(model: TextEncoder, judged: Judged) -> dict[str, Any]:
    """How much of the queries and documents the model does not read, as an entry of a report's ``data``; nothing of a model without limit."""
    found = cut(model, [*judged.queries, *judged.documents])
    return {} if found is None else {"cut": found._asdict()}


def say_what_was_read(links: Links, what: str, of: str) -> None:
    """As "1,234 triples read (1 = head, ...) of 5 entities; ..."; then what the reader noted."""
    roles = ", ".join(f"{column} = {role}" for role, column in links.understood.get("columns", {}).items())
    say(
        f"{len(links):,} {what} read ({roles}) of {of}; {links.duplicates:,} duplicates removed, {links.bad.n:,} bad rows skipped"
    )
    for note in links.understood.get("notes", []):
        say(note)


def say_split(split: LinkSplit) -> None:
    """How many to train on, to choose by and to judge by."""
    say(f"{len(split.train):,} to train on, {len(split.valid):,} to choose by, {len(split.test):,} to judge by: {split.note}")
