"""/v1/search and /v1/rerank: what they answer is what the collection and the model say."""

import numpy as np
import pytest
from served import TEXTS, make_collection, make_model, serving

from awase.index.collection import Collection


def search(server, **body):
    answer = server.client.post("/v1/search", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("mode", ["bm25", "dense", "hybrid"])
def test_the_results_are_those_of_the_collection(server, collection_path, mode):
    with Collection.open(collection_path, readonly=True) as docs:
        expected = docs.search("red wine", 5, mode=mode)[0]
    answer = search(server, query="red wine", k=5, mode=mode)
    assert answer["mode"] == mode
    assert answer["took_s"] > 0
    assert [result["id"] for result in answer["results"]] == [result.id for result in expected]
    assert len(expected) >= 2
    for result, wanted in zip(answer["results"], expected, strict=True):
        assert result["score"] == pytest.approx(wanted.score, abs=1e-6)
        assert result["text"] == wanted.text
        assert result["metadata"] == wanted.metadata
        assert result["sources"] == pytest.approx(wanted.sources, abs=1e-6)


def test_hybrid_is_the_default_and_names_its_sources(server):
    answer = search(server, query="red wine")
    assert answer["mode"] == "hybrid"
    assert set(answer["results"][0]["sources"]) == {"bm25", "dense"}


def test_several_queries_have_an_answer_each(server):
    answer = search(server, queries=["red wine", "緑茶"], k=1, mode="bm25")
    assert "results" not in answer
    assert [found["results"][0]["text"] for found in answer["answers"]] == ["red wine from the south", "緑茶"]


@pytest.mark.parametrize("mode", ["bm25", "dense", "hybrid"])
def test_a_query_that_says_nothing_finds_nothing(server, mode):
    answer = search(server, queries=[" ", "red wine", "\u272a\u272a"], mode=mode)
    assert [bool(found["results"]) for found in answer["answers"]] == [False, True, False]
    assert search(server, query="\u3000", mode=mode, where="year > 2000")["results"] == []


def test_a_filter_leaves_out_what_does_not_fit(server):
    answer = search(server, query="wine", where='lang = "en" and year > 2016', mode="bm25")
    assert [result["id"] for result in answer["results"]] == ["item-1"]


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "give either 'query' or 'queries'"),
        ({"query": "a", "queries": ["a"]}, 400, "give either 'query' or 'queries'"),
        ({"query": "a", "k": 0}, 400, "'k' must be at least 1"),
        ({"query": "a", "k": 10_001}, 400, "'k' must be at most 10,000"),
        ({"query": "a", "k": 1.5}, 400, "'k' must be an integer, not a number"),
        ({"queries": ["a"] * 20, "k": 1000}, 422, "20 queries with 1,000 results each are more than 10,240 results"),
        ({"query": "a", "mode": "vector"}, 400, "'mode' is none that is known; valid: bm25, dense, hybrid"),
        (
            {"query": "a", "where": "yaer > 1"},
            400,
            "no item has the field 'yaer' (column 1); did you mean 'year'? valid: lang, year",
        ),
        ({"query": "a", "where": ""}, 400, "'where' must not be empty"),
        ({"query": ["a"]}, 400, "'query' must be a string, not an array"),
        ([], 400, "the body must be an object, not an array"),
    ],
)
def test_wrong_searches(server, body, status, message):
    answer = server.client.post("/v1/search", json=body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, message)


def test_a_filter_that_cannot_be_read_is_not_repeated(server):
    answer = server.client.post("/v1/search", json={"query": "a", "where": 'lang = "secret" or or'})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "E0710"
    assert "(column 22)" in answer.json()["error"]["message"]
    assert "secret" not in answer.text


def test_vectors_of_a_collection_without_a_model_are_refused(tmp_path):
    with serving(make_collection(tmp_path, with_model=False)) as server:
        answer = server.client.post("/v1/search", json={"query": "wine", "mode": "dense"})
        assert answer.status_code == 400
        assert "this collection has no model; use mode bm25" in answer.json()["error"]["message"]
        assert server.client.post("/v1/rerank", json={"query": "a", "documents": ["b"]}).status_code == 404


# Rerank


def rerank(server, **body):
    return server.client.post("/v1/rerank", json=body)


def test_rerank_orders_by_the_cosine_moved_to_0_to_1(server):
    model = make_model()
    cosines = model.encode(TEXTS, role="document") @ model.encode(["red wine"], role="query")[0]
    answer = rerank(server, model="any", query="red wine", documents=TEXTS).json()
    places = [result["index"] for result in answer["results"]]
    assert places == np.argsort(-cosines, kind="stable").tolist()
    scores = [result["relevance_score"] for result in answer["results"]]
    assert scores == pytest.approx((1 + cosines[places]) / 2, abs=1e-6)
    assert all(0 <= score <= 1 for score in scores)
    assert answer["model"] == "tiny"
    assert answer["meta"]["tokens"]["input_tokens"] == len(model.tokenizer.encode(["red wine", *TEXTS]).ids)


def test_rerank_gives_the_best_only_and_ties_to_the_lower_place(server):
    answer = rerank(server, query="tea", documents=["wine", "", "tea", "tea", "🦑"], top_n=4).json()
    assert [result["index"] for result in answer["results"]][:2] == [2, 3]
    assert len(answer["results"]) == 4
    scores = {result["index"]: result["relevance_score"] for result in answer["results"]}
    assert scores[2] == scores[3] == pytest.approx(1)
    everything = rerank(server, query="tea", documents=["", "tea"], top_n=100).json()["results"]
    assert everything[1] == {"index": 0, "relevance_score": 0.5}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"documents": ["a"]}, 400, "'query' is missing"),
        ({"query": "a"}, 400, "'documents' is missing"),
        ({"query": "", "documents": ["a"]}, 400, "'query' must not be empty"),
        ({"query": "a", "documents": []}, 400, "'documents' must not be empty"),
        ({"query": "a", "documents": ["a", {"title": "a"}]}, 400, "'documents[1].text' is missing"),
        ({"query": "a", "documents": [{"text": 3}]}, 400, "'documents[0].text' must be a string, not an integer"),
        ({"query": "a", "documents": [["a"]]}, 400, "'documents[0]' must be a string or an object, not an array"),
        (
            {"query": "a", "documents": ["a"], "return_documents": "yes"},
            400,
            "'return_documents' must be a boolean, not a string",
        ),
        ({"query": "a", "documents": ["a"], "top_n": 0}, 400, "'top_n' must be at least 1"),
        ({"query": "a", "documents": ["a"] * 2049}, 422, "'documents' has 2,049 items; at most 2,048 are allowed"),
    ],
)
def test_wrong_reranks(server, body, status, message):
    answer = rerank(server, **body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, message)
