"""awase homophily simulate: a dump whose users follow known policies."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from awase.cli.options import Json, Seed
from awase.cli.output import emit_json, remark

EXAMPLES = (
    "awase homophily simulate -o made",
    "awase homophily simulate -o small --users 60 --events 200 --stance-error 0.36   # what can so few events show?",
    "awase homophily simulate -o two --personas swap                                 # two that only their reactions tell apart",
)
PYTHON = 'awase.apps.homophily.simulate.simulate("made")'


def homophily_simulate(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Where the dump goes.", show_default=False)],
    users: Annotated[int, typer.Option(metavar="N", help="Users in all.")] = 100,
    personas: Annotated[
        str,
        typer.Option(metavar="N|swap", help="The first N of five, or two that react in opposite ways and else do the same."),
    ] = "5",
    events: Annotated[int, typer.Option(metavar="N", help="Of each user, received replies included.")] = 1000,
    communities: Annotated[int, typer.Option(metavar="N", help="Users live in one each.")] = 6,
    topics: Annotated[int, typer.Option(metavar="N", help="Of each community.")] = 2,
    years: Annotated[int, typer.Option(metavar="N", help="That the events are spread over.")] = 2,
    stance_error: Annotated[float, typer.Option(metavar="SHARE", help="Of the labels in stance.csv that are wrong.")] = 0.0,
    no_texts: Annotated[bool, typer.Option("--no-texts", help="Leave the texts empty: smaller and faster.")] = False,
    dirt: Annotated[
        bool, typer.Option("--dirt", help="With deleted accounts, bots, wrong clocks: what real dumps have.")
    ] = False,
    form: Annotated[
        Literal[".ndjson", ".ndjson.zst"], typer.Option("--format", metavar=".ndjson|.ndjson.zst", help="Of the files.")
    ] = ".ndjson",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Make a discussion whose users follow known policies.

    It shows what data of your size can show. Writes dump/ in the format of Pushshift, stance.csv, stance-pairs.csv to fit a classifier to, and
    the truth: truth.parquet and truth.json.
    """
    from awase.apps.homophily.simulate import simulate

    made = simulate(
        out,
        users=users,
        personas="swap" if personas == "swap" else _number(personas),
        events=events,
        communities=communities,
        topics=topics,
        years=years,
        stance_error=stance_error,
        texts=not no_texts,
        dirt=dirt,
        format=form,
        seed=seed,
    )
    if as_json:
        emit_json({"folder": str(made.folder), "census": made.truth["census"]})
        return
    remark(
        f"{made.truth['census']['events']:,} events are in {made.dump}, what is true of them in {out / 'truth.json'}.\n"
        f"Next: awase homophily {made.dump} --stance {made.stance} -o found"
    )


def _number(text: str) -> int:
    if not text.isdecimal():
        raise typer.BadParameter(f"{text!r} is neither a number nor swap", param_hint="--personas")
    return int(text)
