"""The graph: how much it finds of what exact search finds, and that a collection uses, keeps and distrusts it rightly."""

import logging
import sys
import zlib

import numpy as np
import pytest
from words_model import WordsModel

from awase.core.errors import MissingExtra
from awase.index import collection as module
from awase.index.ann import Ann
from awase.index.collection import Collection
from awase.index.exact import Exact
from awase.store import cache


def clustered(n, seed=0, dim=32):
    """Unit vectors around centres, as those of texts are."""
    draw = np.random.default_rng(seed)
    centres = np.random.default_rng(9).standard_normal((50, dim))
    vectors = centres[draw.integers(0, 50, n)] + 0.5 * draw.standard_normal((n, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def recall(index, exact, queries, mask=None):
    found, wanted = index.search(queries, 10, mask), exact.search(queries, 10, mask)
    assert np.array_equal(found.scores[found.rows == wanted.rows], wanted.scores[found.rows == wanted.rows])
    return np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.rows, wanted.rows)])


def test_recall_with_masks_deleted_and_later_rows():
    queries = clustered(100, seed=1)
    exact = Exact(clustered(4000))
    index = Ann.build(exact)
    assert recall(index, exact, queries) > 0.97
    exact.delete(np.arange(0, 4000, 3))
    exact.add(clustered(500, seed=2))
    assert recall(index, exact, queries) > 0.97
    assert (index.search(queries, 10).rows >= 4000).any()
    assert not (index.search(queries, 10).rows[:, 0] % 3 == 0)[index.search(queries, 10).rows[:, 0] < 4000].any()
    draw = np.random.default_rng(3).random(len(exact))
    for share in (0.5, 0.2, 0.02):
        assert recall(index, exact, queries, draw < share) > 0.95
    again = Ann.from_arrays(index.arrays(), exact, np.arange(4000))
    assert np.array_equal(again.search(queries, 10).rows, index.search(queries, 10).rows)


def test_without_faiss_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtra, match=r"pip install 'awase\[ann\]'"):
        Ann.build(Exact(clustered(10)))


class Clusters(WordsModel):
    """The vector of a text is drawn by its hash, around one of a few centres."""

    def encode(self, texts, *, role="document", dim=None):
        return np.concatenate([np.empty((0, 32), np.float32), *(clustered(1, zlib.crc32(text.encode())) for text in texts)])


MODEL = Clusters(32)
QUERIES = [f"query {n}" for n in range(40)]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "docs.awase"
    with Collection.create(path, MODEL, graph_from=500) as docs:
        docs.add((f"i{n}", f"text {n}") for n in range(1000))
    return path


def dense(docs, queries=QUERIES):
    return [[one.id for one in found] for found in docs.search(queries, 10, mode="dense")]


def exactly(path):
    """The results of a collection that is asked too few questions to use its graph."""
    with Collection.open(path, MODEL, readonly=True) as docs:
        found = dense(docs, QUERIES[:20])
        assert docs._graph._ann is None
    return found


def shared(found, wanted):
    return np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, wanted)])


def test_a_large_collection_gets_a_graph_and_keeps_it_through_changes(path):
    assert cache.place(module.cache_folder(path), "graph").exists()
    with Collection.open(path, MODEL) as docs:
        assert shared(dense(docs), exactly(path)) > 0.95
        built = docs._graph._ann
        assert built is not None
        docs.delete([f"i{n}" for n in range(0, 300, 2)])
        docs.add((f"later{n}", f"later text {n}") for n in range(50))
        assert dense(docs, ["later text 7"])[0][0] == "later7"
        assert shared(dense(docs), exactly(path)) > 0.95
        assert not any(
            found.startswith("i") and int(found[1:]) < 300 and int(found[1:]) % 2 == 0 for some in dense(docs) for found in some
        )
        assert docs._graph._ann._graph is built._graph
        docs.add((f"more{n}", f"more text {n}") for n in range(600))
    with Collection.open(path, MODEL, readonly=True) as docs:
        dense(docs)
        assert docs._graph._ann._graph.ntotal == 1500  # built again: the first covered too little


@pytest.mark.parametrize("how", ["flipped", "missing", "from another build"])
def test_a_bad_graph_is_not_used(path, how, caplog):
    place = cache.place(module.cache_folder(path), "graph")
    if how == "flipped":
        content = bytearray(place.read_bytes())
        content[len(content) // 2] ^= 1
        place.write_bytes(content)
    elif how == "missing":
        place.unlink()
    else:
        with Collection.open(path, MODEL) as docs:
            docs._table.remember({"graph": "another token"})
    with Collection.open(path, MODEL) as docs, caplog.at_level(logging.WARNING):
        found = dense(docs)
        assert docs._graph._ann is None
        assert found[:20] == exactly(path)
        assert "searching exactly until it is built again" in caplog.text
        dense(docs)
        assert len(caplog.records) == 1
        docs.prepare()
        assert docs._graph._ann is not None
    with Collection.open(path, MODEL) as docs:
        dense(docs)
        assert docs._graph._ann is not None


def test_without_faiss_a_large_collection_is_searched_exactly(path, monkeypatch):
    monkeypatch.setattr("awase.index.graph.find_spec", lambda name: None)
    with Collection.open(path, MODEL) as docs:
        docs.prepare()
        assert dense(docs)[:20] == exactly(path)
        assert docs._graph._ann is None
