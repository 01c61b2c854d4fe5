"""POST /v1/embeddings, by hand and through OpenAI's own client."""

import base64

import numpy as np
import openai
import pytest
from served import TEXTS, make_collection, make_model, serving

MODEL = make_model()


@pytest.fixture(scope="module")
def client(server):
    with openai.OpenAI(base_url=f"{server.url}v1", api_key="unused", max_retries=0) as client:
        yield client


def ask(server, **body):
    return server.client.post("/v1/embeddings", json=body)


def test_the_vectors_are_those_of_the_model(server):
    answer = ask(server, input=TEXTS, model="whatever").json()
    assert answer["object"] == "list"
    assert answer["model"] == "tiny"
    assert [row["index"] for row in answer["data"]] == list(range(len(TEXTS)))
    assert {row["object"] for row in answer["data"]} == {"embedding"}
    vectors = np.array([row["embedding"] for row in answer["data"]], np.float32)
    assert np.array_equal(vectors, MODEL.encode(TEXTS))


def test_one_text_is_a_list_of_one(server):
    assert ask(server, input="red wine").json()["data"] == ask(server, input=["red wine"]).json()["data"]


def test_base64_is_little_endian_float32(server):
    coded = ask(server, input="red wine", encoding_format="base64").json()["data"][0]["embedding"]
    assert np.array_equal(np.frombuffer(base64.b64decode(coded), "<f4"), MODEL.encode(["red wine"])[0])


def test_dimensions_are_the_first_ones_at_unit_length(server):
    vector = np.array(ask(server, input="red wine", dimensions=4).json()["data"][0]["embedding"])
    first = MODEL.encode(["red wine"])[0, :4]
    assert vector == pytest.approx(first / np.linalg.norm(first), abs=1e-6)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_usage_counts_tokens(server):
    n_tokens = len(MODEL.tokenizer.encode(TEXTS).ids)
    assert n_tokens > len(TEXTS)
    assert ask(server, input=TEXTS).json()["usage"] == {"prompt_tokens": n_tokens, "total_tokens": n_tokens}


def test_the_role_reaches_the_model(tmp_path):
    model = make_model()
    model.prompts = {"query": "green ", "document": "red "}
    model.save(tmp_path / "prompted")
    from awase.index.collection import Collection

    with Collection.create(tmp_path / "docs.awase", tmp_path / "prompted"):
        pass
    with serving(tmp_path / "docs.awase") as server:
        vectors = {role: ask(server, input="wine", input_type=role).json()["data"][0] for role in ("query", "document")}
        assert ask(server, input="wine").json()["data"][0] == vectors["document"]
    for role, row in vectors.items():
        assert row["embedding"] == pytest.approx(model.encode(["wine"], role=role)[0], abs=1e-6)
    assert vectors["query"] != vectors["document"]


WRONG = [
    ({}, 400, "input", "'input' is missing"),
    ({"input": ""}, 400, "input", "'input' must not be empty"),
    ({"input": []}, 400, "input", "'input' must not be empty"),
    ({"input": ["a", ""]}, 400, "input[1]", "'input[1]' must not be empty"),
    ({"input": 3}, 400, "input", "'input' must be a string or an array, not an integer"),
    ({"input": None}, 400, "input", "'input' must be a string or an array, not null"),
    (
        {"input": [1, 2]}, 400, "input[0]",
        "'input[0]' must be a string, not an integer; token ids are of another tokenizer: send the texts",
    ),
    (
        {"input": [[1, 2]]}, 400, "input[0]",
        "'input[0]' must be a string, not an array; token ids are of another tokenizer: send the texts",
    ),
    ({"input": "a", "dimensions": 17}, 400, "dimensions", "'dimensions' must be at most 16, as the model has so many"),
    ({"input": "a", "dimensions": 0}, 400, "dimensions", "'dimensions' must be at least 1"),
    ({"input": "a", "dimensions": True}, 400, "dimensions", "'dimensions' must be an integer, not a boolean"),
    (
        {"input": "a", "encoding_format": "floats"}, 400, "encoding_format",
        "'encoding_format' is none that is known; did you mean 'float'? valid: base64, float",
    ),
    (
        {"input": "a", "inputtype": "query"}, 400, "inputtype",
        "'inputtype' is no field of this; did you mean 'input_type'? "
        "valid: dimensions, encoding_format, input, input_type, model, user",
    ),
    ({"input": ["a"] * 2049}, 422, "input", "'input' has 2,049 items; at most 2,048 are allowed"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "param", "message"), WRONG)
def test_what_is_wrong_is_said_in_the_shape_of_openai(server, body, status, param, message):
    answer = server.client.post("/v1/embeddings", json=body)
    error = answer.json()["error"]
    assert answer.status_code == status
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["message"], error["param"]) == (message, param)
    assert error["type"] == ("invalid_request_error" if status == 400 else "limit_error")
    assert error["code"] == ("E0910" if status == 400 else "E0911")


def test_too_many_tokens_are_refused(server):
    answer = ask(server, input=["red wine " * 2000] * 100)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "the texts have 400,000 tokens; at most 300,000 are allowed in one request"


def test_half_a_character_is_refused(server):
    answer = server.client.post(
        "/v1/embeddings", content=b'{"input": "a \\ud83d"}', headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "'input' holds half of a character (a lone surrogate)"


def test_without_a_model_there_are_no_vectors(tmp_path):
    with serving(make_collection(tmp_path, with_model=False)) as server:
        answer = ask(server, input="wine")
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == "this collection has no model: it answers bm25 searches only"
        assert server.client.post("/v1/search", json={"query": "wine"}).json()["mode"] == "bm25"


# The official client


def test_the_client_gets_the_vectors(client):
    answer = client.embeddings.create(input=TEXTS, model="tiny")  # asks for base64, and decodes it
    assert np.array_equal(np.array([row.embedding for row in answer.data], np.float32), MODEL.encode(TEXTS))
    assert answer.usage.total_tokens == len(MODEL.tokenizer.encode(TEXTS).ids)
    assert answer.model == "tiny"


def test_the_client_gets_floats_and_fewer_dimensions(client):
    answer = client.embeddings.create(input="緑茶", model="tiny", encoding_format="float", dimensions=8, user="somebody")
    assert answer.data[0].embedding == pytest.approx(MODEL.encode(["緑茶"], dim=8)[0], abs=1e-6)


def test_the_client_passes_our_own_field(client):
    answer = client.embeddings.create(input="緑茶", model="tiny", extra_body={"input_type": "query"})
    assert len(answer.data[0].embedding) == 16


def test_the_client_raises_its_own_errors(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(input="", model="tiny")
    assert caught.value.code == "E0910"
    assert caught.value.param == "input"
    assert caught.value.request_id
    with pytest.raises(openai.UnprocessableEntityError, match="2,049 items"):
        client.embeddings.create(input=["a"] * 2049, model="tiny")


def test_the_client_sends_its_key(collection_path):
    with serving(collection_path, key="sesame") as server:
        with openai.OpenAI(base_url=f"{server.url}v1", api_key="sesame", max_retries=0) as right:
            assert right.embeddings.create(input="tea", model="tiny").data
        with (
            openai.OpenAI(base_url=f"{server.url}v1", api_key="wrong", max_retries=0) as wrong,
            pytest.raises(openai.AuthenticationError, match="the key is missing or wrong"),
        ):
            wrong.embeddings.create(input="tea", model="tiny")
