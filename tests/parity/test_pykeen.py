"""Ranks and metrics of link prediction against PyKEEN 1.11's RankBasedEvaluator, with its own filter, on random scores full of ties."""

import warnings

import numpy as np
import pytest
import torch

from awase.tasks.link_prediction import Triples, link_prediction

KS = (1, 3, 5, 10)
METRICS = {f"hits@{k}": f"hits_at_{k}" for k in KS} | {
    "mrr": "inverse_harmonic_mean_rank",
    "mean_rank": "arithmetic_mean_rank",
    "adjusted_mean_rank": "adjusted_arithmetic_mean_rank",
    "adjusted_mean_rank_index": "adjusted_arithmetic_mean_rank_index",
}
N, N_RELATIONS = 40, 4


def made(rng, n):
    return Triples(rng.integers(0, N, n), rng.integers(0, N_RELATIONS, n), rng.integers(0, N, n))


@pytest.mark.parametrize("levels", [5, 1_000_000], ids=["full of ties", "hardly any tie"])
def test_metrics_equal_those_of_pykeen(levels, tmp_path, monkeypatch):
    monkeypatch.setenv("PYSTOW_HOME", str(tmp_path))  # it makes a folder when it is imported
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports
        from pykeen.evaluation import RankBasedEvaluator
        from pykeen.evaluation.evaluator import create_sparse_positive_filter_, filter_scores_

    rng = np.random.default_rng(levels)
    train, valid, test = made(rng, 300), made(rng, 40), made(rng, 60)
    table = rng.integers(0, levels, (N, N_RELATIONS, N)).astype(np.float32)
    ours = link_prediction(
        lambda anchors, relations, side: table[anchors, relations] if side == "tail" else table[:, relations, anchors].T,
        test,
        [train, valid, test],
        N,
        block=500,
    )

    batch = torch.from_numpy(np.stack(test, axis=1))
    known = torch.from_numpy(np.concatenate([np.stack(of, axis=1) for of in (train, valid, test)]))
    metrics = ["hits_at_k"] * len(KS) + list(METRICS.values())[len(KS) :]
    options = [{"k": k} for k in KS] + [None] * (len(METRICS) - len(KS))
    evaluator = RankBasedEvaluator(filtered=True, metrics=metrics, metrics_kwargs=options)
    for target, column in (("head", 0), ("tail", 2)):
        side = table[:, test.relations, test.tails].T if target == "head" else table[test.heads, test.relations]
        scores = torch.from_numpy(np.ascontiguousarray(side))
        positive, _ = create_sparse_positive_filter_(batch, known, filter_col=column)
        answer = torch.arange(len(batch)), batch[:, column]
        right = scores[answer]
        filtered = filter_scores_(scores, positive)
        filtered[answer] = right  # as its evaluation loop does
        evaluator.process_scores_(batch, target, filtered, true_scores=right.unsqueeze(-1))
    theirs = evaluator.finalize()

    summary = ours.summary(ks=KS)
    for side in ("head", "tail", "both"):
        for name, their_name in METRICS.items():
            assert summary[side][name] == pytest.approx(theirs.get_metric(f"{side}.realistic.{their_name}"), abs=1e-6), (
                side,
                name,
            )
        for kind in ("optimistic", "pessimistic"):
            wanted = theirs.get_metric(f"{side}.{kind}.inverse_harmonic_mean_rank")
            assert summary[side][f"mrr_{kind}"] == pytest.approx(wanted, abs=1e-6)
    assert (summary["both"]["mrr_optimistic"] - summary["both"]["mrr_pessimistic"] > 0.1) == (levels == 5)
