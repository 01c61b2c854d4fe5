"""Windows of a text: what subsampling keeps, and that nothing reaches into another sentence."""

import numpy as np
import pytest

from awase.contrast.negatives import SharedNoise
from awase.contrast.positives import Windows
from awase.core.errors import ConfigError
from awase.data.corpus import read_corpus
from awase.kernels import draws

KEY = draws.key(0, 0)


@pytest.fixture(scope="module")
def corpus():
    return read_corpus(["a b c d e f", "g h", "i", "j k l m"], min_count=1)


def around(source, row, key=KEY):
    words = "abcdefghijklm"
    return "".join(words[i] for i in source.around(row, key))


def test_windows_end_with_their_sentence(corpus):
    source = Windows(window=2, subsample=0, dynamic=False).source(corpus)
    assert [around(source, row) for row in range(len(source))] == [
        "bc", "acd", "abde", "bcef", "cdf", "de", "h", "g", "", "kl", "jlm", "jkm", "kl",
    ]  # fmt: skip


def test_sentences_can_be_chosen(corpus):
    source = Windows(window=1, subsample=0, dynamic=False).source(corpus, np.array([1, 3]))
    assert len(source) == 6
    assert [around(source, row) for row in range(6)] == ["h", "g", "k", "jl", "km", "l"]


def test_a_word_left_out_has_no_window_and_makes_room_for_the_next(corpus):
    source = Windows(window=1, subsample=0, dynamic=False).source(corpus)
    source.keep[corpus.words.index("c")] = 0
    assert [around(source, row) for row in range(4)] == ["b", "ad", "", "be"]


def test_the_probability_to_be_kept():
    """That of word2vec's C code: sqrt(t / f) + t / f."""
    counts = np.array([900, 90, 10])
    np.testing.assert_allclose(Windows(subsample=0.05).kept(counts), [np.sqrt(0.05 / 0.9) + 0.05 / 0.9, 1, 1])
    assert Windows(subsample=0).kept(counts).tolist() == [1, 1, 1]


def test_a_batch_is_one_window(corpus):
    batcher = SharedNoise(n=40, power=1).bind(Windows(window=2, subsample=0, dynamic=False).source(corpus), seed=0)
    anchors, candidates = batcher.make(np.array([2]), epoch=0)
    assert anchors.tolist() == [0, 1, 3, 4]
    items = candidates.items - 13
    assert items[0] == 2 and 2 not in items[1:] and 30 <= len(items) <= 40, "a draw of the centre is left out"
    assert set(items[1:].tolist()) <= set(range(13))
    assert candidates.target.tolist() == [0, 0, 0, 0] and candidates.weight.tolist() == [4, 4, 4, 4]
    again, other = batcher.make(np.array([2]), epoch=0).candidates.items, batcher.make(np.array([2]), epoch=1).candidates.items
    assert again.tolist() == candidates.items.tolist() != other.tolist()
    assert batcher.order(0) is None


def test_noise_is_drawn_by_frequency_to_the_power():
    text = read_corpus(["a " * 81 + "b " * 16 + "c"], min_count=1)
    batcher = SharedNoise(n=1000, power=0.5).bind(Windows(subsample=0).source(text), seed=1)
    drawn = np.bincount(np.concatenate([batcher.make(np.array([97]), epoch).candidates.items[1:] for epoch in range(20)]) - 3)
    np.testing.assert_allclose(drawn[:2] / drawn[:2].sum(), [9 / 13, 4 / 13], atol=0.02)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Windows(window=0), "E0532: window must lie between 1 and 1,000\n  value: 0\n  to do: 5 is usual"),
        (lambda: Windows(subsample=-1), "E0532: subsample must lie between 0 and 1\n  value: -1"),
        (lambda: Windows(subsample=float("nan")), "E0532: subsample must lie between 0 and 1\n  value: nan"),
        (lambda: SharedNoise(n=0), "E0533: the number of negatives must lie between 1 and 65,535\n  value: 0"),
        (lambda: SharedNoise(power=2), "E0533: the power of the frequency lies between 0 (uniform) and 1\n  value: 2"),
    ],
)  # fmt: skip
def test_options_out_of_range(make, message):
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value).startswith(message)
