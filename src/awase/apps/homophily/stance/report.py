"""How stances were given, and how often they are wrong: what the report of the job carries."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from awase.apps.homophily.stance.pairs import STANCES
from awase.apps.homophily.states import UNKNOWN
from awase.tasks.classification import classification

_BINS = 15


@dataclass(frozen=True)
class Quality:
    """What a classifier got right on test pairs that it was neither trained nor chosen nor calibrated on.

    confusion: rows are what is right, columns what was said, disagree, neutral, agree. shares: of the right stances among the test pairs.
    majority: the accuracy of always saying the stance that is most frequent in training. calibration_error: expected calibration error
    (Guo et al. 2017, arXiv 1706.04599), after and before the probabilities were calibrated. interval: 95 % of the accuracy.
    """

    n_train: int
    n_valid: int
    n_test: int
    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    majority: float
    confusion: tuple[tuple[int, ...], ...]
    shares: dict[str, float]
    calibration_error: float
    calibration_error_before: float
    temperature: float
    loss: str
    split: str

    @property
    def error_rate(self) -> float:
        """The share of test pairs with a wrong stance."""
        return 1 - self.accuracy


@dataclass(frozen=True)
class StanceReport:
    """kind: "neutral", "labels" or "classifier". n: distinct replies to be labelled; unknown: of them without a stance; without_parent and
    without_reply: for want of which text. shares: of the stances given. error_rate and confusion are those of ``quality``, None without it.
    """

    kind: str
    n: int
    unknown: int
    without_parent: int
    without_reply: int
    shares: dict[str, float]
    note: str
    quality: Quality | None = None

    @property
    def error_rate(self) -> float | None:
        """The share of wrong stances, as far as test pairs are like these."""
        return None if self.quality is None else self.quality.error_rate

    @property
    def confusion(self) -> tuple[tuple[int, ...], ...] | None:
        """Counts of test pairs, (3, 3): right stance x said stance."""
        return None if self.quality is None else self.quality.confusion

    def as_dict(self) -> dict[str, Any]:
        """For the report of the job and for JSON."""
        return {**asdict(self), "error_rate": self.error_rate, "confusion": self.confusion}


def shares(stances: np.ndarray) -> dict[str, float]:
    """The share of each stance among those known, 0 where none is.

    >>> shares(np.array([2, 2, -1, 0, 1], np.int8))
    {'disagree': 0.25, 'neutral': 0.25, 'agree': 0.5}
    """
    known = stances[stances != UNKNOWN]
    counts = np.bincount(known, minlength=len(STANCES)) / max(len(known), 1)
    return dict(zip(STANCES, counts.tolist()))


def quality(
    log_p: np.ndarray,
    before: np.ndarray,
    right: np.ndarray,
    majority: int,
    temperature: float,
    sizes: tuple[int, int],
    loss: str,
    split: str,
) -> Quality:
    """From log-probabilities of the test pairs, float64 (n, 3), after and before calibration, and their stances (n,). sizes: pairs trained on
    and chosen by.
    """
    said, right = log_p.argmax(axis=1), right.astype(np.int64)
    judged, n = classification(said, right), len(right)
    confusion = np.bincount(right * len(STANCES) + said, minlength=len(STANCES) ** 2).reshape(-1, len(STANCES))
    accuracy = float(judged.correct.mean())
    return Quality(
        *sizes, n, accuracy, _wilson(accuracy, n), judged.macro_f1.value, float((right == majority).mean()),
        tuple(map(tuple, confusion.tolist())), shares(right), calibration_error(np.exp(log_p), right),
        calibration_error(np.exp(before), right), temperature, loss, split,
    )  # fmt: skip


def calibration_error(p: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error of probabilities p (n, c) (Guo et al. 2017, arXiv 1706.04599, equation 3), in 15 bins of equal width:

        sum_b n_b / n |accuracy_b - mean confidence_b|      over bins b of the highest probability

    >>> calibration_error(np.array([[0.8, 0.2], [0.8, 0.2]]), np.array([0, 1])).__round__(12)
    0.3
    """
    confidence, hit = p.max(axis=1), p.argmax(axis=1) == right
    at = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    return float(np.abs(np.bincount(at, hit - confidence, minlength=_BINS)).sum() / len(right))


def _wilson(p: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share p of n (Wilson 1927)."""
    z2 = 1.959964**2
    centre, half = p + z2 / (2 * n), np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n)))
    return float((centre - half) / (1 + z2 / n)), float((centre + half) / (1 + z2 / n))
