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
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from record import record
from sets import ham_mails

ESTIMATORS = {
    "empirical": {},
    "irl_paper": {},
    "irl_causal": {"features": "state"},
    "irl_causal, state-action": {"features": "state-action"},
}
FORWARD = "empirical", "irl_paper", "irl_causal"
# They pin OpenBLAS to a kernel or a cache size that need not be this machine's.
NOT_INHERITED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
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
        environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED} | {
            "OMP_NUM_THREADS": "1"
        }
        done = subprocess.run(
            [sys.executable, __file__, "--job", json.dumps({"job": job, **options})],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=environment,
        )
        return json.loads(done.stdout.splitlines()[-1])

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


# What runs in a process of its own: the checks, of which each has a seed and a number to divide sizes by


def check(check: str, seed: int, share: int) -> dict:
    return CHECKS[check](seed, share)


def exact(seed: int, share: int) -> dict:
    """A dump with dirt in it through all readers: how many states or actions are not those simulated, and whether its census is right."""
    from awase.apps.homophily.selection import Choice, select
    from awase.apps.homophily.simulate import simulate
    from awase.apps.homophily.simulated.policies import ACTION_OF, five, walks
    from awase.apps.homophily.stance import LabelFile, label
    from awase.apps.homophily.streams import gather
    from awase.apps.homophily.trajectories import trajectories
    from awase.data.discussions import read_discussion

    users, events = 200, 2_000 // share
    with tempfile.TemporaryDirectory() as folder:
        made = simulate(Path(folder) / "made", users=users, events=events, dirt=True, seed=seed)
        discussion = read_discussion(made.dump)
        chosen = select(discussion, Choice(top=users, per_community=users))
        streams = gather(discussion, chosen)
        stance, _ = label(LabelFile(made.stance), streams, discussion)
        names = discussion.names(chosen.users)
    found = trajectories(streams.with_stance(stance))
    true = walks(list(five().values()), events, group=np.arange(users) % 5, seed=seed)
    true = true[[int(names[int(user)].removeprefix("user")) for user in chosen.users]]
    same_size = found.events.tolist() == [events] * users
    wrong = (found.state != true.ravel()) | (found.action != ACTION_OF[true.ravel()]) if same_size else np.ones(1)
    return {
        "users": users,
        "events": int(found.events.sum()),
        "wrong": int(wrong.sum()),
        "census_right": all(discussion.census[kind] == n for kind, n in made.truth["census"].items()),
    }


def transitions(seed: int, share: int) -> dict:
    from awase.apps.homophily.simulated.policies import as_trajectories, five, walks
    from awase.apps.homophily.trajectories import counts

    dynamics = _dynamics(np.random.default_rng(seed))
    N = counts(as_trajectories(walks(list(five().values()), 100_000, dynamics=dynamics, seed=seed))).transitions
    often = N.sum(axis=3) >= 5_000
    estimate = N[often] / N[often].sum(axis=1, keepdims=True)
    return {"rows": int(often.sum()), "largest_error": float(abs(estimate - np.broadcast_to(dynamics, N.shape)[often]).max())}


def forward(seed: int, share: int) -> dict:
    """KL from true to estimated policies of users whose true ones are soft-optimal for rewards of states, and gaps of visitation."""
    from awase.apps.homophily.policies import fit
    from awase.apps.homophily.simulated.policies import as_trajectories, walks
    from awase.apps.homophily.trajectories import counts

    rng = np.random.default_rng((seed, 1))
    dynamics, rows = _dynamics(rng), []
    for scale in (0.3, 0.9):
        true = _soft_optimal(rng.normal(0, scale, (40, 12)), dynamics)
        for n in (2_000, 20_000, 100_000):
            found = counts(as_trajectories(walks(true, n, dynamics=dynamics, seed=seed)))
            for estimator in FORWARD:
                policies = fit(found, estimator)
                kl = _kl(true, policies)
                rows.append(
                    {
                        "scale": scale,
                        "events": n,
                        "estimator": estimator,
                        "kl": kl.mean(),
                        "kl_highest": kl.max(),
                        "gap": policies.gap.max(),
                    }
                )
    return {"users": 40, "found": rows}


def personas(seed: int, share: int) -> dict:
    """Five personas: adjusted Rand index of k-means with k = 5, and the distance of estimates from the truth."""
    from sklearn.metrics import adjusted_rand_score

    from awase.apps.homophily import personas as kinds
    from awase.apps.homophily.simulated.policies import five

    users, rows = 660 // share, {}
    counted, group = _counted(five(), users, 1_000, seed=seed)
    true = np.stack(list(five().values()))[group]
    for estimator in ESTIMATORS:
        policies = _fitted(counted, estimator)
        found = kinds.personas(policies.policy, policies.weights, 5, seed=seed)
        rows[estimator] = {
            "ari": float(adjusted_rand_score(group, found.labels)),
            "kl_from_truth": float(_kl(true, policies).mean()),
            # How far a row of the policy is from the user's mean row: what is said of reactions.
            "spread_over_states": float(policies.policy.std(axis=1).mean()),
            "names": found.names,
        }
    smoothed = _fitted(counted, "empirical")
    chosen = kinds.personas(smoothed.policy, smoothed.weights, seed=seed)
    return {
        "users": users,
        "events": 1_000,
        "true_spread_over_states": float(true.std(axis=1).mean()),
        "k_by_gap": chosen.k,
        **rows,
    }


def swapped(seed: int, share: int) -> dict:
    """Two groups with the same marginals: mean distance within and between, and how often the nearest user is of the own group."""
    from awase.apps.homophily.simulated.policies import swap

    counted, group = _counted(swap(), 100, 2_000, seed=seed)
    return {"users": 100, "events": 2_000} | {
        estimator: _between(_fitted(counted, estimator), group) for estimator in ESTIMATORS
    }


def chance(seed: int, share: int) -> dict:
    """Mean distance of users of one policy, and what ``self_floor`` says without knowing who has one policy."""
    from awase.apps.homophily.floor import self_floor
    from awase.apps.homophily.simulated.policies import five

    rows = {}
    for n in (100, 300, 1_000, 3_000, 10_000):
        counted, group = _counted(five(), 100, n, seed=seed)
        rows[n] = {
            "smoothed": _between(_fitted(counted, "empirical"), group)["within"],
            "raw": _between(_fitted(counted, "empirical", alpha=0.0), group)["within"],
            "self_floor": float(self_floor(counted.actions, seed=seed)[0].mean()),
        }
    return {"users": 100, "by_events": rows}


def stances(seed: int, share: int) -> dict:
    """The swapped groups by counts, with a share of the stances wrong."""
    from awase.apps.homophily.simulated.policies import swap

    rows = {}
    for error in (0.0, 0.1, 0.2, 0.36, 0.5):
        counted, group = _counted(swap(), 100, 2_000, error=error, seed=seed)
        rows[error] = _between(_fitted(counted, "empirical"), group)
    return {"users": 100, "events": 2_000, "by_error": rows}


CHECKS: dict[str, Callable[[int, int], dict]] = {
    "exact": exact,
    "transitions": transitions,
    "forward": forward,
    "personas": personas,
    "swap": swapped,
    "chance": chance,
    "stance errors": stances,
}


def _dynamics(rng: np.random.Generator) -> np.ndarray:
    """(12, 6, 12) at random, where actions may lead."""
    from awase.apps.homophily.states import LEGAL

    weights = np.where(LEGAL, rng.random((12, 6, 12)), 0)
    return weights / weights.sum(axis=2, keepdims=True)


def _soft_optimal(rewards: np.ndarray, dynamics: np.ndarray, gamma: float = 0.95) -> np.ndarray:
    """pi = exp(Q - V) (u, 12, 6) with  Q(s, a) = R(s) + gamma sum_s' P(s'|s, a) V(s')  and  V = log sum_a exp Q, iterated from 0."""
    V = np.zeros_like(rewards)
    for _ in range(600):
        Q = rewards[:, :, None] + gamma * np.einsum("sat,ut->usa", dynamics, V)
        V = np.logaddexp.reduce(Q, axis=2)
    return np.exp(Q - V[:, :, None])


def _counted(policies: dict, users: int, events: int, *, error: float = 0.0, seed: int):
    from awase.apps.homophily.simulated.policies import as_trajectories, mislabelled, walks
    from awase.apps.homophily.trajectories import counts

    group = np.arange(users) % len(policies)
    states = mislabelled(walks(list(policies.values()), events, group=group, seed=seed), error, seed=seed)
    return counts(as_trajectories(states)), group


def _fitted(counted, estimator: str, **options):
    from awase.apps.homophily.policies import fit

    return fit(counted, estimator.split(",")[0], **ESTIMATORS[estimator], **options)  # type: ignore[arg-type]


def _kl(true: np.ndarray, policies) -> np.ndarray:
    """(u,) sum_s w(s) KL(true(.|s) || estimated(.|s))."""
    return np.einsum("us,usa,usa->u", policies.weights, true, np.log(true / np.maximum(policies.policy, 1e-10)))


def _between(policies, group: np.ndarray) -> dict[str, float]:
    from awase.apps.homophily.distances import behavioural

    distance = behavioural(policies.policy, policies.weights).matrix()
    same, other = group[:, None] == group, ~np.eye(len(group), dtype=bool)
    nearest = np.where(other, distance, np.inf).argmin(axis=1)
    return {
        "within": float(distance[same & other].mean()),
        "between": float(distance[~same].mean()),
        "nearest_right": float((group[nearest] == group).mean()),
    }


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

    _fitted(_counted(five(), 5, 100, seed=0)[0], estimator)  # loads what is compiled
    counted, _ = _counted(five(), users, 1_000, seed=0)
    spent = _timed(lambda: _fitted(counted, estimator))
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

    counted, group = _counted(five(), users, 1_000, seed=0)
    policies = _fitted(counted, "empirical")

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
