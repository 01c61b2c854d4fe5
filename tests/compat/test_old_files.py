"""Collections and model folders of older versions open, answer as they did and take writes. Each folder of ``tests/fixtures`` was made
by the version it is named after (its ``make.py`` says how) and is never made again."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import awase
from awase.core.errors import AwaseError
from awase.models import StaticModel, TableModel

FIXTURES = Path(__file__).parent.parent / "fixtures"
VERSIONS = sorted(folder.name for folder in FIXTURES.iterdir() if (folder / "expected.json").exists())
EXPECTED = {version: json.loads((FIXTURES / version / "expected.json").read_text()) for version in VERSIONS}


def each(kind):
    return [(version, name) for version in VERSIONS for name in EXPECTED[version][kind]]


@pytest.fixture
def copied(tmp_path):
    """A copy of something of an older version, with its caches if it has any, to be written to."""

    def copy(version: str, name: str) -> Path:
        source, target = FIXTURES / version / name, tmp_path / name
        for ending in ("", ".cache"):
            place = source.with_name(source.name + ending)
            if place.exists():
                (shutil.copytree if place.is_dir() else shutil.copyfile)(place, target.with_name(target.name + ending))
        return target

    return copy


def opened(version: str, path: Path, **options):
    """A collection of an older version, with the model of that version where it has one."""
    model = FIXTURES / version / "texts" if EXPECTED[version]["collections"][path.stem]["info"]["dim"] else None
    return awase.Collection.open(path, model, **options)


def check_answers(collection, wanted):
    # What the terms of a text are belongs to the version that reads it; English words in lower case are terms in every one.
    by_terms = "scores" if collection.path.stem.endswith("en") else "the best"
    for search in wanted["searches"]:
        if search["mode"] == "dense" and not any(score for _, score, _ in search["found"]):
            continue  # the model knows no token of the query: such a query was near to everything, and now finds nothing
        found = collection.search(search["query"], k=4, where=search["where"], mode=search["mode"])[0]
        if search["mode"] == "dense" and not any(score for _, score, _ in search["found"]):
            assert found == [], search  # the model knows nothing of the query; up to 0.1 the first items were found then
            continue
        if search["mode"] == "dense" or by_terms == "scores":
            assert [result.id for result in found] == [item_id for item_id, _, _ in search["found"]], search
            for result, (_, score, sources) in zip(found, search["found"], strict=True):
                assert result.score == pytest.approx(score, abs=2e-6), search
                assert result.sources == pytest.approx(sources, abs=2e-6), search
        else:
            assert found[0].id == search["found"][0][0], search


def check_items(collection, wanted):
    items = collection.get([item_id for item_id, *_ in wanted["items"]])
    for item, (item_id, text, metadata, vector) in zip(items, wanted["items"], strict=True):
        assert (item.id, item.text, item.metadata) == (item_id, text, metadata)
        assert (item.vector is None) == (vector is None)
        assert vector is None or np.array_equal(item.vector, np.array(vector, np.float32))


def test_something_is_tried():
    assert len(each("collections")) >= 4
    assert len(each("models")) >= 4


@pytest.mark.parametrize("readonly", [True, False])
@pytest.mark.parametrize(("version", "name"), each("collections"))
def test_a_collection_answers_as_it_did(copied, version, name, readonly):
    wanted = EXPECTED[version]["collections"][name]
    with opened(version, copied(version, f"{name}.awase"), readonly=readonly) as collection:
        info = collection.info()
        assert {key: info[key] for key in wanted["info"]} == wanted["info"]
        check_items(collection, wanted)
        check_answers(collection, wanted)
        assert collection.doctor()["problems"] == []


@pytest.mark.parametrize(("version", "name"), each("collections"))
def test_a_collection_takes_writes(copied, version, name):
    wanted, path = EXPECTED[version]["collections"][name], copied(version, f"{name}.awase")
    with opened(version, path) as collection:
        n = len(collection)
        collection.add([{"id": "new", "text": "something quite different: xylophone", "field of its own": 7}])
        assert collection.search("xylophone", mode="bm25")[0][0].id == "new"
        assert collection.upsert([{"id": "new", "text": "a trombone"}, ("newer", "xylophone")]) == 2
        assert [found.id for found in collection.search("xylophone", mode="bm25")[0]] == ["newer"]
        assert len(collection) == n + 2
        collection.prepare()
    with opened(version, path) as collection:
        assert collection.delete(["new", "newer", "never"]) == 2
        check_items(collection, wanted)
        check_answers(collection, wanted)
    with opened(version, path, readonly=True) as collection:
        assert collection.doctor()["problems"] == []
        assert len(collection) == n
        check_answers(collection, wanted)


@pytest.mark.parametrize("version", VERSIONS)
def test_another_model_is_still_told_apart(copied, version):
    with pytest.raises(AwaseError, match="E0726"), awase.Collection.open(copied(version, "vectors-en.awase")) as collection:
        collection.search("wine", mode="dense")
    model = awase.load(FIXTURES / version / "texts")
    other = StaticModel(model.tokenizer.to_json(), model.table[:, ::-1].copy(), normalize=True)
    with pytest.raises(AwaseError, match="E0725"):
        awase.Collection.open(copied(version, "vectors-ja.awase"), other)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_model_of_texts_gives_the_same_vectors(copied, tmp_path, version):
    wanted = EXPECTED[version]["models"]["texts"]
    model = awase.load(copied(version, "texts"))
    assert model.fingerprint == wanted["fingerprint"]
    model.save(tmp_path / "again")
    for one in (model, awase.load(tmp_path / "again")):
        assert one.fingerprint == wanted["fingerprint"]
        for role, vectors in wanted["vectors"].items():
            for text, vector in vectors.items():
                assert one.encode([text], role=role)[0].tolist() == pytest.approx(vector, abs=1e-6)


@pytest.mark.parametrize(("version", "name"), [(version, name) for version, name in each("models") if name != "texts"])
def test_a_table_of_names_gives_the_same_answers(copied, tmp_path, version, name):
    wanted = EXPECTED[version]["models"][name]
    model = awase.load(copied(version, name))
    model.save(tmp_path / "again")
    for one in (model, awase.load(tmp_path / "again")):
        assert isinstance(one, TableModel)
        assert one.fingerprint == wanted["fingerprint"]
        for asked, vector in wanted["vectors"].items():
            assert one.vector(asked).tolist() == vector
        for asked, found in wanted["neighbours"].items():
            check_ranking(one.neighbours(asked, k=3), found)
        if "tails" in wanted:
            check_ranking(one.predict("town3", "next", k=3), wanted["tails"])
        if "items" in wanted:
            check_ranking(one.recommend("user2", k=3), wanted["items"])


def check_ranking(found, wanted):
    assert [one.name for one in found] == [name for name, _ in wanted]
    assert [one.score for one in found] == pytest.approx([score for _, score in wanted], abs=1e-5)
