"""One flipped byte in a collection without caches: right answers or an error, never something else in silence.

benchmarks/damage.py does 500 and counts them; here are fewer, and those kinds that chance seldom meets.
"""

import shutil
import struct
import sys
from pathlib import Path

import pytest

from awase.core.errors import IntegrityError
from awase.index.collection import Collection

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import damage

MODELS = {"words": None, "vectors": damage.Letters()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return {name: damage.made(tmp_path_factory.mktemp(name), model) for name, model in MODELS.items()}


def outcome(path: Path, model, place: int, change: int = 1) -> set[str]:
    """What was raised when a byte of a copy was changed; fails where an answer differs in silence, or what is raised is not ours."""
    whole, copy = path.read_bytes(), path.with_name("copy.awase")
    damaged = bytearray(whole)
    damaged[place] ^= change
    raised = set()
    for question in damage.questions(model):
        copy.write_bytes(damaged)
        kind, what = damage.asked(copy, model, question)
        assert kind != "raw", what
        assert kind == "refused" or what == damage.asked(path, model, question)[1]
        if kind == "refused":
            raised.add(what)
    return raised


@pytest.mark.parametrize("name", MODELS)
def test_a_byte_anywhere(made, name):
    outcomes = [outcome for _, outcome, _ in damage.faults(made[name], MODELS[name], 15, seed=7)]
    assert set(outcomes) <= {"same", "refused"}
    assert "refused" in outcomes


def places_of(path: Path, sought: bytes) -> list[int]:
    whole, places, start = path.read_bytes(), [], 0
    while (start := whole.find(sought, start)) >= 0:
        places.append(start)
        start += len(sought)
    return places


WEIGHT = struct.pack(">d", 0.7)


@pytest.mark.parametrize(
    ("sought", "inside", "least"),
    [
        pytest.param(b"order-17", 7, 2, id="an id, in the item and in the index of ids"),
        pytest.param(b"analyzer", 3, 1, id="the name of a setting"),
        pytest.param(WEIGHT, 1, 1, id="the value of a setting"),
        pytest.param(b"year", 2, 1, id="the name of a field, in items and in the list of fields"),
        pytest.param(b"CREATE TABLE items", 13, 1, id="the schema"),
        pytest.param("京都".encode(), 2, 1, id="a text"),
    ],
)
def test_a_byte_of_each_kind(made, sought, inside, least):
    places = places_of(made["vectors"], sought)
    assert len(places) >= least
    for place in {*places[:2], *places[-2:]}:
        outcome(made["vectors"], MODELS["vectors"], place + inside)


def test_a_damaged_item_is_no_silent_miss_of_a_filter_where_caches_are(tmp_path):
    path = tmp_path / "docs.awase"
    with Collection.create(path) as docs:
        docs.add({"id": f"{i}", "text": f"wine {i}", "kind": "red" if i % 2 else "white"} for i in range(50))
        docs.prepare()
    place = places_of(path, b'"kind":"red"')[7]
    damaged = bytearray(path.read_bytes())
    damaged[place + 9] ^= 1
    path.write_bytes(damaged)
    assert path.with_name("docs.awase.cache").is_dir()
    with Collection.open(path, readonly=True) as docs:
        assert len(docs.search("wine", k=3)[0]) == 3
        for _ in range(2):  # it is not forgotten either
            with pytest.raises(IntegrityError, match="E0724"):
                docs.search("wine", k=50, where="kind = 'red'")


def test_an_item_that_cannot_be_reached_is_noticed_and_not_counted_away(tmp_path):
    """A page of the tree of items that says it has one item less, as a flipped byte can make it."""
    path = tmp_path / "docs.awase"
    with Collection.create(path) as docs:
        docs.add((f"{i}", f"wine {i}") for i in range(2000))
    whole, page = bytearray(path.read_bytes()), 4096
    shutil.rmtree(path.with_name("docs.awase.cache"), ignore_errors=True)
    leaf = next(
        p for p in range(1, len(whole) // page) if whole[p * page] == 13 and b"wine 1000" in whole[p * page : (p + 1) * page]
    )
    whole[leaf * page + 4] ^= 1  # the lower byte of its number of cells
    path.write_bytes(whole)
    with Collection.open(path, readonly=True) as docs:
        for ask in (lambda: docs.search("wine"), lambda: docs.search("wine", where="id != 'x'"), lambda: docs.get("none such")):
            with pytest.raises(IntegrityError):
                ask()
        assert not docs.doctor()["whole"]


def test_damage_is_repaired_by_writing_the_item_again(tmp_path):
    path = tmp_path / "docs.awase"
    with Collection.create(path) as docs:
        docs.add((f"{i}", f"wine {i}") for i in range(9))
    damaged = bytearray(path.read_bytes())
    damaged[places_of(path, b"wine 4")[0]] ^= 1
    path.write_bytes(damaged)
    shutil.rmtree(path.with_name("docs.awase.cache"), ignore_errors=True)
    with Collection.open(path) as docs:
        with pytest.raises(IntegrityError, match="E0724"):
            docs.search("wine")
        docs.upsert([("4", "wine 4")])
        assert len(docs.search("wine", k=20)[0]) == len(docs) == 9
        assert docs.doctor()["whole"]


def test_an_id_that_leads_to_another_item_deletes_nothing(tmp_path):
    path = tmp_path / "docs.awase"
    with Collection.create(path) as docs:
        docs.add((f"order-{i}", f"wine {i}") for i in range(9))
    damaged = bytearray(path.read_bytes())
    entry = next(
        place for place in places_of(path, b"order-4") if damaged[place + 7] == 5
    )  # in the index: the id, then its row
    damaged[entry + 7] = 7
    path.write_bytes(damaged)
    with Collection.open(path) as docs:
        for write in (lambda: docs.delete("order-4"), lambda: docs.upsert([("order-4", "beer")]), lambda: docs.get("order-4")):
            with pytest.raises(IntegrityError):
                write()
        assert len(docs) == 9
        assert docs.get("order-6")[0].text == "wine 6"
