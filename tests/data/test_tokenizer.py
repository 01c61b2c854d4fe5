"""The ids are exactly those of HF tokenizers on the whole text, whatever is in it; and bad input is named by its row."""

import json
import subprocess
import sys
import unicodedata
from collections import Counter
from functools import partial

import numpy as np
import pyarrow as pa
import pytest
import tokenizers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, models, normalizers, pre_tokenizers, processors, trainers

from awase.core.errors import BackendError, ConfigError, FormatError, InputError, LimitError
from awase.core.limits import MAX_TEXT_BYTES
from awase.data.text import memory
from awase.data.text import tokenizer as module
from awase.data.text.tokenizer import Tokenizer, train_tokenizer
from awase.data.text.vocabulary import count_words
from awase.data.text.words import (
    CLASSES,
    HIRA,
    KATA,
    NORMALIZER,
    OTHER,
    PRE_TOKENIZER,
    PUNCT,
    RANGES,
    RELATION,
    SPACE,
    WIDE,
    WORD,
    safe_cuts,
    script_cuts,
)

# Pieces that normalisation, lower-casing or splitting treats in a special way, alone and beside each other.
NASTY = [
    *" \t\n\r\x0b\x0c\x1c\x1f\x00\x85\xa0\u1680\u2003\u2028\u3000\u200b\u200d\u2060\ufeff\xad\ufffd",
    *"aZé ñßİıſKﬁ0９ＡｂéΣςẞǅ", "e\u0301", "\u0301", "\u0323\u0307", "\u3099", "\u309a", "か\u3099", "ハ\u309a", "ﾊﾟ", "ｶﾞ", "ﾞ", "ー",
    *".,'_-!<=>[]#@~`^$", "<\u0338", "=\u0338", "#\ufe0f\u20e3", "…", "‥", "‼", "⁇", "—", "’", "´", "¨", "゛", "･", "・", "。", "、", "「",
    *"！？＜＿～｜（", "日", "本", "語", "々", "〇", "豈", "葛\U000e0100", "漢\ufe00", "㈱", "㍿", "㌔", "⼀", "\U00020000", "\U0002f800",
    *"あぁんゝゞゟアンヴヶヿ", "\U0001f200", "한", "\u1112\u1161\u11ab", "가\u11a8", "ไท", "ที่", "हि", "क्ष", "\u09c7\u09be",
    "א", "ש\u05c1", "لا", "ﷺ", "\u0338",
    "👩\u200d👧", "👍🏽", "🇯🇵", "❤\ufe0f", "😀", "𝒜", "the", "ing", "Wine", "[UNK]", "[CLS]", "[MASK]", "<s>", "\U0010fffd", "\ue000",
]  # fmt: skip
TEXTS = st.lists(st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=3)), max_size=10).map("".join), max_size=5)
CORPUS = [a + b + " " + b for a in NASTY for b in NASTY[:: len(a) + 7]] + ["the wine is mixing", "日本語を勉強する", "コーヒー"]


def clean(text):
    return "".join(c for c in text if not "\ud800" <= c <= "\udfff")


def built(model, trainer, normalizer, pre_tokenizer, *, special=("[UNK]",)):
    hf = tokenizers.Tokenizer(model)
    hf.normalizer, hf.pre_tokenizer = normalizer, pre_tokenizer
    hf.train_from_iterator(CORPUS, trainer(vocab_size=2000, special_tokens=list(special), show_progress=False))
    return hf


def wordpiece(normalizer, pre_tokenizer, special=("[UNK]", "[CLS]", "[SEP]", "[PAD]")):
    return built(models.WordPiece(unk_token="[UNK]"), trainers.WordPieceTrainer, normalizer, pre_tokenizer, special=special)


def unigram(normalizer, pre_tokenizer):
    return built(models.Unigram(), partial(trainers.UnigramTrainer, unk_token="[UNK]"), normalizer, pre_tokenizer)


def bert(**options):
    hf = wordpiece(normalizers.BertNormalizer(**options), pre_tokenizers.BertPreTokenizer())
    hf.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    hf.enable_padding(pad_id=3, pad_token="[PAD]")
    return hf


def stripping_token():
    hf = bert()
    hf.add_special_tokens([AddedToken("[MASK]", lstrip=True, rstrip=True, normalized=False)])
    return hf


def truncated():
    hf = bert()
    hf.enable_truncation(3)
    return hf


def trained(kind="bpe"):
    return tokenizers.Tokenizer.from_str(train_tokenizer(CORPUS, 2000, kind).to_json())


NFKC = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
ACCENTS = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Strip()])
CUT = {
    "own": lambda: trained(),
    "own, marked": lambda: trained("bpe-marked"),
    "own cuts, unigram": lambda: unigram(trained().normalizer, trained().pre_tokenizer),
    "own cuts, wordpiece": lambda: wordpiece(trained().normalizer, trained().pre_tokenizer, special=["[UNK]"]),
    "bert": bert,
    "bert, cased": lambda: bert(lowercase=False),
    "bert, Chinese joined, controls kept": lambda: bert(handle_chinese_chars=False, clean_text=False),
    "bert, no normaliser": lambda: wordpiece(None, pre_tokenizers.BertPreTokenizer()),
    "bert, NFKC": lambda: wordpiece(NFKC, pre_tokenizers.BertPreTokenizer()),
    "bert, accents stripped": lambda: wordpiece(ACCENTS, pre_tokenizers.BertPreTokenizer()),
    "bert, a token that takes the spaces around it": stripping_token,
    "bert, truncated": truncated,
    "whitespace": lambda: wordpiece(NFKC, pre_tokenizers.Whitespace()),
    "whitespace split": lambda: wordpiece(normalizers.BertNormalizer(), pre_tokenizers.WhitespaceSplit()),
    "whitespace split, fused unknown": lambda: built(
        models.BPE(unk_token="[UNK]", fuse_unk=True), trainers.BpeTrainer, None, pre_tokenizers.WhitespaceSplit()
    ),
}
WHOLE = {
    "metaspace": lambda: unigram(normalizers.Nmt(), pre_tokenizers.Metaspace()),
    "byte level": lambda: built(models.BPE(), trainers.BpeTrainer, None, pre_tokenizers.ByteLevel()),
    "no pre-tokenizer": lambda: wordpiece(NFKC, None),
    "replacing": lambda: wordpiece(normalizers.Replace(" ", "_"), pre_tokenizers.WhitespaceSplit()),
    "own cuts, other normaliser": lambda: wordpiece(normalizers.NFD(), trained().pre_tokenizer),
}
BUILT = {}


def hf_of(name):
    if name not in BUILT:
        BUILT[name] = {**CUT, **WHOLE}[name]()
    return BUILT[name]


def expected(hf, texts):
    """The ids of the whole texts by HF itself, with those of unknown tokens."""
    padding = hf.padding
    hf.no_padding()
    ids = [one.ids for one in hf.encode_batch(texts, add_special_tokens=False)]
    if padding:
        hf.enable_padding(**padding)
    return ids


def without(drop, ids):
    return [[i for i in row if i != drop] for row in ids]


def rows(tokens):
    return [tokens.ids[a:b].tolist() for a, b in zip(tokens.offsets[:-1], tokens.offsets[1:])]


@pytest.fixture
def natively(monkeypatch):
    monkeypatch.setattr(module, "_worth_it", lambda texts: True)


@pytest.mark.parametrize("name", CUT)
def test_ids_equal_hf_on_nasty_texts(name, monkeypatch):
    monkeypatch.setattr(module, "_worth_it", lambda texts: True)
    hf = hf_of(name)
    ours = Tokenizer.from_json(hf.to_str())  # one for all examples: its memory is part of what is tested
    keeping = Tokenizer.from_json(hf.to_str(), drop_unknown=False)
    assert safe_cuts(json.loads(hf.to_str())) is not None

    @settings(deadline=None, max_examples=100)
    @given(TEXTS)
    @example(NASTY)
    @example([" ".join(NASTY), "".join(NASTY), "".join(reversed(NASTY))])
    @example([a + b for a in NASTY for b in NASTY])
    def check(texts):
        texts = [clean(text) for text in texts]
        whole = expected(hf, texts)
        assert rows(keeping.encode(texts)) == whole
        assert rows(ours.encode(texts)) == without(ours.unk_id, whole)

    check()
    assert ours._memory is not None


@pytest.mark.parametrize("name", WHOLE)
def test_tokenizers_without_safe_cuts_get_whole_texts(name, natively):
    hf = hf_of(name)
    ours = Tokenizer.from_json(hf.to_str())
    texts = [clean(" ".join(NASTY)), "", "the wine"]
    assert safe_cuts(json.loads(hf.to_str())) is None
    assert rows(ours.encode(texts)) == without(ours.unk_id, expected(hf, texts))
    assert ours._memory is None


def test_the_scanner_and_our_pre_tokenizer_cut_normalised_text_alike():
    hf = trained()
    for text in [unicodedata.normalize("NFKC", clean(a + b)).lower() for a in NASTY for b in NASTY]:
        cuts, pieces, before = script_cuts(), [""], SPACE
        for character in text:
            kind = CLASSES[ord(character)] if ord(character) < len(CLASSES) else OTHER
            kind = SPACE if character.isspace() or kind == SPACE else kind
            if kind != SPACE:
                pieces = [*pieces, ""] if before == SPACE or cuts[before, kind] else pieces
                pieces[-1] += character
            before = kind
        theirs = [piece for piece, _ in hf.pre_tokenizer.pre_tokenize_str(text)]
        if not any(c in text for c in "\x1c\x1f\x85"):  # Python and HF differ on which controls are spaces
            assert [piece for piece in pieces if piece] == theirs, repr(text)


def test_every_character_we_cut_at_is_left_alone_by_normalisation():
    seen = 0
    for kind, ranges in RANGES.items():
        for character in (chr(code) for first, last in ranges for code in range(first, last + 1)):
            seen += 1
            assert unicodedata.combining(character) == 0
            normal = unicodedata.normalize("NFKC", character)
            assert normal == character or kind in (SPACE, WIDE)
            assert {CLASSES[ord(c)] for c in normal} <= ({PUNCT, WIDE} if kind == WIDE else {kind})
            if kind == WIDE:
                assert {unicodedata.category(c)[0] for c in (character, *normal)} == {"P"}
    assert seen > 27_000


def test_what_is_composed_keeps_its_class():
    seen = 0
    for code in range(sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) != 2 or parts[0].startswith("<"):
            continue
        first, second = (CLASSES[int(part, 16)] if int(part, 16) < len(CLASSES) else OTHER for part in parts)
        composed = CLASSES[code] if code < len(CLASSES) else OTHER
        seen += 1
        assert second == OTHER  # nothing composes with a character before it: a cut before it parts no composition
        assert composed == first or (first, composed) in ((WORD, OTHER), (RELATION, OTHER)), hex(code)
    assert seen > 900


def test_our_tokenizer_json_says_how_it_cuts():
    spec = json.loads(train_tokenizer(["red wine"]).to_json())
    assert spec["normalizer"] == NORMALIZER
    assert spec["pre_tokenizer"] == PRE_TOKENIZER
    assert spec["added_tokens"] == []


def test_own_tokens_follow_scripts_case_and_width():
    tokenizer = train_tokenizer(["日本語を勉強しています。コーヒーを飲む。", "Ａｂｃ ＡＢＣ abc 12 foo_bar"] * 5, 500)
    ids, offsets = tokenizer.encode(["日本語をＡＢＣコーヒー", "ABC abc", "12、12", "", "\u0e01"])
    tokens = [tokenizer.token(i) for i in ids]
    assert tokens == ["日本語", "を", "abc", "コーヒー", "abc", "abc", "12", "12"]
    assert offsets.tolist() == [0, 4, 6, 8, 8, 8]


@pytest.mark.parametrize("kind", ["bpe", "bpe-marked"])
def test_training_is_a_function_of_the_texts(kind):
    texts = CORPUS + [f"word{i} 語{chr(0x4E00 + i)}" for i in range(300)]
    first = train_tokenizer(texts, 700, kind)
    assert first.vocab_size <= 700
    assert first.token(first.unk_id) == "[UNK]"
    code = (
        "import sys, json; from awase.data.text.tokenizer import train_tokenizer;"
        f"sys.stdout.write(train_tokenizer(json.load(sys.stdin), 700, {kind!r}).to_json())"
    )
    again = subprocess.run([sys.executable, "-c", code], input=json.dumps(texts), capture_output=True, text=True, check=True)
    assert again.stdout == first.to_json()


def test_arrow_arrays_slices_and_chunks_give_the_same(natively):
    texts = ["red wine", "", "white wine", "日本語 wine", "red"] * 7
    tokenizer = train_tokenizer(texts, 60)
    whole = rows(tokenizer.encode(texts))
    for array in (pa.array(texts), pa.array(texts, pa.large_string()), pa.array(texts).dictionary_encode()):
        assert rows(tokenizer.encode(array)) == whole
        assert rows(tokenizer.encode(array.slice(3, 9))) == whole[3:12]
    assert rows(tokenizer.encode(pa.chunked_array([texts[:5], [], texts[5:]], pa.string()))) == whole
    assert rows(tokenizer.encode(tuple(texts))) == whole
    assert rows(tokenizer.encode([])) == rows(tokenizer.encode(pa.array([], pa.string()))) == []


def test_blocks_and_a_new_memory_change_nothing(natively, monkeypatch):
    texts = [f"w{i % 50} x{i % 7} 語" for i in range(200)]
    tokenizer = train_tokenizer(texts, 100)
    whole = rows(tokenizer.encode(texts))
    monkeypatch.setattr(memory, "_BLOCK_BYTES", 64)
    monkeypatch.setattr(memory, "_BLOCK_TEXTS", 9)
    monkeypatch.setattr(memory, "_MAX_WORDS", 20)
    assert rows(Tokenizer.from_json(tokenizer.to_json()).encode(texts)) == whole
    monkeypatch.setattr(memory, "_MAX_WORD_BYTES", 10)
    assert rows(Tokenizer.from_json(tokenizer.to_json()).encode(texts)) == whole


def test_small_jobs_go_to_hf_and_large_ones_through_the_memory():
    tokenizer = train_tokenizer(["red wine"] * 2)
    few, many = ["red wine"] * 3, ["red wine"] * 200_000
    assert rows(tokenizer.encode(few)) == rows(tokenizer.encode(pa.array(few)))
    assert tokenizer._memory is None
    assert len(tokenizer.encode(many).ids) == 400_000
    assert tokenizer._memory is not None


def test_several_threads_may_encode(natively):
    from concurrent.futures import ThreadPoolExecutor

    texts = [f"w{i} x{i % 7}" for i in range(3000)]
    tokenizer = train_tokenizer(texts, 300)
    whole = rows(tokenizer.encode(texts))
    fresh = Tokenizer.from_json(tokenizer.to_json())
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda i: rows(fresh.encode(texts[i * 300 : (i + 1) * 300])), range(10)))
    assert [row for part in parts for row in part] == whole


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a", None], "E0253: a text must be a string, not NoneType\n  where: row 1\n  to do: convert it to a string"),
        (["a", "b", b"c"], "E0253: a text must be a string, not bytes\n  where: row 2\n  value: b'c'"),
        (
            ["a", "x\ud800y"],
            "E0254: a text holds half of a surrogate pair, at character 1\n  where: row 1\n  value: 'x\\ud800y'",
        ),
        (["a", "é" * MAX_TEXT_BYTES], "E0250: a text has 2,097,152 bytes; at most 1,048,576 are accepted\n  where: row 1"),
        ("abc", "E0253: one string was given where a list of texts is expected"),
    ],
)
def test_what_is_no_text_is_named_by_its_row(texts, message, native, monkeypatch):
    monkeypatch.setattr(module, "_worth_it", lambda texts: native)
    tokenizer = train_tokenizer(["a b"], 20)
    with pytest.raises((InputError, LimitError)) as caught:
        tokenizer.encode(texts)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (pa.chunked_array([["a"], ["b", None]]), "E0253: a text must be a string, not NoneType\n  where: row 2"),
        (pa.chunked_array([["a", "b" * (MAX_TEXT_BYTES + 1)]]), "E0250: a text has 1,048,577 bytes"),
        (pa.array([{"a": 1}]), "E0253: an array of texts must hold strings, not struct<a: int64>"),
    ],
)
def test_arrow_arrays_that_hold_no_texts(array, message, natively):
    with pytest.raises((InputError, LimitError)) as caught:
        train_tokenizer(["a b"], 20).encode(array)
    assert str(caught.value).startswith(message)


def test_a_text_of_exactly_the_limit_is_accepted(natively):
    assert len(train_tokenizer(["a b"], 20).encode(["a " * (MAX_TEXT_BYTES // 2)]).ids) == MAX_TEXT_BYTES // 2


@pytest.mark.parametrize("native", [True, False])
def test_a_tokenizer_that_cannot_say_unknown(native, monkeypatch):
    monkeypatch.setattr(module, "_worth_it", lambda texts: native)
    hf = tokenizers.Tokenizer(models.Unigram([("a", -1.0)]))
    hf.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    with pytest.raises(BackendError, match=r"E0257: the tokenizer failed: .*unk_id"):
        Tokenizer.from_json(hf.to_str()).encode(["a z"])


def test_files_that_hold_no_tokenizer(tmp_path):
    (tmp_path / "a.json").write_text('{"version": "1.0"}')
    (tmp_path / "b.json").write_bytes(b"\xff\xfe")
    with pytest.raises(FormatError, match=r"E0251: this is not a tokenizer: .*\n  where: .*a\.json"):
        Tokenizer.from_file(tmp_path / "a.json")
    with pytest.raises(FormatError, match="E0251: this is not a tokenizer: it is not UTF-8"):
        Tokenizer.from_file(tmp_path / "b.json")
    with pytest.raises(InputError, match="E0252: cannot read the tokenizer: No such file or directory"):
        Tokenizer.from_file(tmp_path / "c.json")
    (tmp_path / "d.json").write_text(hf_of("bert").to_str())
    assert Tokenizer.from_file(tmp_path / "d.json").to_json() == hf_of("bert").to_str()


def test_training_on_nothing_and_with_wrong_options():
    with pytest.raises(InputError, match="E0256: there is no text to train a tokenizer on"):
        train_tokenizer(["", "  "])
    with pytest.raises(ConfigError, match=r"E0255: there is no kind of tokenizer 'bpe-market'\n.*did you mean 'bpe-marked'\?"):
        train_tokenizer(["a"], kind="bpe-market")
    with pytest.raises(ConfigError, match="E0255: a tokenizer has at least 8 tokens"):
        train_tokenizer(["a"], vocab_size=7)


def test_marked_pieces_know_where_words_begin():
    texts = ["the", "he", "he", "other", "then", "hehe"] * 3
    plain, marked = train_tokenizer(texts, 60), train_tokenizer(texts, 60, "bpe-marked")
    assert [plain.token(i) for i in plain.encode(["the he xhe"]).ids] == ["the", "he", "he"]
    assert [marked.token(i) for i in marked.encode(["the he xhe hehe"]).ids] == ["the", "he", "##he", "hehe"]


def test_words_are_counted_as_our_pre_tokenizer_cuts_them():
    hf, texts = trained(), [clean(text) for text in CORPUS if not any(c in text for c in "\x1c\x1f\x85\x0b\x0c\u1680\u2028İ")]
    expected = Counter(
        word for text in texts for word, _ in hf.pre_tokenizer.pre_tokenize_str(hf.normalizer.normalize_str(text))
    )
    words, counts = count_words(texts)
    assert dict(zip(words, counts.tolist())) == expected


def test_rare_characters_give_way_to_pieces():
    texts = ["common words"] * 50 + [chr(0x4E00 + i) for i in range(200)]
    tokenizer = train_tokenizer(texts, 100)
    tokens = [tokenizer.token(i) for i in range(tokenizer.vocab_size)]
    assert tokenizer.vocab_size <= 100
    assert sum(len(token) == 1 for token in tokens) == 24
    assert {"common", "words"} < set(tokens)
    # Where HF WordPiece would give up the whole word, the known characters of it stay.
    assert [tokenizer.token(i) for i in tokenizer.encode(["\u9fa0common"]).ids] == ["common"]


def test_kana_with_marks_stay_outside_the_classes():
    assert {int(CLASSES[ord(c)]) for c in "\u3099\u309a\u309b\uff9e\uff9f\uff76é한"} == {OTHER}
    assert {int(CLASSES[ord(c)]) for c in "ぁんがー"} == {HIRA, KATA}
    assert np.flatnonzero(CLASSES[:128] == OTHER).tolist() == [*range(9), 11, 12, *range(14, 32), 127]
