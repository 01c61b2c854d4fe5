import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.kernels import ngrams
from awase.kernels.words import SPACE, spans

CHARACTERS = st.sampled_from("ab1 漢字かカ\U00020bb7\U0001f600é")
CLASSES = np.full(65536, 2, np.uint8)
CLASSES[ord(" ")] = SPACE
CLASSES[[ord(c) for c in "漢字かカ"]] = ngrams.RUN
CUTS = np.zeros((3, 3), np.bool_)
CUTS[0, 2] = CUTS[2, 0] = True


@settings(deadline=None)
@given(st.lists(st.text(CHARACTERS, max_size=12), max_size=5))
def test_char_ngrams(texts):
    encoded = [text.encode() for text in texts]
    data, offsets = np.frombuffer(b"".join(encoded), np.uint8), np.cumsum([0, *map(len, encoded)])
    words = spans(data, offsets, CLASSES, CUTS)
    got = ngrams.char_ngrams(data, *words, CLASSES)
    out = [np.zeros(len(data), np.int64), np.zeros(len(data), np.int64), np.zeros(len(texts) + 1, np.int64)]
    n = ngrams.expand_twin(data, *words, CLASSES, *out)
    for one, other in zip(got, (out[0][:n], out[1][:n], out[2]), strict=True):
        np.testing.assert_array_equal(one, other)
