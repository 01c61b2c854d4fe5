"""POST /v1/embeddings: vectors of texts, in OpenAI's shape."""

import base64

import numpy as np

from awase.serve.refusal import Refusal
from awase.serve.vectors import count_tokens, model_of


def answer(collection, body: dict) -> dict:
    """One vector for each text, in order."""
    model = model_of(collection)
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    dim = body.get("dimensions", model.dim)
    if dim > model.dim:
        raise Refusal(400, "E0910", f"'dimensions' must be at most {model.dim}, as the model has so many", param="dimensions")
    n_tokens = count_tokens(model, texts)
    vectors = model.encode(texts, role=body.get("input_type", "document"), dim=dim)
    written = _as_base64 if body.get("encoding_format") == "base64" else np.ndarray.tolist
    data = [{"object": "embedding", "index": i, "embedding": written(vector)} for i, vector in enumerate(vectors)]
    usage = {"prompt_tokens": n_tokens, "total_tokens": n_tokens}
    return {"object": "list", "data": data, "model": model.name, "usage": usage}


def _as_base64(vector: np.ndarray) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()
