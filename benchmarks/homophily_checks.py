"""What benchmarks/homophily.py checks: each for a seed, and a number to divide sizes by."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

ESTIMATORS = {
    "empirical": {},
    "irl_paper": {},
    "irl_causal": {"features": "state"},
    "irl_causal, state-action": {"features": "state-action"},
}
FORWARD = "empirical", "irl_paper", "irl_causal"


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
    counted, group = counted_of(five(), users, 1_000, seed=seed)
    true = np.stack(list(five().values()))[group]
    for estimator in ESTIMATORS:
        policies = fitted(counted, estimator)
        found = kinds.personas(policies.policy, policies.weights, 5, seed=seed)
        rows[estimator] = {
            "ari": float(adjusted_rand_score(group, found.labels)),
            "kl_from_truth": float(_kl(true, policies).mean()),
            # How far a row of the policy is from the user's mean row: what is said of reactions.
            "spread_over_states": float(policies.policy.std(axis=1).mean()),
            "names": found.names,
        }
    smoothed = fitted(counted, "empirical")
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

    counted, group = counted_of(swap(), 100, 2_000, seed=seed)
    return {"users": 100, "events": 2_000} | {
        estimator: _between(fitted(counted, estimator), group) for estimator in ESTIMATORS
    }


def chance(seed: int, share: int) -> dict:
    """Mean distance of users of one policy, and what ``self_floor`` says without knowing who has one policy."""
    from awase.apps.homophily.floor import self_floor
    from awase.apps.homophily.simulated.policies import five

    rows = {}
    for n in (100, 300, 1_000, 3_000, 10_000):
        counted, group = counted_of(five(), 100, n, seed=seed)
        rows[n] = {
            "smoothed": _between(fitted(counted, "empirical"), group)["within"],
            "raw": _between(fitted(counted, "empirical", alpha=0.0), group)["within"],
            "self_floor": float(self_floor(counted.actions, seed=seed)[0].mean()),
        }
    return {"users": 100, "by_events": rows}


def stances(seed: int, share: int) -> dict:
    """The swapped groups by counts, with a share of the stances wrong."""
    from awase.apps.homophily.simulated.policies import swap

    rows = {}
    for error in (0.0, 0.1, 0.2, 0.36, 0.5):
        counted, group = counted_of(swap(), 100, 2_000, error=error, seed=seed)
        rows[error] = _between(fitted(counted, "empirical"), group)
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


def counted_of(policies: dict, users: int, events: int, *, error: float = 0.0, seed: int):
    from awase.apps.homophily.simulated.policies import as_trajectories, mislabelled, walks
    from awase.apps.homophily.trajectories import counts

    group = np.arange(users) % len(policies)
    states = mislabelled(walks(list(policies.values()), events, group=group, seed=seed), error, seed=seed)
    return counts(as_trajectories(states)), group


def fitted(counted, estimator: str, **options):
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
