"""sentence-transformers opens our folders and we open its, with the same vectors; a transformer goes through the library."""

import json
import sys

import numpy as np
import pytest
import sentence_transformers as library
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers, processors, trainers

from awase.core.errors import BackendError, FormatError, MissingExtra
from awase.core.protocols import TextEncoder
from awase.data.text.tokenizer import train_tokenizer
from awase.models import StaticModel, load, token_table

TRAINING = [
    "red wine and white wine",
    "赤いワインを飲む",
    "白いワインとチーズ",
    "the quick brown fox",
    "コーヒーを飲みます。",
] * 4
TEXTS = [
    "Red wine", "赤いワイン、白いワイン。", "ｗｉｎｅ＆チーズ", "unseen xylophone \u0e01\u0e02 wine", "\u0e01 \u0e02", "", "the fox! the FOX?",
    "[UNK] wine [CLS]", " ".join(f"wine{i} fox" for i in range(30)),
]  # fmt: skip
CARD = "---\ntags: [awase]\n---\n# Wines\n"


def theirs_of(folder):
    return library.SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def encoded(model, texts=TEXTS, **options):
    return model.encode(list(texts), show_progress_bar=False, **options)


def wordpiece():
    hf = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    hf.normalizer, hf.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    hf.train_from_iterator(TRAINING, trainers.WordPieceTrainer(vocab_size=200, special_tokens=special))
    hf.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return hf


def table_for(n, dim=16):
    return np.random.default_rng(0).normal(size=(n, dim)).astype(np.float32)


@pytest.mark.parametrize("kind", ["bpe", "bpe-marked"])
def test_it_opens_our_folders(kind, tmp_path):
    tokenizer = train_tokenizer(TRAINING, 200, kind)
    prompts = {"query": "Red: ", "document": "白い"}
    ours = StaticModel(tokenizer.to_json(), table_for(tokenizer.vocab_size), prompts=prompts)
    ours.save(tmp_path / "model", card=CARD)
    theirs = theirs_of(tmp_path / "model")
    assert theirs.get_embedding_dimension() == 16
    assert theirs.similarity_fn_name == "cosine"
    np.testing.assert_allclose(theirs.encode_query(TEXTS), ours.encode(TEXTS, role="query"), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(theirs.encode_document(TEXTS), ours.encode(TEXTS), rtol=1e-5, atol=1e-6)
    bare = StaticModel(tokenizer.to_json(), ours.table)
    np.testing.assert_allclose(encoded(theirs), bare.encode(TEXTS), rtol=1e-5, atol=1e-6)
    cut = library.SentenceTransformer(str(tmp_path / "model"), device="cpu", truncate_dim=4)
    np.testing.assert_allclose(encoded(cut, normalize_embeddings=True), bare.encode(TEXTS, dim=4), rtol=1e-5, atol=1e-6)


def static_folder(folder, *, normalize, truncated=False):
    from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding

    hf = wordpiece()
    hf.enable_padding()
    if truncated:
        hf.enable_truncation(4)
    modules = [StaticEmbedding(hf, embedding_weights=table_for(hf.get_vocab_size()))]
    model = library.SentenceTransformer(modules=[*modules, Normalize()] if normalize else modules, device="cpu")
    model.prompts = {"query": "red ", "document": ""}
    model.save(str(folder))
    return model


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("truncated", [True, False])
def test_we_open_its_static_folders(normalize, truncated, tmp_path):
    theirs = static_folder(tmp_path / "model", normalize=normalize, truncated=truncated)
    ours = load(tmp_path / "model")
    assert isinstance(ours, StaticModel)
    np.testing.assert_allclose(ours.encode(TEXTS), theirs.encode_document(TEXTS), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours.encode(TEXTS, role="query"), theirs.encode_query(TEXTS), rtol=1e-5, atol=1e-6)
    # Its unknown token has a vector and counts; what we save of it keeps that.
    ours.save(tmp_path / "ours", card=CARD)
    assert (load(tmp_path / "ours").encode(TEXTS) == ours.encode(TEXTS)).all()
    np.testing.assert_allclose(theirs_of(tmp_path / "ours").encode_document(TEXTS), ours.encode(TEXTS), rtol=1e-5, atol=1e-6)


Q, P = {"query": "red "}, "white "


@pytest.mark.parametrize(
    ("prompts", "default", "query", "document"),
    [
        ({}, None, None, None),
        (Q, None, "query", None),
        ({**Q, "document": P}, None, "query", "document"),
        ({**Q, "passage": P}, None, "query", "passage"),
        ({**Q, "corpus": P}, None, "query", "corpus"),
        ({**Q, "corpus": P, "passage": "fox "}, None, "query", "passage"),
        ({"document": "fox ", "passage": P}, None, None, "document"),
        ({"retrieval": P}, None, None, None),
        ({"retrieval": P}, "retrieval", "retrieval", "retrieval"),
        ({**Q, "any": P}, "any", "query", "any"),
        ({**Q, "document": "", "any": P}, "any", "query", "document"),
    ],
)
def test_prompts_by_any_name_are_those_that_it_gives_by_that_name(prompts, default, query, document, tmp_path):
    """By name, as its encode_document looks for the same names but finds a document prompt in every folder it loads, if only an empty one."""
    static_folder(tmp_path / "model", normalize=True)
    settings = tmp_path / "model" / "config_sentence_transformers.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"prompts": prompts, "default_prompt_name": default}))
    theirs, ours = theirs_of(tmp_path / "model"), load(tmp_path / "model")
    theirs.default_prompt_name = None
    for role, name in (("query", query), ("document", document)):
        np.testing.assert_allclose(ours.encode(TEXTS, role=role), encoded(theirs, prompt_name=name), rtol=1e-5, atol=1e-6)


def test_a_default_prompt_that_is_not_there(tmp_path):
    static_folder(tmp_path / "model", normalize=True)
    settings = tmp_path / "model" / "config_sentence_transformers.json"
    settings.write_text(json.dumps({"prompts": Q, "default_prompt_name": "web"}))
    with pytest.raises(FormatError, match="E0404: the default prompt is not among the prompts"):
        load(tmp_path / "model")


def test_we_open_the_folders_of_its_older_versions(tmp_path):
    static_folder(tmp_path / "model", normalize=True)
    expected = load(tmp_path / "model").encode(TEXTS)
    inside = tmp_path / "model" / "0_StaticEmbedding"
    inside.mkdir()
    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / "model" / name).rename(inside / name)
    types = ["sentence_transformers.models.StaticEmbedding", "sentence_transformers.models.Normalize"]
    modules = [
        {"idx": 0, "name": "0", "path": "0_StaticEmbedding", "type": types[0]},
        {"idx": 1, "name": "1", "path": "1_Normalize", "type": types[1]},
    ]
    (tmp_path / "model" / "modules.json").write_text(json.dumps(modules))
    np.testing.assert_allclose(theirs_of(tmp_path / "model").encode_document(TEXTS), expected, rtol=1e-5, atol=1e-6)
    assert (load(tmp_path / "model").encode(TEXTS) == expected).all()


@pytest.fixture(scope="module")
def transformer(tmp_path_factory):
    import torch
    import transformers
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    torch.manual_seed(0)
    base, folder = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("model")
    hf = wordpiece()
    config = transformers.BertConfig(
        vocab_size=hf.get_vocab_size(), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=64,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(base)
    names = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    transformers.PreTrainedTokenizerFast(tokenizer_object=hf, model_max_length=64, **names).save_pretrained(base)
    model = library.SentenceTransformer(modules=[Transformer(str(base)), Pooling(16, "mean")], device="cpu")
    model.prompts = {"query": "red ", "document": ""}
    model.save(str(folder))
    return folder


def test_a_transformer_goes_through_the_library(transformer):
    ours, theirs = load(transformer), theirs_of(transformer)
    assert isinstance(ours, TextEncoder)
    assert (ours.dim, ours.name, len(ours.fingerprint)) == (16, transformer.name, 64)
    np.testing.assert_allclose(
        ours.encode(TEXTS, role="query"), theirs.encode_query(TEXTS, normalize_embeddings=True), atol=1e-6
    )
    np.testing.assert_allclose(
        ours.encode(TEXTS), theirs.encode_document(TEXTS, normalize_embeddings=True), rtol=1e-5, atol=1e-6
    )
    assert ours.encode(TEXTS, dim=5).shape == (len(TEXTS), 5)
    assert ours.encode([]).shape == (0, 16)


def test_it_is_seen_what_a_transformer_knows_nothing_of(transformer):
    """For such texts it has vectors too: of the marks around every text."""
    texts = ["wine", "", " ", "\u0e01 \u0e02", "\u272a fox", "[UNK] [CLS]"]
    assert load(transformer).knows(texts).tolist() == [True, False, False, False, True, False]
    assert load(transformer).knows([]).tolist() == []


def test_the_token_table_of_a_transformer(transformer):
    tokenizer, table = token_table(transformer)
    weights = theirs_of(transformer)[0].auto_model.get_input_embeddings().weight.detach().numpy()
    assert table.shape == weights.shape
    known = np.arange(len(table)) != tokenizer.unk_id
    assert (table[known] == weights[known]).all()
    assert [tokenizer.token(i) for i in tokenizer.encode(["red wine"]).ids] == ["red", "wine"]


def test_pickled_weights_and_damaged_folders_are_refused(transformer, tmp_path):
    import shutil

    folder = shutil.copytree(transformer, tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(FormatError, match="E0408: the weights are a pickle"):
        load(folder)
    folder = shutil.copytree(transformer, tmp_path / "cut")
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-100])
    with pytest.raises(FormatError, match="E0309"):
        load(folder)
    folder = shutil.copytree(transformer, tmp_path / "strange")
    (folder / "config.json").write_text('{"model_type": "no such model"}')
    with pytest.raises(BackendError, match="E0409: sentence-transformers cannot load this folder"):
        load(folder)


def test_without_the_library_the_error_says_what_to_install(transformer, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtra, match=r"E0001: .*'sentence-transformers'.*\n  to do: pip install 'awase\[torch\]'"):
        load(transformer)
    assert token_table(transformer)[1].shape[1] == 16
