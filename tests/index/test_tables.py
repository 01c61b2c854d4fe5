"""Data frames and data sets go into a collection as lists of mappings do."""

import datetime

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import awase
import awase.models
from awase.core.errors import AwaseError, InputError

ROWS = [
    {"id": "a", "text": "red wine", "year": 2020, "rating": 4.5, "tags": ["x"]},
    {"id": "b", "text": "white bread", "year": 2021, "rating": None, "tags": []},
]
TABLES = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "Arrow": pa.Table.from_pylist,
    "Dataset": datasets.Dataset.from_list,
    "IterableDataset": lambda rows: datasets.Dataset.from_list(rows).to_iterable_dataset(),
    "record batches": lambda rows: pa.Table.from_pylist(rows).to_reader(),
}


@pytest.fixture
def collection(tmp_path):
    with awase.Collection.create(tmp_path / "c.awase") as made:
        yield made


@pytest.mark.parametrize("kind", TABLES)
def test_rows_of_any_table_are_items(collection, kind):
    assert collection.add(TABLES[kind](ROWS)) == 2
    assert [item.metadata for item in collection.get(["a", "b"])] == [
        {"year": 2020, "rating": 4.5, "tags": ["x"]},
        {"year": 2021, "tags": []},
    ]
    assert collection.search("bread", 1, where="year = 2021")[0][0].id == "b"
    assert collection.upsert(TABLES[kind](ROWS)) == 0, "what is there as it is, is not written again"


def test_ids_that_are_numbers_and_days(collection):
    frame = pd.DataFrame({"id": [1.0, 2.0], "text": ["x", "y"], "day": [pd.Timestamp("2024-05-01"), pd.NaT]})
    collection.add(frame)
    assert [item.metadata for item in collection.get(["1", "2"])] == [{"day": "2024-05-01T00:00:00"}, {}]
    collection.add(pl.DataFrame({"id": [3], "text": ["z"], "day": [datetime.date(2024, 5, 2)]}))
    assert collection.get(["3"])[0].metadata == {"day": "2024-05-02"}


@pytest.mark.parametrize(
    ("table", "code", "says"),
    [
        (pd.DataFrame({"id": ["ok", "bad"], "text": ["x", "y"], "r": [1.0, np.inf]}), "E0104", "column 'r': infinity"),
        (pl.DataFrame({"id": [1.5], "text": ["x"]}), "E0104", "column 'id'"),
        (pa.table({"id": ["a"], "body": ["x"]}), "E0722", "an item needs text"),
        (pa.table({"id": ["a", None], "text": ["x", "y"]}), "E0722", "an item needs id"),
        (datasets.DatasetDict({"train": datasets.Dataset.from_list(ROWS)}), "E0162", "one for each split: train"),
        (pl.LazyFrame({"id": ["a"], "text": ["x"]}), "E0116", "LazyFrame"),
    ],
)
def test_what_cannot_be_an_item_is_said_and_nothing_is_written(collection, table, code, says):
    with pytest.raises(AwaseError) as caught:
        collection.add(table)
    assert caught.value.code == code and says in caught.value.message
    assert len(collection) == 0


def test_a_mapping_with_a_wrong_field_names_it(collection):
    for value in (float("nan"), float("inf"), b"x", datetime.date(2024, 5, 1), "a\ud800"):
        with pytest.raises(InputError) as caught:
            collection.add([{"id": "ok", "text": "x"}, {"id": "bad", "text": "y", "fine": 1, "r": value}])
        assert "metadata cannot be kept as JSON: field 'r': " in caught.value.message and "id 'bad'" in caught.value.place
    assert len(collection) == 0


def test_vectors_of_a_table(tmp_path):
    model = awase.models.wrap(lambda texts: [[1.0, 0.0]] * len(texts), name="one")
    rows = [{"id": "a", "text": "x", "vector": [1.0, 0.0]}, {"id": "b", "text": "y", "vector": [0.0, 1.0]}]
    with awase.Collection.create(tmp_path / "v.awase", model) as collection:
        collection.add(pa.Table.from_pylist(rows))
        assert [item.metadata for item in collection.get(["a", "b"])] == [{}, {}]
        assert [item.vector.tolist() for item in collection.get(["a", "b"])] == [[1, 0], [0, 1]]
