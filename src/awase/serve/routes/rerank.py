"""POST /v1/rerank: documents of the request, ordered by closeness to its query, in the shape that Cohere's and Jina's clients read."""

import secrets

import numpy as np

from awase.serve.vectors import cosines, count_tokens, model_of


def answer(collection, body: dict) -> dict:
    """The documents' places, best first; ties by the lower place. relevance_score = (1 + cosine) / 2, from 0 to 1."""
    model = model_of(collection)
    query, documents = body["query"], body["documents"]
    texts = [document if isinstance(document, str) else document["text"] for document in documents]
    n_tokens = count_tokens(model, [query, *texts])
    scores = (1 + cosines(model.encode([query], role="query")[0], model.encode(texts, role="document"))) / 2
    best = np.argsort(-scores, kind="stable")[: body.get("top_n", len(documents))].tolist()
    results = [{"index": i, "relevance_score": min(max(float(scores[i]), 0.0), 1.0)} for i in best]
    if body.get("return_documents"):
        for result in results:
            document = documents[result["index"]]
            result["document"] = {"text": document} if isinstance(document, str) else document
    return {
        "id": secrets.token_hex(16),
        "object": "list",
        "model": model.name,
        "results": results,
        "meta": {"tokens": {"input_tokens": n_tokens}},
        "usage": {"prompt_tokens": n_tokens, "total_tokens": n_tokens},
    }
