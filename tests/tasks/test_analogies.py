"""Analogies: the file, the arithmetic, what is excluded, and coverage."""

import numpy as np
import pytest

from awase.core.errors import ConfigError, FormatError, InputError
from awase.tasks.analogies import Analogies, analogies, read_analogies

FILE = ": royal\nman king woman queen\nman king boy prince\n\n: food\ntea cup soup bowl\n"
WORDS = ["man", "woman", "king", "queen", "boy", "tea"]
VECTORS = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 1, 0], [0.9, 0, 0, 0.5], [0, 0, 0, 1]])


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(FILE, "utf-8")
    return read_analogies(path)


def test_the_file(questions):
    assert questions.sections == ["royal", "food"]
    assert questions.section.tolist() == [0, 0, 1]
    assert questions.words == (
        ["man", "man", "tea"],
        ["king", "king", "cup"],
        ["woman", "boy", "soup"],
        ["queen", "prince", "bowl"],
    )


def test_accuracy_and_coverage(questions):
    found = analogies(questions, WORDS, VECTORS)
    assert found.known.tolist() == [True, False, False]
    assert found.summary() == pytest.approx({"accuracy": 1.0, "coverage": 1 / 3, "n_questions": 3, "n_known": 1})
    assert found.sections() == [
        {"section": "royal", "n_questions": 2, "n_known": 1, "accuracy": 1.0},
        {"section": "food", "n_questions": 1, "n_known": 0, "accuracy": None},
    ]
    assert found.metrics()["accuracy"].tolist() == [1.0]


def test_unknown_words_as_wrong(questions):
    found = analogies(questions, WORDS, VECTORS, unknown="wrong")
    assert found.accuracy == pytest.approx(1 / 3)
    assert [of["accuracy"] for of in found.sections()] == [0.5, 0.0]


def test_nothing_known(questions):
    found = analogies(questions, ["stone"], np.ones((1, 2)))
    assert (found.accuracy, found.coverage) == (None, 0.0)


def one(a, b, c, answer):
    return Analogies(([a], [b], [c], [answer]), np.array([0]), ["one"], "one")


def test_the_words_of_the_question_are_no_answers():
    """king - man + man is king itself; the nearest other word is asked for."""
    assert analogies(one("man", "man", "king", "boy"), WORDS, VECTORS).accuracy == 1.0
    assert analogies(one("man", "man", "king", "king"), WORDS, VECTORS).accuracy == 0.0
    assert analogies(one("man", "woman", "king", "man"), WORDS[:3], VECTORS[:3]).accuracy == 0.0


def test_spellings_are_one_word():
    """KING is nearer to the target than queen, and is a word of the question; QUEEN is queen."""
    words = ["man", "woman", "king", "KING", "QUEEN", "queen"]
    vectors = np.array([[1.0, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, 1], [0, 0.9, 1], [-1, -1, -1]])
    assert analogies(one("man", "king", "woman", "queen"), words, vectors).accuracy == 1.0
    assert analogies(one("man", "king", "woman", "queen"), words, vectors, ignore_case=False).accuracy == 0.0


def test_multiplication_by_hand():
    """3CosMul weighs all three; 3CosAdd is ruled by the largest."""
    a, b, c = np.eye(4)[:3]
    one_sided, balanced = b * 0.95 + np.eye(4)[3] * 0.312, (b + c) / np.sqrt(2) * 0.6 + np.eye(4)[3] * 0.8 + a * 0.0
    words, vectors = ["a", "b", "c", "x", "y"], np.array([a, b, c, one_sided, balanced])
    cosines = vectors @ np.array([a, b, c]).T / np.linalg.norm(vectors, axis=1, keepdims=True)
    added = cosines @ [-1, 1, 1]
    shifted = (1 + cosines) / 2
    multiplied = shifted[:, 1] * shifted[:, 2] / (shifted[:, 0] + 1e-3)
    assert added[3] > added[4]
    assert multiplied[4] > multiplied[3]
    assert analogies(one("a", "b", "c", "x"), words, vectors).accuracy == 1.0
    assert analogies(one("a", "b", "c", "y"), words, vectors, method="3cosmul").accuracy == 1.0


def test_only_the_first_words_exist():
    words, vectors = [*WORDS, "monarch"], np.concatenate([VECTORS, VECTORS[3:4]])
    question = one("man", "king", "woman", "monarch")
    assert analogies(question, words, vectors, restrict=6).coverage == 0.0
    assert analogies(question, words, vectors, restrict=None).coverage == 1.0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a b c d\n", "a line ': section' must come before"),
        (": s\na b c\n", "an analogy has four words"),
        (": s\n", "the file has no analogies"),
    ],
)
def test_bad_files(content, says, tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(content, "utf-8")
    with pytest.raises(FormatError, match="E0823") as caught:
        read_analogies(path)
    assert says in str(caught.value)


def test_what_is_refused():
    question = one("man", "king", "woman", "queen")
    with pytest.raises(ConfigError, match="'3cosadd' and '3cosmul'"):
        analogies(question, WORDS, VECTORS, method="3cosdiv")
    with pytest.raises(ConfigError, match="'left out' or 'wrong'"):
        analogies(question, WORDS, VECTORS, unknown="zero")
    with pytest.raises(InputError, match="5 vectors for 6 words"):
        analogies(question, WORDS, VECTORS[:5])
    with pytest.raises(InputError, match="E0808: a vector holds NaN"):
        analogies(question, WORDS, np.full_like(VECTORS, np.nan))
