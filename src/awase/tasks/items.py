"""Several systems on the same items, whatever the task: word pairs, test triples, users, nodes. What each scores and how sure that is.

Most metrics are means over items. Others are not, and are given as a ``Statistic``, which knows its value on a resample of the items:
Spearman's rho, a ratio of sums, macro-F1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from awase.core.errors import ConfigError, InputError
from awase.tasks.correlation import Correlation
from awase.tasks.retrieval import Pair, Paired, check_pairs
from awase.tasks.significance import PairedTest, bootstrap_ci, interval, paired_test, resampled_counts


@runtime_checkable
class Statistic(Protocol):
    """A number about n items that is no mean over them."""

    def __len__(self) -> int: ...

    @property
    def value(self) -> float: ...

    def resampled(self, counts: np.ndarray) -> np.ndarray:
        """float64 (m,): its value for m samples, each given by how often every item was drawn, (m, n)."""
        ...


@dataclass(frozen=True)
class Ratio:
    """The sum of one number over items by the sum of another: a mean over what items have several of, float64 (n,) each.

    >>> Ratio(np.array([1.0, 9.0]), np.array([1.0, 3.0])).value
    2.5
    """

    above: np.ndarray
    below: np.ndarray

    def __len__(self) -> int:
        return len(self.above)

    @property
    def value(self) -> float:
        """sum(above) / sum(below)"""
        return float(np.sum(self.above) / np.sum(self.below))

    def resampled(self, counts: np.ndarray) -> np.ndarray:
        """The same for m samples; where none of the drawn items has anything below, the value for all items."""
        below = counts @ self.below
        return np.divide(counts @ self.above, below, out=np.full(len(counts), self.value), where=below > 0)


# A metric: its value for each item, float64 (n,), or a statistic of all
Metric = np.ndarray | Statistic


class Estimate(NamedTuple):
    """A metric of one system, and the 95 % bootstrap interval of it."""

    value: float
    low: float
    high: float


class Compared(NamedTuple):
    """systems: name -> metric -> Estimate; tests: of the named pairs, on the first metric."""

    systems: dict[str, dict[str, Estimate]]
    tests: tuple[Paired, ...]
    metrics: tuple[str, ...]
    n_items: int


def compare(systems: Mapping[str, Mapping[str, Metric]], *, pairs: Sequence[Pair] = (), seed: int = 0) -> Compared:
    """Every metric of every system with its interval, and paired tests of the named pairs on the first metric.

    All systems have the same metrics of the same items in the same order. The first metric is the one that is claimed: higher is
    better, its values lie between -1 and 1, and it is a mean over items or a ``Correlation``.
    Errors: E0806 values that are not finite or of other items, E0807 names that do not fit, E0825 a first metric that cannot be tested.

    >>> found = compare({"a": {"mrr": np.array([1.0, 0.5])}, "b": {"mrr": np.array([0.5, 0.0])}}, pairs=[("a", "b")])
    >>> found.systems["a"]["mrr"].value, found.tests[0].difference
    (0.75, 0.5)
    """
    labels = list(systems)
    metrics = tuple(systems[labels[0]]) if labels else ()
    if not metrics:
        raise ConfigError("E0807", "judging needs at least one system and one metric")
    n_items = len(systems[labels[0]][metrics[0]])
    for label, of in systems.items():
        _check(label, of, metrics, n_items)
    check_pairs(pairs, labels)
    found = {label: {name: _estimate(metric, seed) for name, metric in of.items()} for label, of in systems.items()}
    first = metrics[0]
    resolved = [(a, b if isinstance(b, str) else max(b, key=lambda label: found[label][first].value)) for a, b in pairs]
    tests = [(a, b, first, _test(a, b, first, systems[a][first], systems[b][first], seed)) for a, b in resolved]
    return Compared(found, Paired.several(tests, most=_most(systems, first)), metrics, n_items)


def _check(label: str, of: Mapping[str, Metric], metrics: tuple[str, ...], n_items: int) -> None:
    if set(of) != set(metrics):
        raise ConfigError("E0807", "all systems need the same metrics", place=f"system {label!r}", value=sorted(of))
    for name, metric in of.items():
        if len(metric) != n_items:
            remedy = "measure all systems on the items that all of them can answer"
            message = f"{name} of {label!r} is for {len(metric):,} items, and the first metric for {n_items:,}"
            raise InputError("E0806", message, remedy=remedy)
    claimed = of[metrics[0]]
    if not isinstance(claimed, (np.ndarray, Correlation)) or (
        isinstance(claimed, np.ndarray) and np.abs(claimed).max(initial=0) > 1
    ):
        message = "the first metric is tested: values between -1 and 1 for each item, higher being better, or a Correlation"
        raise ConfigError("E0825", message, value=metrics[0], remedy="put another metric first")


def _estimate(metric: Metric, seed: int) -> Estimate:
    if isinstance(metric, np.ndarray):
        low, high = bootstrap_ci(metric, seed=seed)
        return Estimate(float(metric.mean()), float(low), float(high))
    low, high = interval(np.concatenate([metric.resampled(counts) for counts in resampled_counts(len(metric), seed=seed)]))
    return Estimate(metric.value, float(low), float(high))


def _test(a: str, b: str, name: str, first: Metric, second: Metric, seed: int) -> PairedTest:
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return paired_test(first, second, seed=seed)
    if isinstance(first, Correlation) and isinstance(second, Correlation):
        return first.against(second, seed=seed)
    raise InputError("E0806", f"{name} is a mean over items for one system and a correlation for the other", value=(a, b))


def _most(systems: Mapping[str, Mapping[str, Metric]], first: str) -> float:
    """The largest difference that two systems can have."""
    of = [metrics[first] for metrics in systems.values()]
    return 1.0 if all(isinstance(metric, np.ndarray) and metric.min(initial=0) >= 0 for metric in of) else 2.0
