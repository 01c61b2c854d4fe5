from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.kernels import ngrams
from awase.kernels.words import SPACE, spans

CHARACTERS = st.sampled_from("ab1 漢字かカター\U00020bb7\U0001f600é")
CLASSES = np.full(65536, 2, np.uint8)
CLASSES[ord(" ")] = SPACE
CLASSES[[ord(c) for c in "漢字かカター"]] = ngrams.RUN
CUTS = np.zeros((3, 3), np.bool_)
CUTS[0, 2] = CUTS[2, 0] = True
SCRIPTS = np.zeros(0x20BB9, np.uint8)
SCRIPTS[[ord(c) for c in "漢字\U00020bb7"]], SCRIPTS[[ord(c) for c in "カタ"]], SCRIPTS[ord("ー")] = 1, 2, ngrams.CONTINUES


def both(texts):
    """The terms of each text from the kernel and from its twin."""
    encoded = [text.encode() for text in texts]
    data, offsets = np.frombuffer(b"".join(encoded), np.uint8), np.cumsum([0, *map(len, encoded)])
    words = spans(data, offsets, CLASSES, CUTS)
    made, begins, ends, bounds = ngrams.char_ngrams(data, *words, CLASSES, SCRIPTS)
    terms = [bytes(made[a:b]) for a, b in zip(begins, ends, strict=True)]
    return [terms[a:b] for a, b in pairwise(bounds)], ngrams.expand_twin(data, *words, CLASSES, SCRIPTS)


@settings(deadline=None)
@given(st.lists(st.text(CHARACTERS, max_size=30), max_size=5))
def test_char_ngrams(texts):
    got, want = both(texts)
    assert got == want


def test_the_longest_run_that_is_a_term():
    for n in (1, 2, ngrams.LONGEST, ngrams.LONGEST + 1):
        ((*_, last),), want = both(["漢" * n])
        assert (last == f"^{'漢' * n}$".encode()) == (n <= ngrams.LONGEST)
        assert [[*_, last]] == want
