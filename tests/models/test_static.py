"""The static model: its formula, its limits, and what it needs to be installed."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import ConfigError, InputError, IntegrityError
from awase.core.protocols import TextEncoder
from awase.data.text.tokenizer import train_tokenizer
from awase.models import static
from awase.models.static import StaticModel, mean_rows

TEXTS = ["red wine", "white wine", "赤いワイン", "白いワインを飲む", "wine, red and white!"] * 3
TOKENIZER = train_tokenizer(TEXTS, 200)


@pytest.fixture
def model():
    table = np.random.default_rng(0).normal(size=(TOKENIZER.vocab_size, 8)).astype(np.float32)
    return StaticModel(TOKENIZER.to_json(), table, name="wines")


def reference(model, text, dim):
    """The docstring's formula, in float64, from the tokenizer's own ids."""
    ids = model.tokenizer.encode([text]).ids
    if not len(ids):
        return np.zeros(dim)
    mean = model.table[ids].astype(np.float64).mean(axis=0)[:dim]
    return mean / np.linalg.norm(mean) if model.normalize else mean


@pytest.mark.parametrize("dim", [None, 8, 3, 1])
@pytest.mark.parametrize("normalize", [True, False])
def test_vectors_follow_the_formula(model, dim, normalize):
    model = StaticModel(TOKENIZER.to_json(), model.table, normalize=normalize)
    texts = [*TEXTS, "", "\u0e01", "RED red \u0e01"]
    vectors = model.encode(texts, dim=dim)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(texts), dim or 8)
    np.testing.assert_allclose(vectors, [reference(model, text, dim or 8) for text in texts], atol=1e-6)


def test_no_text_and_no_known_word(model):
    assert model.encode([]).shape == (0, 8)
    assert model.encode([], dim=2).shape == (0, 2)
    assert not model.encode(["", " \n", "\u0e01\u0e02"]).any()
    assert isinstance(model, TextEncoder)


def test_unknown_words_count_for_nothing(model):
    assert (model.encode(["red \u0e01 \u0e02 wine"]) == model.encode(["red wine"])).all()
    assert not model.table[TOKENIZER.unk_id].any()


def test_prompts_go_before_the_text_of_their_role(model):
    asking = StaticModel(TOKENIZER.to_json(), model.table, prompts={"query": "white ", "title": "red "})
    assert (asking.encode(["wine"], role="query") == model.encode(["white wine"])).all()
    assert (asking.encode(["wine"], role="title") == model.encode(["red wine"])).all()
    assert (asking.encode(["wine"]) == model.encode(["wine"])).all()
    assert asking.fingerprint != model.fingerprint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 9}, "E0410: the model has 8 dimensions\n  value: 9\n  to do: dim from 1 to 8"),
        ({"dim": 0}, "E0410: the model has 8 dimensions"),
        ({"role": "quory"}, "E0411: there is no role 'quory'\n  to do: did you mean 'query'? valid: document, query"),
    ],
)
def test_wrong_options(model, options, message):
    with pytest.raises(ConfigError) as caught:
        model.encode(["wine"], **options)
    assert str(caught.value).startswith(message)


def test_what_is_no_text(model):
    asking = StaticModel(TOKENIZER.to_json(), model.table, prompts={"query": "white "})
    for role in ("query", "document"):
        with pytest.raises(InputError, match="E0253: one string was given where a list of texts is expected"):
            asking.encode("wine", role=role)
        with pytest.raises(InputError, match="E0253: a text must be a string, not NoneType\n  where: row 1"):
            asking.encode(["wine", None], role=role)


def test_tables_that_do_not_fit(model):
    with pytest.raises(IntegrityError, match=rf"E0413: the tokenizer has {TOKENIZER.vocab_size} tokens, the table only 5 rows"):
        StaticModel(TOKENIZER.to_json(), model.table[:5])
    with pytest.raises(InputError, match=r"E0412: a table has the shape \(tokens, dim\)\n  value: \(3,\)"):
        StaticModel(TOKENIZER.to_json(), np.zeros(3))
    bad = model.table.copy()
    bad[[7, 9], 2] = np.nan
    with pytest.raises(InputError, match="E0414: 2 rows of the table hold NaN or infinity\n  where: row 7"):
        StaticModel(TOKENIZER.to_json(), bad)


def test_the_fingerprint_is_of_what_decides_the_vectors(model):
    same = StaticModel(TOKENIZER.to_json(), model.table.copy(), name="other name", info={"seed": 1})
    assert same.fingerprint == model.fingerprint
    assert len(model.fingerprint) == 64
    other = model.table.copy()
    other[3, 3] += 1
    others = [
        StaticModel(TOKENIZER.to_json(), other),
        StaticModel(TOKENIZER.to_json(), model.table, normalize=False),
        StaticModel(TOKENIZER.to_json(), model.table, drop_unknown=False),
        StaticModel(train_tokenizer(TEXTS[:2] * 2, 100).to_json(), model.table),
    ]
    assert len({model.fingerprint, *(one.fingerprint for one in others)}) == 1 + len(others)


LENGTHS = st.lists(st.integers(0, 9), max_size=30)


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 4), st.integers(0, 99))
def test_means_are_the_same_with_and_without_numba(lengths, width, seed):
    random = np.random.default_rng(seed)
    table = random.normal(size=(20, width)).astype(np.float32)
    offsets = np.cumsum([0, *lengths], dtype=np.int64)
    ids = random.integers(0, 20, offsets[-1]).astype(np.int32)
    with_numba, without = (np.full((len(lengths), width), np.nan, np.float32) for _ in range(2))
    import awase.kernels.bags  # noqa: F401 - from here on it is used

    ones = np.ones(20, np.float32)
    mean_rows(table, ones, ids, offsets, with_numba)
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(sys.modules, "awase.kernels.bags")
        patch.setattr(static, "_NUMPY_FLOATS", 5)
        mean_rows(table, ones, ids, offsets, without)
        assert "awase.kernels.bags" not in sys.modules
    expected = [table[ids[a:b]].mean(axis=0) if b > a else np.zeros(width) for a, b in pairwise(offsets)]
    np.testing.assert_allclose(with_numba, np.array(expected).reshape(-1, width), atol=1e-6)
    np.testing.assert_allclose(without, with_numba, atol=1e-6)


def run(code, *arguments):
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_inference_needs_numpy_tokenizers_and_safetensors_only(model, tmp_path):
    model.save(tmp_path / "model")
    code = """
import sys
for name in ("numba", "llvmlite", "pyarrow", "torch", "rich", "typer", "sentence_transformers", "scipy", "lark", "faiss"):
    sys.modules[name] = None
import awase
model = awase.load(sys.argv[1])
vectors = model.encode(["red wine", ""] * 40_000, role="query")
assert vectors.shape == (80_000, 8)
print(vectors[0].tolist(), model.fingerprint)
"""
    assert run(code, str(tmp_path / "model")) == f"{model.encode(['red wine'])[0].tolist()} {model.fingerprint}\n"


def test_importing_costs_nothing_a_program_does_not_need(model, tmp_path):
    model.save(tmp_path / "model")
    code = """
import sys
import awase
model = awase.load(sys.argv[1]); model.encode(["one cold query"])
heavy = {"numba", "pyarrow", "torch", "rich", "typer", "scipy", "pandas"} & set(sys.modules)
print(sorted(heavy))
"""
    assert run(code, str(tmp_path / "model")).strip() == "[]"


def test_similarity_of_texts_and_of_vectors():
    tokenizer = train_tokenizer(["red wine", "white wine"] * 2, vocab_size=60)
    model = StaticModel(tokenizer.to_json(), np.eye(tokenizer.vocab_size, dtype=np.float32), name="wines")
    found = model.similarity(["red wine", "red"], ["white wine"])
    assert found.shape == (2, 1) and found[0, 0] == pytest.approx(0.5) and found[1, 0] == 0
    vectors = model.encode(["red wine", "red"])
    np.testing.assert_array_equal(model.similarity(3 * vectors, ["white wine"]), found)
    assert repr(model) == f"<StaticModel 'wines': {tokenizer.vocab_size} tokens, {model.dim} dimensions>"
