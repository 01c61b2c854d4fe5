"""The report as a value: everything that its forms show is in it, and all of it is in ``report.json``."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from awase.core.errors import InputError
from awase.store.files import write_bytes
from awase.tasks.items import Metric, compare
from awase.tasks.pareto import dominated
from awase.tasks.report import words
from awase.tasks.report.outcome import FEWEST, Asked, outcome
from awase.tasks.report.shown import Picture, Table, pictures_of
from awase.tasks.retrieval import Judgement, Pair, Paired, worst_queries

if TYPE_CHECKING:
    from rich.console import Console

FORMAT = 1
_BINS = 40  # of the histogram of differences; even, so that no bin holds both signs
_CURVE_POINTS = 400  # a longer loss curve is averaged down to so many points


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a judgement found, with what it was found on and at what cost. Made by ``Report.of`` and ``Report.of_items``.

    systems: name -> {metric: mean, metric_ci: [low, high]}; tests: {a, b, metric, difference, se, ci, p, ci_holm, p_holm, constant}, as in
    ``Paired``; outcome: what came of it in a word (``outcome.outcome``), None where several were compared; judged: what the systems were
    asked; differences: per test, a histogram over items; worst: queries where one system falls furthest behind another; pareto: quality,
    bytes and latency of each system; dims: quality of the vectors cut to fewer dimensions; history: [step, value] of the loss and of the
    metric on validation data.
    tables and pictures: what a task shows beside that, such as figures by relation or a drawing of the vectors.
    trained_on: of what the model was asked, how much it was trained on or chosen by: {queries, documents, left_out}, the last in queries; None
    for counts that nobody can know, with ``why``.
    data, split, cost, geometry, fusion, recipe and environment are shown entry by entry; ``_s`` and ``_bytes`` at the end of
    a name are units.
    """

    title: str
    judged: dict[str, Any]
    systems: dict[str, dict[str, Any]]
    tests: list[dict[str, Any]]
    data: dict[str, Any]
    split: dict[str, Any]
    cost: dict[str, Any]
    seed: int
    outcome: dict[str, Any] | None = None
    differences: list[dict[str, Any]] = field(default_factory=list)
    worst: dict[str, Any] | None = None
    geometry: dict[str, Any] | None = None
    fusion: dict[str, Any] | None = None
    pareto: list[dict[str, Any]] = field(default_factory=list)
    dims: list[dict[str, Any]] = field(default_factory=list)
    history: dict[str, list[list[float]]] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    tables: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[dict[str, str]] = field(default_factory=list)
    trained_on: dict[str, Any] | None = None

    @staticmethod
    def of(
        judgement: Judgement,
        *,
        title: str,
        data: Mapping,
        split: Mapping,
        cost: Mapping,
        recipe: Mapping | None = None,
        environment: Mapping | None = None,
        geometry: Mapping | None = None,
        fusion: Mapping | None = None,
        worst: tuple[str, str] | None = None,
        n_worst: int = 10,
        n_bytes: Mapping[str, int] | None = None,
        dims: Sequence[Mapping] = (),
        history: Sequence[Mapping] = (),
        trained_on: Mapping | None = None,
        outcome: Asked | None = None,
    ) -> "Report":
        """The report of a judgement; numbers from numpy are taken as they are, and anything that JSON cannot hold raises E0809.

        data      shown as given; ``bad_rows``, how many were skipped, is repeated in the verdict
        worst     (a, b): lists the ``n_worst`` queries where a falls furthest behind b
        n_bytes   the sizes of systems: adds the Pareto table of those
        dims      {dim, metric, optionally metric_ci} for each number of dimensions kept
        history   rows of a training log, of which step, loss and the first metric are read
        outcome   which system the outcome is about, and against what
        """
        first, n_queries = judgement.metrics[0], len(judgement.judged.queries)
        systems: dict[str, dict[str, Any]] = {
            label: {key: value for name, m in of.items() for key, value in ((name, m.mean), (f"{name}_ci", [m.low, m.high]))}
            for label, of in judgement.systems.items()
        }
        tests = [test_row(paired) for paired in judgement.tests]
        judged = {
            "name": judgement.judged.name,
            "n_queries": n_queries,
            "n_candidates": len(judgement.judged.documents),
            "n_skipped": judgement.n_skipped,
            "left_out": dict(judgement.judged.left_out),
            "metrics": list(judgement.metrics),
            "search_s": judgement.seconds,
        }
        latencies = {label: s / n_queries for label, s in judgement.seconds.items()}
        found = Report(
            title=title,
            judged=judged,
            systems=systems,
            tests=tests,
            data=dict(data),
            split=dict(split),
            cost=dict(cost),
            seed=judgement.seed,
            differences=_histograms(
                {label: of[first].per_query for label, of in judgement.systems.items()}, systems, tests, first
            ),
            worst=None
            if worst is None
            else {"a": worst[0], "b": worst[1], "queries": worst_queries(judgement, *worst, n=n_worst)},
            geometry=None if geometry is None else dict(geometry),
            fusion=None if fusion is None else dict(fusion),
            pareto=_pareto({label: of[first] for label, of in systems.items()}, n_bytes, latencies),
            dims=[dict(row) for row in dims],
            history=_curves(history, first),
            recipe=dict(recipe or {}),
            environment=dict(environment or {}),
            trained_on=None if trained_on is None else dict(trained_on),
        )
        return found._finished(outcome)

    @staticmethod
    def of_items(
        systems: Mapping[str, Mapping[str, Metric]],
        *,
        items: str,
        title: str,
        name: str = "",
        candidates: str = "items",
        n_candidates: int | None = None,
        left_out: Mapping[str, int] | None = None,
        protocol: str = "",
        pairs: Sequence[Pair] = (),
        seed: int = 0,
        data: Mapping,
        split: Mapping,
        cost: Mapping,
        recipe: Mapping | None = None,
        environment: Mapping | None = None,
        history: Sequence[Mapping] = (),
        tables: Sequence[Table] = (),
        pictures: Sequence[Picture] = (),
        trained_on: Mapping | None = None,
        cautions: Sequence[str] = (),
        outcome: Asked | None = None,
    ) -> "Report":
        """The report of any task that measures systems on the same items: name -> metric -> its values, as ``items.compare`` takes them.

        items       what was measured, in the plural: "test triples", "users", "word pairs"; name: of the set they belong to
        candidates  what each was ranked among, in the plural, and how many: left out where nothing is ranked
        left_out    how many of what could not be measured: {"users without test items": 12}; told in the verdict
        protocol    how the items were chosen and asked, in a sentence or two
        cautions    what to keep in mind, in sentences of the task's own
        pairs       the systems to test against each other on the first metric
        history     rows of a training log, of which step, loss and the first metric are read
        outcome     which system the outcome is about, and against what

        >>> of = {"trained": {"mrr": np.array([1.0, 0.5])}, "untrained": {"mrr": np.array([0.1, 0.2])}}
        >>> report = Report.of_items(of, items="test triples", title="Two triples", data={}, split={}, cost={})
        >>> report.verdict[0]
        'trained has the best MRR, 0.750; it was not tested against another system.'
        """
        compared = compare(systems, pairs=pairs, seed=seed)
        first = compared.metrics[0]
        estimates: dict[str, dict[str, Any]] = {
            label: {key: value for metric, e in of.items() for key, value in ((metric, e.value), (f"{metric}_ci", e[1:]))}
            for label, of in compared.systems.items()
        }
        tests = [test_row(paired) for paired in compared.tests]
        judged = {"name": name, "items": items, "n_items": compared.n_items}
        if n_candidates is not None:
            judged |= {"candidates": candidates, "n_candidates": n_candidates}
        judged |= {
            "left_out": dict(left_out or {}),
            "metrics": compared.metrics,
            "protocol": protocol,
            "notes": list(cautions),
        }
        per_item = {label: of[first] for label, of in systems.items() if isinstance(of[first], np.ndarray)}
        found = Report(
            title=title,
            judged={key: value for key, value in judged.items() if value},
            systems=estimates,
            tests=tests,
            data=dict(data),
            split=dict(split),
            cost=dict(cost),
            seed=seed,
            differences=_histograms(per_item, estimates, tests, first) if per_item else [],
            history=_curves(history, first),
            recipe=dict(recipe or {}),
            environment=dict(environment or {}),
            tables=[table.as_dict() for table in tables],
            pictures=[picture.as_dict() for picture in pictures],
            trained_on=None if trained_on is None else dict(trained_on),
        )
        return found._finished(outcome)

    def _finished(self, asked: Asked | None) -> "Report":
        """The same with its outcome, and with nothing in it that JSON cannot hold."""
        found = outcome(asked, self.tests, self.systems, self.judged, self.history) if asked else None
        return Report(**plain(dataclasses.asdict(self) | {"outcome": found}, "report"))

    @property
    def metric(self) -> str:
        """The metric that was tested."""
        return self.judged["metrics"][0]

    @property
    def verdict(self) -> list[str]:
        """What the evidence supports, in sentences: what the model was trained on; one for each test, then which system to use, then what to
        keep in mind. Where there is an outcome, each test is told for itself, as there; else all are corrected for their number."""
        return self._sentences(self._told())

    @property
    def evidence(self) -> list[str]:
        """The verdict without what the outcome says already."""
        said = self.outcome["against"] if self.outcome else {}
        rest = [test for test in self._told() if test["a"] == "hybrid" or test["b"] not in said]
        return self._sentences(rest)

    def _sentences(self, tests: Sequence[Mapping]) -> list[str]:
        return [
            *words.trained_on(self.trained_on, words.n_items(self.judged)),
            *self.judged.get("findings", []),
            *(words.finding(test, self.judged, corrected=self.corrected) for test in tests),
            *self._conclusions(),
        ]

    @property
    def corrected(self) -> int:
        """For how many tests intervals and p are corrected where they are told: 0 for each alone, which is so where there is an outcome."""
        return 0 if self.outcome else len(self.tests)

    def _told(self) -> list[Mapping]:
        return words.told(self.systems, self.tests, self.metric)

    def _conclusions(self) -> list[str]:
        fewest = FEWEST if self.outcome else 0
        best = words.advice(self.systems, self.tests, self.metric, self.judged, corrected=self.corrected, fewest=fewest)
        told = words.validation(self.judged, self.systems, self.history, self.split)
        return [best, *told, *words.cautions(self.judged, self.data, self.trained_on)]

    def as_dict(self) -> dict[str, Any]:
        """The content of ``report.json``, with the verdict in it."""
        return {"format": FORMAT, **dataclasses.asdict(self), "verdict": self.verdict}

    def as_json(self) -> str:
        """``report.json`` as text."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"

    def files(self) -> dict[str, bytes]:
        """The forms that are files: ``report.json``, ``report.md`` and ``report.html``, a page that needs nothing else.

        Markdown cannot hold pictures, so each is a file beside it.
        """
        from awase.tasks.report import markdown, page

        forms = {"report.json": self.as_json(), "report.md": markdown.render(self), "report.html": page.render(self)}
        return {name: text.encode() for name, text in forms.items()} | pictures_of(self.pictures)

    def write(self, folder: Path | str) -> None:
        """Write ``files()`` into a folder, each in one step."""
        for name, content in self.files().items():
            write_bytes(Path(folder) / name, content)

    def print(self, console: "Console | None" = None) -> None:
        """Print the report to a terminal."""
        from awase.tasks.report import terminal

        terminal.show(self, console)


def test_row(paired: Paired) -> dict:
    """A test as in ``report.json``."""
    return {
        "a": paired.a,
        "b": paired.b,
        "metric": paired.metric,
        "difference": paired.difference,
        "se": paired.se,
        "ci": [paired.low, paired.high],
        "p": paired.p,
        "ci_holm": [paired.low_holm, paired.high_holm],
        "p_holm": paired.p_holm,
        "constant": paired.constant,
    }


def _histograms(per_item: Mapping[str, Any], systems: Mapping, tests: Sequence[Mapping], metric: str) -> list[dict]:
    """Of each test that is told, how the difference is spread over the items."""
    return [
        _histogram(per_item[test["a"]] - per_item[test["b"]], test["a"], test["b"], metric)
        for test in words.told(systems, tests, metric)
    ]


def _histogram(difference: np.ndarray, a: str, b: str, metric: str) -> dict:
    """How the difference a - b is spread over the items; equal ones are counted apart from the bins."""
    apart = difference[difference != 0]
    counts, _ = np.histogram(apart, bins=_BINS, range=(-1, 1))
    return {
        "a": a,
        "b": b,
        "metric": metric,
        "counts": counts,
        "n_better": np.count_nonzero(difference > 0),
        "n_equal": len(difference) - len(apart),
        "n_worse": np.count_nonzero(difference < 0),
    }


def _pareto(quality: Mapping[str, float], n_bytes: Mapping[str, int] | None, latency_s: Mapping[str, float]) -> list[dict]:
    names = list(n_bytes or {})
    unknown = [name for name in names if name not in quality]
    if unknown:
        raise InputError("E0809", "a size is given for an unknown system", place="n_bytes", value=unknown[0])
    if not n_bytes:
        return []
    beaten = dominated(
        [quality[name] for name in names], [n_bytes[name] for name in names], [latency_s[name] for name in names]
    )
    return [
        {"system": name, "quality": quality[name], "bytes": n_bytes[name], "latency_s": latency_s[name], "dominated": out}
        for name, out in zip(names, beaten)
    ]


def _curves(history: Sequence[Mapping], metric: str) -> dict[str, list]:
    """[step, value] of the loss and of the metric; a long curve is averaged over spans of equal length."""
    curves = {}
    for key in ("loss", metric):
        rows = [[row["step"], row[key]] for row in history if key in row]
        if len(rows) > _CURVE_POINTS:
            rows = [span.mean(axis=0) for span in np.array_split(np.array(rows, dtype=np.float64), _CURVE_POINTS)]
        if rows:
            curves[key] = rows
    return curves


def plain(value: Any, place: str) -> Any:
    """The value as JSON has it: str, bool, int, finite float, None, lists and dicts with str keys."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (str, Path)):
        # A file name can hold bytes that are no text; a report cannot.
        return str(value).encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {plain(str(key), place): plain(item, f"{place}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item, f"{place}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, np.generic):
        return plain(value.item(), place)
    if isinstance(value, float):
        if not np.isfinite(value):
            raise InputError(
                "E0809", "a report holds finite numbers only", place=place, value=value, remedy="leave it out, or give None"
            )
        return value
    raise InputError(
        "E0809", "a report cannot hold this type", place=place, value=type(value).__name__, remedy="give text or numbers"
    )
