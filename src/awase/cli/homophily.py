"""awase homophily: who acts alike in a threaded discussion."""

from pathlib import Path
from typing import Annotated

import typer

from awase.apps.homophily.options import Estimator, Format, Missing, Names, Options, Received
from awase.cli.options import Columns, Json, OnBad, Seed, Threads, named
from awase.cli.output import emit, remark

EXAMPLES = (
    "awase homophily RS_2016.zst RC_2016.zst -o found --spill /big/disk/spill",
    "awase homophily posts.csv -o found --columns parent=answers,body=what --communities news,politics,memes",
    "awase homophily mails/ -o found --format mail --communities 1 --min-events 5",
    "awase homophily RC_2016.zst -o found --stance stances.csv --names plain",
    "awase homophily RC_2016.zst -o found --stance-pairs labelled.csv --estimator irl_paper --personas 5",
)
PYTHON = 'awase.homophily(["RS_2016.zst", "RC_2016.zst"], "found")'
_DEFAULT = Options()


def homophily(
    dumps: Annotated[
        list[Path],
        typer.Argument(
            metavar="DUMP...",
            help="Threads and comments: Pushshift files (.ndjson, .zst), tables with a row an event (CSV, JSONL, Parquet), mbox or maildir.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Where the report goes.", show_default=False)],
    form: Annotated[
        Format, typer.Option("--format", metavar="auto|pushshift|columns|mail", help="Of the dump.")
    ] = _DEFAULT.format,
    columns: Columns = None,
    on_bad: OnBad = _DEFAULT.on_bad,
    spill: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the events are while it runs; beside the report if not given."),
    ] = None,
    communities: Annotated[
        str, typer.Option(metavar="N|NAME,...", help="How many communities, those with most home users, or which.")
    ] = str(_DEFAULT.communities),
    per_community: Annotated[int, typer.Option(metavar="N", help="Users of each community.")] = _DEFAULT.per_community,
    min_events: Annotated[
        int, typer.Option(metavar="N", help="Of a user; users with fewer are not chosen.")
    ] = _DEFAULT.min_events,
    bots: Annotated[bool, typer.Option("--bots", help="Accounts that look like bots may be chosen.")] = False,
    own_threads: Annotated[
        bool, typer.Option("--own-threads", help="Comments directly under one's own thread are received replies too.")
    ] = False,
    missing: Annotated[
        Missing, typer.Option(metavar="drop|neutral", help="What becomes of a reply whose stance is not known.")
    ] = _DEFAULT.missing,
    received: Annotated[
        Received,
        typer.Option(
            metavar="all|repliers", help="Whose received replies count; 'repliers' is what the paper's group's code does."
        ),
    ] = _DEFAULT.received,
    stance: Annotated[
        str,
        typer.Option(
            metavar="neutral|FILE|FOLDER", help="Who agrees: nobody, a file of labels (id, stance), or a saved classifier."
        ),
    ] = str(_DEFAULT.stance),
    stance_pairs: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Labelled pairs (parent, reply, stance) to fit a classifier to.")
    ] = None,
    stance_columns: Annotated[
        str | None,
        typer.Option(
            metavar="ROLE=COLUMN,...", help="Of the file of labels or pairs: id, parent, reply, stance.", show_default=False
        ),
    ] = None,
    stance_names: Annotated[
        str | None,
        typer.Option(
            metavar="WRITTEN=STANCE,...",
            help="What stands for agree, neutral and disagree, such as 1=agree,0=neutral.",
            show_default=False,
        ),
    ] = None,
    topics: Annotated[int, typer.Option(metavar="N", help="At most so many topics; fewer of few texts.")] = _DEFAULT.topics,
    no_topics: Annotated[bool, typer.Option("--no-topics", help="Do not read the texts for topics.")] = False,
    model: Annotated[
        Path | None,
        typer.Option(
            "-m", "--model", metavar="FOLDER", help="A model of texts, for topics; if not given, one is made from the dump."
        ),
    ] = None,
    analysis: Annotated[
        str, typer.Option(metavar="NAME", help="Of texts into the words that name topics: simple, english, sudachi ...")
    ] = _DEFAULT.analysis,
    estimator: Annotated[
        Estimator, typer.Option(metavar="empirical|irl_paper|irl_causal", help="Of policies; the paper's is irl_paper.")
    ] = _DEFAULT.estimator,
    personas: Annotated[
        int | None, typer.Option(metavar="K", help="How many; if not given, chosen by the gap statistic.", show_default=False)
    ] = None,
    names: Annotated[Names, typer.Option(metavar="hashed|plain", help="Of users in what is written.")] = _DEFAULT.names,
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The key of the hashes, to get the same names again; if not given, one is drawn and forgotten."
        ),
    ] = None,
    texts: Annotated[bool, typer.Option("--texts", help="Show some texts of each topic: they may say who wrote them.")] = False,
    distances: Annotated[bool, typer.Option("--distances", help="Write the user x user matrices too.")] = False,
    seed: Seed = _DEFAULT.seed,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Find out who acts alike in a threaded discussion.

    Whatever they talk about: it chooses users of some communities, turns what they did and the replies they got into a policy (what somebody
    does after what), measures how far policies are apart, and writes a report that also says what the data cannot show. Names are hashed,
    and no text is shown, unless asked for. `awase homophily simulate` makes a discussion to try it on.
    """
    import awase

    report = awase.homophily(
        dumps,
        out,
        format=form,
        columns=named(columns, "--columns") or None,
        on_bad=on_bad,
        spill=spill,
        communities=_communities(communities),
        per_community=per_community,
        min_events=min_events,
        bots=bots,
        own_threads=own_threads,
        missing=missing,
        received=received,
        stance=stance,
        stance_pairs=stance_pairs,
        stance_columns=named(stance_columns, "--stance-columns") or None,
        stance_names=named(stance_names, "--stance-names") or None,
        topics=0 if no_topics else topics,
        model=model,
        analysis=analysis,
        estimator=estimator,
        personas=personas,
        names=names,
        key=key,
        texts=texts,
        distances=distances,
        seed=seed,
        threads=threads,
    )
    if as_json:
        emit(report.as_json())
        return
    report.print()
    remark(f"The report with its plots is {out / 'report.html'}; {out / 'users.parquet'} has a row a user.")


def _communities(text: str) -> int | tuple[str, ...]:
    """A number, or names.

    >>> _communities("15"), _communities("news, memes")
    (15, ('news', 'memes'))
    """
    return int(text) if text.isdecimal() else tuple(name.strip() for name in text.split(",") if name.strip())
