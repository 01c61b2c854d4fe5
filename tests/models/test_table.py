"""Tables of names: the answers are those of the formulas, names may be anything, and folders come back whole or are refused."""

import json
import math
import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.contrast.encoders.projected import Projected
from awase.contrast.scores.distance import Distance
from awase.core.errors import AwaseError, ConfigError, FormatError, InputError, IntegrityError
from awase.core.protocols import TextEncoder
from awase.models import TableModel, geometry, load, named_table, table, text_encoder, word2vec
from awase.models.names import Names
from awase.models.static import StaticModel
from awase.models.table_folder import KNOWN, NAMES, TABLES
from awase.store import manifest, tensors

ODD = ["wine", "赤ワイン", "", " ", "new\nline", "tab\tnul\0", "7", "007", "🍷", "Wine", "e\u0301", "é"]


def words(n=50, dim=6, seed=0, **options):
    rows = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return TableModel({"words": rows}, {"words": [f"w{i}" for i in range(n)]}, **options)


def graph(projected=False, **options):
    rng = np.random.default_rng(1)
    tables = {name: rng.normal(size=(n, 4)).astype(np.float32) for name, n in (("entities", 12), ("relations", 3))}
    if projected:
        tables |= {f"{name[:-3]}y_projections" if name == "entities" else "relation_projections": rng.normal(size=rows.shape).astype("f4")
                   for name, rows in list(tables.items())}  # fmt: skip
    names = {"entities": [f"e{i}" for i in range(12)], "relations": ["r0", "r1", "r2"]}
    return TableModel(tables, names, **{"geometry": "translation", **options})


def shop(**options):
    rng = np.random.default_rng(2)
    tables = {name: rng.uniform(-0.5, 0.5, size=(n, 3)).astype(np.float32) for name, n in (("users", 4), ("items", 9))}
    names = {"users": list("abcd"), "items": [f"i{i}" for i in range(9)]}
    return TableModel(tables, names, **{"geometry": "euclidean", **options})


def names_of(found):
    return [one.name for one in found]


def refused(make, kind=AwaseError):
    with pytest.raises(kind) as caught:
        make()
    assert caught.value.remedy
    return str(caught.value)


# Formulas

FORMULAS = {
    "cosine": lambda q, x: sum(a * b for a, b in zip(q, x)) / math.hypot(*q) / math.hypot(*x),
    "dot": lambda q, x: sum(a * b for a, b in zip(q, x)),
    "euclidean": lambda q, x: -math.dist(q, x),
    "poincare": lambda q, x: -math.acosh(1 + 2 * math.dist(q, x) ** 2 / ((1 - math.hypot(*q) ** 2) * (1 - math.hypot(*x) ** 2))),
    "order": lambda q, x: -sum(max(0, b - a) ** 2 for a, b in zip(q, x)),
    "translation": lambda q, x: -math.dist(q, x),
    "translation-l1": lambda q, x: -sum(abs(a - b) for a, b in zip(q, x)),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(geometry.GEOMETRIES))
def test_neighbours_are_those_of_the_formula(name, monkeypatch):
    monkeypatch.setattr(table, "_BLOCK_FLOATS", 40)  # several blocks
    model = words(geometry=name) if name != "poincare" else None
    if model is None:
        rows = np.random.default_rng(3).uniform(-0.35, 0.35, (50, 6)).astype(np.float32)
        model = TableModel({"words": rows}, {"words": [f"w{i}" for i in range(50)]}, geometry=name)
    rows = model.tables["words"].astype(float).tolist()
    expected = {f"w{i}": FORMULAS[name](rows[7], row) for i, row in enumerate(rows) if i != 7}
    found = model.neighbours("w7", k=49)
    np.testing.assert_allclose([one.score for one in found], sorted(expected.values(), reverse=True), rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose([one.score for one in found], [expected[one.name] for one in found], rtol=2e-5, atol=1e-6)
    assert model.neighbours("w7", k=5) == found[:5]
    assert len(model.neighbours("w7", k=10_000)) == 49
    assert len(FORMULAS) == len(geometry.GEOMETRIES)


def test_points_near_the_border_of_the_ball():
    """float32 sums would make these distances 10 % wrong."""
    rows = np.array([[1 - 1e-5, 0], [1 - 2e-5, 0], [0, 1 - 1e-5]], np.float32)
    model = TableModel({"nodes": rows}, {"nodes": ["a", "b", "c"]}, geometry="poincare")
    found = dict(model.neighbours("a"))
    exact = rows.astype(float).tolist()
    assert found["b"] == pytest.approx(FORMULAS["poincare"](exact[0], exact[1]), rel=1e-9)
    assert found["c"] == pytest.approx(FORMULAS["poincare"](exact[0], exact[2]), rel=1e-9)


def test_certain_ancestors_stand_nearest_first():
    rows = np.array([[9, 9], [0, 0], [5, 6], [8, 8], [9.5, 0]], np.float32)
    model = TableModel({"nodes": rows}, {"nodes": ["dog", "thing", "animal", "canine", "cat"]}, geometry="order")
    assert names_of(model.neighbours("dog")) == ["canine", "animal", "thing", "cat"]
    assert [one.score for one in model.neighbours("dog")] == [0, 0, 0, -0.25]


def test_equal_scores_go_to_the_lower_row():
    rows = np.array([[1, 0], [2, 0], [0, 1], [3, 0], [0, 2], [4, 0]], np.float32)
    model = TableModel({"words": rows}, {"words": list("abcdef")})
    assert names_of(model.neighbours("a", k=2)) == ["b", "d"]
    assert names_of(model.neighbours("a", k=4)) == ["b", "d", "f", "c"]


def test_a_zero_row_is_close_to_nothing():
    model = TableModel({"words": np.array([[1, 0], [0, 0], [-1, 0]], np.float32)}, {"words": list("abc")})
    assert model.neighbours("a") == [("b", 0.0), ("c", -1.0)]
    assert model.neighbours("b") == [("a", 0.0), ("c", 0.0)]


def test_analogies():
    rows = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 2], [0.1, 3, 2.9], [5, 0, 1], [0, -1, 0]], np.float32)
    model = TableModel({"words": rows}, {"words": ["man", "king", "woman", "queen", "male", "low"]})
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    scores = unit @ (unit[1] - unit[0] + unit[2]) / np.linalg.norm(unit[1] - unit[0] + unit[2])
    found = model.analogy("man", "king", "woman")
    assert names_of(found) == ["queen", "male", "low"]
    np.testing.assert_allclose([one.score for one in found], scores[[3, 4, 5]], atol=1e-6)
    assert model.analogy("man", "king", "woman", k=1) == found[:1]
    assert refused(lambda: graph().analogy("e0", "e1", "e2"), ConfigError).startswith("E0423: analogies are differences")


@pytest.mark.parametrize(("name", "power"), [("translation", 2), ("translation-l1", 1)])
def test_predictions_are_what_translations_say(name, power):
    model = graph(geometry=name)
    E, R = model.tables["entities"], model.tables["relations"]
    expected = -np.linalg.norm(E - (E[4] + R[2]), ord=power, axis=1)
    found = model.predict("e4", "r2", k=12)
    assert names_of(found) == [f"e{row}" for row in np.argsort(-expected)]
    np.testing.assert_allclose([one.score for one in found], np.sort(expected)[::-1], rtol=1e-5)


def test_predictions_with_projections():
    model = graph(projected=True)
    E, R, P, Q = (model.tables[name] for name in ("entities", "relations", "entity_projections", "relation_projections"))
    seen = np.array([entity + (projection @ entity) * Q[1] for entity, projection in zip(E, P)])
    expected = -np.linalg.norm(seen - (seen[5] + R[1]), axis=1)
    found = model.predict("e5", "r1", k=3)
    assert names_of(found) == [f"e{row}" for row in np.argsort(-expected)[:3]]
    np.testing.assert_allclose([one.score for one in found], np.sort(expected)[::-1][:3], rtol=1e-5)


def test_predictions_are_those_of_the_encoder_that_was_trained():
    rng = np.random.default_rng(5)
    shapes = {"entities": 12, "relations": 3, "entity_projections": 12, "relation_projections": 3}
    encoder = Projected(**{name: rng.normal(size=(n, 4)).astype(np.float32) for name, n in shapes.items()})
    model = TableModel(encoder.parameters, {name: list(names) for name, names in graph().names.items()}, geometry="translation")
    everything = np.arange(12)
    moved = encoder.encode(encoder.codes.forward(np.array([4]), np.array([2])))
    scores = Distance()(moved, encoder.encode(encoder.codes.seen(everything, np.full(12, 2))))[0]
    found = model.predict("e4", "r2", k=12)
    assert names_of(found) == [f"e{row}" for row in np.argsort(-scores)]
    np.testing.assert_allclose([one.score for one in found], np.sort(scores)[::-1], rtol=1e-4)


def test_what_is_known_is_left_out():
    known = np.array([[4, 2, 7], [4, 1, 8], [3, 2, 9], [4, 2, 1]])
    model = graph(known=known)
    everything = model.predict("e4", "r2", k=12, known=True)
    assert names_of(everything) == names_of(graph().predict("e4", "r2", k=12))
    assert model.predict("e4", "r2", k=12) == [one for one in everything if one.name not in ("e7", "e1")]
    users = shop(known=np.array([[2, 5], [0, 1], [2, 0]]))
    everything = users.recommend("c", known=True)
    assert len(everything) == 9
    assert users.recommend("c") == [one for one in everything if one.name not in ("i5", "i0")]
    full = shop(known=np.array([[1, item] for item in range(9)]))
    assert full.recommend("b") == []


def test_recommendations_are_the_closest_items():
    model = shop()
    expected = -np.linalg.norm(model.tables["items"] - model.tables["users"][3], axis=1)
    assert names_of(model.recommend("d", k=4)) == [f"i{row}" for row in np.argsort(-expected)[:4]]


def test_each_table_can_be_asked():
    model = shop()
    assert names_of(model.neighbours("a", 10)) == names_of(model.neighbours("a", 10, "users"))
    assert set(names_of(model.neighbours("i3", 10, "items"))) == {f"i{i}" for i in range(9)} - {"i3"}
    assert (model.vector("i3", "items") == model.tables["items"][3]).all()
    assert (model.vector(["c", "a"]) == model.tables["users"][[2, 0]]).all()
    assert model.vector([]).shape == (0, 3)
    assert (len(model), model.dim) == (4, 3)
    assert refused(lambda: model.neighbours("a", table="user"), ConfigError).startswith(
        "E0424: the model has no table 'user'\n  to do: did you mean 'users'?"
    )
    assert refused(lambda: model.predict("a", "r"), ConfigError).startswith(
        "E0423: predicting needs tables of entities and relations; the model has users, items"
    )
    assert refused(lambda: words().recommend("w1"), ConfigError).startswith(
        "E0423: recommending needs tables of users and items"
    )
    assert refused(lambda: model.neighbours("a", k=0), ConfigError).startswith("E0424: k must lie between 1 and 10,000")


def test_encode_gives_the_rows_of_names():
    model = words()
    assert isinstance(model, TextEncoder)  # has what the verb asks for
    assert (model.encode(["w3", "w1"], role="query") == model.tables["words"][[3, 1]]).all()
    assert (model.encode(["w3"], dim=2) == model.tables["words"][[3], :2]).all()
    assert refused(lambda: model.encode(["w3"], dim=7), ConfigError).startswith("E0410: the model has 6 dimensions")
    assert refused(lambda: model.encode("w3"), InputError).startswith("E0")  # one text is not a list of texts
    assert refused(lambda: model.encode(["w3", "nothing like it"]), InputError).startswith("E0420")


# Names


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("wnie", "did you mean 'wine'?"),
        ("WINE", "did you mean 'wine'?"),
        ("赤いワイン", "did you mean '赤ワイン'?"),
        ("zzzzzz", "names look like 'wine', '赤ワイン', ' '"),
        ("", "names look like 'wine', '赤ワイン', ' '"),
    ],
)
def test_an_unknown_name_is_answered_with_those_like_it(given, hint):
    names = [name for name in ODD if name not in ("", "Wine")]
    model = TableModel({"words": np.eye(len(names), dtype=np.float32)}, {"words": names})
    message = refused(lambda: model.neighbours(given), InputError)
    assert message.startswith(f"E0420: there is no name like this among the 10 of 'words'\n  value: {given!r}")
    assert message.endswith(hint)


def test_a_hint_among_a_million_names_is_quick():
    names = Names([f"word{i:07d}" for i in range(1_000_000)])
    start = time.process_time()
    message = refused(lambda: names.row("wrod0000042"), InputError)
    assert time.process_time() - start < 10  # a distance to each name takes a minute
    assert "did you mean 'word" in message


def test_a_name_that_is_not_text():
    message = refused(lambda: words().vector([3]), InputError)
    assert message == "E0420: there is no name like this among the 50 of 'words'\n  value: 3\n  to do: give text"


NAMES_OF_ALL_KINDS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), unique=True, max_size=20)


@settings(max_examples=80, deadline=None)
@given(NAMES_OF_ALL_KINDS)
def test_names_of_any_characters_come_back(given):
    names = Names(given)
    back = Names.of_bytes(names.utf8, names.offsets)
    assert list(back) == given
    assert [back.row(name) for name in given] == list(range(len(given)))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a", "b"], "E0421: table 'words' has 3 rows and 2 names"),
        (["a", "b", "a"], "E0421: a name stands twice in table 'words'\n  where: rows 0 and 2\n  value: 'a'"),
        (["a", 7, "c"], "E0421: a name of table 'words' is not text\n  where: row 1\n  value: 7"),
        (["a", "b", "\ud800"], "E0421: a name of table 'words' is not text\n  where: row 2"),
        (["a", ["b"], "c"], "E0421: a name of table 'words' is not text\n  where: row 1"),
    ],
)
def test_names_that_do_not_fit(names, message):
    assert refused(lambda: TableModel({"words": np.eye(3, dtype=np.float32)}, {"words": names}), InputError).startswith(message)


# Tables

EYE = np.eye(3, dtype=np.float32)
ABC = {"words": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("tables", "names", "options", "message"),
    [
        ({"words": np.eye(3)}, ABC, {}, "E0425: table 'words' is not rows of float32 or float16"),
        ({"words": EYE[0]}, ABC, {}, "E0425: table 'words' is not rows"),
        ({"words": EYE[:, :0]}, ABC, {}, "E0425: table 'words' is not rows"),
        ({"words": EYE.tolist()}, ABC, {}, "E0425: table 'words' is not rows"),
        ({"words": EYE * np.float32("nan")}, ABC, {}, "E0425: 3 rows of table 'words' hold NaN or infinity\n  where: row 0"),
        ({"words": np.where(EYE[::-1] > 0, np.float32("inf"), EYE)[1:]}, {"words": ["a", "b"]}, {}, "E0425: 2 rows of table"),
        ({"words": EYE}, ABC, {"geometry": "poincare"}, "E0425: 3 rows of table 'words' lie outside the unit ball"),
        ({"words": EYE}, ABC, {"geometry": "euclid"}, "E0424: there is no geometry 'euclid'\n  to do: did you mean 'euclidean'"),
        ({"words": EYE}, {"nodes": ["a", "b", "c"]}, {}, "E0421: tables and lists of names do not belong together"),
        ({}, {}, {}, "E0425: tables are missing"),
        ({"words": EYE, "others": EYE[:, :2]}, {**ABC, "others": ["x", "y", "z"]}, {}, "E0425: the tables have different dimensions"),
        ({"entities": EYE, "entity_projections": EYE[:2]}, {"entities": ["a", "b", "c"]}, {}, "E0425: table 'entity_projections' must"),
        ({"entities": EYE, "entity_projections": EYE}, {"entities": ["a", "b", "c"]}, {}, "E0425: tables are missing"),
        ({"words": EYE}, ABC, {"known": np.array([[0, 1]])}, "E0425: known links are not rows of the tables"),
    ],
)  # fmt: skip
def test_tables_that_do_not_fit(tables, names, options, message):
    assert refused(lambda: TableModel(tables, names, **options)).startswith(message)


@pytest.mark.parametrize("known", [[[0, 9]], [[4, 0]], [[-1, 0]], [[0.0, 1.0]], [0, 1], [[0, 1, 2, 3]]])
def test_known_links_that_do_not_fit(known):
    assert refused(lambda: shop(known=np.array(known)), InputError).startswith("E0425: known links")


# Folders


@pytest.fixture
def saved(tmp_path):
    graph(projected=True, known=np.array([[1, 2, 3], [0, 1, 2]]), info={"seed": 3}, name="family").save(
        tmp_path / "model", card="# A family\n", extra={"report.json": b"{}"}
    )
    return tmp_path / "model"


@pytest.mark.parametrize("mmap", [False, True])
def test_what_is_saved_comes_back(saved, mmap):
    model, back = graph(projected=True, known=np.array([[1, 2, 3], [0, 1, 2]])), load(saved, mmap=mmap)
    assert isinstance(back, TableModel)
    assert (back.name, back.geometry, back.info) == ("family", "translation", {"seed": 3})
    assert list(back.names) == ["entities", "relations"]
    assert {name: list(names) for name, names in back.names.items()} == {n: list(names) for n, names in model.names.items()}
    for head in model.names["entities"]:
        assert back.predict(head, "r1") == model.predict(head, "r1")
    assert back.known.tolist() == [[0, 1, 2], [1, 2, 3]]
    assert back.fingerprint == model.fingerprint
    computed = TableModel(back.tables, back.names, geometry=back.geometry)
    assert computed.fingerprint == model.fingerprint  # computed, not read
    assert back.tables["entities"].flags.writeable is not mmap


def test_names_of_any_kind_survive_the_disk(tmp_path):
    TableModel({"words": np.eye(len(ODD), dtype=np.float32)}, {"words": ODD}).save(tmp_path / "model")
    assert list(load(tmp_path / "model").names["words"]) == ODD


def test_saving_twice_gives_the_same_bytes(saved, tmp_path):
    load(saved).save(tmp_path / "again", card="# A family\n", extra={"report.json": b"{}"})
    assert (saved / manifest.NAME).read_bytes() == (tmp_path / "again" / manifest.NAME).read_bytes()
    assert sorted(manifest.verify(saved)) == [
        "README.md", "awase.json", "known.safetensors", "model.safetensors", "names.safetensors", "report.json",
    ]  # fmt: skip


def test_half_the_bytes_by_option(tmp_path):
    model = words(n=400, dim=50)
    model.save(tmp_path / "whole")
    model.save(tmp_path / "half", dtype="float16")
    assert (tmp_path / "half" / TABLES).stat().st_size < 0.51 * (tmp_path / "whole" / TABLES).stat().st_size
    for mmap in (False, True):
        back = load(tmp_path / "half", mmap=mmap)
        assert back.vector("w3").dtype == np.float32
        np.testing.assert_allclose(back.vector("w3"), model.vector("w3"), rtol=1e-3, atol=1e-4)
        assert names_of(back.neighbours("w3", 5)) == names_of(model.neighbours("w3", 5))
        assert TableModel(back.tables, back.names).fingerprint == back.fingerprint != model.fingerprint
    back.save(tmp_path / "again")  # float32 by default, whatever it was
    assert load(tmp_path / "again").tables["words"].dtype == np.float32


def test_what_half_precision_cannot_hold(tmp_path):
    large = TableModel({"words": EYE * 1e5}, ABC)
    ball = TableModel({"words": EYE * np.float32(0.99999)}, ABC, geometry="poincare")
    assert refused(lambda: large.save(tmp_path / "m", dtype="float16"), ConfigError).startswith(
        "E0424: table 'words' has values that float16 does not hold"
    )
    assert refused(lambda: ball.save(tmp_path / "m", dtype="float16"), ConfigError).startswith(
        "E0424: float16 cannot hold points"
    )
    assert refused(lambda: ball.save(tmp_path / "m", dtype="float64"), ConfigError).startswith(
        "E0424: rows cannot be saved as 'float64'\n  to do: did you mean 'float"
    )
    assert not (tmp_path / "m").exists()


def test_with_mmap_rows_stay_on_the_disk(saved):
    """The rows are views of the file: what stands there is what is read, and what is damaged is found when it is used."""
    model = load(saved, mmap=True)
    raw = (saved / TABLES).read_bytes()
    at = raw.index(model.tables["entities"][6].tobytes())
    with (saved / TABLES).open("r+b") as stream:
        stream.seek(at)
        stream.write(np.full(4, np.nan, np.float32).tobytes())
    assert np.isfinite(model.vector("e5")).all()
    for use in (lambda: model.vector("e6"), lambda: model.neighbours("e5")):
        assert refused(use, IntegrityError).startswith("E0311: array 'entities' holds NaN or infinity")
    assert refused(lambda: load(saved), IntegrityError).startswith("E0307")
    load(saved, mmap=True)  # its size fits, its content is not read


def test_a_model_of_texts_cannot_stay_on_the_disk(tmp_path):
    from awase.data.text.tokenizer import train_tokenizer

    tokenizer = train_tokenizer(["red wine"] * 3, 40)
    StaticModel(tokenizer.to_json(), np.eye(tokenizer.vocab_size, dtype=np.float32)).save(tmp_path / "static")
    message = "E0424: only a folder of a table of names can be left on the disk"
    assert refused(lambda: load(tmp_path / "static", mmap=True), ConfigError).startswith(message)
    (tmp_path / "foreign").mkdir()
    assert refused(lambda: load(tmp_path / "foreign", mmap=True), ConfigError).startswith(message)
    word2vec.write(words(), tmp_path / "words.vec")
    assert refused(lambda: load(tmp_path / "words.vec", mmap=True), ConfigError).startswith(message)
    assert refused(lambda: named_table(tmp_path / "static"), ConfigError).startswith("E0423: this model encodes texts")


def test_a_table_is_not_taken_for_a_model_of_texts(saved, tmp_path):
    from awase import Collection

    model = load(saved)
    for use in (
        lambda: text_encoder(saved),
        lambda: text_encoder(model),
        lambda: Collection.create(tmp_path / "c.awase", saved),
    ):
        assert refused(use, ConfigError).startswith(
            "E0422: this model is a table of names: it cannot encode texts\n  value: 'family'"
        )
    assert named_table(saved).names.keys() == model.names.keys()


@pytest.mark.parametrize("name", ["awase.json", TABLES, NAMES, KNOWN, "README.md", "report.json"])
@pytest.mark.parametrize("damage", ["missing", "cut short", "a bit flipped", "empty"])
def test_every_damaged_file_is_named(saved, name, damage):
    path = saved / name
    content = path.read_bytes()
    place = len(content) // 2
    if damage == "missing":
        path.unlink()
    else:
        flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        path.write_bytes({"cut short": content[:-1], "empty": b"", "a bit flipped": flipped}[damage])
    message = refused(lambda: load(saved), IntegrityError)
    assert message.startswith("E0307")
    assert name in message


def resealed(folder, **files):
    """The folder with other files and a manifest that fits them, as somebody could make it who means harm."""
    for name, content in files.items():
        path = folder / name.replace("_", ".")
        path.unlink(missing_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            tensors.save(path, content)
    (folder / manifest.NAME).unlink()
    (folder / manifest.NAME).write_bytes(manifest.describe(folder))
    return folder


def encoded(**names):
    made = {table: Names(given) for table, given in names.items()}
    return {f"{t}.utf8": n.utf8 for t, n in made.items()} | {f"{t}.offsets": n.offsets for t, n in made.items()}


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"model_safetensors": {"words": EYE[:2]}}, "E0421: table 'words' has 2 rows and 3 names"),
        ({"model_safetensors": {"words": EYE.astype(np.float64)}}, "E0425: table 'words' is not rows of float32 or float16"),
        ({"model_safetensors": {"words": np.zeros((3, 0), np.float32)}}, "E0425: table 'words' is not rows"),
        ({"model_safetensors": {"other": EYE}}, "E0404: the tables and their names do not fit together"),
        ({"model_safetensors": {"words": EYE, "other": EYE}}, "E0421: tables and lists of names do not belong together"),
        ({"model_safetensors": None}, "E0403: a model folder needs model.safetensors"),
        ({"names_safetensors": None}, "E0403: a model folder needs names.safetensors"),
        ({"awase_json": None}, "E0403: a model folder needs awase.json"),
        ({"names_safetensors": encoded(words=["a", "b"])}, "E0421: table 'words' has 3 rows and 2 names"),
        ({"names_safetensors": encoded(other=["a", "b", "c"])}, "E0404: the tables and their names do not fit together"),
        ({"names_safetensors": {"words.utf8": np.frombuffer(b"abb", np.uint8), "words.offsets": np.arange(4)}},
         "E0421: a name stands twice in table 'words'"),
        ({"names_safetensors": {"words.utf8": np.frombuffer(b"\xffbc", np.uint8), "words.offsets": np.arange(4)}},
         "E0421: the names of table 'words' are not UTF-8"),
        ({"names_safetensors": {"words.utf8": np.frombuffer("猫".encode(), np.uint8), "words.offsets": np.arange(4)}},
         "E0421: the names of table 'words' are not UTF-8"),
        *(({"names_safetensors": {"words.utf8": np.frombuffer(b"abc", np.uint8), "words.offsets": np.array(offsets)}},
           "E0421: the offsets of the names of 'words' do not fit")
          for offsets in ([0, 1, 2, 9], [0, 2, 1, 3], [1, 2, 2, 3], [], [-1, 1, 2, 3], [0, 1, 2, 2**62],
                          [0.0, 1.0, 2.0, 3.0], [[0, 1, 2, 3]])),
        ({"names_safetensors": {"words.utf8": np.zeros((3, 1)), "words.offsets": np.arange(4)}}, "E0421: the offsets"),
        ({"known_safetensors": {"known": np.array([[0, 1]])}}, "E0425: known links are not rows of the tables"),
        ({"awase_json": b"[]"}, "E0316: not a valid JSON file"),
        ({"model_safetensors": b"\x80\x05cos\nsystem\n."}, "E0308: this is a Python pickle"),
        ({"names_safetensors": b"PK\x03\x04" + bytes(30)}, "E0308: this is a zip archive"),
    ],
)  # fmt: skip
def test_folders_from_somebody_who_means_harm(tmp_path, files, message, mmap):
    TableModel({"words": EYE}, ABC).save(tmp_path / "model")
    assert refused(lambda: load(resealed(tmp_path / "model", **files), mmap=mmap)).startswith(message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "E0404: this model is of a kind or format that this version does not know"),
        ({"kind": "tables"}, "E0404: this model is of a kind or format that this version does not know"),
        ({"geometry": "flat"}, "E0424: there is no geometry 'flat'"),
        ({"geometry": None}, "E0404: 'geometry' must be a str"),
        ({"geometry": "poincare"}, "E0425: 3 rows of table 'words' lie outside the unit ball"),
        ({"tables": []}, "E0404: the tables and their names do not fit together"),
        ({"tables": [["words"]]}, "E0404: the tables and their names do not fit together"),
        ({"tables": ["words", "words"]}, "E0404: the tables and their names do not fit together"),
        ({"tables": "words"}, "E0404: 'tables' must be a list"),
        ({"name": 3}, "E0404: 'name' must be a str"),
        ({"info": []}, "E0404: 'info' must be a dict"),
        ({"fingerprint": 7}, "E0404: 'fingerprint' must be a str"),
    ],
)
def test_settings_of_the_wrong_kind(tmp_path, change, message):
    TableModel({"words": EYE}, ABC).save(tmp_path / "model")
    settings = json.loads((tmp_path / "model" / "awase.json").read_text()) | change
    said = refused(lambda: load(resealed(tmp_path / "model", awase_json=json.dumps(settings).encode())))
    assert said.startswith(message)
    assert re.search(r"where: .*model", said)


def test_saving_over_something_else_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    assert refused(lambda: words().save(tmp_path), ConfigError).startswith("E0303")
    assert refused(lambda: words().save(tmp_path / "m", extra={NAMES: b""}), ConfigError).startswith(
        "E0405: an extra file has the name of a file of the model\n  value: 'names.safetensors'"
    )


def test_a_model_replaced_while_it_is_read_is_read_again(saved, monkeypatch):
    verify, times = manifest.verify, []

    def verify_slowly(folder, **options):
        listed = verify(folder, **options)
        if not times:
            words(name="newer").save(saved)
        times.append(1)
        return listed

    monkeypatch.setattr(manifest, "verify", verify_slowly)
    assert load(saved, mmap=True).name == "newer"
    assert len(times) == 2


def test_a_format_error_is_not_an_input_error(tmp_path):
    (tmp_path / "model.pkl").write_bytes(b"")
    assert refused(lambda: load(tmp_path / "model.pkl"), FormatError).startswith("E0402: a model is a folder, this is a file")


def test_words_are_looked_up_as_their_corpus_was_read():
    words, vectors = ["wine", "strasse", "為る", "コンピューター"], np.eye(4, dtype=np.float32)
    plain = TableModel({"words": vectors}, {"words": words}, info={"read": {"cut by": "spaces"}})
    assert [plain.row(name) for name in ("wine", "Wine", "ＷＩＮＥ", "STRASSE", "Straße")] == [0, 0, 0, 1, 1]
    japanese = TableModel({"words": vectors}, {"words": words}, info={"read": {"cut by": "sudachi"}})
    assert [japanese.row(name) for name in ("する", "為る", "コンピュータ", "Wine")] == [2, 2, 3, 0]
    assert japanese.neighbours("する", k=1) and japanese.vector(["する", "Wine"]).argmax(axis=1).tolist() == [2, 0]
    entities = TableModel({"entities": vectors}, {"entities": words})
    with pytest.raises(InputError, match="E0420"):
        entities.row("Wine")


def test_names_of_gensim_work_here():
    table = np.float32([[1, 0], [1, 1], [0, 1]])
    model = TableModel({"words": table}, {"words": ["a", "b", "c"]}, name="abc")
    assert "a" in model and "z" not in model
    np.testing.assert_array_equal(model["b"], table[1])
    np.testing.assert_array_equal(model[["a", "c"]], table[[0, 2]])
    assert model.similarity("a", "b") == pytest.approx(2**-0.5) and model.similarity("a", "c") == pytest.approx(0)
    assert model.most_similar("a", topn=1) == model.neighbours("a", 1)
    assert repr(model) == "<TableModel 'abc': 3 words, 2 dimensions, cosine>"
