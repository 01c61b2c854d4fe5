import pyarrow.parquet as pq
import pytest

from awase.data.demo import demo_path

QUICK = {"epochs": 3, "dim": 32, "vocab_size": 4000}


@pytest.fixture(scope="session")
def rows():
    """1,500 real pairs, Japanese to English."""
    table = pq.read_table(demo_path(), columns=["anchor", "positive"]).slice(0, 1500)
    return list(zip(table["anchor"].to_pylist(), table["positive"].to_pylist()))


@pytest.fixture(scope="session")
def fitted(rows, tmp_path_factory):
    import awase

    folder = tmp_path_factory.mktemp("fit") / "model"
    return awase.fit(rows, out=folder, options=QUICK, threads=1), folder
