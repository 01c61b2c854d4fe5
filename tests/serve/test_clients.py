"""What clients of other services send, and what they make of the answers: their own packages, unmodified, where there is one."""

import json

import cohere
import openai
import pytest
from served import TEXTS, make_model

QUERY = "red wine"
PATHS = ["/v1/rerank", "/v2/rerank", "/rerank"]
RELEVANCE = (1 + make_model().encode(TEXTS, role="document") @ make_model().encode([QUERY], role="query")[0]) / 2


@pytest.fixture(scope="module")
def client(server):
    with openai.OpenAI(base_url=f"{server.url}v1", api_key="unused", max_retries=0) as client:
        yield client


def check_ranking(results, n=None):
    """The documents' places and scores as the model has them, best first."""
    best = sorted(range(len(TEXTS)), key=lambda place: -RELEVANCE[place])[:n]
    assert [result.index for result in results] == best
    assert [result.relevance_score for result in results] == pytest.approx(RELEVANCE[best], abs=1e-6)


# OpenAI


def test_the_client_of_openai_lists_and_finds_models(client):
    assert [model.id for model in client.models.list()] == ["tiny"]
    assert client.models.retrieve("tiny").object == "model"
    with pytest.raises(openai.NotFoundError) as refused:
        client.models.retrieve("an/other model")
    assert refused.value.code == "E0921"


def test_the_client_of_openai_embeds_with_every_option_it_has(client):
    plain = client.embeddings.create(model="tiny", input=TEXTS)
    for options in ({"encoding_format": "base64"}, {"encoding_format": "float"}, {"user": "me"}, {"dimensions": 16}):
        rows = client.embeddings.create(model="tiny", input=TEXTS, **options).data
        assert len(rows) == len(plain.data)


# Cohere


def test_the_newer_client_of_cohere_reranks(server):
    with cohere.ClientV2("unused", base_url=server.url) as client:
        answer = client.rerank(model="any", query=QUERY, documents=TEXTS, top_n=3, max_tokens_per_doc=512)
        check_ranking(answer.results, 3)
        assert answer.id
        assert answer.meta.tokens.input_tokens > len(TEXTS)
        with pytest.raises(cohere.BadRequestError, match="'query' must not be empty"):
            client.rerank(model="any", query="", documents=TEXTS)


def test_the_older_client_of_cohere_reranks(server):
    with cohere.Client("unused", base_url=server.url) as client:
        check_ranking(client.rerank(query=QUERY, documents=TEXTS, max_chunks_per_doc=1).results)
        documents = [{"text": text, "title": f"number {i}"} for i, text in enumerate(TEXTS)]
        results = client.rerank(query=QUERY, documents=documents, return_documents=True).results
        check_ranking(results)
        assert [result.document.text for result in results] == [TEXTS[result.index] for result in results]


# Jina, whose service is asked over plain HTTP


@pytest.mark.parametrize("path", PATHS)
def test_a_request_in_the_shape_of_jina_is_answered_in_its_shape(server, path):
    documents = [{"text": text} if i % 2 else text for i, text in enumerate(TEXTS)]
    asked = {"model": "jina-reranker-v2", "query": QUERY, "documents": documents, "top_n": 3, "return_documents": True}
    answer = server.client.post(path, json=asked).json()
    assert answer["model"] == "tiny"
    assert answer["usage"]["total_tokens"] == answer["meta"]["tokens"]["input_tokens"] > 0
    assert [result["document"] for result in answer["results"]] == [
        {"text": TEXTS[result["index"]]} for result in answer["results"]
    ]
    bare = server.client.post(path, json={**asked, "return_documents": False}).json()
    assert all(set(result) == {"index", "relevance_score"} for result in bare["results"])


def test_other_fields_of_a_document_come_back_with_it(server):
    document = {"text": "wine", "page": 3, "note": None, "of": {"shelf": 2}}
    answer = server.client.post("/rerank", json={"query": "wine", "documents": [document], "return_documents": True}).json()
    assert answer["results"] == [{"index": 0, "relevance_score": pytest.approx(1), "document": document}]


# Proxies such as LiteLLM, which write out every option they know


@pytest.mark.parametrize(
    ("path", "body", "options"),
    [
        ("/v1/embeddings", {"input": "wine"}, ["model", "dimensions", "encoding_format", "input_type", "user", "timeout"]),
        ("/v1/search", {"query": "wine"}, ["k", "mode", "where", "queries"]),
        ("/v1/search", {"queries": ["wine"]}, ["k", "mode", "where", "query"]),
        (
            "/v1/rerank",
            {"query": "wine", "documents": ["a"]},
            ["model", "top_n", "return_documents", "rank_fields", "max_chunks_per_doc"],
        ),
    ],
)
def test_an_option_that_is_null_is_not_there(server, path, body, options):
    def answer(**more):
        answered = server.client.post(path, json={**body, **more})
        assert answered.status_code == 200, answered.text
        return {field: value for field, value in answered.json().items() if field not in ("took_s", "id")}

    plain = answer()
    for option in options:
        assert answer(**{option: None}) == plain
    assert answer(**dict.fromkeys(options)) == plain


def test_what_is_needed_may_not_be_null_and_values_may(server):
    for path, body in (("/v1/embeddings", {"input": None}), ("/v1/rerank", {"query": None, "documents": ["a"]})):
        assert server.client.post(path, json=body).json()["error"]["message"].endswith("not null")
    assert server.client.post("/v1/rerank", json={"query": "a", "documents": ["a", None]}).status_code == 400


HALVES = [
    (r'{"query": "a \ud83d"}', "query"),
    (r'{"query": "a", "\udc00": 1}', None),
    (r'{"query": "a", "where": "\ud800\ud800 = 1"}', "where"),
    (r'{"queries": ["\ud83d\ude00", "\uDFFF"]}', "queries[1]"),
    (r'{"query": "a", "x": {"y": [{"\ud83d": 1}]}}', "x.y[0]"),
]


@pytest.mark.parametrize(("body", "param"), HALVES)
def test_half_of_a_character_is_refused_wherever_it_stands_and_never_logged(server, caplog, body, param):
    answer = server.client.post("/v1/search", content=body, headers={"content-type": "application/json"})
    error = json.loads(answer.content.decode())["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "E0920", param)
    assert answer.headers["content-type"] == "application/json"
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_whole_characters_in_two_escapes_are_taken(server):
    answer = server.client.post(
        "/v1/search", content=rb'{"query": "\ud83d\ude00 \\ud83d"}', headers={"content-type": "application/json"}
    )
    assert answer.status_code == 200
