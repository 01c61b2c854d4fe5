"""What came of it, in a word: is the model better than what it started from, and than what needs no model; and what to do next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from awase.tasks.report import words
from awase.tasks.significance import smallest_shown

WIN, TIE, REGRESSION, TOO_FEW = "WIN", "TIE", "REGRESSION", "TOO_FEW"
FEWEST = 50  # items below which no word is given
LEVEL = "Each at 95 %, not corrected for looking at several."
START = "untrained"
Saved = Literal["trained", "untrained", "interpolated"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Of which system the outcome is, and against what.

    baseline: the system that needs no model, or None where there is none; both it and START must be tested against ``subject``.
    no_start: why there is nothing to say about START. saved: which weights were kept, with alpha the share of the trained ones; None where
    that is not known. remedies: what to do for better training; without_model: how to use the baseline alone.
    """

    subject: str = "trained"
    baseline: str | None = None
    no_start: str | None = None
    saved: Saved | None = "trained"
    alpha: float | None = 1.0
    remedies: str = "give more data, train for fewer epochs, or lower the rate"
    without_model: str = ""


def outcome(
    asked: Asked,
    tests: Sequence[Mapping],
    systems: Mapping[str, Mapping],
    judged: Mapping,
    history: Mapping[str, Sequence[Sequence[float]]],
) -> dict[str, Any]:
    """The field ``outcome`` of ``report.json``, from the other fields.

    word: against START; against: name -> word, sentence and numbers; both words None, with a ``why``, where nothing can be said.
    """
    of = {test["b"]: test for test in tests if test["a"] == asked.subject}
    against = {START: _without(asked.no_start)} if asked.no_start else {}
    for name in filter(None, (None if asked.no_start else START, asked.baseline)):
        against[name] = _against(of[name], systems[asked.subject], judged)
    found = {
        "word": against[START]["word"],
        "against": against,
        "saved": asked.saved,
        "alpha": asked.alpha,
        "level": LEVEL,
    }
    return found | {"advice": _advice(asked, found, of, judged, history, tests)}


def _without(why: str) -> dict[str, Any]:
    return {"word": None, "why": why, "sentence": f"No word against what it started from: {why}."}


def _against(test: Mapping, subject: Mapping, judged: Mapping) -> dict[str, Any]:
    n, metric, low_high = words.n_items(judged), test["metric"], subject[f"{test['metric']}_ci"]
    # Where all are equal the difference has no spread; then it may be as large as that of the metric.
    se = test["se"] or (low_high[1] - low_high[0]) / 3.92
    found = {
        "word": _word(test, n),
        "metric": metric,
        "difference": test["difference"],
        "ci": test["ci"],
        "p": test["p"],
        "smallest_shown": smallest_shown(se),
    }
    if found["word"] is None:
        found["why"] = words.constant(test, judged)
    return found | {"sentence": _sentence(found, test, judged)}


def _word(test: Mapping, n: int) -> str | None:
    if n < FEWEST:
        return TOO_FEW
    if test["constant"] is not None:
        return None
    if test["p"] >= words.ALPHA:
        return TIE
    return WIN if test["difference"] > 0 else REGRESSION


def _sentence(found: Mapping, test: Mapping, judged: Mapping) -> str:
    n, items, than = words.n_items(judged), words.items(judged), words.system(test["b"])
    if found["word"] is None:
        return f"No word against {than}: {found['why']}."
    measured = (
        f"{words.points(test['difference'], signed=True)} points of {words.metric(test['metric'])} {words.evidence(test)}"
    )
    if found["word"] == TOO_FEW:
        return f"TOO_FEW {items} to say against {than}: {n:,}, where {FEWEST} are needed; so far {measured}."
    if found["word"] == TIE:
        shown = f"these {n:,} {items} could have shown {words.points(found['smallest_shown'])} points or more (at 80 % power)"
        return f"TIE with {than}: {measured}; {shown}."
    return f"{found['word']} against {than}: {measured}."


def _advice(asked: Asked, found: Mapping, tests: Mapping, judged: Mapping, history: Mapping, all_tests: Sequence) -> list[str]:
    """What to do next, the most important first."""
    items, start = words.items(judged), found["against"].get(START, {}).get("word")
    simple = found["against"][asked.baseline]["word"] if asked.baseline else None
    than, both = words.system(asked.baseline or ""), beaten_by_both(all_tests)
    said = []
    if asked.saved == "untrained":
        said.append(f"Training did not help on validation, so what is saved is what it started from: {asked.remedies}.")
    elif asked.saved == "interpolated":
        said.append(
            f"Training went too far: what is saved lies between what it started from and the trained weights (alpha {asked.alpha:g}), "
            "which was best on validation; fewer epochs or a lower rate may do better."
        )
    elif start == REGRESSION:
        said.append(f"Keep what it started from, which is better: {asked.remedies}.")
    elif start == TIE:
        said.append(f"Training changed nothing that these {items} show: {asked.remedies}, or judge on more {items}.")
    if _fell(history, judged) and asked.saved != "untrained":
        said.append("Validation was best at its first point: train for fewer epochs, or at a lower rate.")
    if both:
        said.append("Use the model and BM25 together: that beats either alone.")
    elif simple == REGRESSION:
        said.append(f"Use {than} in place of the model{asked.without_model}.")
    elif simple == TIE:
        said.append(f"These {items} do not tell the model from {than}: choose by size and speed, or judge on more {items}.")
    if TOO_FEW in (start, simple):
        said.append(f"Hold out at least {FEWEST} {items} (--test {FEWEST}), or give more data: fewer cannot settle it.")
    if None in (start if START in found["against"] and not asked.no_start else "", simple if asked.baseline else ""):
        said.append(f"Judge by another metric or on harder {items}: this one cannot tell the systems apart.")
    if not said:
        said.append("Use the model.")
    return said


def beaten_by_both(tests: Sequence[Mapping]) -> bool:
    """Whether the hybrid is better than the better of its halves."""
    return any(
        test["a"] == "hybrid" and test["p"] < words.ALPHA and test["difference"] > 0 and test["constant"] is None
        for test in tests
    )


def _fell(history: Mapping, judged: Mapping) -> bool:
    """Whether validation was best at the first of several points, and fell."""
    reached = [value for _, value in history.get(judged["metrics"][0], ())]
    return len(reached) > 2 and reached[0] > max(reached[1:])


def said(found: Mapping[str, Any]) -> list[str]:
    """The outcome in sentences: against each, how to read that, and what to do next."""
    told = [one["sentence"] for one in found["against"].values()]
    several = sum(one["word"] is not None for one in found["against"].values()) > 1
    return [*told, *([found["level"]] if several else []), *(f"Next: {advice}" for advice in found["advice"])]
