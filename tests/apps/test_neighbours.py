"""The job of graphs and corpora: what it reads as what, what it holds out, what it saves."""

import numpy as np
import pytest

import awase
from awase import recipes
from awase.apps import neighbours
from awase.apps.job import Job
from awase.core.errors import ConfigError
from awase.data.corpus import read_corpus
from awase.data.links import read_links


def job(seed=0, **options):
    return Job(recipe=recipes.get("edrep")(**options), name="edrep", seed=seed)


def ring(n=60):
    return [(f"n{i}", f"n{(i + step) % n}") for i in range(n) for step in (1, 2, 3)]


def test_a_text_file_is_a_corpus_unless_it_has_tabs(tmp_path):
    for name, content, expected in (
        ("a.txt", "the cat sat\n", True),
        ("b.txt", "cat\tdog\n", False),
        ("c.tsv", "cat\tdog\n", False),
        ("d.csv", "cat,dog\n", False),
    ):
        (tmp_path / name).write_text(content)
        assert neighbours.is_corpus(tmp_path / name) is expected
    assert not neighbours.is_corpus([]) and not neighbours.is_corpus(tmp_path / "nothing.txt")


def test_both_directions_of_an_edge_are_one_edge():
    """Else one would be held out and the other trained on."""
    links = read_links([*ring(), *((b, a) for a, b in ring())], "edges")
    near = neighbours.read(links, job(length=1), {})
    assert near.understood["edges"] == 180
    rows = near.P.times(np.eye(60, dtype=np.float32))
    assert len(near.anchors) > 0 and not rows[near.anchors, near.targets].any()


def test_the_option_overrides_what_the_data_look_like(tmp_path):
    (tmp_path / "edges.txt").write_text("\n".join(f"{a} {b}" for a, b in ring()))
    words = neighbours.read(tmp_path / "edges.txt", job(), {"lang": "auto", "min_count": 1})
    assert words.table == "words"
    with pytest.raises(Exception, match="E0151"):
        neighbours.read(tmp_path / "edges.txt", job(of="graph"), {})


def test_held_out_sentences_are_not_trained_on():
    corpus = read_corpus([f"a{i} b{i} c{i}" for i in range(40)] * 2, min_count=1)
    near = neighbours.read(corpus, Job(recipe=recipes.get("edrep")(), name="edrep", test=0.5), {})
    assert near.split["train"] == near.split["test"] == 40
    assert near.popularity.sum() < corpus.counts.sum()
    assert (near.anchors != near.targets).all()


def test_the_folder_answers_for_neighbours_and_remembers(tmp_path):
    fitted = awase.fit(ring(), "edrep", out=tmp_path / "model", options={"dim": 8}, threads=1)
    model = awase.load(tmp_path / "model")
    assert model.neighbours("n5", 4) == fitted.model.neighbours("n5", 4)  # type: ignore[union-attr]
    assert model.info["metrics"]["auc"] == fitted.report.systems["trained"]["auc"]  # type: ignore[union-attr]
    assert "model.neighbours('n0')" in (tmp_path / "model" / "README.md").read_text()


def test_word_pairs_are_judged_beside(tmp_path):
    (tmp_path / "pairs.tsv").write_text("a0\tb0\t9\na0\tb9\t1\nc3\tzebra\t5\na1\tb1\t8\n")
    texts = [f"a{i} b{i} c{i}" for i in range(20)] * 9
    report = awase.fit(texts, "edrep", options={"dim": 8}, threads=1, similarity=[tmp_path / "pairs.tsv"]).report
    assert report.tables[0]["rows"][0][3] == 4 and report.tables[0]["rows"][0][2] == 0.75


def test_what_this_kind_does_not_know():
    with pytest.raises(ConfigError, match="E1005: a fit of 'edrep' has no 'init'"):
        awase.fit(ring(), "edrep", init="model")
