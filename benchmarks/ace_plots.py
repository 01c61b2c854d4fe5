"""Draws docs/ace/*.svg and the tables of docs/ace.md from results/ace.jsonl.

python benchmarks/ace_plots.py
"""

import json
import re
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

from pages import lines, put
from record import RESULTS

DOCS = Path(__file__).resolve().parent.parent / "docs"
FIGURES = {  # part -> (the figure drawn, its name, sets)
    "graphs": ("mrr", "filtered MRR", ("kinships", "umls")),
    "hypernyms": ("accuracy", "accuracy", (None,)),
    "words": ("wordsim353", "Spearman's rho, WordSim353", (None,)),
    "texts": ("ndcg@10", "nDCG@10", (None,)),
}
_PLAIN = ("noise 1", "noise 2", "topical")
ALWAYS = ("name", "rate", "epochs")  # columns of a table, where a row has them
SHOWN = ("mrr", "hits@10", "accuracy", "reversed_rejected", "wordsim353", "simlex", "men", "rareword", "ndcg@10", "accuracy@1",
         "entropy", "true", "ratio", "seconds")  # fmt: skip


def main() -> None:
    rows = [json.loads(line) for line in (RESULTS / "ace.jsonl").read_text(encoding="utf-8").splitlines()]
    matplotlib.rcParams |= {
        "svg.fonttype": "none",
        "svg.hashsalt": "awase",
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    page = (DOCS / "ace.md").read_text(encoding="utf-8")
    for part, (figure, title, sets) in FIGURES.items():
        for name in sets:
            # Of an arm that was measured again, the newest row.
            arms = {row["name"]: row for row in rows if row["what"] == part and row.get("set") == name}
            if arms:
                draw(DOCS / "ace" / f"{name or part}.svg", arms, figure, title)
                picture = f"![{title} over updates and over seconds](ace/{name or part}.svg)"
                page = put(page, name or part, f"\n{picture}\n\n{table(arms)}\n")
    for what in ("checks", "cost"):
        newest = {(row["set"], row.get("batch")): row for row in rows if row["what"] == what}
        if newest:
            made = figures_of_checks if what == "checks" else figures_of_cost
            page = put(page, what, f"\n{made(list(newest.values()))}\n")
    (DOCS / "ace.md").write_text(page, encoding="utf-8")


def draw(path: Path, arms: dict[str, dict], figure: str, title: str) -> None:
    """The arms' curves over updates and over seconds, side by side."""
    path.parent.mkdir(exist_ok=True)
    drawn, both = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True, layout="constrained")
    for axes, along, name in zip(both, ("step", "seconds"), ("updates", "CPU seconds of training")):
        for label, row in arms.items():
            points = row["points"]
            style = {"color": "0.5", "linestyle": ":" if label == "noise 1" else "--"} if label in _PLAIN else {}
            axes.plot(
                [point[along] for point in points], [point[figure] for point in points], label=label, linewidth=1.3, **style
            )
        axes.set_xlabel(name)
    # The exact sampler takes many times as long as all others, and would leave them no room.
    both[1].set_xlim(0, 1.1 * max(row["points"][-1]["seconds"] for label, row in arms.items() if label != "Boltzmann"))
    both[0].set_ylabel(title)
    both[1].legend(fontsize=7, frameon=False)
    drawn.savefig(path, metadata={"Date": None})
    plt.close(drawn)


def table(arms: dict[str, dict]) -> str:
    """The last figures of each arm."""
    last = {name: row | row["points"][-1] for name, row in arms.items()}
    columns = [column for column in (*ALWAYS, *SHOWN) if any(column in row for row in last.values())]
    return lines(columns, [[row.get(column) for column in columns] for row in last.values()])


def figures_of_checks(rows: list[dict]) -> str:
    names = [name for name in rows[0] if re.match(r"(i|ii|iii|iv|v|vi) ", name)]
    return lines(["check", *(row["set"] for row in rows)], [[name, *(row[name] for row in rows)] for name in names])


def figures_of_cost(rows: list[dict]) -> str:
    names = list(rows[0]["over_noise_2"])
    made = [
        [row["set"], row["batch"], row["ms"]["noise 2"], *(row["over_noise_2"][name] for name in names[1:])] for row in rows
    ]
    return lines(["set", "batch", "noise 2, ms", *names[1:]], made)


if __name__ == "__main__":
    main()
