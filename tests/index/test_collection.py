"""Collections: what is put in is found, in every mode, with the error texts a user sees when it is not."""

import json
import logging
import threading
from contextlib import closing

import numpy as np
import pytest
from words_model import WordsModel

from awase.core.errors import AwaseError, ConfigError, FormatError, InputError, IntegrityError, LimitError
from awase.core.limits import MAX_TEXT_BYTES
from awase.data.text.tokenizer import train_tokenizer
from awase.index.collection import Collection, Item, Result
from awase.index.exact import Exact
from awase.index.hybrid import Fusion
from awase.index.lexical import BM25
from awase.models import StaticModel
from awase.store import database

TEXTS = {
    "a": "red wine from spain",
    "b": "white wine",
    "c": "dark beer",
    "d": "",
    "e": "red beer from belgium",
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "docs.awase"


@pytest.fixture
def docs(path):
    with Collection.create(path, WordsModel()) as collection:
        collection.add(
            {"id": key, "text": text, "n": n, "kind": text.split()[-1:]} for n, (key, text) in enumerate(TEXTS.items())
        )
        yield collection


def ids(results):
    return [[one.id for one in found] for found in results]


def test_modes(docs):
    model = WordsModel()
    vectors = model.encode(list(TEXTS.values()))
    query = "red wine"
    dense = Exact(vectors).search(model.encode([query]), 5)
    words = BM25("auto")
    words.add(list(TEXTS.values()))
    lexical = words.search([query], 5)
    keys = list(TEXTS)

    (found,) = docs.search(query, 3, mode="dense")
    assert [one.id for one in found] == [keys[row] for row in dense.rows[0, :3]]
    assert [one.score for one in found] == dense.scores[0, :3].tolist()
    assert found[0] == Result(
        "a", found[0].score, TEXTS["a"], {"n": 0, "kind": ["spain"]}, {"dense": pytest.approx(found[0].score)}
    )
    (found,) = docs.search(query, 5, mode="bm25")
    assert [one.id for one in found] == [keys[row] for row in lexical.rows[0] if row >= 0] == ["a", "b", "e"]
    assert [one.sources for one in found] == [{"bm25": score} for score in lexical.scores[0, :3].tolist()]

    (found,) = docs.search(query, 5)
    fused = Fusion().fuse(
        dense,
        lexical,
        5,
        dense_of=lambda rows: Exact(vectors).scores_of(model.encode([query]), rows),
        lexical_of=lambda rows: words.scores_of([query], rows),
    )
    assert [one.id for one in found] == [keys[row] for row in fused.rows[0]]
    assert [one.score for one in found] == fused.scores[0].tolist()
    assert found[0].sources == {"bm25": lexical.scores[0, 0], "dense": dense.scores[0, 0]}
    assert next(one for one in found if one.id == "c").sources["bm25"] == 0.0


def test_several_queries_are_one_list_each_and_equal_to_single_ones(docs):
    queries = ["red wine", "beer", "nothing of this", "red wine"]
    for mode in ("hybrid", "dense", "bm25"):
        assert docs.search(queries, 4, mode=mode) == [docs.search(query, 4, mode=mode)[0] for query in queries]
    assert docs.search([], 3) == []
    assert ids(docs.search("nothing of this", mode="bm25")) == [[]]


@pytest.mark.parametrize("mode", ["hybrid", "dense", "bm25"])
def test_a_query_that_says_nothing_finds_nothing(docs, mode):
    for query in ("", "  \u3000\n", "\u200b\ufeff\u00ad", "\u0301"):
        assert docs.search(query, mode=mode) == [[]]
        assert docs.search(query, where="n >= 1", mode=mode) == [[]]
    alone = docs.search("wine", 3, mode=mode)[0]
    assert docs.search(["", "wine", " "], 3, mode=mode) == [[], alone, []] and alone


def test_a_query_that_says_nothing_to_a_model_of_another_kind_finds_nothing(path):
    """Such a model has a vector for it: of its prompt, or of the marks that it puts around every text."""

    class Marked(WordsModel):
        def encode(self, texts, *, role="document", dim=None):
            return super().encode([f"mark {text}" for text in texts], role=role, dim=dim)

    with Collection.create(path, Marked()) as docs:
        docs.add(TEXTS.items())
        for mode in ("hybrid", "dense"):
            assert docs.search("\u3000", mode=mode) == [[]]
            assert len(docs.search("wine", mode=mode)[0]) == len(TEXTS)


def test_a_query_of_which_the_model_knows_nothing_is_found_by_its_words(path):
    tokenizer = train_tokenizer(["red wine", "white wine"] * 3, vocab_size=60)
    table = np.random.default_rng(0).standard_normal((tokenizer.vocab_size, 8)).astype(np.float32)
    for prompts in ({}, {"query": "red: "}):
        path.unlink(missing_ok=True)
        with Collection.create(path, StaticModel(tokenizer.to_json(), table, prompts=prompts)) as docs:
            docs.add([("a", "red wine"), ("b", "黒ビール"), ("c", "white")])
            for mode in ("hybrid", "dense", "bm25"):
                assert docs.search("\u272a\u272a", mode=mode) == [[]]
            assert docs.search("黒", mode="dense") == [[]]
            assert ids(docs.search("黒", mode="hybrid")) == ids(docs.search("黒", mode="bm25")) == [["b"]]
            assert len(docs.search("wine", mode="dense")[0]) == 3


def test_filters(docs):
    for mode in ("hybrid", "dense", "bm25"):
        assert set(ids(docs.search("red wine beer", 10, where="n >= 2", mode=mode))[0]) <= {"c", "d", "e"}
        assert ids(docs.search("red wine beer", 10, where="kind contains 'wine'", mode=mode)) == [["b"]]
        assert docs.search("red", where="n > 99", mode=mode) == [[]]
    assert set(ids(docs.search("red", where="n != 0", mode="dense"))[0]) == {"b", "c", "d", "e"}
    with pytest.raises(InputError, match="did you mean 'kind'\\? valid: kind, n"):
        docs.search("red", where="kin = 'x'")
    docs.upsert([{"id": "z", "text": "red", "age": 3}])
    assert ids(docs.search("red", where="age = 3 and n = null")) == [["z"]]


def test_items_in_every_form(path):
    with Collection.create(path, WordsModel(4)) as docs:
        own = np.float32([0, 0, 2, 0])
        n = docs.add(
            [
                Item("a", "x", {"k": [1, {"deep": None}]}),
                ("b", "y"),
                {"id": "c", "text": "z", "metadata": {"in": 1}, "out": 2.5, "vector": own.tolist()},
                {"id": "d", "text": "w", "metadata": "not a mapping, so a field"},
            ]
        )
        assert n == len(docs) == 4
        a, b, c, d, none = docs.get(["a", "b", "c", "d", "?"])
        assert a is not None and b is not None and c is not None and d is not None and none is None
        assert (a.text, a.metadata, b.metadata) == ("x", {"k": [1, {"deep": None}]}, {})
        assert np.array_equal(a.vector, WordsModel(4).encode(["x"])[0])
        assert c.metadata == {"in": 1, "out": 2.5}
        assert np.array_equal(c.vector, own)
        assert d.metadata == {"metadata": "not a mapping, so a field"}
        assert docs.get("b")[0].text == "y"
        assert docs.search("z", 1, mode="dense")[0][0].score != pytest.approx(1)  # its own vector counts, not the model's


def test_add_upsert_delete(docs):
    assert docs.upsert([("a", "changed to gin"), ("f", "new gin")]) == 2
    assert ids(docs.search("gin", mode="bm25")) == [["f", "a"]] or ids(docs.search("gin", mode="bm25")) == [["a", "f"]]
    assert "a" not in ids(docs.search("red wine", mode="bm25"))[0]
    assert docs.delete(["a", "zz", "c"]) == 2
    assert docs.delete("a") == 0
    assert len(docs) == 4
    assert docs.get("a") == [None]
    assert ids(docs.search("dark", mode="bm25")) == [[]]
    assert docs.add([("a", "back again")]) == 1
    assert ids(docs.search("again", mode="bm25")) == [["a"]]
    assert docs.upsert([("g", "first"), ("g", "second")]) == 1  # the last is meant
    assert docs.get("g")[0].text == "second"


def test_unchanged_items_are_left_alone(docs):
    before = docs.info()["generation"]
    model = docs.model
    n_encoded = model.n_encoded
    items = [{"id": key, "text": text, "n": n, "kind": text.split()[-1:]} for n, (key, text) in enumerate(TEXTS.items())]
    assert docs.upsert(items) == 0
    assert (docs.info()["generation"], model.n_encoded) == (before, n_encoded)
    items[1]["n"] = 77
    assert docs.upsert(items) == 1
    vector = np.float32([1] + [0] * 15)
    assert docs.upsert([{**items[0], "vector": vector}]) == 1
    assert docs.upsert([{**items[0], "vector": vector}]) == 0
    assert docs.upsert([{**items[0], "vector": -vector}]) == 1
    assert docs.upsert([items[0]]) == 1  # the model's vector takes the place of the user's
    assert np.array_equal(docs.get("a")[0].vector, WordsModel().encode([TEXTS["a"]])[0])


def test_streams_are_committed_in_batches(path):
    def stream():
        for n in range(10_000):
            yield f"i{n}", f"text {n}"
            if n == 9_000:
                raise OSError("the source broke")

    with closing(Collection.create(path)) as docs:
        with pytest.raises(OSError, match="the source broke"):
            docs.add(stream())
        assert len(docs) == 8192
        assert docs.info()["generation"] == 2
        assert docs.upsert((f"i{n}", f"text {n}") for n in range(9_000)) == 9_000 - 8192


@pytest.mark.parametrize(
    ("item", "error", "says"),
    [
        ("just text", InputError, "E0722: an item must be an Item, an (id, text) pair or a mapping with id and text"),
        ({"text": "x"}, InputError, "E0722: an item needs id\n  where: item 1\n  to do: it has: text"),
        (
            {"id": 5, "text": "x"},
            InputError,
            "E0722: id must be a text\n  where: item 1 (id 5)\n  value: 5\n  to do: write str(...)",
        ),
        (("x", None), InputError, "E0722: text must be a text"),
        (("", "x"), InputError, "E0722: an id must not be empty"),
        (("x\0", "x"), InputError, "hold the character NUL"),
        (("x", "\ud800"), InputError, "E0722: text holds half of a character (a lone surrogate) at position 0"),
        (("x", "x" * (MAX_TEXT_BYTES + 1)), LimitError, "E0723: text has 1,048,577 bytes; at most 1,048,576 are allowed"),
        (Item("x", "x", {"v": float("nan")}), InputError, "E0722: metadata cannot be kept as JSON"),
        (
            Item("x", "x", {"v": {1, 2}}),
            InputError,
            "metadata cannot be kept as JSON: field 'v': Object of type set is not JSON",
        ),
        (Item("x", "x", {1: 2}), InputError, "it must be a mapping whose keys are texts"),
        (Item("x", "x", {"v": "x" * 70_000}), LimitError, "E0723: metadata has 70,008 bytes as JSON; at most 65,536"),
        (Item("x", "x", {"v": json.loads("[" * 150 + "]" * 150)}), InputError, "it nests more than 100 deep"),
        ({"id": "x", "text": "x", "n": 1, "metadata": {"n": 2}}, InputError, "'n' is given twice"),
        (
            Item("x", "x", vector=[1, 2]),
            InputError,
            "E0722: the vector must have 16 numbers\n  where: item 1 (id 'x')\n  value: (2,)",
        ),
        (Item("x", "x", vector=[np.nan] * 16), InputError, "E0701: vectors must be finite numbers\n  where: item 1 (id 'x')"),
        (Item("x", "x", vector=["?"]), InputError, "E0722: a vector must be numbers"),
        (("first", "again"), InputError, "E0728: the id 'first' is given twice"),
        (("a", "again"), InputError, "E0728: 1 of the ids are in the collection: 'a'\n  to do: use upsert to replace them"),
    ],
)
def test_wrong_items_are_refused_and_nothing_of_the_batch_is_written(docs, item, error, says):
    with pytest.raises(error) as caught:
        docs.add([("first", "fine"), item])
    assert says in str(caught.value)
    assert docs.get("first") == [None]
    assert len(docs) == 5


def test_wrong_calls(docs, path):
    for items in ("text", {"id": "x", "text": "y"}):
        with pytest.raises(InputError, match="items must be a list or another iterable of items"):
            docs.add(items)
    with pytest.raises(ConfigError, match="E0727: there is no search mode 'vectors'\n  to do: valid: bm25, dense, hybrid"):
        docs.search("x", mode="vectors")
    with pytest.raises(ConfigError, match="E0703"):
        docs.search("x", 0)
    with pytest.raises(InputError, match="E0720: there is a collection already"):
        Collection.create(path, WordsModel())
    with closing(Collection.open(path, readonly=True)) as reader:
        for write in (lambda: reader.add([]), lambda: reader.upsert([]), lambda: reader.delete("a"), reader.prepare):
            with pytest.raises(ConfigError, match="E0729: the collection was opened for reading only"):
                write()
        assert ids(reader.search("dark", mode="bm25")) == [["c"]]
    for read in (lambda: reader.search("x"), lambda: reader.get("a"), lambda: len(reader), reader.info, reader.doctor):
        with pytest.raises(ConfigError, match="E0730: the collection is closed"):
            read()
    reader.close()


def test_a_collection_without_a_model(path):
    with Collection.create(path) as docs:
        docs.add([("a", "red wine"), ("b", "beer")])
        assert docs.search("wine") == docs.search("wine", mode="bm25")
        assert ids(docs.search("wine")) == [["a"]]
        assert docs.model is None
        with pytest.raises(ConfigError, match="E0727: mode 'dense' needs vectors, and this collection has no model"):
            docs.search("wine", mode="dense")
        with pytest.raises(InputError, match="a collection without a model keeps no vectors"):
            docs.add([Item("c", "x", vector=[1.0])])
    with pytest.raises(IntegrityError, match=r"E0725: this collection was made with no model, not with 'words' \(words-16"):
        Collection.open(path, WordsModel())


def test_another_model_is_refused_by_name(docs, path):
    with pytest.raises(IntegrityError) as caught:
        Collection.open(path, WordsModel(name="other"))
    assert "E0725: this collection was made with the model 'words' (words-160000), not with 'other' (other-160000)" in str(
        caught.value
    )
    with closing(Collection.open(path)) as alone:
        with pytest.raises(ConfigError, match="E0726: the model 'words' of this collection was not given as a folder"):
            alone.search("wine")
        with pytest.raises(ConfigError, match="E0726"):
            alone.add([("x", "y")])
        assert ids(alone.search("dark", mode="bm25")) == [["c"]]


def test_the_model_is_found_in_its_folder_and_checked(path, tmp_path, monkeypatch):
    folder = tmp_path / "model"
    folder.mkdir()
    there = {"model": WordsModel()}
    monkeypatch.setattr("awase.models.load", lambda given: there["model"])
    with Collection.create(path, folder) as docs:
        docs.add([("a", "red wine")])
    with Collection.open(path) as docs:
        assert ids(docs.search("wine", mode="dense")) == [["a"]]
        assert docs.info()["model_path"] == str(folder)
    there["model"] = WordsModel(name="trained again")
    with Collection.open(path) as docs, pytest.raises(IntegrityError, match=r"E0725.*'words'.*'trained again'"):
        docs.search("wine")
    folder.rmdir()
    with (
        Collection.open(path) as docs,
        pytest.raises(ConfigError, match="E0726: the model 'words' of this collection is not where it was"),
    ):
        docs.search("wine")


@pytest.mark.parametrize(
    ("broken", "says"), [(np.full((1, 16), np.nan), "NaN or infinity\n  where: document 'x'"), (np.ones((1, 3)), "shape")]
)
def test_a_model_that_gives_nonsense(docs, monkeypatch, broken, says):
    monkeypatch.setattr(WordsModel, "encode", lambda self, texts, role: broken)
    with pytest.raises(AwaseError, match="E0731") as caught:
        docs.add([("x", "y")])
    assert says in str(caught.value)
    assert docs.get("x") == [None]


def test_files_that_are_no_collection(tmp_path):
    with pytest.raises(InputError, match="E0304"):
        Collection.open(tmp_path / "none.awase")
    (tmp_path / "text").write_text("no database, but long enough to be one")
    with pytest.raises(FormatError, match="E0312: this is not an Awase collection"):
        Collection.open(tmp_path / "text")
    with closing(database.connect(tmp_path / "half", create=True)):
        pass
    with pytest.raises(FormatError, match="E0721: the collection was never finished being made"):
        Collection.open(tmp_path / "half")
    with Collection.create(tmp_path / "new"):
        pass
    for format, remedy in (
        (99, "upgrade Awase"),
        (0, "index its data again .*; only format 1 is migrated"),
        ("x", "index its data again"),
    ):
        with closing(database.connect(tmp_path / "new")) as connection:
            connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (format,))
        message = f"E0721: the collection has format {format!r}; this version of Awase reads 1 and 2\\n.*\\n  to do: {remedy}"
        with pytest.raises(FormatError, match=message):
            Collection.open(tmp_path / "new")
    with Collection.create(tmp_path / "partial"):
        pass
    with closing(database.connect(tmp_path / "partial")) as connection:
        connection.execute("DELETE FROM meta WHERE key = 'analyzer'")
    with pytest.raises(FormatError, match="E0721: the collection does not say its analyzer"):
        Collection.open(tmp_path / "partial")
    with pytest.raises(ConfigError, match="E0200"):
        Collection.create(tmp_path / "never", analyzer="klingon")
    assert not (tmp_path / "never").exists()


def test_damaged_items_are_never_shown_and_can_be_replaced(docs, path):
    with closing(database.connect(path)) as connection:
        connection.execute("UPDATE items SET text = 'red wine from spam' WHERE id = 'a'")
    with pytest.raises(IntegrityError) as caught:
        docs.search("red wine", mode="bm25")
    assert (
        f"E0724: the text or metadata of an item is not what was written: the disk changed it\n  where: {path}, row 1 (id 'a')"
        in str(caught.value)
    )
    with pytest.raises(IntegrityError, match="E0724"):
        docs.get("a")
    assert docs.doctor()["problems"] == [
        "the text or metadata of an item is not what was written: the disk changed it: row 1, id 'a'"
    ]
    docs.upsert([("a", "red wine from spain")])
    assert docs.doctor()["whole"]
    with closing(database.connect(path)) as connection:
        connection.execute("UPDATE vectors SET vector = zeroblob(64) WHERE row = 2")
    (path.with_name("docs.awase.cache") / "vectors.cache").unlink()
    fresh = Collection.open(path, WordsModel())
    with pytest.raises(IntegrityError, match="E0724: the vector of an item is not what was written"):
        fresh.search("red wine", mode="dense")
    assert ids(fresh.search("white", mode="bm25")) == [["b"]]
    with pytest.raises(IntegrityError, match="E0724"):
        fresh.get("b")
    assert fresh.upsert([{"id": "b", "text": TEXTS["b"], "n": 1, "kind": ["wine"]}]) == 1
    assert fresh.search("white wine", 1, mode="dense")[0][0].id == "b"
    fresh.close()


def test_info_and_doctor(docs, path):
    info = docs.info()
    assert {key: info[key] for key in ("path", "items", "model", "dim", "analyzer", "fields", "generation")} == {
        "path": str(path), "items": 5, "model": "words", "dim": 16, "analyzer": "auto", "fields": ["kind", "n"], "generation": 1,
    }  # fmt: skip
    assert json.dumps(info)
    assert docs.doctor() == {
        "path": str(path),
        "whole": True,
        "problems": [],
        "caches": {"bm25": "absent", "vectors": "absent"},
    }
    assert docs.doctor()["caches"] == {"bm25": "good", "vectors": "good"}
    with closing(Collection.open(path)) as alone:
        assert "was not given as a folder" in alone.doctor()["problems"][0]


def test_the_weight_of_hybrid_search_is_kept(path):
    with Collection.create(path, WordsModel(), fusion=Fusion(0.25, 50)) as docs:
        docs.add([("a", "red wine"), ("b", "wine")])
    with Collection.open(path, WordsModel()) as docs:
        assert docs.fusion == Fusion(0.25, 50)
        (found,) = docs.search("red wine", 1)
        assert found[0].score == pytest.approx(0.25 * found[0].sources["dense"] + 0.75)


def test_more_than_there_is_and_nothing_at_all(path):
    with Collection.create(path, WordsModel()) as docs:
        for mode in ("hybrid", "dense", "bm25"):
            assert docs.search(["wine", ""], 10, mode=mode) == [[], []]
        assert (docs.get([]), docs.delete([]), docs.add([]), len(docs)) == ([], 0, 0, 0)
        docs.add([("a", "wine"), ("b", "wine")])
        assert ids(docs.search("wine", 10_000)) == [["a", "b"]]  # equal scores, in the order of adding
        docs.delete(["a", "b"])
        assert docs.search("wine") == [[]]


def test_threads_share_one_collection(docs):
    wanted = docs.search("red wine", 3, mode="dense")
    wrong = []

    def read():
        for _ in range(30):
            if docs.search("red wine", 3, mode="dense") != wanted or ids(docs.search("dark", mode="bm25")) != [["c"]]:
                wrong.append("other results")

    def write():
        for n in range(30):
            docs.upsert([("far", f"unrelated {n}")])

    threads = [threading.Thread(target=work) for work in (read, read, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert docs.get("far")[0].text == "unrelated 29"


def test_a_cache_that_cannot_be_written_is_done_without(docs, path, caplog):
    path.with_name("docs.awase.cache").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert ids(docs.search("dark", mode="bm25")) == [["c"]]
    assert "a cache could not be written, so searching starts slowly: E0301" in caplog.text


@pytest.mark.parametrize("wrong", ["order-2\0x", "order-2\0", "", "\ud83d\ude00", "\ud83d", 2, None, b"order-2", "x" * 513])
def test_an_id_that_no_item_can_have_is_refused_and_touches_nothing(tmp_path, wrong):
    with Collection.create(tmp_path / "docs.awase") as docs:
        docs.add([("order-2", "two"), ("\U0001f600", "a face")])
        for ask in (docs.delete, docs.get):
            for ids in (wrong, ["order-2", wrong]):
                with pytest.raises(AwaseError) as refused:
                    ask(ids)
                assert refused.value.code in ("E0722", "E0723")
        assert len(docs) == 2
        assert docs.delete("\U0001f600") == 1


HUGE = 10**5000  # Python refuses to print it


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda docs: docs.add([{"id": "b", "text": "x", "n": HUGE}]), "E0722"),
        (lambda docs: docs.add([(HUGE, "x")]), "E0722"),
        (lambda docs: docs.add([("b", HUGE)]), "E0722"),
        (lambda docs: docs.add(None), "E0722"),
        (lambda docs: docs.delete([HUGE]), "E0722"),
        (lambda docs: docs.get(HUGE), "E0722"),
        (lambda docs: docs.search("wine", k=HUGE), "E0703"),
        (lambda docs: docs.search("wine", k=2.0), "E0703"),
        (lambda docs: docs.search("wine", k=True), "E0703"),
        (lambda docs: docs.search("wine", k="2"), "E0703"),
        (lambda docs: docs.search("wine", k=None), "E0703"),
        (lambda docs: docs.search("wine", mode=HUGE), "E0727"),
        (lambda docs: docs.search("wine", where=5), "E0710"),
        (lambda docs: docs.search(None), "E0253"),
        (lambda docs: docs.search(5), "E0253"),
        (lambda docs: docs.search([5]), "E0253"),
        (lambda docs: Collection.open(docs.path.with_name("x" * 256)), "E0304"),
        (lambda docs: Collection.create(docs.path.with_name("x" * 256)), "E0304"),
        (lambda docs: Collection.open("a\0b"), "E0304"),
        (lambda docs: Collection.open("\ud83d"), "E0304"),
        (lambda docs: Collection.open(None), "E0304"),
        (lambda docs: Collection.create(docs.path.with_name("new"), "x" * 300), "E0401"),
    ],
)
def test_values_of_a_wrong_kind_are_errors_of_ours(tmp_path, ask, code):
    with Collection.create(tmp_path / "docs.awase") as docs:
        docs.add([("a", "wine")])
        with pytest.raises(AwaseError) as refused:
            ask(docs)
        assert refused.value.code == code
        assert len(str(refused.value)) < 1000
        assert len(docs.search("wine", k=np.int64(2))[0]) == 1
