"""Tokenizers and tables from somebody who means harm: bounded before a text is given to them."""

import json

import numpy as np
import pytest

from awase.core.errors import AwaseError, BackendError, FormatError, InputError
from awase.data.text.tokenizer import Tokenizer, train_tokenizer
from awase.data.text.words import NORMALIZER
from awase.models import StaticModel

PLAIN = json.loads(train_tokenizer(["red wine", "white wine"] * 2, vocab_size=60).to_json())


def made(**parts):
    return Tokenizer.from_json(json.dumps(PLAIN | parts))


def replace(pattern, content):
    return {"type": "Replace", "pattern": pattern, "content": content}


def several(*steps):
    return {"type": "Sequence", "normalizers": list(steps)}


GROWING = {
    "doubled forty times": several(*[replace({"String": "a"}, "aa")] * 40),
    "one long content": replace({"String": "a"}, "a" * 100_000),
    "before every character": replace({"Regex": ""}, "x" * 1_000),
    "in nested sequences": several(*[several(*[replace({"String": "a"}, "aaaa")] * 3)] * 2),
    "put before": {"type": "Prepend", "prepend": "x" * 5_000},
    "put before and doubled": several({"type": "Prepend", "prepend": "x" * 300}, replace({"String": "x"}, "xxxx")),
}


@pytest.mark.parametrize("name", GROWING)
def test_steps_that_make_a_text_too_long_are_refused(name):
    with pytest.raises(FormatError, match="E0260: the steps of this tokenizer could make a text more than 64 times as long"):
        made(normalizer=GROWING[name])


def test_usual_steps_are_taken():
    """Our own, those of sentencepiece's converters, and of byte-level tokenizers."""
    assert made(normalizer=NORMALIZER).encode(["Wine"]).ids.size == 1
    spaces = [{"type": "Prepend", "prepend": "\u2581"}, replace({"String": " "}, "\u2581"), replace({"Regex": " {2,}"}, " ")]
    made(normalizer=several(*spaces))
    quotes = [replace({"String": "``"}, '"'), replace({"String": "''"}, '"'), {"type": "NFKD"}, {"type": "StripAccents"}]
    made(normalizer=several(*quotes))


def test_an_expression_that_explodes_is_an_error_of_ours(capfd):
    exploding = {"type": "Split", "pattern": {"Regex": "(x+x+)+y"}, "behavior": "Isolated", "invert": False}
    tokenizer = made(pre_tokenizer=exploding)
    with pytest.raises(BackendError, match="E0257: the tokenizer failed"):
        tokenizer.encode(["x" * 40])
    capfd.readouterr()  # Rust says it on its own


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        json.dumps(PLAIN)[:-1] + ', "normalizer": ' + '{"type": "Sequence", "normalizers": [' * 3_000 + "]}" * 3_000 + "}",
        json.dumps(PLAIN | {"normalizer": {"type": "Replace", "pattern": {"Regex": "("}, "content": ""}}),
        json.dumps(PLAIN | {"model": {"type": "Nobody"}}),
    ],
)
def test_what_is_no_tokenizer(text):
    with pytest.raises(AwaseError, match="E0251: this is not a tokenizer"):
        Tokenizer.from_json(text)


@pytest.mark.parametrize("value", [3e38, -3e38, 1e16])
def test_values_whose_squares_are_no_numbers(value):
    tokenizer = Tokenizer.from_json(json.dumps(PLAIN))
    table = np.ones((tokenizer.vocab_size, 4), np.float32)
    table[3, 1] = value
    with pytest.raises(InputError, match="E0414: the table has values of which no length can be computed\n  where: row 3"):
        StaticModel(tokenizer.to_json(), table)
    table[3, 1] = 1e6
    assert np.isfinite(StaticModel(tokenizer.to_json(), table).encode(["red white wine"] * 3)).all()


def test_what_is_no_list_of_texts_says_so_and_what_can_be_walked_is_one():
    tokenizer = Tokenizer.from_json(json.dumps(PLAIN))
    model = StaticModel(tokenizer.to_json(), np.eye(tokenizer.vocab_size, dtype=np.float32))
    expected = model.encode(["red", "wine"])
    for texts in (
        ("red", "wine"),
        (text for text in ("red", "wine")),
        dict.fromkeys(["red", "wine"]).keys(),
        np.array(["red", "wine"], object),
    ):
        np.testing.assert_array_equal(model.encode(texts), expected)
    for wrong in (None, 7, b"red", {"a": "red"}):
        with pytest.raises(InputError, match="E0253: a list of texts is expected"):
            model.encode(wrong)
    with pytest.raises(InputError, match=r"(?s)E0253: a text must be a string, not NoneType.*row 1"):
        model.encode(["red", None])
