"""Several recipes on the same data: trained, judged on the same queries, tested against each other."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from awase import recipes
from awase.apps.systems import Dense, Lexical, system
from awase.apps.training import Training
from awase.core.errors import ConfigError
from awase.data.judged import judged_from_pairs
from awase.data.pairs import Pairs, read_pairs
from awase.data.split import split_pairs
from awase.kernels.threads import available
from awase.tasks.report import Report, environment
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
    pairs: Any,
    arms: Sequence[str | Arm] = ("static",),
    *,
    columns: Mapping[str, str] | None = None,
    on_bad: str = "error",
    seed: int = 0,
    threads: int | None = None,
) -> Report:
    """Train every arm on the same split and judge all, with BM25, on the same held-out queries.

    Every two systems are tested against each other (paired randomisation, corrected by Holm); the report shows quality against bytes
    against latency, and which systems are dominated.

    >>> animals = [(f"animal {i}", f"the animal with number {i}") for i in range(60)]
    >>> sorted(compare(animals, ["static:epochs=1,dim=8", "static:epochs=1,dim=16"]).systems)
    ['bm25', 'static:epochs=1,dim=16', 'static:epochs=1,dim=8']
    """
    wanted = [arm if isinstance(arm, Arm) else parse_arm(arm) for arm in arms]
    if not wanted:
        raise ConfigError("E1003", "there is nothing to compare", remedy="name at least one recipe")
    data = pairs if isinstance(pairs, Pairs) else read_pairs(pairs, columns=columns, on_bad=on_bad)  # type: ignore[arg-type]
    split = split_pairs(data)
    held_out, chosen_on = judged_from_pairs(data, split.test), judged_from_pairs(data, split.valid)
    lexical = Lexical(held_out.documents)
    systems, sizes, costs = [system("bm25", lexical)], {"bm25": lexical.nbytes}, {}
    for arm in wanted:
        started = time.process_time()
        training = Training(
            recipes.get(arm.recipe)(**arm.options), data, split.train, init=None, seed=seed, threads=threads or available()
        )
        training.mine()
        training.run(chosen_on)
        dense = Dense(training.model(arm.name), held_out.documents)
        costs[f"{arm.name} train_cpu_s"] = time.process_time() - started
        sizes[arm.name] = dense.vectors.nbytes + training.bag.parameters["table"].nbytes
        systems.append(system(arm.name, dense))
    judgement = judge(systems, held_out, pairs="all", seed=seed)
    return Report.of(
        judgement,
        title=f"{len(wanted)} recipes on {held_out.name}",
        data={**data.understood, "pairs": len(data), "duplicates": data.duplicates, "bad_rows": data.bad.n},
        split={"train": len(split.train), "valid": len(split.valid), "test": len(split.test), "note": split.note},
        cost=costs,
        environment=environment(),
        n_bytes=sizes,
    )
