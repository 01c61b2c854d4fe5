"""The EDRep recipe: its options, and that it learns communities of a graph and topics of a text from the command's door."""

import json

import numpy as np
import pytest

import awase
from awase import recipes
from awase.core.errors import ConfigError, InputError

EDREP = recipes.get("edrep")
OPTIONS = {  # each option: another value, and where it ends up
    "dim": (64, lambda made: made.encoder.dim),
    "of": ("words", lambda made: made.positives.of),
    "length": (2, lambda made: made.positives.walks.length),
    "window": (3, lambda made: made.positives.words.window),
    "subsample": (1e-3, lambda made: made.positives.words.subsample),
    "most": (50, lambda made: made.positives.words.most),
    "classes": (4, lambda made: made.negatives.classes),
    "epochs": (5, lambda made: made.plan.epochs),
    "rate": (0.5, lambda made: made.plan.rate),
}


def test_every_option_is_in_the_table():
    assert set(OPTIONS) == set(EDREP.options())


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_ends_up_where_it_belongs_as_value_and_as_text(name):
    value, where = OPTIONS[name]
    for given in (value, str(value)):
        assert where(EDREP(**{name: given})) == value
    assert where(EDREP()) != value


def test_it_is_a_value_that_json_holds():
    assert json.loads(json.dumps(EDREP().resolved()))["negatives"] == {"part": "everything, estimated", "classes": 1}
    assert EDREP.needs == "a graph or a corpus"
    assert EDREP.paper is not None and EDREP.paper.arxiv == "2303.17475"


def edges(n=240, k=4, seed=0):
    """k communities in which every node has six edges, and one to anywhere."""
    rng = np.random.default_rng(seed)
    size = n // k
    inside = [(f"n{a}", f"n{a // size * size + b}") for a in range(n) for b in rng.choice(size, 6) if a % size != b]
    return inside + [(f"n{a}", f"n{b}") for a in range(n) for b in rng.choice(n, 1) if a != b]


def sentences(n=800, seed=0):
    """Two subjects that share no word but the common ones."""
    rng = np.random.default_rng(seed)
    words = [[f"{subject}{i}" for i in range(30)] for subject in ("sea", "sky")]
    return [" ".join(["the", *rng.choice(words[i % 2], 6), "of", *rng.choice(words[i % 2], 3)]) for i in range(n)]


@pytest.mark.parametrize("classes", [1, 3])
def test_it_learns_the_communities_of_a_graph(classes):
    fitted = awase.fit(edges(), "edrep", options={"dim": 16, "classes": classes}, threads=1)
    systems = fitted.report.systems
    assert systems["trained"]["auc"] > 0.75 > 0.6 > systems["untrained"]["auc"]
    near = [int(one.name[1:]) // 60 for one in fitted.model.neighbours("n7", 20)]
    assert near.count(0) >= 18


def test_it_learns_the_subjects_of_a_text(tmp_path):
    (tmp_path / "corpus.txt").write_text("\n".join(sentences()))
    fitted = awase.fit(tmp_path / "corpus.txt", "edrep", options={"dim": 16, "subsample": 1e-2}, threads=1)
    assert fitted.report.systems["trained"]["auc"] > 0.6
    assert all(one.name.startswith("sea") for one in fitted.model.neighbours("sea3", 10))


def test_equal_seeds_give_equal_bytes_and_any_threads_do():
    tables = [awase.fit(edges(), "edrep", options={"dim": 8}, threads=threads, seed=3).model.tables for threads in (1, 1, 2)]
    assert len({tables["nodes"].tobytes() for tables in tables}) == 1


@pytest.mark.parametrize(
    ("data", "options", "error", "says"),
    [
        ([("a", "b"), ("b", "c")], {"length": 0}, ConfigError, "E0573: walks must have at least 1 step"),
        ([("a", "b"), ("b", "c")], {"of": "nodes"}, ConfigError, "E0573: of must be 'auto', 'graph' or 'words'"),
        ([("a", "b"), ("b", "c")], {"classes": 0}, ConfigError, "E0575: there must be at least 1 class"),
        (["word word word"] * 50, {}, InputError, "E0141: the text has one word only"),
        (["one two"] * 9, {"of": "words"}, InputError, "E0576: the corpus is too small to hold out sentences"),
        ([("a", "b")] * 30, {}, InputError, "E0155"),
    ],
)
def test_what_cannot_be_fitted_says_why(data, options, error, says):
    with pytest.raises(error) as caught:
        awase.fit(data, "edrep", options=options, threads=1)
    assert str(caught.value).startswith(says)
