"""Running text to numbers of words: against a reader in plain Python, for any threads, in memory and on the disk; and bad input."""

import gzip
import sys
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import AwaseError
from awase.data import blocks
from awase.data import corpus as corpora
from awase.data.corpus import read_corpus
from awase.data.text import memory

LINES = ["The cat sat on the mat.", "", "The DOG (a cat's friend) sat, too!", "...", "A café near 東京タワーです; ﬁne"] * 3


def script(character: str) -> str:
    """The kind of a character by its name: what is cut apart."""
    if ord(character) >= 1 << 16:
        return "beyond the basic plane"
    if unicodedata.category(character)[0] not in "LMN":
        return "space"
    if character in "々〇" or "一" <= character <= "鿿" or "㐀" <= character <= "䶿":
        return "han"
    if "ぁ" <= character <= "ゖ" or character in "ゝゞ":
        return "hiragana"
    return "katakana" if "ァ" <= character <= "ヺ" or character in "ーヽヾ" else "letters"


def plainly(lines: list[str], min_count: int = 1) -> tuple[list[str], list[list[str]]]:
    """The vocabulary and the sentences, one character at a time."""
    sentences = []
    for line in lines:
        words, before = [], "space"
        for character in unicodedata.normalize("NFKC", line).lower():
            kind = script(character)
            if kind != "space":
                if kind == before:
                    words[-1] += character
                else:
                    words.append(character)
            before = kind
        sentences.append(words)
    counts = Counter(word for words in sentences for word in words)  # in the order of first sight
    words = [word for word, n in sorted(counts.items(), key=lambda item: -item[1]) if n >= min_count]
    return words, [kept for sentence in sentences if (kept := [word for word in sentence if word in words])]


def sentences(corpus) -> list[list[str]]:
    return [[corpus.words[i] for i in corpus.ids[a:b]] for a, b in zip(corpus.bounds[:-1], corpus.bounds[1:])]


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.text(st.sampled_from("aBé 1.,'-東京々ーカなﬁＡ①\u0301\t😀"), max_size=14), min_size=1, max_size=8),
    st.integers(1, 3),
)
def test_equals_a_plain_reader(lines, min_count):
    words, expected = plainly(lines, min_count)
    if len(words) < 2 or max(map(len, expected)) < 2:
        with pytest.raises(AwaseError, match="E014"):
            read_corpus(lines, lang="en", min_count=min_count)
        return
    corpus = read_corpus(lines, lang="en", min_count=min_count)
    assert corpus.words == words
    assert sentences(corpus) == expected
    assert corpus.counts.tolist() == np.bincount(corpus.ids).tolist()


def test_a_file_a_list_threads_and_the_disk_give_the_same(tmp_path, monkeypatch):
    lines = [f"{line} word{i % 50}" for i, line in enumerate(LINES * 40)]
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    with gzip.open(tmp_path / "b.txt.gz", "wt", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    expected = read_corpus(lines, lang="en", min_count=2)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 700)  # many blocks
    for source in (tmp_path / "a.txt", str(tmp_path / "b.txt.gz")):
        for threads in (1, 3):
            for spill in (None, tmp_path / "spilled"):
                got = read_corpus(source, lang="en", min_count=2, threads=threads, spill=spill)
                assert got.words == expected.words
                for name in ("counts", "ids", "bounds"):
                    assert getattr(got, name).tolist() == getattr(expected, name).tolist()
                assert got.ids.dtype == np.int32 and got.ids.flags.writeable == (spill is None)
    assert sorted(path.name for path in (tmp_path / "spilled").iterdir()) == ["words.ids"], "the numbers as they came are gone"
    both = read_corpus([tmp_path / "a.txt", tmp_path / "b.txt.gz"], lang="en", min_count=2)
    assert both.counts.tolist() == (2 * read_corpus(lines, lang="en", min_count=1).counts[: len(both.counts)]).tolist()


def test_what_was_understood():
    understood = read_corpus(LINES, lang="en", min_count=4).understood
    assert understood == {
        "source": "list of 15 texts", "lang": "en", "cut by": "spaces, punctuation and script boundaries", "lines": 15,
        "lines without words": 6, "words": 63, "distinct words": 16, "words kept": 27,
    }  # fmt: skip


def test_the_most_frequent_words_are_kept_first_seen_first_among_equals():
    corpus = read_corpus(["b a a c c d"], min_count=1, max_words=3)
    assert (corpus.words, corpus.counts.tolist(), corpus.ids.tolist()) == (["a", "c", "b"], [2, 2, 1], [2, 0, 0, 1, 1])


def test_case_is_kept_if_asked():
    assert read_corpus(["The the THE"], min_count=1, lowercase=False).words == ["The", "the", "THE"]


JAPANESE = ["東京タワーへ行きました。", "彼は本を読んでいます。"]


def test_japanese_is_found_and_cut_by_the_analyser():
    corpus = read_corpus([*JAPANESE, "and some English"], min_count=1)
    assert (corpus.understood["lang"], corpus.understood["cut by"]) == ("ja", "sudachi")
    assert {"東京", "タワー", "行く", "読む"} <= set(corpus.words)
    assert "は" not in corpus.words
    assert read_corpus(["I met 彼 in Tokyo and told him about it, all of it"], min_count=1).understood["lang"] == "en"


def test_japanese_without_the_analyser_is_cut_between_scripts(monkeypatch):
    monkeypatch.setitem(sys.modules, "sudachipy", None)
    corpus = read_corpus(JAPANESE, min_count=1)
    assert corpus.understood["cut by"] == "spaces, punctuation and script boundaries (awase[ja] has a morphological analyser)"
    assert corpus.words[:4] == ["東京", "タワー", "へ", "行"]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"", {}, "E0106: there is no text\n  where: {path}\n  to do: give a file with one sentence or document a line"),
        (b"one two\nthr\xffee\n", {}, "E0103: not UTF-8: byte 0xff at 4\n  where: {path}:2:4\n"),
        ("one\nzwei é\n".encode() * 3 + b"\xe6\x9d", {}, "E0103: not UTF-8: byte 0xe6 at 1\n  where: {path}:7:1\n"),
        (b"a b\n", {}, "E0140: no word occurs 5 times\n  where: {path}\n  value: 1\n  to do: lower min_count, or give more text"),
        (b"... !\n\n", {}, "E0140: there is not a single word\n  where: {path}\n  value: 0\n"),
        (b"spam spam spam\n", {"min_count": 1}, "E0141: the text has one word only: there is nothing to learn from\n"),
        (b"a\nb\na\n", {"min_count": 1}, "E0141: no sentence holds two words: there is nothing to learn from\n"),
        (b"x" * 9_000_000, {}, "E0110: the line is longer than 8,388,608 bytes\n  where: {path}:1\n"),
        (b"a b\n", {"lang": "jp"}, "E0530: there is no language 'jp' to cut words by\n  to do: valid: auto, en, ja, words"),
        (b"a b\n", {"min_count": 0}, "E0531: min_count must be at least 1\n  value: 0"),
        (b"a b\n", {"max_words": 0}, "E0531: max_words must be at least 1\n  value: 0"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)  # fmt: skip
def test_bad_input(tmp_path, content, options, message):
    path = tmp_path / "corpus.txt"
    path.write_bytes(content)
    with pytest.raises(AwaseError) as caught:
        read_corpus(path, **options)
    assert str(caught.value).startswith(message.format(path=path))


def test_a_missing_file_and_one_string():
    with pytest.raises(AwaseError, match="E0101: there is no such file"):
        read_corpus("no such file.txt")
    with pytest.raises(AwaseError, match="E0253: a text must be a string, not NoneType\n  where: row 1"):
        read_corpus(["a b", None])
    with pytest.raises(AwaseError, match="E0106: there is no text\n  where: list of 0 texts"):
        read_corpus([])


def test_a_failed_read_leaves_nothing_on_the_disk(tmp_path):
    (tmp_path / "bad.txt").write_bytes(b"a b\n\xff")
    with pytest.raises(AwaseError, match="E0103"):
        read_corpus(tmp_path / "bad.txt", spill=tmp_path / "spilled")
    assert not list((tmp_path / "spilled").iterdir())


@pytest.mark.parametrize("spill", [False, True])
def test_a_text_without_line_ends_is_sentences_of_a_thousand_words(tmp_path, monkeypatch, spill):
    """Read in parts, none of which cuts a word."""
    monkeypatch.setattr(corpora, "_LONG_LINE", 5_000)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 3_000)
    words = [f"w{i % 700}" for i in range(25_300)]
    path = tmp_path / "text8"
    path.write_text(" ".join(words))
    corpus = read_corpus(path, min_count=1, spill=tmp_path / "spilled" if spill else None)
    assert [corpus.words[i] for i in corpus.ids] == words
    sizes = np.diff(corpus.bounds)
    assert sizes.max() == 1000 and sizes.sum() == 25_300
    assert len(read_corpus([" ".join(words)], min_count=1)) == 26


def test_sentences_are_cut_after_rare_words_are_left_out():
    text = " ".join(["a b"] * 999 + [f"rare{i}" for i in range(500)] + ["a b"])
    corpus = read_corpus([text, "a b"], min_count=5)
    assert np.diff(corpus.bounds).tolist() == [1000, 1000, 2]


@pytest.mark.parametrize("n_bytes", [1, 40, 1000])
def test_many_texts_are_read_in_blocks(monkeypatch, n_bytes):
    monkeypatch.setattr(memory, "_BLOCK_BYTES", n_bytes)
    corpus = read_corpus(LINES, min_count=1, lang="en")
    words, sentences = plainly(LINES)
    assert corpus.words == words
    assert [[words[i] for i in corpus.ids[a:b]] for a, b in zip(corpus.bounds[:-1], corpus.bounds[1:])] == sentences


@pytest.mark.parametrize("threads", [1, 2])
def test_words_that_another_program_has_cut_stay_as_they_are(threads):
    lines = ["東京タワー に 行っ た don't 3.5%", "😀笑い　東京タワー に", "Don't\tx"]
    corpus = read_corpus(lines, lang="words", min_count=1, threads=threads)
    expected = [unicodedata.normalize("NFKC", line).lower().split() for line in lines]
    assert sentences(corpus) == expected and corpus.understood["cut by"] == "spaces"
