"""Caches and their table: whatever was done, in whatever order, a search finds what a collection made afresh would find."""

import logging
import shutil
from contextlib import closing

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from words_model import WordsModel

from awase.core.errors import AwaseError, IntegrityError
from awase.index import collection as module
from awase.index import table
from awase.index.collection import Collection, Item
from awase.index.find import MODES
from awase.store import cache

WORDS = ["wine", "red", "white", "spain", "beer", "oak"]
QUERIES = ["red wine", "beer spain oak", "white", ""]


def fresh_results(path, items):
    """What a collection finds that never held anything but these items."""
    with Collection.create(path, WordsModel(), analyzer="simple") as fresh:
        fresh.add(items)
        return {mode: fresh.search(QUERIES, 7, mode=mode) for mode in MODES}


@settings(max_examples=25, stateful_step_count=20, deadline=None)
class Histories(RuleBasedStateMachine):
    """Two open collections on one file, a writer and a reader, against a dict of what should be in them."""

    ids = Bundle("ids")

    @initialize()
    def begin(self):
        self.folder = self.tmp_path_factory.mktemp("history")
        self.path = self.folder / "docs.awase"
        self.writer = Collection.create(self.path, WordsModel(), analyzer="simple")
        self.reader = Collection.open(self.path, WordsModel(), readonly=True)
        self.wanted: dict[str, Item] = {}

    def teardown(self):
        self.writer.close()
        self.reader.close()
        shutil.rmtree(self.folder)

    @rule(target=ids, number=st.integers(0, 30))
    def name(self, number):
        return f"i{number}"

    @rule(names=st.lists(ids, max_size=6), words=st.lists(st.sampled_from(WORDS), max_size=4), own=st.booleans())
    def upsert(self, names, words, own):
        vector = np.ones(16, np.float32) / 4 if own else None
        items = [Item(name, " ".join([*words, name]), {"n": len(words)}, vector) for name in names]
        self.writer.upsert(items)
        for item in items:
            old = self.wanted.get(item.id)
            if old is None or (old.text, old.metadata, old.vector is None) != (item.text, item.metadata, item.vector is None):
                self.wanted.pop(item.id, None)  # what changed moves to the end, which decides between equal scores
                self.wanted[item.id] = item

    @rule(names=st.lists(ids, min_size=1, max_size=4, unique=True))
    def add(self, names):
        items = [Item(name, f"{name} oak") for name in names]
        if any(name in self.wanted for name in names):
            with pytest.raises(AwaseError, match="E0728"):
                self.writer.add(items)
        else:
            assert self.writer.add(items) == len(items)
            self.wanted |= {item.id: item for item in items}

    @rule(names=st.lists(ids, max_size=5, unique=True))
    def delete(self, names):
        assert self.writer.delete(names) == len(self.wanted.keys() & set(names))
        for name in names:
            self.wanted.pop(name, None)

    @rule(mode=st.sampled_from(MODES))
    def look(self, mode):
        """Searches between the changes decide when caches are made and what has to be caught up with."""
        self.reader.search("red wine", mode=mode)

    @rule()
    def prepare(self):
        self.writer.prepare()

    @rule()
    def reopen(self):
        self.writer.close()
        self.writer = Collection.open(self.path, WordsModel())

    @rule()
    def lose_caches(self):
        shutil.rmtree(module.cache_folder(self.path), ignore_errors=True)

    @invariant()
    def the_items_are_those_wanted(self):
        assert len(self.reader) == len(self.wanted)
        found = {item.id: item for item in self.reader.get(list(self.wanted)) if item}
        assert {key: (item.text, item.metadata) for key, item in found.items()} == {
            key: (item.text, item.metadata) for key, item in self.wanted.items()
        }

    @rule()
    def searches_equal_those_of_a_fresh_collection(self):
        path = self.folder / "fresh.awase"
        wanted = fresh_results(path, list(self.wanted.values()))
        path.unlink()
        shutil.rmtree(module.cache_folder(path), ignore_errors=True)
        for opened in (self.writer, self.reader):
            assert {mode: opened.search(QUERIES, 7, mode=mode) for mode in MODES} == wanted


@pytest.fixture(autouse=True)
def folders(tmp_path_factory):
    Histories.tmp_path_factory = tmp_path_factory


TestHistories = Histories.TestCase
TestHistories.pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")


@pytest.fixture
def path(tmp_path):
    """A collection of 300 items with good caches."""
    path = tmp_path / "docs.awase"
    draw = np.random.default_rng(0)
    with Collection.create(path, WordsModel(), analyzer="simple") as docs:
        docs.add((f"i{n}", " ".join(draw.choice(WORDS, 5))) for n in range(300))
    return path


def found(path):
    with Collection.open(path, WordsModel()) as docs:
        return {mode: docs.search(QUERIES, 7, mode=mode) for mode in MODES}


def place(path, name):
    return cache.place(module.cache_folder(path), name)


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "flipped":
        content[len(content) // 2] ^= 1
    elif how == "header flipped":
        content[20] ^= 1
    elif how == "truncated":
        del content[len(content) // 2 :]
    elif how == "empty":
        content.clear()
    elif how == "a pickle":
        content[:] = b"\x80\x04\x95" + bytes(100)
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["bm25", "vectors"])
@pytest.mark.parametrize("how", ["flipped", "header flipped", "truncated", "empty", "a pickle", "missing", "swapped"])
def test_a_bad_cache_is_said_once_and_made_again(path, name, how, caplog):
    wanted = found(path)
    bad = place(path, name)
    if how == "missing":
        bad.unlink()
    elif how == "swapped":
        other = place(path, "vectors" if name == "bm25" else "bm25")
        bad.write_bytes(other.read_bytes())
    else:
        damage(bad, how)
    with caplog.at_level(logging.WARNING):
        assert found(path) == wanted
        said = [record.getMessage() for record in caplog.records]
        assert len(said) == (how != "missing")
        assert all(str(bad) in line and line.endswith("making it again from the collection") for line in said)
        caplog.clear()
        assert found(path) == wanted
        assert not caplog.records


def test_a_cache_of_another_version_is_made_again(path, caplog, monkeypatch):
    wanted = found(path)

    def older(arrays):
        raise IntegrityError("E0213", "a saved BM25 index has no array 'held'")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr("awase.index.follow.BM25.from_arrays", older)
        with Collection.open(path, WordsModel(), readonly=True) as docs:
            assert docs.search(QUERIES, 7, mode="bm25") == wanted["bm25"]
    assert "a saved BM25 index has no array 'held'; making it again" in caplog.text


def test_caches_of_another_collection_or_history_are_not_believed(path, tmp_path, caplog):
    other = tmp_path / "other.awase"
    with Collection.create(other, WordsModel(), analyzer="simple") as docs:
        docs.add((f"i{n}", "oak") for n in range(300))
    wanted = found(path)
    for name in ("bm25", "vectors"):
        shutil.copy(place(other, name), place(path, name))
    with caplog.at_level(logging.WARNING):
        assert found(path) == wanted
    assert "stale: collection is" in caplog.text

    # A backup is restored, and as many commits follow as were lost: the same generation, another history.
    backup = tmp_path / "backup"
    shutil.copy(path, backup)
    with Collection.open(path, WordsModel()) as docs:
        docs.upsert((f"i{n}", "beer") for n in range(300))
        docs.prepare()
    shutil.copy(backup, path)
    with Collection.open(path, WordsModel()) as docs:
        docs.upsert([("i0", "white")])
        docs._written = 0
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        after = found(path)
    assert "which the collection never had or has forgotten" in caplog.text
    shutil.rmtree(module.cache_folder(path))
    assert found(path) == after


def test_a_few_changes_are_applied_to_the_old_caches(path, caplog):
    before = {name: place(path, name).stat().st_mtime_ns for name in ("bm25", "vectors")}
    with Collection.open(path, WordsModel()) as docs:
        docs.upsert([("i5", "oak oak oak"), ("new", "spain spain")])
        docs.delete("i6")
    with Collection.open(path, WordsModel()) as docs:
        results = {mode: docs.search(QUERIES, 7, mode=mode) for mode in MODES}
        items = [item for item in docs.get([f"i{n}" for n in range(300) if n not in (5, 6)] + ["i5", "new"]) if item]
        assert docs._lexical.n_changes == docs._dense.n_changes == 4
    assert {name: place(path, name).stat().st_mtime_ns for name in before} == before
    assert results == fresh_results(path.with_name("fresh.awase"), items=[Item(i.id, i.text, i.metadata) for i in items])
    assert not caplog.records


def test_many_changes_make_new_caches_and_drop_the_history(path):
    with Collection.open(path, WordsModel()) as docs:
        docs.upsert((f"i{n}", "beer oak") for n in range(200))
        docs.search("oak")
        assert docs._lexical.saved == docs._lexical.state
        assert docs._lexical.searcher.n_deleted == 0  # too many were deleted to be carried along
        docs.delete("i0")
        docs.upsert([("i1", "spain")])
        rows = docs._table.connection.execute("SELECT count(*) FROM deleted").fetchone()[0]
        assert rows == 2
        wanted = docs.search("spain oak", 20)
    with Collection.open(path, WordsModel(), readonly=True) as docs:
        assert docs.search("spain oak", 20) == wanted


def test_a_reader_whose_history_was_dropped_starts_from_the_new_caches(path):
    with closing(Collection.open(path, WordsModel(), readonly=True)) as reader:
        reader.search("oak")
        with Collection.open(path, WordsModel()) as writer:
            for n in range(3):
                writer.upsert((f"i{i}", f"beer {n}") for i in range(n, 300))
                writer.prepare()
            writer.upsert([("last", "oak")])
            writer.upsert([("last", "spain")])
            wanted = {mode: writer.search(QUERIES, 7, mode=mode) for mode in MODES}
        assert not reader._table.knows(reader._lexical.state)
        assert {mode: reader.search(QUERIES, 7, mode=mode) for mode in MODES} == wanted


def test_an_interrupted_catch_up_leaves_nothing_half_done(path, monkeypatch):
    wanted = found(path)
    with Collection.open(path, WordsModel()) as docs:
        docs.search("oak", mode="dense")
        docs.upsert([("x", "oak"), ("y", "beer")])
        with monkeypatch.context() as patch:
            patch.setattr(docs._dense.searcher, "add", lambda vectors: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                docs.search("oak", mode="dense")
        assert {one.id for one in docs.search("oak", 300, mode="dense")[0]} >= {"x", "y"}
        docs.delete(["x", "y"])
        assert {mode: docs.search(QUERIES, 7, mode=mode) for mode in MODES} == wanted


def test_a_reader_writes_nothing(path):
    shutil.rmtree(module.cache_folder(path))
    with Collection.open(path, WordsModel(), readonly=True) as reader:
        assert reader.search("oak")[0]
        assert reader.doctor()["caches"] == {"bm25": "absent", "vectors": "absent"}
    assert not module.cache_folder(path).exists()


def test_a_new_collection_forgets_the_caches_of_the_old_one(path, caplog):
    path.unlink()
    with Collection.create(path, WordsModel()) as docs:
        assert not list(module.cache_folder(path).iterdir())
        docs.add([("a", "oak")])
        assert [one.id for one in docs.search("oak")[0]] == ["a"]
    assert not caplog.records


def test_history_that_nobody_needs_is_forgotten(tmp_path, monkeypatch):
    path = tmp_path / "long.awase"
    monkeypatch.setattr(table, "_HISTORY", 40)
    monkeypatch.setattr(table, "_LOOK_EVERY", 8)
    with Collection.create(path) as docs:
        docs.add((f"{i}", f"wine {i}") for i in range(30))
        docs.prepare()
    with Collection.open(path, readonly=True) as old, Collection.open(path) as docs:
        assert len(old.search("wine", k=50)[0]) == 30
        for i in range(200):
            docs.upsert([("7", f"beer {i}")])
            kept = [
                docs._table.connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("deleted", "commits")
            ]
            assert max(kept) <= 40 + 8 + 1
        for reader in (old, docs):  # one held what is long forgotten, one has only its cache
            assert len(reader.search("wine", k=50)[0]) == 29
            assert [found.id for found in reader.search("beer", k=50)[0]] == ["7"]
    with Collection.open(path, readonly=True) as docs:
        assert [found.text for found in docs.search("beer", k=50)[0]] == ["beer 199"]


def test_a_wrong_history_is_no_wrong_answer(tmp_path):
    """A row that the list of the deleted does not name, though it is gone, is noticed by the number of the items."""
    path = tmp_path / "long.awase"
    with Collection.create(path) as docs:
        docs.add((f"{i}", f"wine {i}") for i in range(30))
        docs.prepare()
        docs.delete("7")
        docs._table.connection.execute("UPDATE deleted SET row = 999")
    with Collection.open(path, readonly=True) as docs:
        found = [found.id for found in docs.search("wine", k=50)[0]]
    assert len(found) == 29
    assert "7" not in found
