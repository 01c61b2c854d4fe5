"""Small work is done by twins, with the same results; and a first search by words starts no compiler."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.data.text.analyze import Analyzer, analyzer
from awase.index.lexical import BM25
from awase.kernels import start

TEXTS = st.lists(st.text("abc wine's Wines 東京都カーのㄱ한국ñ😀ﬁ^$-", max_size=30), min_size=1, max_size=12)


@pytest.fixture(autouse=True)
def account(monkeypatch):
    monkeypatch.setattr(start, "_spent", 0.0)


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
