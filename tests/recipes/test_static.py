"""The static recipe: its options, what they become, and that it learns from real pairs."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

import awase
from awase import recipes
from awase.apps.training import Training
from awase.contrast.losses import InfoNCE, Margin
from awase.contrast.negatives import InBatch, Mined, Mixture, Topical
from awase.contrast.scores import Cosine
from awase.core.errors import ConfigError
from awase.data.demo import demo_path
from awase.data.judged import judged_from_pairs
from awase.data.pairs import read_pairs
from awase.recipes.static import static

STATIC = recipes.get("static")
OPTIONS = {  # each option: another value, the same as a command line's text, and where it ends up
    "dim": (64, "64", lambda made: made.encoder.dim),
    "vocab_size": (500, "500", lambda made: made.encoder.vocab_size),
    "pieces": ("bpe-marked", "bpe-marked", lambda made: made.encoder.pieces),
    "loss": ("margin", "margin", lambda made: made.loss.name),
    "temperature": (0.1, "0.1", lambda made: made.loss.temperature),
    "learn_temperature": (True, "true", lambda made: made.loss.learned),
    "symmetric": (True, "True", lambda made: made.loss.symmetric),
    "margin": (0.5, "0.5", lambda made: made.loss.margin if made.loss.name == "margin" else None),
    "negatives": ("in-batch", "in-batch", lambda made: made.negatives.name),
    "matryoshka": ((32, 64), "64,32", lambda made: made.plan.dims[:-1]),
    "batch": (128, "128", lambda made: made.plan.batch),
    "epochs": (3, "3", lambda made: made.plan.epochs),
    "rate": (0.3, "0.3", lambda made: made.plan.rate),
}


def test_every_option_is_in_the_table():
    assert set(OPTIONS) == set(STATIC.options())
    print(f"{len(OPTIONS)} options")


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_ends_up_where_it_belongs_as_value_and_as_text(name):
    value, text, where = OPTIONS[name]
    others = {"loss": "margin"} if name == "margin" else {}
    for given in (value, text):
        made = STATIC(**others, **{name: given})
        assert where(made) == value
        assert type(where(made)) is type(value)
    assert where(STATIC(**others)) != value


def test_the_defaults():
    made = static()
    assert STATIC().resolved() == made.resolved()
    assert isinstance(made.score, Cosine) and isinstance(made.negatives, Topical) and isinstance(made.loss, InfoNCE)
    assert (made.plan.batch, made.plan.epochs, made.plan.dims) == (0, 0, ())
    for name, known in STATIC.options().items():
        assert known["type"] in ("a whole number", "a number", "a text", "true or false", "whole numbers with commas between")
        assert STATIC(**{name: known["default"]}).resolved() == made.resolved()


def test_parts_by_name():
    assert isinstance(static(loss="margin").loss, Margin)
    assert isinstance(static(negatives="in-batch").negatives, InBatch)
    mined = static(negatives="mined").negatives
    assert isinstance(mined, Mixture) and [type(part) for part in mined.parts] == [Topical, Mined]
    assert mined is not static(negatives="mined").negatives, "what one fit mines is not the other's"


def test_matryoshka_dimensions_are_sorted_and_end_with_the_whole():
    assert static(dim=64, matryoshka=(32, 16, 64)).plan.dims == (16, 32, 64)
    assert static(dim=64, matryoshka=(16,)).plan.dims == (16, 64)


@pytest.mark.parametrize("options", [{}, {"negatives": "mined", "matryoshka": (64,)}, {"dim": np.int64(32), "temperature": 1}])
def test_resolved_is_json_and_holds_every_setting(options):
    resolved = STATIC(**options).resolved()
    assert json.loads(json.dumps(resolved)) == resolved
    assert list(resolved) == ["positives", "encoder", "score", "negatives", "loss", "plan", "regularisers"]
    assert resolved["encoder"]["vocab_size"] == 32_000
    if "negatives" in options:
        assert resolved["negatives"]["parts"][1] == {"part": "mined", "per_pair": 1, "first_rank": 5, "last_rank": 50}, (
            "what was mined is left out"
        )
        assert resolved["plan"]["dims"] == [64, 256]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temprature": 1}, "E0610: recipe 'static' has no option 'temprature'\n  value: 1\n  to do: did you mean 'temperature'? v"),
        ({"negatives": "mind"}, "E0613: there are no negatives 'mind'\n  to do: did you mean 'mined'? valid: adversarial, in-batch"),
        ({"loss": "hinge"}, "E0613: there is no loss 'hinge'\n  to do: valid: infonce, margin"),
        ({"dim": "many"}, "E0612: option 'dim' must be a whole number\n  value: 'many'"),
        ({"dim": 2.5}, "E0612: option 'dim' must be a whole number\n  value: 2.5"),
        ({"dim": True}, "E0612: option 'dim' must be a whole number\n  value: True"),
        ({"rate": "fast"}, "E0612: option 'rate' must be a number\n  value: 'fast'"),
        ({"symmetric": "yes"}, "E0612: option 'symmetric' must be true or false\n  value: 'yes'"),
        ({"symmetric": 1}, "E0612: option 'symmetric' must be true or false\n  value: 1"),
        ({"pieces": 3}, "E0612: option 'pieces' must be a text\n  value: 3"),
        ({"matryoshka": "64;32"}, "E0612: option 'matryoshka' must be whole numbers with commas between\n  value: '64;32'"),
        ({"matryoshka": 64}, "E0612: option 'matryoshka' must be whole numbers with commas between\n  value: 64"),
        ({"dim": 64, "matryoshka": (128,)}, "E0614: Matryoshka dimensions lie between 1 and dim (64)\n  value: (128,)"),
        ({"matryoshka": (0,)}, "E0614: Matryoshka dimensions lie between 1 and dim (256)\n  value: (0,)"),
        ({"dim": 0}, "E0520: dim must lie between 1 and 65,536\n  value: 0"),
        ({"temperature": -1}, "E0501: temperature must be above 0\n  value: -1.0"),
        ({"batch": -1}, "E0601: batch must be at least 0\n  value: -1"),
    ],
)  # fmt: skip
def test_wrong_options(options, message):
    with pytest.raises(ConfigError) as caught:
        STATIC(**options)
    assert str(caught.value).startswith(message)


def test_the_list_of_recipes():
    assert "static" in recipes.names()
    assert STATIC.summary == "Bags of token vectors with learned weights, trained with InfoNCE on the user's pairs."
    assert STATIC.needs == "pairs of texts"
    with pytest.raises(ConfigError) as caught:
        recipes.get("statics")
    assert str(caught.value) == "E0611: there is no recipe 'statics'\n  to do: did you mean 'static'? valid: " + ", ".join(
        recipes.names()
    )


# On real pairs


@pytest.fixture(scope="module")
def rows():
    """1,500 Japanese sentences and their English translations."""
    table = pq.read_table(demo_path(), columns=["anchor", "positive"]).slice(0, 1500)
    return list(zip(table["anchor"].to_pylist(), table["positive"].to_pylist()))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"negatives": "mined"},
        {"negatives": "in-batch", "symmetric": True, "learn_temperature": True},
        {"loss": "margin", "epochs": 10},
    ],
    ids=str,
)
def test_training_beats_no_training_clearly(rows, options):
    """No words are shared between the languages, so what is found was learned from the pairs."""
    fit = awase.fit(rows, options={"dim": 64, **options}, threads=1)
    before, after = (fit.report.systems[name]["ndcg@10"] for name in ("untrained", "trained"))
    assert before < 0.03
    assert after > 0.06
    found = next(test for test in fit.report.tests if (test["a"], test["b"]) == ("trained", "untrained"))
    assert found["p"] < 0.01


def test_mined_negatives_are_documents_trained_on_that_share_a_word_with_the_anchor():
    """Whatever the split leaves out: the numbers a search returns are those of the documents it was made over."""
    colours, things = ("red", "green", "blue", "black", "white"), ("apple", "table", "river", "stone", "horse", "ladder")
    rows = [
        (f"{colour} {thing}", f"about the {colour} {thing} number {i}") for i, colour in enumerate(colours) for thing in things
    ]
    pairs = read_pairs(rows)
    recipe = replace(static(dim=4, vocab_size=200), negatives=Mined(per_pair=20, first_rank=1, last_rank=6))
    training = Training(recipe, pairs, np.arange(len(pairs))[::-2], init=None, seed=0, threads=1)
    training.mine()
    items, rng = training.items, np.random.default_rng(0)
    for row, (anchor, document) in enumerate(zip(items.source.anchors, items.source.documents)):
        words = set(items.anchors[int(anchor)].as_py().split())
        drawn = training.recipe.negatives.draw(items.source, np.array([row]), rng)
        assert len(drawn) == 20 and document not in drawn
        assert all(words & set(items.documents[int(one)].as_py().split()) for one in drawn)


@pytest.fixture(scope="module")
def trained(rows):
    """Trained with Matryoshka prefixes, and without."""

    def one(options):
        pairs = read_pairs(rows)
        training = Training(STATIC(dim=64, epochs=8, **options), pairs, np.arange(len(pairs)), init=None, seed=0, threads=1)
        training.run(judged_from_pairs(pairs, np.arange(200)))
        return training

    return {name: one(options) for name, options in (("nested", {"matryoshka": (8,)}), ("plain", {}))}


def test_it_learns_weights(trained):
    """The particles of Japanese have no translation; "he" and "she" have one."""
    training = trained["plain"]
    weights = training.bag.parameters["log_weights"]

    def weight(words):
        tokens = training.tokenizer.encode(list(words))
        assert len(tokens.ids) == len(words), "each is one token"
        return weights[tokens.ids].mean()

    assert weight("のをにが") < -0.01
    assert weight(["彼", "彼女"]) > 0.01


def test_matryoshka_makes_prefixes_better(trained):
    """Of 8 of 64 dimensions: how many anchors find their own document first among 1,500."""

    def accuracy(training):
        source = training.items.source
        V = training.bag.encode(np.arange(source.n_anchors + source.n_documents))[:, :8]
        V /= np.maximum(np.linalg.norm(V, axis=1, keepdims=True), 1e-12)
        nearest = np.argmax(V[: source.n_anchors] @ V[source.n_anchors :].T, axis=1)
        return (nearest[source.anchors] == source.documents).mean()

    assert accuracy(trained["nested"]) > accuracy(trained["plain"]) + 0.1
