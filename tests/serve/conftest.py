import pytest
from served import make_collection, serving


@pytest.fixture(scope="session")
def collection_path(tmp_path_factory):
    return make_collection(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def server(collection_path):
    """One server for the tests of a file that only read. It does not live longer: other tests turn back the clock it runs by."""
    with serving(collection_path) as running:
        yield running
