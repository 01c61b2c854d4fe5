"""Several recipes on the same data: trained on the same split, judged on the same items, tested against each other."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from awase import recipes
from awase.apps.fit import fit
from awase.apps.job import Findings
from awase.apps.systems import Dense, Lexical, system
from awase.apps.training import Training
from awase.apps.words import SIMILARITY
from awase.core.errors import ConfigError
from awase.core.progress import say
from awase.data.judged import judged_from_pairs
from awase.data.pairs import Pairs, read_pairs
from awase.data.split import split_pairs
from awase.kernels.threads import available
from awase.tasks.items import Metric
from awase.tasks.pareto import dominated
from awase.tasks.report import Report, Table, environment, words
from awase.tasks.retrieval import judge


@dataclass(frozen=True)
class Arm:
    """One of the systems to compare: a recipe and its options."""

    name: str
    recipe: str
    options: Mapping[str, Any]


def parse_arm(text: str) -> Arm:
    """The command line's form: ``recipe`` or ``recipe:option=value,option=value``; several dimensions are joined by ``+``.

    >>> parse_arm("static:dim=128,negatives=mined").options
    {'dim': '128', 'negatives': 'mined'}
    """
    recipe, _, rest = text.partition(":")
    options = {}
    for part in filter(None, rest.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            raise ConfigError("E1002", "an option is written name=value", value=part, remedy="for example static:dim=128")
        options[name] = value
    return Arm(text, recipe, options)


def compare(
    data: Any,
    arms: Sequence[str | Arm] = ("static",),
    *,
    columns: Mapping[str, str] | None = None,
    on_bad: str = "error",
    valid: float | int | None = None,
    test: float | int | None = None,
    seed: int = 0,
    threads: int | None = None,
    **more: Any,
) -> Report:
    """Train every arm on the same split of whatever data its recipe needs, and judge all, with the baselines, on the same held-out items.

    Every two arms are tested against each other, and each against the best baseline (paired randomisation, corrected by Holm); the
    report shows quality against bytes against seconds, and which systems are dominated. The other arguments are those of ``awase.fit``;
    pairs of texts have nothing in ``more``.

    Raises ConfigError E1003 for no arm, E1006 for two of one name, E1007 for recipes that need different kinds of data, E1008 for some
    that are judged on different items; else as ``awase.fit``.

    >>> animals = [(f"animal {i}", f"the animal with number {i}") for i in range(60)]
    >>> sorted(compare(animals, ["static:epochs=1,dim=8", "static:epochs=1,dim=16"]).systems)
    ['bm25', 'static:epochs=1,dim=16', 'static:epochs=1,dim=8']
    """
    wanted = [arm if isinstance(arm, Arm) else parse_arm(arm) for arm in arms]
    if not wanted:
        raise ConfigError("E1003", "there is nothing to compare", remedy="name at least one recipe")
    name, times = Counter(arm.name for arm in wanted).most_common(1)[0]
    if times > 1:
        raise ConfigError("E1006", "a system is named twice", value=name, remedy="name each once, or change an option")
    data = list(data) if isinstance(data, Iterator) else data  # every arm reads them
    asked = {"columns": columns, "on_bad": on_bad, "valid": valid, "test": test, "seed": seed}
    if _kind(wanted) == "pairs of texts":
        if more:
            raise ConfigError("E1005", f"a comparison on pairs of texts has no {next(iter(more))!r}", remedy="leave it out")
        return _texts(data, wanted, **asked, threads=threads or available())
    return _items(data, wanted, **asked, threads=threads, **more)


def _kind(arms: Sequence[Arm]) -> str:
    """What data all of the arms need."""
    needs = {arm.name: recipes.get(arm.recipe)(**arm.options).positives.needs for arm in arms}
    if len(set(needs.values())) > 1:
        raise ConfigError(
            "E1007", "the recipes need different kinds of data", value=", ".join(f"{name}: {of}" for name, of in needs.items()),
            remedy="compare recipes that need the same; `awase recipes` says what each needs",
        )  # fmt: skip
    return next(iter(needs.values()))


# Pairs of texts, which are judged by retrieval


def _texts(
    pairs: Any, arms: Sequence[Arm], *, columns, on_bad: str, valid: float | int | None, test: float | int | None, seed: int, threads: int
) -> Report:  # fmt: skip
    data = pairs if isinstance(pairs, Pairs) else read_pairs(pairs, columns=columns, on_bad=on_bad)  # type: ignore[arg-type]
    split = split_pairs(data, valid=valid, test=test)
    held_out, chosen_on = judged_from_pairs(data, split.test), judged_from_pairs(data, split.valid)
    lexical = Lexical(held_out.documents)
    lexical.choose_weighting(chosen_on)
    systems, sizes, costs = [system("bm25", lexical)], {"bm25": lexical.nbytes}, {}
    for arm in arms:
        started = time.process_time()
        training = Training(recipes.get(arm.recipe)(**arm.options), data, split.train, init=None, seed=seed, threads=threads)
        training.mine()
        training.run(chosen_on)
        dense = Dense(training.model(arm.name), held_out.documents)
        costs[f"{arm.name} train_cpu_s"] = time.process_time() - started
        sizes[arm.name] = dense.vectors.nbytes + training.bag.parameters["table"].nbytes
        systems.append(system(arm.name, dense))
    judgement = judge(systems, held_out, pairs="all", seed=seed)
    return Report.of(
        judgement,
        title=f"{len(arms)} recipes on {held_out.name}",
        data={**data.understood, "pairs": len(data), "duplicates": data.duplicates, "bad_rows": data.bad.n},
        split={"train": len(split.train), "valid": len(split.valid), "test": len(split.test), "note": split.note},
        cost=costs,
        environment=environment(),
        n_bytes=sizes,
    )


# All other kinds, which are judged item by item: each arm is a fit


def _items(data: Any, arms: Sequence[Arm], *, seed: int, **asked: Any) -> Report:
    found: dict[str, Findings] = {}
    for arm in arms:
        say(f"{arm.name}:")
        found[arm.name] = fit(data, arm.recipe, options=arm.options, seed=seed, **asked).findings
        _check_same_items(found)
    baselines = _shared([findings.values for findings in found.values()])
    first = next(iter(found.values())).report
    metric, judged = first.metric, first.judged
    return Report.of_items(
        {name: findings.values["trained"] for name, findings in found.items()} | baselines,
        title=f"{len(arms)} recipes on {first.title}",
        items=judged["items"],
        candidates=judged.get("candidates", ""),
        n_candidates=judged.get("n_candidates"),
        left_out=judged.get("left_out"),
        protocol=judged.get("protocol", ""),
        pairs=[*combinations(found, 2), *((name, tuple(baselines)) for name in found if baselines)],
        seed=seed,
        data=first.data,
        split={name: value for name, value in first.split.items() if all(of.report.split.get(name) == value for of in found.values())},
        cost={
            f"{name} {what}": findings.report.cost[what] for name, findings in found.items() for what in ("train_cpu_s", "model_bytes")
        },
        environment=environment(),
        tables=[_quality_and_cost({name: of.report for name, of in found.items()}, metric), *_similarity(found)],
    )  # fmt: skip


def _check_same_items(found: Mapping[str, Findings]) -> None:
    """The newest findings are about the items that the first are about."""
    (first, one), (name, other) = (list(found.items())[at] for at in (0, -1))
    if one.items != other.items:
        asked = " and ".join(f"{words.metric(of.report.metric)} of {words.asked(of.report.judged)}" for of in (one, other))
        raise ConfigError(
            "E1008", f"{first} and {name} are not judged on the same items, but by {asked}",
            remedy="hold out as much for both: --test 0.05, or test=0.05 in Python",
        )  # fmt: skip


def _shared(of_arms: Sequence[Mapping[str, Mapping[str, Metric]]]) -> dict[str, Mapping[str, Metric]]:
    """The systems that scored the same on every item whatever the arm: baselines, which know nothing of it."""
    return {
        name: values
        for name, values in of_arms[0].items()
        if name not in ("trained", "untrained") and all(_equal(values, other[name]) for other in of_arms[1:])
    }


def _equal(one: Mapping[str, Metric], other: Mapping[str, Metric]) -> bool:
    return all(
        np.array_equal(of, other[name]) if isinstance(of, np.ndarray) else of.value == other[name].value  # type: ignore[union-attr]
        for name, of in one.items()
    )


def _similarity(found: Mapping[str, Findings]) -> list[Table]:
    """What people say of words, where that was asked: the rows of one arm after those of the other."""
    of_arms = [(name, table) for name, of in found.items() for table in of.report.tables if table["title"] == SIMILARITY]
    if not of_arms:
        return []
    first = of_arms[0][1]
    rows = [(name, *row) for name, table in of_arms for row in table["rows"]]
    return [Table(SIMILARITY, ("system", *first["heads"]), rows, first["words"])]


def _quality_and_cost(reports: Mapping[str, Report], metric: str) -> Table:
    quality = [report.systems["trained"][metric] for report in reports.values()]
    n_bytes, cpu_s = ([report.cost[what] for report in reports.values()] for what in ("model_bytes", "train_cpu_s"))
    rows = [
        (name, value, words.size(size), words.seconds(s), "dominated" if beaten else "")
        for name, value, size, s, beaten in zip(reports, quality, n_bytes, cpu_s, dominated(quality, n_bytes, cpu_s))
    ]
    heads = ("system", words.metric(metric), "size", "training, CPU", "")
    return Table("Quality, size and training", heads, rows, f"Dominated: {words.DOMINATED}.")
