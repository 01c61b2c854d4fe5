"""Small work is done by twins, with the same results; and a first search by words starts no compiler."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.data.text.analyze import Analyzer, analyzer
from awase.index.exact import Exact
from awase.index.lexical import BM25
from awase.kernels import start

TEXTS = st.lists(st.text("abc wine's Wines 東京都カーのㄱ한국ñ😀ﬁ^$-", max_size=30), min_size=1, max_size=12)


@pytest.fixture(autouse=True)
def account(monkeypatch):
    monkeypatch.setattr(start, "_spent", 0.0)
    monkeypatch.setattr(start, "_one_answer", False)


def found(index, queries, mask):
    """What an index that was just loaded finds."""
    hits = BM25.from_arrays(index.arrays()).search(queries, 5, mask)
    return hits.rows.tolist(), hits.scores.tobytes()


@settings(deadline=None, max_examples=60)  # the first run compiles
@given(TEXTS, TEXTS, st.data())
def test_twins_and_kernels_find_the_same(texts, queries, data):
    index = BM25("english")
    index.add(texts)
    index.add(texts[::-1])
    index.delete(sorted(data.draw(st.sets(st.integers(0, 2 * len(texts) - 1)))))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(index), max_size=len(index))))
    bags = []
    for spent in (0.0, float("inf")):  # twins; kernels
        start._spent = spent
        bags.append([part.tolist() for part in Analyzer.from_arrays(index.analyzer.arrays()).lookup(queries)])
        bags.append(found(index, queries, mask))
    assert bags[0] == bags[2]
    assert bags[1] == bags[3]


def test_terms_are_the_same_either_way():
    texts = ["Running runs 東京都へ", "", "カー 한국어 ﬁne", "wine " * 50]
    either = []
    for spent in (0.0, float("inf")):
        start._spent = spent
        made = analyzer("english")
        either.append(([part.tolist() for part in made.terms(texts)], made.vocabulary()))
    assert either[0] == either[1]


def test_what_is_worth_it():
    assert not start.compiled(1_000)
    assert start.compiled(10**6)
    assert start.compiled(1), "once it was worth it, it is started"


def test_twins_that_round_otherwise_are_for_one_answer_only():
    start.one_answer()
    assert not start.compiled(1_000, exact=False)
    start._one_answer = False
    assert start.compiled(1, exact=False)
    assert start.compiled(1), "it has started"


VECTORS = st.lists(
    st.lists(st.sampled_from([0, 0.5, 1, -1, 0.3, 1 / 3, 7e-3]), min_size=7, max_size=7), min_size=1, max_size=40
)


@settings(deadline=None, max_examples=60)
@given(VECTORS, VECTORS, st.integers(1, 50), st.data())
def test_a_search_by_vectors_is_ranked_the_same_either_way(first, second, k, data):
    """Not the last bit of a score, but the order, the ties and what is left out; and each score is that of the row alone."""
    index = Exact(np.float32(first))
    index.add(np.float32(second))
    index.delete(np.array(sorted(data.draw(st.sets(st.integers(0, len(index) - 1)))), np.int64))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(index), max_size=len(index))))
    queries = np.float32(data.draw(VECTORS))[:3]
    start._spent, start._one_answer = 0.0, True
    hits, every = index.search(queries, k, mask), index.search(queries, len(index))
    assert start._spent < float("inf")
    assert np.array_equal(index.scores_of(queries, hits.rows), hits.scores)
    start._spent = float("inf")
    kernel = index.search(queries, k, mask)
    np.testing.assert_allclose(hits.scores, kernel.scores, rtol=1e-5, atol=1e-6)
    assert ((hits.rows < 0) == (kernel.rows < 0)).all()
    vectors = np.concatenate([np.float32(first), np.float32(second)])
    for rows, scores in zip(every.rows, every.scores):
        rows, scores = rows[rows >= 0], scores[rows >= 0]
        assert rows.tolist() == rows[np.lexsort((rows, -scores))].tolist()
        _, kind = np.unique(vectors[rows], axis=0, return_inverse=True)
        assert all(len(set(scores[kind.ravel() == one].tolist())) == 1 for one in set(kind.ravel().tolist()))


@pytest.mark.parametrize("mode", ["dense", "hybrid"])
def test_a_first_search_on_the_command_line_starts_no_compiler(tmp_path, mode):
    from awase import Collection
    from awase.data.text.tokenizer import train_tokenizer
    from awase.models.static import StaticModel

    texts = [f"wine number {i} of {i % 7}" for i in range(3_000)]
    tokenizer = train_tokenizer(texts, vocab_size=500)
    table = np.random.default_rng(0).standard_normal((tokenizer.vocab_size, 64)).astype(np.float32)
    StaticModel(tokenizer.to_json(), table).save(tmp_path / "model")
    with Collection.create(tmp_path / "docs.awase", tmp_path / "model") as docs:
        docs.add((f"{i}", text) for i, text in enumerate(texts))
        wanted = docs.search("wine number 18", 3, mode=mode)[0]
    program = (
        "import sys\nfrom awase.cli.main import main\n"
        "try: main(['search', sys.argv[1], 'wine number 18', '-k', '3', '--json', '--mode', sys.argv[2]])\n"
        "finally: assert 'numba' not in sys.modules\n"
    )
    command = [sys.executable, "-c", program, tmp_path / "docs.awase", mode]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["id"] for one in found] == [one.id for one in wanted]
    assert [one["score"] for one in found] == pytest.approx([one.score for one in wanted], abs=1e-6)


def test_a_first_search_by_words_compiles_nothing(tmp_path):
    from awase import Collection

    with Collection.create(tmp_path / "docs.awase") as docs:
        docs.add((f"{i}", f"wine number {i}") for i in range(3_000))
        docs.search("wine")
        docs.delete(["17"])
    program = (
        "import sys, json\nfrom awase import Collection\nfrom awase.kernels import start\n"
        "found = Collection.open(sys.argv[1]).search('wines number 18 京都', 3)[0]\n"
        "print(json.dumps([[one.id for one in found], start._spent, 'numba' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path / "docs.awase"], capture_output=True, text=True, check=True)
    (first, *_), spent, started = json.loads(done.stdout)
    assert first == "18"
    assert 0 < spent < float("inf")
    assert not started


def test_a_lean_start_leaves_no_trace(tmp_path):
    program = (
        "import sys\nfrom awase.kernels.start import start_lean\nstart_lean()\n"
        "assert not {'scipy', 'cffi'} & set(sys.modules), 'they were imported'\nimport scipy.linalg\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
