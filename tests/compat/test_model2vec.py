"""model2vec opens our folders and we open its, with the same vectors."""

import model2vec
import numpy as np
import pytest
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers, trainers

from awase.data.text.tokenizer import train_tokenizer
from awase.models import load
from awase.models.static import StaticModel

TRAINING = [
    "red wine and white wine",
    "赤いワインを飲む",
    "白いワインとチーズ",
    "the quick brown fox",
    "コーヒーを飲みます。",
] * 4
TEXTS = [
    "Red wine", "赤いワイン、白いワイン。", "ｗｉｎｅ＆チーズ", "unseen xylophone \u0e01\u0e02 wine", "\u0e01 \u0e02", "", "the fox! the FOX?",
    "[UNK] wine", " ".join(f"wine{i} fox" for i in range(30)),
]  # fmt: skip
CARD = "---\ntags: [awase]\n---\n# Wines\n"


def wordpiece():
    hf = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    hf.normalizer, hf.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    hf.train_from_iterator(TRAINING, trainers.WordPieceTrainer(vocab_size=200, special_tokens=["[PAD]", "[UNK]"]))
    return hf


def unigram():
    hf = tokenizers.Tokenizer(models.Unigram())
    hf.normalizer, hf.pre_tokenizer = normalizers.NFKC(), pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False)
    hf.train_from_iterator(TRAINING, trainer)
    return hf


def table_for(n, dim=16):
    return np.random.default_rng(0).normal(size=(n, dim)).astype(np.float32)


@pytest.mark.parametrize("kind", ["bpe", "bpe-marked"])
@pytest.mark.parametrize("normalize", [True, False])
def test_it_opens_our_folders(kind, normalize, tmp_path):
    tokenizer = train_tokenizer(TRAINING, 200, kind)
    ours = StaticModel(tokenizer.to_json(), table_for(tokenizer.vocab_size), normalize=normalize)
    ours.save(tmp_path / "model", card=CARD)
    theirs = model2vec.StaticModel.from_pretrained(tmp_path / "model")
    np.testing.assert_allclose(theirs.encode(TEXTS), ours.encode(TEXTS), rtol=1e-5, atol=1e-6)
    assert theirs.max_length is None  # by default it would cut texts at 512 tokens


@pytest.mark.parametrize("make", [wordpiece, unigram])
@pytest.mark.parametrize("options", [{"normalize": True}, {"normalize": False, "max_length": None}, {"max_length": 3}])
def test_we_open_its_folders(make, options, tmp_path):
    hf = make()
    theirs = model2vec.StaticModel(table_for(hf.get_vocab_size()), hf, **options)
    theirs.save_pretrained(tmp_path / "model")
    ours = load(tmp_path / "model")
    # It also cuts texts at a number of characters, max_length times the median length of its tokens: these are shorter.
    texts = ["r e d w i", "f o", "赤 い ワ イ ン"] if options.get("max_length") else TEXTS
    np.testing.assert_allclose(ours.encode(texts), theirs.encode(texts), rtol=1e-5, atol=1e-6)
    assert ours.name == "model"


@pytest.mark.parametrize("quantize_to", ["float16", "int8"])
def test_we_open_its_quantised_folders(quantize_to, tmp_path):
    hf = wordpiece()
    theirs = model2vec.StaticModel(table_for(hf.get_vocab_size()), hf, normalize=True)
    theirs = model2vec.model.quantize_model(theirs, vocabulary_quantization=40, quantize_to=quantize_to)
    theirs.save_pretrained(tmp_path / "model")
    loaded = model2vec.StaticModel.from_pretrained(tmp_path / "model")
    tolerance = 1e-6 if quantize_to == "int8" else 2e-3  # it averages float16 in float16
    np.testing.assert_allclose(load(tmp_path / "model").encode(TEXTS), loaded.encode(TEXTS), rtol=1e-5, atol=tolerance)


def test_what_it_saves_of_ours_comes_back(tmp_path):
    tokenizer = train_tokenizer(TRAINING, 200)
    ours = StaticModel(tokenizer.to_json(), table_for(tokenizer.vocab_size))
    ours.save(tmp_path / "ours", card=CARD)
    model2vec.StaticModel.from_pretrained(tmp_path / "ours").save_pretrained(tmp_path / "theirs")
    np.testing.assert_allclose(load(tmp_path / "theirs").encode(TEXTS), ours.encode(TEXTS), rtol=1e-5, atol=1e-6)
