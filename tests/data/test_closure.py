"""The closure of a hierarchy: what it is by its definition, whatever the order, and no hierarchy with a cycle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import ConfigError, InputError, LimitError
from awase.data import closure as module
from awase.data.closure import _ancestors_twin, transitive_closure
from awase.data.links import read_links


def pairs(links):
    return [(links.head_names[child], links.tail_names[above]) for child, above in zip(links.heads, links.tails)]


EDGES = st.lists(st.tuples(st.integers(1, 14), st.integers(0, 13)).map(lambda e: (e[0], e[1] % e[0])), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(EDGES)
def test_it_is_what_its_definition_says(edges):
    links = read_links([(str(child), str(parent)) for child, parent in edges], "edges")
    closure = transitive_closure(links)
    found = list(zip(closure.heads.tolist(), closure.tails.tolist()))
    assert set(found) == _ancestors_twin(list(zip(links.heads.tolist(), links.tails.tolist())))
    assert len(found) == len(set(found))
    assert (closure.head_names, closure.kind) == (links.head_names, "edges")


def test_ancestors_stand_nearest_first_and_once():
    """A diamond with a long and a short way to the top."""
    closure = transitive_closure(read_links([("a", "b"), ("b", "c"), ("c", "top"), ("a", "d"), ("d", "top")], "edges"))
    assert [above for child, above in pairs(closure) if child == "a"] == ["b", "d", "c", "top"]
    assert closure.understood["closure"] == "5 edges, 8 with all ancestors"
    assert len(set(pairs(closure))) == len(closure) == 8


def test_a_long_chain():
    n = 1_500
    closure = transitive_closure(read_links([(str(i), str(i + 1)) for i in range(n)], "edges"))
    assert len(closure) == n * (n + 1) // 2
    assert closure.tails[:n].tolist() == list(range(1, n + 1))


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ([("a", "b"), ("b", "a")], "'a' → 'b' → 'a'"),
        ([("x", "a"), ("a", "b"), ("b", "c"), ("c", "d"), ("d", "b")], "'b' → 'c' → 'd' → 'b'"),
        ([("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"), ("c", "a")], "'a' → 'b' → 'c' → 'a'"),
    ],
)
def test_a_cycle_is_shown(edges, cycle):
    with pytest.raises(InputError, match="E0153") as caught:
        transitive_closure(read_links(edges, "edges"))
    assert caught.value.message == f"the hierarchy has a cycle: {cycle}"


def test_an_edge_of_a_name_to_itself_is_no_cycle():
    assert pairs(transitive_closure(read_links([("a", "a"), ("a", "b")], "edges"))) == [("a", "b")]


def test_a_closure_too_large_is_refused_before_it_is_made(monkeypatch):
    monkeypatch.setattr(module, "MAX_CLOSURE_LINKS", 100)
    with pytest.raises(LimitError, match="E0154: the closure has more than 100 links"):
        transitive_closure(read_links([(str(i), str(i + 1)) for i in range(50)], "edges"))
    assert len(transitive_closure(read_links([(str(i), str(i + 1)) for i in range(13)], "edges"))) == 91


def test_other_links_have_none():
    with pytest.raises(ConfigError, match="E0150: only edges have a transitive closure"):
        transitive_closure(read_links([("a", "r", "b")], "triples"))


def test_numbers_fit_the_tables_of_the_edges():
    links = read_links([("dog", "mammal"), ("mammal", "animal")], "edges")
    closure = transitive_closure(links)
    assert closure.heads.dtype == closure.tails.dtype == np.int64
    assert pairs(closure) == [("dog", "mammal"), ("dog", "animal"), ("mammal", "animal")]
