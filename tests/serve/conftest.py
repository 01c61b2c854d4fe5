import pytest
from served import make_collection, serving


@pytest.fixture(scope="session")
def collection_path(tmp_path_factory):
    return make_collection(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="session")
def server(collection_path):
    """One server for the tests that only read."""
    with serving(collection_path) as running:
        yield running
