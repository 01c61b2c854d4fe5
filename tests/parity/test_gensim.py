"""Word similarity, analogies and reconstruction against the evaluators of gensim 4, on random vectors for the words of its own files."""

from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.models.poincare import ReconstructionEvaluation
from gensim.test.utils import datapath

from awase.tasks.analogies import analogies, read_analogies
from awase.tasks.reconstruction import reconstruction
from awase.tasks.similarity import cosine_of, read_word_pairs, word_similarity


def keyed(words, dim=25, seed=0):
    """Vectors in which words that share their first letters are alike, so that something is found."""
    rng = np.random.default_rng(seed)
    stems = {stem: rng.standard_normal(dim) for stem in sorted({word[:2].lower() for word in words})}
    vectors = np.array([stems[word[:2].lower()] + 0.5 * rng.standard_normal(dim) for word in words], np.float32)
    theirs = KeyedVectors(dim)
    theirs.add_vectors(words, vectors)
    return vectors, theirs


@pytest.mark.parametrize("file", ["wordsim353.tsv", "simlex999.txt"])
@pytest.mark.parametrize("unknown", ["left out", "zero"])
def test_word_pairs(file, unknown):
    pairs = read_word_pairs(datapath(file))
    every = sorted({*pairs.first, *pairs.second})
    words = [word.upper() if i % 5 == 0 else word for i, word in enumerate(every) if i % 4]
    words += [word.capitalize() for word in words[::7] if word.capitalize() not in words]
    vectors, theirs = keyed(words)
    ours = word_similarity(pairs, words, cosine_of(vectors), unknown=unknown)
    _, spearman, oov = theirs.evaluate_word_pairs(datapath(file), dummy4unknown=unknown == "zero")
    assert ours.rho == pytest.approx(spearman.statistic, abs=1e-6)
    assert 100 * (1 - ours.coverage) == pytest.approx(oov)
    assert 0.3 < ours.coverage < 0.8


@pytest.mark.parametrize("unknown", ["left out", "wrong"])
def test_analogies(unknown, tmp_path):
    """The capitals, over a vocabulary with other words and spellings."""
    lines = Path(datapath("questions-words.txt")).read_text("utf-8").splitlines()
    path = tmp_path / "questions.txt"
    path.write_text("\n".join([*lines[:150], ": plural", *(line for line in lines if line.startswith("banana "))]), "utf-8")
    questions = read_analogies(path)
    every = sorted({word for column in questions.words for word in column})
    words = [word for i, word in enumerate(every) if i % 6] + ["ATHENS", "tea", "coffee"]
    rng = np.random.default_rng(1)
    vectors, theirs = keyed(words)
    # Make half of the offsets real.
    row = {word: i for i, word in enumerate(words)}
    offset = rng.standard_normal(vectors.shape[1])
    for capital, country in zip(questions.words[0] + questions.words[2], questions.words[1] + questions.words[3]):
        if capital in row and country in row:
            vectors[row[country]] = vectors[row[capital]] + offset + 1.2 * rng.standard_normal(vectors.shape[1])
    theirs.vectors[:] = vectors
    theirs.fill_norms(force=True)
    ours = analogies(questions, words, vectors, unknown=unknown, block=100)
    accuracy, sections = theirs.evaluate_word_analogies(str(path), dummy4unknown=unknown == "wrong")
    assert ours.accuracy == pytest.approx(accuracy)
    assert 0.2 < ours.accuracy < 0.9
    for mine, wanted in zip(ours.sections(), sections):
        n = len(wanted["correct"]) + len(wanted["incorrect"])
        assert mine["section"] == wanted["section"]
        assert (mine["n_known"] if unknown == "left out" else mine["n_questions"]) == n
        assert mine["accuracy"] == (pytest.approx(len(wanted["correct"]) / n) if n else None)


def test_average_precision_of_reconstruction():
    """gensim counts the node itself among the others, so here it is given distances without it."""
    rng = np.random.default_rng(2)
    n = 30
    distances = rng.random((n, n))
    children, parents = (of[: n * 3] for of in np.nonzero(rng.random((n, n)) * (1 - np.eye(n)) > 0.8))
    found = reconstruction(lambda rows: distances[rows], children, parents, n)
    assert len(found.nodes) > 5
    for i, node in enumerate(found.nodes):
        others = np.delete(np.arange(n), node)
        neighbours = np.flatnonzero(np.isin(others, parents[children == node]))
        ranks, precision = ReconstructionEvaluation.get_positive_relation_ranks_and_avg_prec(
            distances[node, others], neighbours
        )
        start = found.degrees[:i].sum()
        assert found.ranks[start : start + found.degrees[i]].tolist() == ranks
        assert found.average_precision[i] == pytest.approx(precision)
