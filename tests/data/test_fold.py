"""Which texts are the same text: for keys, for terms and for the tokenizers that are trained here."""

import sys
import unicodedata

import numpy as np
import pyarrow as pa
import pytest

from awase.data.text import fold
from awase.data.text.analyze import analyzer
from awase.data.text.casefold import IGNORED, nfkc_casefold
from awase.data.text.fold import folded, with_hiragana
from awase.data.text.identifiers import with_parts
from awase.data.text.tokenizer import train_tokenizer

EVERY = [chr(code) for code in range(0x80, sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cs", "Cn", "Co")]


def column(*texts):
    return pa.array(texts, pa.large_string())


def terms(text, name="auto"):
    made = analyzer(name)
    ids = made.terms([text]).ids
    return [made.vocabulary()[i] for i in ids]


SAME = {
    "soft hyphen": ("infor\u00admation", "information"),
    "two soft hyphens": ("Wert\u00adpapier\u00adindex", "Wertpapierindex"),
    "word joiner": ("main\u2060tain", "maintain"),
    "byte order mark": ("main\ufefftain", "maintain"),
    "direction marks": ("\u200fab\u200ecd\u202c", "abcd"),
    "grapheme joiner": ("ab\u034fcd", "abcd"),
    "joiners in scripts that have them": ("ක්\u200dෂ", "ක්ෂ"),
    "Mongolian variation selector": ("ᠠ\u180bᠨ", "ᠠᠨ"),
    "final sigma": ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
    "sharp s": ("STRASSE Maße", "straße masse"),
    "dotted capital i": ("İstanbul", "istanbul"),
    "Armenian ligature": ("և", "ԵՒ"),
    "caron that only one case has": ("J\u030c", "ǰ"),
    "iota below": ("ᾳ", "ΑΙ"),
    "width": ("Ｗｉｎｅ ｱ", "wine ア"),
    "kana": ("ツユ", "つゆ"),
    "half-width kana": ("ﾊﾞﾗ", "ばら"),
    "harakat": ("كِتَابٌ", "كتاب"),
    "tatweel": ("كـــتاب", "كتاب"),
    "superscript alef": ("هٰذا", "هذا"),
    "niqqud": ("שָׁלוֹם", "שלום"),
    "Syriac points": ("ܫܠܵܡܵܐ", "ܫܠܡܐ"),
    "Arabic-Indic digits": ("٢٠٢٤", "2024"),
    "Persian digits": ("۱۴۰۳", "1403"),
    "Devanagari digits": ("२०२४", "2024"),
    "Thai digits": ("๒๕๖๗", "2567"),
    "emoji selector": ("❤\ufe0f", "❤"),
    "text selector": ("☎\ufe0e", "☎"),
}


@pytest.mark.parametrize("name", SAME)
def test_spellings_of_one_text_have_the_same_terms(name):
    # Where a run of katakana begins is a term beside its characters, as none of hiragana is.
    one, other = ([term for term in terms(text) if not term.startswith("^")] for text in SAME[name])
    assert one == other != []


def test_a_zero_width_space_divides():
    assert terms("red\u200bwine") == ["red", "wine"]
    assert nfkc_casefold("red\u200bwine") == "red wine"


def test_every_character_folds_alike_by_column_and_by_itself():
    by_column = folded(column(*EVERY)).to_pylist()
    wrong = [hex(ord(c)) for c, found in zip(EVERY, by_column) if found != fold._one(c)]
    assert not wrong and len(EVERY) > 140_000


def test_rare_letters_are_those_that_lower_case_leaves():
    left = {c for c in EVERY if unicodedata.normalize("NFKC", c).lower() == c != nfkc_casefold(c)} - {"ß", "ς"}
    ignored = {chr(code) for first, last in (*IGNORED, (0x200B, 0x200B)) for code in range(first, last + 1)}
    listed = {chr(code) for first, last in fold._FOLDED for code in range(first, last + 1)}
    assert left - ignored <= listed and len(left) > 100


def test_digits_of_every_script_are_found():
    digits = [c for c in EVERY if c.isdecimal()]
    assert folded(column(*digits)).to_pylist() == [str(unicodedata.decimal(c)) for c in digits] and len(digits) > 500


def test_hiragana_stays_in_its_place():
    text = "ァアヴヵヶヷヸー・ヽ漢字 abc ンを"
    made = bytes(with_hiragana(np.frombuffer(text.encode(), np.uint8))).decode()
    assert made == "ぁあゔゕゖヷヸー・ヽ漢字 abc んを"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("C, C++ and C#", "C, Cplusplus and Csharp"),
        ("F# or A#, not no.#5 nor #tag", "Fsharp or Asharp, not no.#5 nor #tag"),
        ("notepad++ and g++", "notepad notepadplusplus and gplusplus"),
        ("a+b c++d ##", "a+b c++d ##"),
        ("getHTTPResponse", "getHTTPResponse get HTTP Response"),
        ("iPhone YouTube", "iPhone Phone YouTube You Tube"),
        ("Wine NASA PhD Über", "Wine NASA PhD Ph Über"),
        ("C++の入門とC#で", "Cplusplus の入門とCsharp で"),
        ("Ｃ＋＋、Ｃ＃。", "Ｃplusplus、Ｃsharp。"),
        ("C++17 C#7 issue#12", "Cplusplus 17 Csharp 7 issue#12"),
        ("getHTTPResponseの使い方", "getHTTPResponse get HTTP Responseの使い方"),
        ("my_getResponse utf8Decode", "my_getResponse get Response utf8Decode utf Decode"),
        ("PCs URLs mRNAs", "PCs URLs mRNAs RNAs"),
        ("ÜberFlug", "ÜberFlug"),
        ("XMLHttpRequest2Parser", "XMLHttpRequest2Parser XML Http Request Parser"),
    ],
)
def test_names_have_their_parts(text, want):
    assert with_parts(column(text, "wine")).to_pylist() == [want, "wine"]


def test_c_and_its_children_are_three_terms():
    assert terms("C") != terms("C++") != terms("C#") != terms("C")


def test_pictures_are_terms():
    assert terms("❤️ ☕ ⭐") == ["❤", "☕", "⭐"] and terms("→ ± ©") == []


def test_the_trained_tokenizer_reads_them_alike():
    texts = ["the information desk", "maintain the masse of wine", "οδυσσευσ"] * 20
    tokenizer = train_tokenizer(texts, vocab_size=300)
    for name in ("soft hyphen", "word joiner", "byte order mark", "final sigma", "sharp s", "width"):
        one, other = (tokenizer.encode([text]).ids.tolist() for text in SAME[name])
        assert one == other != [], name
    # On the fast path too, where texts are cut before they are normalised.
    many = ["main\u2060tain the infor\u00admation, οδυσσευς! "] * 2_000
    plain = ["maintain the information, οδυσσευσ! "] * 2_000
    assert tokenizer.encode(many).ids.tolist() == tokenizer.encode(plain).ids.tolist()
