"""Collections made by somebody who means harm: refused when they are opened, with an error of ours, at once."""

import time
from contextlib import closing

import pytest

from awase.core.errors import AwaseError
from awase.index.collection import Collection
from awase.index.items import checksum
from awase.store import database

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
LAYOUTS = {
    "an endless view": f"DROP TABLE items; CREATE VIEW items AS {ENDLESS} "
    "SELECT i AS row, 'a' AS id, '' AS text, '{}' AS metadata, 0 AS checksum FROM n",
    "endless settings": f"ALTER TABLE meta RENAME TO old; CREATE VIEW meta AS {ENDLESS} SELECT 'k' || i AS key, 1 AS value FROM n",
    "endless fields": f"DROP TABLE fields; CREATE VIEW fields AS {ENDLESS} SELECT 'k' || i AS name FROM n",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON commits BEGIN DELETE FROM items; END",
    "a generated column": "DROP TABLE fields; CREATE TABLE fields (name TEXT PRIMARY KEY, x AS (zeroblob(1000000000)))",
    "a missing table": "DROP TABLE deleted",
    "a table of others": "CREATE TABLE sqlite AS SELECT 1",
    "a search table": "CREATE VIRTUAL TABLE t USING fts5(x)",
}
SETTINGS = {
    "weight": ["heavy", None, -1, 2, b"x", 10**18],
    "depth": [0, -5, "many", 1.5, 2**40],
    "graph_from": ["x", -1, None],
    "analyzer": [7, b"auto", None],
    "uuid": [7, None, b"x"],
    "dim": [0, -1, 10**9, "16", 1.5],
    "format": ["1", None, b"2", -1, 2.5],
    "content": ["", "[]", "[1, 2, 3, 4, 5, 'a']", "{}", 7, None, "[" * 5000, "[1e999, 1, 1, 1, 1, 1]"],
}


@pytest.fixture
def path(tmp_path):
    with Collection.create(tmp_path / "docs.awase") as docs:
        docs.add([{"id": "a", "text": "red wine", "year": 2019}])
    return tmp_path / "docs.awase"


def refused(path):
    """The code of the error, quickly."""
    start = time.perf_counter()
    with pytest.raises(AwaseError) as error, Collection.open(path) as docs:
        docs.search("wine", where="year = 2019")
        docs.add([("b", "white wine")])
        len(docs)
        docs.info()
    assert time.perf_counter() - start < 5
    return error.value.code


@pytest.mark.parametrize("name", LAYOUTS)
def test_another_layout(path, name):
    with closing(database.connect(path)) as connection:
        connection.executescript(LAYOUTS[name])
    assert refused(path) == "E0751"


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in SETTINGS.items() for value in values])
@pytest.mark.parametrize("sealed", [False, True])
def test_settings_of_a_wrong_kind(path, name, value, sealed):
    """sealed: by somebody who knows how to make the checksum fit."""
    from awase.index.content import settings_checksum

    with closing(database.connect(path)) as connection:
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
        if name == "dim":
            connection.executemany("INSERT INTO meta VALUES (?, 'x')", [("model",), ("model_path",), ("fingerprint",)])
        if sealed:
            meta = dict(connection.execute("SELECT key, value FROM meta"))
            connection.execute("UPDATE meta SET value = ? WHERE key = 'checksum'", (settings_checksum(meta),))
    assert refused(path) in ("E0721", "E0750", "E0751", "E0200")


@pytest.mark.parametrize("metadata", ["[1]", "7", "{", "[" * 50_000, '{"a":' * 50_000])
def test_metadata_that_we_never_write(path, metadata):
    with closing(database.connect(path)) as connection:
        kept = (metadata, checksum("a", "red wine", metadata))
        connection.execute("UPDATE items SET metadata = ?, checksum = ?", kept)
    with Collection.open(path) as docs:
        for ask in (lambda: docs.search("wine"), lambda: docs.get("a")):
            with pytest.raises(AwaseError, match="E0751: the metadata of an item"):
                ask()


def test_statistics_of_sqlite_are_no_harm(path):
    with closing(database.connect(path)) as connection:
        connection.execute("ANALYZE")
    with Collection.open(path) as docs:
        assert [found.id for found in docs.search("wine")[0]] == ["a"]
