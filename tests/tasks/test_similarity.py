"""Word similarity: files as they are found, words in any case, and coverage that is never hidden."""

import gzip

import numpy as np
import pytest

from awase.core.errors import ConfigError, InputError
from awase.tasks.similarity import WordPairs, cosine_of, read_word_pairs, rows_of, word_similarity

TABS = "# a comment\nlove\tsex\t6.77\ntiger\tcat\t7.35\n"
FOUND = (["love", "tiger"], ["sex", "cat"], [6.77, 7.35])


@pytest.mark.parametrize(
    "text",
    [
        TABS,
        "word1\tword2\tscore\nlove\tsex\t6.77\n\ntiger\tcat\t7.35",
        'word1,word2,mean,sub1\r\nlove,sex,6.77,1\r\ntiger,"cat",7.35,2\r\n',
        "love sex 6.77\ntiger  cat   7.35\n",
        "\ufeff" + TABS,
    ],
    ids=["tabs", "header", "commas", "spaces", "byte order mark"],
)
def test_files_as_they_are_found(text, tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_bytes(text.encode())
    pairs = read_word_pairs(path)
    assert (pairs.first, pairs.second, pairs.scores.tolist(), pairs.name) == (*FOUND, "pairs")


def test_a_compressed_file(tmp_path):
    path = tmp_path / "pairs.tsv.gz"
    path.write_bytes(gzip.compress(TABS.encode()))
    assert read_word_pairs(path).first == FOUND[0]


def test_columns_by_name(tmp_path):
    path = tmp_path / "simlex.txt"
    path.write_text("word1\tword2\tPOS\tSimLex999\nold\tnew\tA\t1.58\n", "utf-8")
    pairs = read_word_pairs(path, columns=("word1", "word2", "SimLex999"))
    assert (pairs.first, pairs.second, pairs.scores.tolist()) == (["old"], ["new"], [1.58])


@pytest.mark.parametrize(
    ("content", "columns", "code", "says"),
    [
        (b"", None, "E0822", "no word pairs"),
        (b"word1\tword2\tscore\n", None, "E0822", "no word pairs"),
        (b"a\tb\t1\nc\td\n", None, "E0822", "pairs.tsv:2"),
        (b"a\tb\t1\n#\nc\td\thigh\n", None, "E0822", "pairs.tsv:3"),
        (b"a\tb\t1\nc\td\tnan\n", None, "E0822", "not a finite number"),
        (b"a\tb\t1\n\td\t2\n", None, "E0822", "a word is empty"),
        (b"a\tb\t1\nc\t\xff\t2\n", None, "E0103", "pairs.tsv:2"),
        (b"word1\tword2\tscore\na\tb\t1\n", ("word1", "word2", "scores"), "E0822", "did you mean 'score'?"),
    ],
)
def test_bad_files(content, columns, code, says, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=code) as caught:
        read_word_pairs(path, columns)
    assert says in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="E0101"):
        read_word_pairs(tmp_path / "none.tsv")


def test_rows_of_words():
    words = ["Straße", "paris", "Paris", "茶"]
    assert rows_of(words, ["Paris", "PARIS", "茶", "tea"]).tolist() == [2, -1, 3, -1]
    assert rows_of(words, ["Paris", "PARIS", "茶", "tea"], ignore_case=True).tolist() == [1, 1, 3, -1]
    assert rows_of([], ["tea"]).tolist() == [-1]


def test_cosine_in_blocks(monkeypatch):
    monkeypatch.setattr("awase.tasks.similarity._BLOCK", 8)
    vectors = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
    vectors[4] = 0
    first, second = np.random.default_rng(1).integers(0, 20, (2, 50))
    first[0] = 4
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    np.testing.assert_allclose(cosine_of(vectors)(first, second), np.sum(unit[first] * unit[second], axis=1), atol=1e-6)
    assert cosine_of(vectors)(first, second)[0] == 0.0


PAIRS = WordPairs(["a", "A", "x", "x", "c"], ["b", "c", "a", "y", "b"], np.array([3.0, 2.0, 9.0, 8.0, 1.0]), "toy")
WORDS = ["a", "b", "c"]
SIMILARITY = {(0, 1): 0.9, (0, 2): 0.1, (2, 1): 0.3}


def score(first, second):
    return np.array([SIMILARITY[pair] for pair in zip(first.tolist(), second.tolist())])


def test_unknown_words_are_left_out_counted_and_listed():
    found = word_similarity(PAIRS, WORDS, score)
    assert found.known.tolist() == [True, True, False, False, True]
    assert found.rho == pytest.approx(0.5)  # .9, .1, .3 against 3, 2, 1
    assert found.unknown == ["x", "y"]
    assert found.summary() == {"spearman": found.rho, "coverage": 0.6, "n_pairs": 5, "n_known": 3, "unknown": ["x", "y"]}
    assert word_similarity(PAIRS, WORDS, score, ignore_case=False).unknown == ["A", "x", "y"]


def test_unknown_words_as_zero():
    found = word_similarity(PAIRS, WORDS, score, unknown="zero")
    assert found.predicted.tolist() == [0.9, 0.1, 0.0, 0.0, 0.3]
    assert found.rho < 0
    assert found.coverage == 0.6


def test_with_fewer_than_two_known_pairs_there_is_no_rho():
    found = word_similarity(PAIRS, ["a", "b"], score)
    assert (found.rho, found.coverage) == (None, 0.2)
    assert word_similarity(PAIRS, [], score).coverage == 0.0


def test_pairs_that_all_systems_know():
    one, other = word_similarity(PAIRS, WORDS, score), word_similarity(PAIRS, [*WORDS, "x"], lambda a, b: 1.0 * a)
    both = one.known & other.known
    assert len(one.correlation(both)) == len(other.correlation(both)) == 3
    assert one.metrics(both)["spearman"].value == one.rho


def test_what_is_refused():
    with pytest.raises(ConfigError, match="'left out' or 'zero'"):
        word_similarity(PAIRS, WORDS, score, unknown="skip")
    with pytest.raises(InputError, match="E0821"):
        word_similarity(PAIRS, WORDS, lambda a, b: np.full(len(a), np.nan))
