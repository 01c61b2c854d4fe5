"""POST /v1/rerank: documents of the request, ordered by closeness to its query, in Cohere's shape (v2)."""

import numpy as np

from awase.serve.vectors import cosines, count_tokens, model_of


def answer(collection, body: dict) -> dict:
    """The documents' places, best first; ties by the lower place. relevance_score is the cosine, from -1 to 1."""
    model = model_of(collection)
    query, documents = body["query"], body["documents"]
    n_tokens = count_tokens(model, [query, *documents])
    scores = cosines(model.encode([query], role="query")[0], model.encode(documents, role="document"))
    best = np.argsort(-scores, kind="stable")[: body.get("top_n", len(documents))]
    results = [{"index": int(i), "relevance_score": float(scores[i])} for i in best]
    return {"model": model.name, "results": results, "meta": {"tokens": {"input_tokens": n_tokens}}}
