"""Fitting to a hierarchy: from edges in a file to a model, a report and a drawing; and edges of which nothing can be learned."""

import base64
import json
from itertools import pairwise

import numpy as np
import pytest

import awase
from awase import recipes
from awase.apps.hierarchy import Training
from awase.contrast.scores import Order, Poincare
from awase.core.errors import AwaseError, ConfigError
from awase.data.closure import transitive_closure
from awase.data.link_split import split_links
from awase.data.links import read_links
from awase.tasks.report import disc

TREE = [(f"n{i}", f"n{(i - 1) // 2}") for i in range(1, 63)]
QUICK = {"poincare": {"dim": 2, "epochs": 10, "burn_in": 2}, "order": {"epochs": 3}}


@pytest.fixture
def edges(tmp_path):
    path = tmp_path / "edges.tsv"
    path.write_text("".join(f"{child}\t{parent}\n" for child, parent in [*TREE, TREE[0], ("n3", "n3")]), encoding="utf-8")
    return path


def bound(name, links, *, valid=0, test=0, **options):
    closure = transitive_closure(links)
    split = split_links(closure, valid=valid, test=test, seed=0)
    return Training(recipes.get(name)(**options), links, closure, split, seed=0, threads=1)


# From a file to a folder


def test_poincare_end_to_end(edges, tmp_path):
    fit = awase.fit(edges, "poincare", out=tmp_path / "model", options=QUICK["poincare"], threads=1)
    report = fit.report
    assert (report.data["edges"], report.data["nodes"], report.data["edges trained and judged by"]) == (62, 63, 258)
    assert (report.data["duplicates"], report.data["edges of a node with itself"]) == (1, 1)
    assert (report.split["train"], report.split["valid"], report.split["test"]) == (258, 0, 0)
    assert report.metric == "map" and set(report.systems) == {"trained", "untrained"}
    assert report.judged["n_items"] == 62 and report.judged["n_candidates"] == 62
    assert "These edges were trained on" in report.judged["protocol"]
    loaded = awase.load(tmp_path / "model")
    assert loaded.geometry == "poincare" and list(loaded.names["nodes"]) == list(fit.model.names["nodes"])
    np.testing.assert_array_equal(loaded.tables["nodes"], fit.model.tables["nodes"])
    written = json.loads((tmp_path / "model" / "report.json").read_text())
    assert written["systems"]["trained"]["map"] == report.systems["trained"]["map"]
    assert base64.b64decode(written["pictures"][0]["base64"]) == (tmp_path / "model" / "disc.png").read_bytes()


def test_order_end_to_end(edges, tmp_path):
    fit = awase.fit(edges, "order", out=tmp_path / "model", options=QUICK["order"], threads=1)
    report = fit.report
    assert report.split["train"] + report.split["valid"] + report.split["test"] == 258
    assert report.metric == "accuracy" and set(report.systems) == {"trained", "closure", "untrained"} and not report.pictures
    assert len(report.tables) == 1 and report.history["accuracy"]
    assert awase.load(tmp_path / "model").geometry == "order"


def test_few_edges_are_seen_more_often_unless_epochs_were_asked_for(monkeypatch):
    heard = []
    monkeypatch.setattr("awase.apps.hierarchy.say", heard.append)
    small = [(f"n{i}", f"n{(i - 1) // 2}") for i in range(1, 31)]
    for name, burn_in in (("poincare", 40), ("order", 0)):
        heard.clear()
        fit = awase.fit(small, name, options={"dim": 2}, valid=0, test=0, threads=1)
        n = fit.report.split["train"]
        assert n == 98 and fit.report.recipe["plan"]["epochs"] == 200 and fit.report.recipe["plan"]["burn_in"] == burn_in
        said = "200 epochs: an epoch of 98 examples has 10 steps, and fewer than 2,000 are too few to learn from"
        assert fit.report.split["plan"] == [said] and heard.count(said) == 1
    asked = awase.fit(small, "poincare", options={"epochs": 3}, valid=0, test=0, threads=1).report
    assert asked.recipe["plan"]["epochs"] == 3 and asked.split["plan"] == []


def test_a_run_that_was_killed_ends_as_one_that_was_not(edges, tmp_path, monkeypatch):
    from awase.train.checkpoint import Checkpoints

    whole = awase.fit(edges, "order", out=tmp_path / "whole", options=QUICK["order"], threads=1).model.tables["nodes"]
    monkeypatch.setattr(Checkpoints, "due", lambda self, step: True)
    save, left = Checkpoints.save, iter(range(2))

    def killed(self, *state):
        save(self, *state)
        if next(left, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoints, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        awase.fit(edges, "order", out=tmp_path / "model", options=QUICK["order"], threads=1)
    monkeypatch.setattr(Checkpoints, "save", save)
    resumed = awase.fit(edges, "order", out=tmp_path / "model", options=QUICK["order"], threads=1, resume=True)
    assert resumed.model.tables["nodes"].tobytes() == whole.tobytes()


def test_poincare_is_judged_by_held_out_edges_where_they_are_asked_for(edges):
    report = awase.fit(edges, "poincare", options={"dim": 5, "epochs": 60}, test=0.1, threads=1).report
    assert (report.split["valid"], report.split["test"]) == (25, 25)
    assert report.systems["trained"]["accuracy"] > 0.6
    assert report.tables[0]["rows"][0][2] > 0.8, "which of two is above is told by their lengths"


def test_direct_edges_alone(edges):
    report = awase.fit(edges, "poincare", options={**QUICK["poincare"], "closure": False}, threads=1).report
    assert report.data["edges trained and judged by"] == 62


def test_without_matplotlib_nothing_is_drawn_and_it_says_so(edges, monkeypatch, capsys):
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    monkeypatch.setattr("awase.core.progress._enabled", True)
    report = awase.fit(edges, "poincare", options=QUICK["poincare"], threads=1).report
    assert not report.pictures
    assert "the disc is not drawn: " in capsys.readouterr().err


# What it is judged by


def test_distances_of_the_reconstruction_rank_as_the_score_does():
    training = bound("poincare", read_links(TREE, "edges"), dim=3)
    table = training.encoder.parameters["table"]
    rng = np.random.default_rng(0)
    table[:] = rng.standard_normal(table.shape)
    table *= (1 - 10.0 ** -rng.uniform(0.1, 4, len(table)) / np.linalg.norm(table, axis=1))[:, None] / np.linalg.norm(
        table, axis=1, keepdims=True
    )
    found = training.reconstruction(table)
    distances = -Poincare()(table, table)
    ranks = []
    for node in found.nodes:
        above = training.edges.tails[training.edges.heads == node]
        others = np.delete(distances[node], np.append(above, node))
        ranks += [1 + (others < distances[node, parent]).sum() for parent in above]
    assert sorted(found.ranks) == sorted(ranks)


def test_labelled_pairs_hold_or_do_not():
    training = bound("order", read_links(TREE, "edges"), valid=0.1, test=0.2)
    known = set(zip(training.edges.heads.tolist(), training.edges.tails.tolist()))
    pairs = training.labelled(training.split.test)
    assert pairs.labels.sum() == len(training.split.test) == (~pairs.labels).sum()
    for child, parent, holds in zip(*(side.tolist() for side in pairs)):
        assert ((child, parent) in known) == holds and child != parent
    replaced = pairs.children[~pairs.labels] != pairs.children[pairs.labels]
    assert 0.2 < replaced.mean() < 0.8, "either end is replaced"
    assert (pairs.parents[~pairs.labels] == pairs.parents[pairs.labels])[replaced].all()
    held_out = {tuple(pair) for pair in np.column_stack([training.edges.heads, training.edges.tails])[training.split.test]}
    train = np.column_stack([training.edges.heads, training.edges.tails])[training.split.train]
    assert not held_out & {tuple(pair) for pair in train}


def test_how_far_one_is_below_another():
    links = read_links(TREE, "edges")
    order = bound("order", links, valid=0.1, test=0.1, dim=4)
    children, parents = links.heads, links.tails
    V = order.encoder.parameters["table"]
    np.testing.assert_allclose(
        order.is_below(children, parents), [Order()(V[[c]], V[[p]])[0, 0] for c, p in zip(children, parents)]
    )
    ball = bound("poincare", links, dim=2)
    table = ball.encoder.parameters["table"]
    table[:] = np.random.default_rng(0).uniform(-0.7, 0.7, table.shape)
    d = np.array([-Poincare()(table[[c]], table[[p]])[0, 0] for c, p in zip(children, parents)])
    lengths = np.linalg.norm(table, axis=1)
    np.testing.assert_allclose(ball.is_below(children, parents), -(1 + 1000 * (lengths[parents] - lengths[children])) * d)


# Edges of which nothing, or little, can be learned


@pytest.mark.parametrize(
    ("rows", "recipe", "more", "message"),
    [
        ([("a", "a")], "poincare", {}, "E0106: there are no links; 1 rows link a name with itself: left out"),
        ([("a", "b"), ("b", "c"), ("c", "a")], "poincare", {}, "E0153: the hierarchy has a cycle: "),
        ([("a", "b")], "order", {}, "E0155: no link is left for valid"),
        (
            TREE,
            "order",
            {"valid": 0},
            "E0543: edges held out to judge by need others to choose the threshold by\n  where: valid\n  value: 0",
        ),
        (TREE, "poincare", {"lang": "ja"}, "E1005: a fit of 'poincare' has no 'lang'\n  value: 'ja'\n  to do: valid: half"),
    ],
)
def test_what_cannot_be_fitted(rows, recipe, more, message):
    with pytest.raises(AwaseError) as caught:
        awase.fit(rows, recipe, options=QUICK[recipe], threads=1, **more)
    assert str(caught.value).startswith(message)


def test_two_nodes_have_no_negatives_and_stay_where_they_are():
    """The softmax over a single candidate is 0, whatever its distance."""
    fit = awase.fit([("a", "b")], "poincare", options=QUICK["poincare"], threads=1)
    assert np.isfinite(fit.model.tables["nodes"]).all() and np.abs(fit.model.tables["nodes"]).max() <= 1e-3
    assert fit.report.systems["trained"]["map"] == 1


def test_a_star_in_which_every_node_is_linked_to_the_centre():
    fit = awase.fit(
        [(f"leaf {i}", "centre") for i in range(30)], "poincare", options={"dim": 2, "batch": 1, "epochs": 200}, threads=1
    )
    assert fit.report.systems["trained"]["map"] > 0.9


def test_a_rate_far_too_high_stays_inside_the_ball():
    fit = awase.fit(TREE, "poincare", options={**QUICK["poincare"], "rate": 1e6}, threads=1)
    lengths = np.linalg.norm(fit.model.tables["nodes"].astype(np.float64), axis=1)
    assert np.isfinite(lengths).all() and lengths.max() < 1


# The drawing


def test_edges_are_drawn_along_the_shortest_ways():
    rng = np.random.default_rng(0)
    z, w = (rng.uniform(-0.7, 0.7, (6, 2)) @ np.array([1, 1j]) for _ in range(2))
    curves = disc.geodesics(z, w, 9)
    np.testing.assert_allclose(curves[:, [0, -1]], np.column_stack([z, w]), atol=1e-12)
    V = np.stack([curves.real, curves.imag], axis=-1)
    for curve in V:
        steps = [-Poincare()(a[None], b[None])[0, 0] for a, b in pairwise(curve)]
        whole = -Poincare()(curve[:1], curve[-1:])[0, 0]
        assert sum(steps) == pytest.approx(whole, rel=1e-9) and np.ptp(steps) < 1e-9
    assert np.allclose(disc.geodesics(z, z), z[:, None])


def test_the_drawing_keeps_distances_from_the_centre():
    vectors = np.random.default_rng(0).uniform(-0.4, 0.4, (50, 5))
    np.testing.assert_allclose(np.abs(disc.on_disc(vectors)), np.linalg.norm(vectors, axis=1), rtol=1e-12)
    np.testing.assert_allclose(disc.on_disc(vectors[:, :2]), vectors[:, 0] + 1j * vectors[:, 1], rtol=1e-12)
    assert disc.on_disc(np.zeros((2, 3))).tolist() == [0, 0]


def test_a_drawing_says_what_it_leaves_out(monkeypatch):
    monkeypatch.setattr(disc, "_EDGES_MOST", 10)
    vectors = np.random.default_rng(0).uniform(-0.5, 0.5, (40, 3))
    picture = disc.disc(vectors, ["$" + str(i) for i in range(40)], np.arange(1, 40), np.arange(39))
    assert picture.content.startswith(b"\x89PNG")
    assert "10 edges along the shortest ways of the Poincaré disc" in picture.words
    assert "Of 3 dimensions" in picture.words and "Only the 10 edges nearest the centre are drawn." in picture.words


def test_without_held_out_edges_an_order_is_judged_by_its_own_score():
    edges = [(f"{i}", f"{(i - 1) // 3}") for i in range(1, 40)]
    fit = awase.fit(edges, "order", options={"dim": 10, "epochs": 60, "batch": 1}, valid=0, test=0, threads=1)
    assert fit.report.systems["trained"]["map"] > 0.8 > fit.report.systems["untrained"]["map"]


def test_nothing_is_not_trained():
    with pytest.raises(ConfigError, match=r"E0601: batch and epochs must be at least 1\n  value: \("):
        awase.fit([("a", "b"), ("c", "b")], "poincare", options={"batch": 0}, threads=1)
