"""Behavioural homophily on users of known policies: what is found, how fast, and in how much memory; and real mails from end to end.

    python benchmarks/homophily.py [acceptance] [speed] [memory] [mails] [--seeds 3] [--small]

"acceptance": for each seed, the checks of tests/apps/homophily/test_acceptance.py at full size: dumps that come back exactly, transitions, the
forward check (the soft-optimal policies of random rewards, at 2,000 to 100,000 events), five personas, swapped answers, chance by number of
events, wrong stances. "speed": events of the reader from a dump whose lines are as wide as Reddit's, plain and compressed; users of each
estimator, 10,000 at 1,000 events; all distances between them, and what chance makes of those of 2,000. "memory": the whole job on dumps of 1, 3
and 10 million events, each in a process of its own whose peak the system counts; stances are read from a file. "mails": the SpamAssassin
corpus' mails that are no spam.

Times are CPU time of one thread, compiled before. Results go to results/homophily.jsonl; with --small, to try the script, they are only
printed.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from homophily_checks import CHECKS, ESTIMATORS, counted_of, fitted
from processes import in_a_process
from record import record
from sets import ham_mails

# What lines of Reddit's comments have beside what is read, as of 2015.
_WIDTH = (
    b',"subreddit_id":"t5_2qh1i","score":12,"ups":12,"downs":0,"gilded":0,"edited":false,"archived":false,"controversiality":0,"retrieved_on":'
    b'1425124282,"distinguished":null,"score_hidden":false,"author_flair_text":"a flair of some words","author_flair_css_class":"flair-12",'
    b'"name":"t1_cn1x2ab","stickied":false,"permalink":"/r/community/comments/2qxefp/a_title_of_some_words/cn1x2ab/","can_gild":true}\n'
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="acceptance|speed|memory|mails", help="all if none is named")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="try the script on less")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.job:
        spec = json.loads(asked.job)
        print(json.dumps(JOBS[spec.pop("job")](**spec)))
        return
    benchmark = Benchmark(asked.seeds, asked.small)
    for part in asked.parts or ("acceptance", "speed", "memory", "mails"):
        getattr(benchmark, part)()


class Benchmark:
    """Runs jobs, each in a process of its own, and records what they answer."""

    def __init__(self, n_seeds: int, small: bool):
        self.n_seeds, self.small = n_seeds, small
        self.share = 50 if small else 1

    def run(self, job: str, **options) -> dict:
        return in_a_process({"job": job, **options})

    def acceptance(self) -> None:
        for seed in range(self.n_seeds):
            for check in CHECKS:
                self.keep(
                    {"what": "acceptance", "check": check, "seed": seed}
                    | self.run("check", check=check, seed=seed, share=self.share)
                )

    def speed(self) -> None:
        for ending in (".ndjson", ".ndjson.zst"):
            self.keep({"what": "speed", "of": "reader"} | self.run("read", users=2_000 // self.share, ending=ending))
        for estimator in ESTIMATORS:
            self.keep(
                {"what": "speed", "of": "estimator"} | self.run("estimate", estimator=estimator, users=10_000 // self.share)
            )
        self.keep(
            {"what": "speed", "of": "distances"} | self.run("compare", users=10_000 // self.share, judged=2_000 // self.share)
        )

    def memory(self) -> None:
        for events in (1_000_000, 3_000_000, 10_000_000):
            with tempfile.TemporaryDirectory() as folder:
                made = self.run("simulate", out=f"{folder}/made", users=events // self.share // EVENTS_A_USER)
                # Beside it, and not in it: the job's scratch space counts as disk, not as the dump.
                done = self.run("job", source=f"{folder}/made/dump", stance=f"{folder}/made/stance.csv", out=f"{folder}/report")
            self.keep({"what": "memory"} | made | done)

    def mails(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.keep({"what": "mails"} | self.run("mails", out=f"{folder}/report"))

    def keep(self, row: dict) -> None:
        if self.small:
            print(json.dumps(row, indent=1))
        else:
            record("homophily", row)


EVENTS_A_USER = 1_160  # of a dump of the five personas with 1,000 events each, others' threads and comments included


# What runs in a process of its own


def check(check: str, seed: int, share: int) -> dict:
    return CHECKS[check](seed, share)


# Speed and memory


def read(users: int, ending: str) -> dict:
    from awase.apps.homophily.simulate import simulate
    from awase.data.discussions import read_discussion

    with tempfile.TemporaryDirectory() as folder:
        made = simulate(Path(folder) / "made", users=users, dirt=True)
        dump = _widened(made.dump, Path(folder) / "dump", ending)
        read_discussion(simulate(Path(folder) / "warm", users=2, events=20).dump, spill=Path(folder))
        spent = _timed(lambda: read_discussion(dump, spill=Path(folder)))
        n_bytes = sum(path.stat().st_size for path in dump.iterdir())
        plain = sum(path.stat().st_size for path in _widened(made.dump, Path(folder) / "plain", ".ndjson").iterdir())
    n = made.truth["census"]["events"]
    return {
        "format": ending,
        "events": n,
        "dump_bytes": n_bytes,
        "bytes_a_line": round(plain / n),
        **spent,
        "events_per_cpu_s": round(n / spent["cpu_s"]),
        "text_bytes_per_cpu_s": round(plain / spent["cpu_s"]),
    }


def _widened(dump: Path, out: Path, ending: str) -> Path:
    """The dump with lines as wide as Reddit's."""
    import zstandard

    out.mkdir()
    for path in dump.iterdir():
        content = path.read_bytes().replace(b"}\n", _WIDTH)
        packed = zstandard.ZstdCompressor().compress(content) if ending.endswith(".zst") else content
        (out / path.name).with_suffix("").with_suffix(ending).write_bytes(packed)
    return out


def estimate(estimator: str, users: int) -> dict:
    from awase.apps.homophily.simulated.policies import five

    fitted(counted_of(five(), 5, 100, seed=0)[0], estimator)  # loads what is compiled
    counted, _ = counted_of(five(), users, 1_000, seed=0)
    spent = _timed(lambda: fitted(counted, estimator))
    return {
        "estimator": estimator,
        "users": users,
        "events_each": 1_000,
        **spent,
        "users_per_cpu_s": round(users / spent["cpu_s"], 1),
    }


def compare(users: int, judged: int) -> dict:
    from awase.apps.homophily.distances import behavioural
    from awase.apps.homophily.floor import NoiseFloor
    from awase.apps.homophily.simulated.policies import five

    counted, group = counted_of(five(), users, 1_000, seed=0)
    policies = fitted(counted, "empirical")

    def judge(n: int) -> Callable[[], object]:
        return lambda: NoiseFloor(counted.actions[:n], threads=1).of_groups(group[:n], 5)

    judge(10)()
    swkl = _timed(lambda: [block.sum() for _, block in behavioural(policies.policy, policies.weights).blocks()])
    floor = _timed(judge(judged))
    return {
        "users": users,
        "swkl": swkl | {"pairs_per_cpu_s": round(users**2 / swkl["cpu_s"])},
        "floor": {"users": judged, **floor, "pairs_per_cpu_s": round(judged * (judged - 1) / 2 / floor["cpu_s"])},
    }


def make(out: str, users: int) -> dict:
    from awase.apps.homophily.simulate import simulate

    made: list = []
    spent = _timed(lambda: made.append(simulate(out, users=users)))
    census = made[0].truth["census"]
    n_bytes = sum(path.stat().st_size for path in made[0].dump.iterdir())
    return {"users": users, "events": census["events"], "dump_bytes": n_bytes, "simulate": spent}


def job(source: str, stance: str, out: str) -> dict:
    from awase.apps.homophily.job import homophily

    reports: list = []
    spent = _timed(lambda: reports.append(homophily(source, out=out, stance=stance)))
    return {
        **spent,
        "cost": reports[0].cost,
        "chosen": int(reports[0].sizes.sum()),
        "peak_rss_bytes": reports[0].cost["peak_rss_bytes"],
    }


def mails(out: str) -> dict:
    from awase.apps.homophily.job import homophily

    reports: list = []
    spent = _timed(lambda: reports.append(homophily(ham_mails(), out=out, format="mail", on_bad="skip", communities=5)))
    report = reports[0]
    return {
        **spent,
        "data": {name: value for name, value in report.data.items() if name not in ("source", "bad_rows_listed")},
        "stages": report.stages,
        "streams": report.streams,
        "floor": report.floor,
        "personas": None if report.personas is None else report.personas.names,
    }


def _timed(work: Callable[[], object]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {"cpu_s": round(time.process_time() - cpu, 3), "wall_s": round(time.perf_counter() - wall, 3)}


JOBS = {"check": check, "read": read, "estimate": estimate, "compare": compare, "simulate": make, "job": job, "mails": mails}


if __name__ == "__main__":
    main()
