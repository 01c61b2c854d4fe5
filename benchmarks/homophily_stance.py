"""The classifier of stances on real pairs: SICK's contradiction, neutral and entailment as disagree, neutral and agree.

    python benchmarks/homophily_stance.py [--seeds 3]

SICK's own split: 4,500 pairs to train on, 500 to choose by, 4,927 to judge by. Nothing but these pairs is read: no pretrained vectors. Beside
it, in the same run, always the most frequent label, and scikit-learn's logistic regression on bags of words: of the two texts side by side,
and of the four blocks of features that the classifier has (a, b, |a - b|, a * b), its C chosen on the validation pairs. Both losses; the second
adds the loss of the majority. Results go to results/homophily_stance.jsonl.

Entailment is not stance: people disagree without contradicting. It shows that the classifier learns from pairs, not how well it would do on
a discussion.
"""

import argparse
import time

import numpy as np

from awase.apps.homophily.stance import fit_stance
from record import record
from sets import shared_folder

FILES = {"train": "SICK_train.txt", "valid": "SICK_trial.txt", "test": "SICK_test_annotated.txt"}
STANCES = {"CONTRADICTION": "disagree", "NEUTRAL": "neutral", "ENTAILMENT": "agree"}
LOSSES = ({"loss": "cross-entropy"}, {"loss": "majority-or-minority", "share": 0.5})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    n_seeds = parser.parse_args().seeds
    rows = sick()
    peers = bags_of_words(rows)
    for options in LOSSES:
        record("homophily_stance", {"what": "sick", **options, **classifiers(rows, options, n_seeds), "peers": peers})


def sick() -> list[dict[str, str]]:
    rows = []
    for part, name in FILES.items():
        for line in (shared_folder() / "data" / "sick" / name).read_text(encoding="utf-8").splitlines()[1:]:
            _, parent, reply, _, label = line.split("\t")
            rows.append({"parent": parent, "reply": reply, "stance": label, "split": part})
    return rows


def classifiers(rows: list[dict[str, str]], options: dict, n_seeds: int) -> dict:
    """Means over the seeds on the test pairs, the accuracy of each seed, and the confusion (right x said) of the first."""
    started = time.process_time()
    found = [fit_stance(rows, stances=STANCES, seed=seed, **options).quality for seed in range(n_seeds)]
    names = ("accuracy", "macro_f1", "calibration_error_before", "calibration_error")
    means = {name: round(float(np.mean([getattr(one, name) for one in found])), 4) for name in names}
    first = found[0]
    return {
        "n_train": first.n_train, "n_test": first.n_test, "seeds": n_seeds, **means, "majority": round(first.majority, 4),
        "accuracy_of_seeds": [round(one.accuracy, 4) for one in found], "confusion": first.confusion,
        "cpu_s": round((time.process_time() - started) / n_seeds, 2),
    }  # fmt: skip


def bags_of_words(rows: list[dict[str, str]]) -> dict[str, float]:
    """Test accuracy of logistic regression on counts of words."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    parts = np.array([row["split"] for row in rows])
    labels = np.array([row["stance"] for row in rows])
    words = CountVectorizer().fit([row[side] for row in rows if row["split"] == "train" for side in ("parent", "reply")])
    a, b = (words.transform([row[side] for row in rows]) for side in ("parent", "reply"))
    found = {}
    for name, X in {"side by side": hstack([a, b]), "four blocks": hstack([a, b, abs(a - b), a.multiply(b)])}.items():
        of = {part: (X.tocsr()[parts == part], labels[parts == part]) for part in FILES}
        models = [LogisticRegression(C=c, max_iter=1000).fit(*of["train"]) for c in (0.1, 0.3, 1.0, 3.0)]
        best = max(models, key=lambda model: model.score(*of["valid"]))
        found[name] = round(float(best.score(*of["test"])), 4)
    return found


if __name__ == "__main__":
    main()
