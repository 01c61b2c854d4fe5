"""What the outcome of each job is about: which system, against what, and what to do when it fails."""

from typing import Any

from awase.tasks.report import Asked

NAMES = "give more data, train for fewer epochs or at a lower rate, or try another recipe (awase recipes)"
TEXTS = (
    "check that the columns are the right ones, give more pairs, train more gently (--set rate=0.01, or fewer epochs), or start from "
    "another base (--init)"
)
WORDS_ALONE = " (awase index DOCS -o docs.awase, without -m)"


def of_table(baseline: str | None) -> Asked:
    """Of a fit of names: what training made, as its start is random and means nothing. baseline: the system that learns nothing."""
    return Asked(baseline=baseline, remedies=NAMES)


def of_evaluation(model: Any, baseline: str | None) -> Asked:
    """Of a model that exists, of which what it started from is not known."""
    weights = getattr(model, "info", {}).get("weights", {})
    return Asked(
        subject="model",
        baseline=baseline,
        no_start="the model does not keep what it started from; the report of its fit has the comparison",
        saved=weights.get("saved"),
        alpha=weights.get("alpha"),
        without_model=WORDS_ALONE if baseline == "bm25" else "",
    )
