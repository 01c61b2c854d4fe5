"""StarSpace's modes on real data: labels of texts, users and items, pairs of texts; and what more negatives bring.

    python benchmarks/starspace.py [labels] [users] [pairs] [--seeds 3] [--quick]

"labels": the sections (58) of Debian's packages from title and body, by `awase.fit`, judged on 2,000 held-out texts against votes of the
neighbours by BM25 and, in the same run, scikit-learn's TF-IDF with logistic regression. "negatives" repeats it with 1, 10 and 50 negatives
that violate the margin, and with the paper's margin of 0.05.

"users": MovieLens-100k, every rating an interaction, 70 / 10 / 20 % of each user's, against popularity; recall@50 and nDCG@10 of what was
not trained on or chosen by. Other recommenders are in benchmarks/cml.py.

"pairs": titles and bodies of Debian's packages, against recipe static on the same split.

The default margin, 0.2, was chosen on the validation parts of "labels" and "users". Results go to results/starspace.jsonl; with --quick, to
try the script, a tenth of each is used and they are only printed.
"""

import argparse
import json

import numpy as np

import awase
from record import record
from sets import debian_descriptions, debian_sections, movielens_100k

LABELS = {
    "labels": ({}, {"mode": "together"}, {"loss": "softmax"}),
    "negatives": ({"n_negatives": 1}, {"n_negatives": 10}, {"n_negatives": 50}, {"margin": 0.05}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="labels|negatives|users|pairs", help="all if none is named")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="try the script")
    asked = parser.parse_args()
    for part in asked.parts or PARTS:
        for row in PARTS[part](part, asked.seeds, 10 if asked.quick else 1):
            print(json.dumps(row, indent=1)) if asked.quick else record("starspace", row)


def fitted(what: str, data, recipe: str, options: dict, metrics: tuple[str, ...], n_seeds: int) -> dict:
    """Means over the seeds of each system's metrics and of the seconds of training."""
    reports = [awase.fit(data, recipe, options=options, seed=seed).report for seed in range(n_seeds)]
    systems = {
        system: {metric: round(float(np.mean([report.systems[system][metric] for report in reports])), 4) for metric in metrics}
        for system in reports[0].systems
    }
    spread = [round(report.systems["trained"][metrics[0]], 4) for report in reports]
    cost = {name: round(float(np.mean([report.cost[name] for report in reports])), 2) for name in ("train_s", "train_cpu_s")}
    row = {"what": what, "recipe": recipe, "options": options, "seeds": n_seeds, "rows": len(data)}
    return row | {"trained_of_seeds": spread} | cost | systems


def labels(what: str, n_seeds: int, every: int):
    texts, sections = debian_sections()
    data = list(zip(texts[::every], sections[::every]))
    for options in LABELS[what]:
        yield fitted(what, data, "starspace", {"batch": 128, **options}, ("accuracy", "macro_f1"), n_seeds)
    if what == "labels":
        yield {"what": what, "recipe": "TF-IDF with logistic regression", "rows": len(data), "accuracy": tf_idf(data)}


def tf_idf(data: list[tuple[str, str]]) -> float:
    """Accuracy on the same held-out texts."""
    from dataclasses import replace

    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    from awase.data.labelled import read_labelled
    from awase.data.split import split_pairs

    read = read_labelled(data)
    split = split_pairs(replace(read.pairs, positive_keys=read.pairs.anchor_keys))
    texts = read.pairs.anchors.to_pylist()
    words = TfidfVectorizer(sublinear_tf=True, min_df=2)
    train = words.fit_transform([texts[row] for row in split.train])
    model = LogisticRegression(C=10, max_iter=300).fit(train, read.labels[split.train])
    found = model.predict(words.transform([texts[row] for row in split.test]))
    return round(float((found == read.labels[split.test]).mean()), 4)


def users(what: str, n_seeds: int, every: int):
    had = movielens_100k()
    data = [(f"u{user}", f"i{item}") for user, item in zip(had.users.tolist(), had.items.tolist()) if user % every == 0]
    for options in ({}, {"filtered": False}, {"margin": 0.05}):
        yield fitted(what, data, "starspace", {"mode": "others", **options}, ("recall@50", "ndcg@10"), n_seeds)


def pairs(what: str, n_seeds: int, every: int):
    titles, bodies = debian_descriptions()
    data = list(zip(titles[::every], bodies[::every]))
    for recipe, options in (("starspace", {"mode": "pairs", "batch": 512}), ("static", {"dim": 100})):
        yield fitted(what, data, recipe, options, ("ndcg@10", "accuracy@1"), n_seeds)


PARTS = {"labels": labels, "negatives": labels, "users": users, "pairs": pairs}


if __name__ == "__main__":
    main()
