"""Writes the numbers of docs/how-to-homophily.md from results/homophily.jsonl. With --check it only says whether they are old.

python benchmarks/homophily_page.py [--check]
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pages import lines, put
from record import RESULTS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "how-to-homophily.md"
ESTIMATORS = ("empirical", "irl_paper", "irl_causal", "irl_causal, state-action")


def main() -> int:
    rows = [*results("homophily"), *results("homophily_stance")]
    page = PAGE.read_text(encoding="utf-8")
    written = put(page, "homophily numbers", "\n" + "\n\n".join(sections(rows)) + "\n")
    if written == page:
        return 0
    if "--check" in sys.argv[1:]:
        print("docs/how-to-homophily.md is old: run python benchmarks/homophily_page.py")
        return 1
    PAGE.write_text(written, encoding="utf-8")
    return 0


def results(name: str) -> list[dict]:
    path = RESULTS / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def sections(rows: list[dict]) -> Iterator[str]:
    """Each check's and each measurement's text, where there is a result; of what was measured again, the newest."""
    checks: dict[str, dict[int, dict]] = {}
    for row in rows:
        if row["what"] == "acceptance":
            checks.setdefault(row["check"], {})[row["seed"]] = row
    for name, write in CHECKS.items():
        if name in checks:
            yield from write(list(checks[name].values()))
    yield from classifiers({row["loss"]: row for row in rows if row["what"] == "sick"})
    yield from speeds({key(row): row for row in rows if row["what"] == "speed"})
    yield from memories({row["users"]: row for row in rows if row["what"] == "memory"})
    yield from mails([row for row in rows if row["what"] == "mails"][-1:])


def key(row: dict) -> tuple:
    return row["of"], row.get("format"), row.get("estimator")


def mean(rows: list[dict], *path) -> float:
    """The mean over seeds of what stands under these keys."""
    values = []
    for row in rows:
        for name in path:
            row = row[name]
        values.append(row)
    return float(np.mean(values))


def exact(rows: list[dict]) -> Iterator[str]:
    right = "and the census is right" if all(row["census_right"] for row in rows) else "and the census is wrong"
    wrong, events = (sum(row[name] for row in rows) for name in ("wrong", "events"))
    yield (
        "**Dumps** with deleted authors, bots and wrong clocks, through all readers: "
        f"{wrong:,} wrong states or actions of {events:,}, {right}."
    )


def transitions(rows: list[dict]) -> Iterator[str]:
    worst = max(row["largest_error"] for row in rows)
    yield f"**Transitions** that were seen 5,000 times or more are at most {worst:.3f} from the truth."


def forward(rows: list[dict]) -> Iterator[str]:
    yield (
        f"**Known rewards.** {rows[0]['users']} users whose policies are optimal for random rewards of states: KL divergence from the truth, "
        "in nats, and the largest gap between visits and what the estimate leads to."
    )
    found: dict[tuple, dict] = {}
    for row in rows:
        for one in row["found"]:
            found.setdefault((one["scale"], one["estimator"], one["events"]), []).append(one)
    events = sorted({n for _, _, n in found})
    yield lines(
        ["scale of rewards", "estimator", *(f"{n:,} events" for n in events), "largest gap at the last"],
        [
            [
                scale,
                name,
                *(f"{mean(found[scale, name, n], 'kl'):.4f}" for n in events),
                f"{max(one['gap'] for one in found[scale, name, events[-1]]):.1e}",
            ]
            for scale, name in dict.fromkeys((scale, name) for scale, name, _ in found)
        ],
    )


def personas(rows: list[dict]) -> Iterator[str]:
    k = ", ".join(str(row["k_by_gap"]) for row in rows)
    yield (
        f"**Five personas**, {rows[0]['users']:,} users with {rows[0]['events']:,} events: adjusted Rand index, and how much a policy's rows "
        f"differ (the truth: {mean(rows, 'true_spread_over_states'):.3f}). The gap statistic chose {k} groups."
    )
    yield lines(
        ["estimator", "ARI", "KL from the truth", "spread over states"],
        [[name, *(mean(rows, name, value) for value in ("ari", "kl_from_truth", "spread_over_states"))] for name in ESTIMATORS],
    )


def swap(rows: list[dict]) -> Iterator[str]:
    yield (
        f"**Two groups that do everything equally often** and answer agreement in opposite ways, {rows[0]['users']} users with "
        f"{rows[0]['events']:,} events: mean distance, and how often the nearest user is of the same group (chance: .5)."
    )
    yield lines(["estimator", "within", "between", "nearest is right"], [[name, *between(rows, name)] for name in ESTIMATORS])


def between(rows: list[dict], *path) -> list[float]:
    return [mean(rows, *path, value) for value in ("within", "between", "nearest_right")]


def chance(rows: list[dict]) -> Iterator[str]:
    yield "**Noise floor.** Mean distance of users of one policy, and what is expected of a user's own events alone."
    yield lines(
        ["events", "smoothed", "raw counts", "expected"],
        [
            [f"{int(n):,}", *(mean(rows, "by_events", n, value) for value in ("smoothed", "raw", "self_floor"))]
            for n in rows[0]["by_events"]
        ],
    )


def stances(rows: list[dict]) -> Iterator[str]:
    yield "**Wrong stances**, on the two groups, by counts."
    yield lines(
        ["share wrong", "within", "between", "nearest is right"],
        [[error, *between(rows, "by_error", error)] for error in rows[0]["by_error"]],
    )


CHECKS = {
    "exact": exact, "transitions": transitions, "forward": forward, "personas": personas, "swap": swap, "chance": chance,
    "stance errors": stances,
}  # fmt: skip


def classifiers(rows: dict[str, dict]) -> Iterator[str]:
    if rows:
        one = next(iter(rows.values()))
        beside = {"side by side": "the two texts side by side", "four blocks": "the same four blocks of features"}
        peers = ", ".join(f"{accuracy:.3f} on {beside[of]}" for of, accuracy in one["peers"].items())
        yield (
            f"**A classifier of stances**, fitted to {one['n_train']:,} and judged on {one['n_test']:,} pairs of SICK (contradiction, neutral, "
            f"entailment: pairs of sentences, not of a debate). Accuracy of the most frequent stance alone {one['majority']:.3f}; of logistic "
            f"regression on words {peers}."
        )
        yield lines(
            ["loss", "accuracy", "macro-F1", "calibration error", "before", "CPU seconds to fit"],
            [
                [
                    name,
                    *(
                        row[value]
                        for value in ("accuracy", "macro_f1", "calibration_error", "calibration_error_before", "cpu_s")
                    ),
                ]
                for name, row in rows.items()
            ],
        )


def speeds(rows: dict[tuple, dict]) -> Iterator[str]:
    if not rows:
        return
    made = []
    for row in rows.values():
        if row["of"] == "reader":
            made.append(
                [f"read `{row['format']}`, {row['bytes_a_line']:,} bytes a line", f"{row['events_per_cpu_s']:,} events"]
            )
        elif row["of"] == "estimator":
            made.append(
                [
                    f"`{row['estimator']}`, {row['users']:,} users of {row['events_each']:,} events",
                    f"{row['users_per_cpu_s']:,.0f} users",
                ]
            )
        else:
            made.append([f"all distances of {row['users']:,} users", f"{row['swkl']['pairs_per_cpu_s']:,} pairs"])
            made.append([f"noise floors of {row['floor']['users']:,} users", f"{row['floor']['pairs_per_cpu_s']:,} pairs"])
    yield "**Speed**, in a second of CPU time of one thread:"
    yield lines(["what", "a CPU second"], made)


def memories(rows: dict[int, dict]) -> Iterator[str]:
    if rows:
        yield "**Memory** of the whole job, topics included, on simulated dumps:"
        yield lines(
            ["events", "dump", "users chosen", "CPU seconds", "most memory"],
            [
                [
                    f"{row['events']:,}", f"{row['dump_bytes'] / 1e9:.2f} GB", str(row["chosen"]), f"{row['cpu_s']:.0f}",
                    f"{row['peak_rss_bytes'] / 1e9:.2f} GB",
                ]
                for row in rows.values()
            ],
        )  # fmt: skip


def mails(rows: list[dict]) -> Iterator[str]:
    for row in rows:
        data, chosen = row["data"], row["stages"][-1]["users"]
        yield (
            f"**Real mails.** SpamAssassin's mails that are no spam: {data['events']:,} mails, {data['threads']:,} threads, "
            f"{data['missing_parents']:,} answers to mails that are not there, {data['before_parent']} dated before what they answer. "
            f"{chosen} users chosen, {row['streams']['pairs']:,} pairs of state and action; "
            f"{row['floor']['above']:,} of {row['floor']['pairs']:,} pairs of users are "
            f"apart by more than chance. Read and judged in {row['cpu_s']:.0f} CPU seconds."
        )


if __name__ == "__main__":
    sys.exit(main())
