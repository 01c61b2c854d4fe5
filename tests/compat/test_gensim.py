"""What we write, gensim reads, and the other way round; and it finds the same neighbours."""

import numpy as np
import pytest
from gensim.models import KeyedVectors

from awase.models import TableModel, load
from awase.models.word2vec import write

NAMES = ["wine", "赤ワイン", '"quoted"', "a,b", "nan", "007", "🍷", *(f"w{i}" for i in range(60))]
FORMATS = [("word2vec", False, "w.vec"), ("word2vec-binary", True, "w.bin")]


def made():
    rows = np.random.default_rng(0).normal(size=(len(NAMES), 12)).astype(np.float32)
    return TableModel({"words": rows}, {"words": NAMES})


@pytest.mark.parametrize(("format", "binary", "name"), FORMATS)
def test_gensim_reads_what_we_write(tmp_path, format, binary, name):
    model = made()
    write(model, tmp_path / name, format)
    vectors = KeyedVectors.load_word2vec_format(str(tmp_path / name), binary=binary)
    assert vectors.index_to_key == NAMES
    np.testing.assert_array_equal(vectors.vectors, model.tables["words"])


@pytest.mark.parametrize(("format", "binary", "name"), FORMATS)
def test_we_read_what_gensim_writes(tmp_path, format, binary, name):
    vectors = KeyedVectors(12)
    vectors.add_vectors(NAMES, made().tables["words"])
    vectors.save_word2vec_format(str(tmp_path / name), binary=binary)
    model = load(tmp_path / name)
    assert list(model.names["words"]) == NAMES
    np.testing.assert_array_equal(model.tables["words"], vectors.vectors)


def test_neighbours_and_analogies_are_those_of_gensim():
    model, vectors = made(), KeyedVectors(12)
    vectors.add_vectors(NAMES, model.tables["words"])
    asked = [("wine", "w3", "🍷"), ("w7", "007", "a,b")]
    for a, b, c in asked:
        near, analogous = vectors.most_similar(a, topn=10), vectors.most_similar(positive=[b, c], negative=[a], topn=10)
        for ours, theirs in ((model.neighbours(a), near), (model.analogy(a, b, c), analogous)):
            assert [one.name for one in ours] == [name for name, _ in theirs]
            np.testing.assert_allclose([one.score for one in ours], [score for _, score in theirs], atol=1e-6)
