"""POST /v1/search: the items of the collection that are closest to one query or to several."""

import math
import time

from awase.core.limits import MAX_FILTER_COST, MAX_REQUEST_RESULTS
from awase.serve.refusal import Refusal

_LIGHT = 100 << 20  # bytes compared by a filter that holds nobody up: about .3 s


def is_heavy(collection, body: dict) -> bool:
    """Whether the filter of a request takes long. Refusal E0922 (422) if it takes longer than anybody would wait."""
    if "where" not in body:
        return False
    cost = collection.filter_cost(body["where"])
    if MAX_FILTER_COST < cost < math.inf:
        most = f"{MAX_FILTER_COST / 2**30:,.0f} GB are the most"
        message = (
            f"the filter compares {cost / 2**30:,.1f} GB, item by item; {most}: ask for less, or use in (...) for one field"
        )
        raise Refusal(422, "E0922", message, param="where")
    return cost > _LIGHT


def answer(collection, body: dict) -> dict:
    """For ``query`` the field ``results``; for ``queries`` the field ``answers``, with ``results`` for each."""
    if ("query" in body) == ("queries" in body):
        raise Refusal(400, "E0910", "give either 'query' or 'queries'", param="query")
    queries = body.get("queries", [body.get("query")])
    mode = body.get("mode", "hybrid" if collection.dim else "bm25")
    k = body.get("k", 10)
    if len(queries) * k > MAX_REQUEST_RESULTS:
        message = f"{len(queries):,} queries with {k:,} results each are more than {MAX_REQUEST_RESULTS:,} results"
        raise Refusal(422, "E0911", message, param="k")
    start = time.perf_counter()
    found = collection.search(queries, k, where=body.get("where"), mode=mode)
    seconds = time.perf_counter() - start
    answers = [{"results": [_written(result) for result in results]} for results in found]
    return {"mode": mode, "took_s": round(seconds, 6), **(answers[0] if "query" in body else {"answers": answers})}


def _written(result) -> dict:
    return {field: getattr(result, field) for field in ("id", "score", "text", "metadata", "sources")}
