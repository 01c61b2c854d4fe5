"""Terms for BM25: against the definition in plain Python, and what users type."""

import re
import sys
import unicodedata
from itertools import groupby, pairwise

import numpy as np
import pyarrow as pa
import pytest
import Stemmer
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import ConfigError, InputError, IntegrityError, LimitError, MissingExtra
from awase.data.text.analyze import Analyzer, analyzer
from awase.data.text.casefold import nfkc_casefold


def words(name, *texts):
    made = analyzer(name)
    ids, offsets = made.terms(list(texts))
    terms = np.array([*made.vocabulary(), ""], object)[ids].tolist()
    return [terms[a:b] for a, b in pairwise(offsets)]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("The Running dogs' user's e-mails", ["the", "run", "dog", "user", "s", "e", "mail"]),
        ("snake_case, x86_64 and mp3", ["snake", "case", "x86", "64", "and", "mp3"]),
        ("ＡＢＣ　ﬁles №5", ["abc", "file", "no5"]),
        ("東京都", ["東", "東京", "^東京", "京", "京都", "都", "^東京都$"]),
        ("ﾊﾝｶｸ", ["は", "はん", "^はん", "ん", "んか", "か", "かく", "く", "^はんかく$"]),
        ("NHKの番組runs", ["nhk", "の", "の番", "番", "番組", "^番組", "組", "^番組$", "run"]),
        ("時々、ラー・ア", ["時", "時々", "^時々", "々", "^時々$", "ら", "らー", "^らー", "ー", "^らー$", "あ", "^あ$"]),
        ("らーめん", ["ら", "らー", "ー", "ーめ", "め", "めん", "ん"]),
        ("한국어", ["한", "한국", "^한국", "국", "국어", "어", "^한국어$"]),
        ("𠮷野", ["𠮷", "𠮷野", "^𠮷野", "野", "^𠮷野$"]),
        ("cafe\u0301 CAFÉ", ["café", "café"]),
        ("हिन्दी", ["हिन्दी"]),
        ("wine😀", ["wine", "😀"]),
        ("... — !?\u200b", []),
        ("", []),
    ],
)  # fmt: skip
def test_what_becomes_of_a_text(text, want):
    assert words("auto", text) == [want]


def test_languages_by_name():
    assert words("german", "Häuser Hauses") == [["haus", "haus"]]
    assert words("french", "continuellement") == [["continuel"]]
    assert words("russian", "книгами книга") == [["книг", "книг"]]
    assert words("porter", "dogs s") == [["dog", "s"]]  # Porter's stem of "s" is empty
    assert words("simple", "running") == words("cjk", "running") == [["running"]]


def test_every_snowball_language_is_there():
    assert len(Stemmer.algorithms()) >= 25
    for language in Stemmer.algorithms():
        assert words(language, "東京 x1") == [["東", "東京", "^東京", "京", "^東京$", "x1"]]


HAN, KATAKANA = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff", "\u30a1-\u30fa"


def in_hiragana(text):
    return "".join(chr(ord(one) - 0x60) if "ァ" <= one <= "ヶ" else one for one in text)


def by_definition(text):
    def kind(character):
        code = ord(character)
        if code > 0xFFFF or (0x3000 <= code <= 0x9FFF and unicodedata.category(character)[0] in "LMN"):
            return "run"
        return "word" if unicodedata.category(character)[0] in "LMN" else "space"

    for group, characters in groupby(nfkc_casefold(text), kind):
        written = "".join(characters)
        found = in_hiragana(written)
        if group == "word":
            yield Stemmer.Stemmer("english").stemWord(found)
        elif group == "run":
            yield from (found[i : i + n] for i in range(len(found)) for n in (1, 2) if i + n <= len(found))
            for run in map(in_hiragana, re.findall(f"[{HAN}][{HAN}ー]*|[{KATAKANA}][{KATAKANA}ー]*", written)):
                yield from [f"^{run[:2]}"] * (len(run) > 1) + [f"^{run}$"] * (len(run) <= 12)


ALPHABET = st.sampled_from("abeginrst 1_.'’ÀéßЖж漢字かなカー々、。Ａ１㈱ﬀ\U00020bb7\U0001f600\t\n")


@settings(deadline=None)
@given(st.lists(st.text(ALPHABET, max_size=20), max_size=5))
def test_terms_are_those_of_the_definition(texts):
    assert list(map(sorted, words("english", *texts))) == [sorted(by_definition(text)) for text in texts]


def test_ids_count_up_and_stay():
    made = analyzer("english")
    assert made.terms(["wine beer", "beer ales"]).ids.tolist() == [0, 1, 1, 2]
    assert made.terms(["ale wines cider"]).ids.tolist() == [2, 0, 3]
    assert made.vocabulary() == ["wine", "beer", "ale", "cider"] and len(made) == 4


def test_lookup_drops_what_is_unknown_and_adds_nothing():
    made = analyzer("english")
    made.terms(["running wine", "東京"])
    ids, offsets = made.lookup(["unknown runs 東口", "nothing", "wine wine", ""])
    assert [made.vocabulary()[i] for i in ids] == ["run", "東", "wine", "wine"]
    assert offsets.tolist() == [0, 2, 2, 4, 4]
    assert len(made) == 7
    assert made.terms(["unknown"]).ids.tolist() == [7]


def test_many_texts_are_cut_in_blocks_without_a_seam():
    texts = [f"word{i} " * 60_000 for i in range(12)]  # 5 MB: more than one block
    ids, offsets = analyzer("simple").terms(texts)
    assert offsets.tolist() == [60_000 * i for i in range(13)]
    np.testing.assert_array_equal(ids, np.repeat(np.arange(12), 60_000))


@pytest.mark.parametrize(
    "column",
    [pa.array(["red wine", "東京"]), pa.array(["x", "red wine", "東京"]).slice(1), pa.chunked_array([["red wine"], ["東京"]])],
    ids=["array", "slice", "chunked"],
)
def test_arrow_columns_are_texts(column):
    made = analyzer("simple")
    assert made.terms(column).offsets.tolist() == [0, 2, 7]
    assert made.vocabulary() == ["red", "wine", "東", "東京", "^東京", "京", "^東京$"]


def test_a_saved_analyser_goes_on_where_it_was():
    made = analyzer("german")
    made.terms(["Häuser und Wein", "東京"])
    loaded = Analyzer.from_arrays(made.arrays())
    assert loaded.name == "german" and loaded.vocabulary() == made.vocabulary()
    assert loaded.lookup(["Haus 京"]).ids.tolist() == made.lookup(["Haus 京"]).ids.tolist()
    assert loaded.terms(["Bier Weine"]).ids.tolist() == made.terms(["Bier Weine"]).ids.tolist()
    assert Analyzer.from_arrays(analyzer("simple").arrays()).vocabulary() == []


@pytest.mark.parametrize("offsets", [[], [1, 4], [0, 3], [0, 9], [0, 2, 1, 4], [0, 2, 2, 4]])
def test_damaged_offsets_are_refused(offsets):
    arrays = analyzer("simple").arrays() | {"terms": np.frombuffer(b"abcd", np.uint8), "offsets": np.array(offsets, np.int64)}
    with pytest.raises(
        IntegrityError, match="E0201: the terms of a saved analyser are damaged\n  to do: build the index again"
    ):
        Analyzer.from_arrays(arrays)


def test_a_term_that_was_saved_twice_is_refused():
    arrays = analyzer("simple").arrays() | {"terms": np.frombuffer(b"abab", np.uint8), "offsets": np.array([0, 2, 4])}
    with pytest.raises(IntegrityError, match="E0201: a saved analyser holds a term twice"):
        Analyzer.from_arrays(arrays).lookup(["ab"])
    with pytest.raises(IntegrityError, match="E0201: a saved analyser holds a term twice"):
        Analyzer.from_arrays(arrays).terms(["ab"])


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(
        ConfigError, match=r"E0200: there is no analyser 'englsh'\n  to do: did you mean 'english'\? valid: arabic"
    ):
        analyzer("englsh")


def test_what_is_not_a_list_of_texts_is_refused():
    made = analyzer("simple")
    with pytest.raises(InputError, match=r"E0253: a text must be a string, not int\n  where: row 1"):
        made.terms(["wine", 7])
    with pytest.raises(InputError, match="half of a surrogate pair, at character 1\n  where: row 0"):
        made.lookup(["a\ud800"])
    with pytest.raises(LimitError, match="E0250: a text has 1,048,577 bytes; at most 1,048,576 are accepted"):
        made.terms(["a" * (2**20 + 1)])
    with pytest.raises(InputError, match="E0253: one string was given"):
        made.terms("wine")


def test_text_that_grows_when_normalised_is_no_error():
    text = "\ufdfa" * 300_000  # 0.9 MB; one character that NFKC writes as eighteen
    assert words("simple", text)[0][0] == "صلى"


class TestSudachi:
    def test_normalised_forms_without_particles(self):
        assert words("sudachi", "東京に引越し。NHKとRunning", "", "引っ越し") == [
            ["東京", "引っ越し", "nhk", "run"],
            [],
            ["引っ越し"],
        ]

    def test_a_text_longer_than_sudachi_takes(self):
        assert words("sudachi", "東京、" * 9_000) == [["東京"] * 9_000]

    def test_without_the_library_the_command_that_installs_it_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "sudachipy", None)
        with pytest.raises(MissingExtra, match=r"sudachipy.*\n  to do: pip install 'awase\[ja\]'"):
            analyzer("sudachi")
