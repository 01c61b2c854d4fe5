"""The scanner and the word table against their twins, and what must hold whatever the bytes are."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.kernels.words import SPACE, WordTable, cut_twin, gather, gather_twin, holds, holds_twin, number_twin, spans

CLASSES = np.zeros(65536, np.uint8)
CLASSES[[ord(c) for c in " \t\u3000"]] = SPACE
CLASSES[[ord(c) for c in "abcdefgh0123"]] = 2
CLASSES[[ord(c) for c in ".,。"]] = 3
CLASSES[0x3041:0x3097] = 4

TEXTS = st.lists(st.text(st.sampled_from("abc.  \t\u3000。あいé\u0301😀\x00"), max_size=12), max_size=6)
CUTS = st.lists(st.booleans(), min_size=25, max_size=25).map(lambda bits: np.array(bits).reshape(5, 5))


def buffers(texts):
    array = pa.array(texts, pa.large_string())
    offsets = np.frombuffer(array.buffers()[1], np.int64) if len(texts) else np.zeros(1, np.int64)
    data = array.buffers()[2]
    return np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8), offsets


@settings(deadline=None)
@given(TEXTS, CUTS, st.data())
def test_spans_equal_the_twin(texts, cuts, data):
    whole = np.array(data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts))), np.bool_)
    raw, offsets = buffers(texts)
    begins, ends, bounds = spans(raw, offsets, CLASSES, cuts, whole)
    expected = [np.zeros(len(raw), np.int64), np.zeros(len(raw), np.int64), np.zeros(len(texts) + 1, np.int64)]
    n = cut_twin(raw, offsets, CLASSES, cuts, whole, *expected)
    assert begins.tolist() == expected[0][:n].tolist()
    assert ends.tolist() == expected[1][:n].tolist()
    assert bounds.tolist() == expected[2].tolist()


def test_words_between_spaces_and_at_cuts():
    cuts = np.zeros((5, 5), np.bool_)
    cuts[2, 3] = cuts[2, 4] = True
    raw, offsets = buffers(["ab あい.", "", " \t ", "a.b\u3000cあ"])
    begins, ends, bounds = spans(raw, offsets, CLASSES, cuts)
    words = [bytes(raw[a:b]).decode() for a, b in zip(begins, ends)]
    assert words == ["ab", "あい.", "a", ".b", "c", "あ"]
    assert bounds.tolist() == [0, 2, 2, 2, 6]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=9), max_size=6), CUTS)
def test_broken_utf8_is_never_read_beyond_its_text(pieces, cuts):
    raw = np.frombuffer(b"".join(pieces), np.uint8)
    offsets = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces], dtype=np.int64)])
    begins, ends, bounds = spans(raw, offsets, CLASSES, cuts)
    text = np.repeat(np.arange(len(pieces)), np.diff(bounds))
    assert (begins < ends).all()
    assert (begins >= offsets[text]).all()
    assert (ends <= offsets[text + 1]).all()


@settings(deadline=None)
@given(st.lists(st.lists(st.binary(max_size=4), max_size=30), max_size=4))
def test_numbers_equal_the_twin_over_several_calls(batches):
    table, known = WordTable(), {}
    for words in batches:
        raw = np.frombuffer(b"".join(words), np.uint8)
        offsets = np.concatenate([[0], np.cumsum([len(word) for word in words], dtype=np.int64)])
        begins, ends = offsets[:-1], offsets[1:]
        unseen = table.number(raw, begins, ends, grow=False)
        assert unseen.tolist() == number_twin(raw, begins, ends, known, grow=False).tolist()
        assert table.number(raw, begins, ends).tolist() == number_twin(raw, begins, ends, known).tolist()
    assert len(table) == len(known)
    data, starts = table.buffers()
    assert [bytes(data[a:b]) for a, b in pairwise(starts)] == list(known)


@pytest.mark.parametrize("size", [1, 70_000])
def test_the_table_grows_in_every_direction(size):
    n = 200_000 if size == 1 else 20
    words = [f"{i:0{size}}" for i in range(n)]
    raw, offsets = buffers(words)
    table = WordTable()
    assert (table.number(raw, offsets[:-1], offsets[1:]) == np.arange(n)).all()
    assert (table.number(raw, offsets[:-1], offsets[1:], grow=False) == np.arange(n)).all()
    assert table.words(n - 3) == words[-3:]
    assert table.n_bytes == len(raw)


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 3), max_size=4), min_size=1, max_size=5),
    st.lists(st.lists(st.integers(0, 99), max_size=5), max_size=5),
    st.integers(0, 7) | st.just(1 << 40),
    st.integers(-1, 3),
)
def test_gathered_tokens_equal_the_twin(tokens, texts, limit, drop):
    starts = np.cumsum([0, *map(len, tokens)], dtype=np.int64)
    flat = np.array([token for word in tokens for token in word], np.int32)
    words = np.array([word % len(tokens) for text in texts for word in text], np.int32)
    bounds = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    room = int(np.diff(starts)[words].sum())
    got, expected = ((np.zeros(room, np.int32), np.zeros(len(bounds), np.int64)) for _ in range(2))
    n = gather(words, bounds, starts, flat, limit, drop, *got)
    assert n == gather_twin(words, bounds, starts, flat, limit, drop, *expected)
    assert got[0][:n].tolist() == expected[0][:n].tolist()
    assert got[1].tolist() == expected[1].tolist()
    assert not (got[0][:n] == drop).any()


@settings(deadline=None)
@given(st.lists(st.text("abあ", max_size=8), max_size=5), st.lists(st.text("abあ", min_size=1, max_size=3), max_size=3))
def test_needles_are_found_within_their_text_only(texts, needles):
    raw, offsets = buffers(texts)
    wanted, wanted_offsets = buffers(needles)
    got, expected = np.zeros(len(texts), np.bool_), np.zeros(len(texts), np.bool_)
    holds(raw, offsets, wanted, wanted_offsets, got)
    holds_twin(raw, offsets, wanted, wanted_offsets, expected)
    assert got.tolist() == expected.tolist() == [any(needle in text for needle in needles) for text in texts]
