"""BM25 against bm25s with its numba backend: documents indexed and queries answered per second, quality, changes, a cold start.

    python benchmarks/bm25.py [--repeats 3]

Both get the same terms wherever "same terms" is said; "from text" has each library's own analysis, with the same stemmer and no
stop words. Systems take turns, the best of the repeats counts; one thread, no BLAS. Nothing is random. Results go to results/bm25.jsonl.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise

import bm25s
import numpy as np
import Stemmer

from awase.data.text.analyze import TermBags, analyzer
from awase.index.lexical import BM25
from awase.store import cache
from record import machine, record
from sets import Retrieval, debian_titles, jsquad

K = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    print(machine())
    debian, japanese = debian_titles(), jsquad()
    for warm in (debian, japanese):  # both libraries compile
        speed("warm-up", Retrieval(warm.queries[:50], warm.documents[:200], warm.gold[:50]), 1, keep=False)
    speed("debian titles -> descriptions", debian, repeats)
    speed("jsquad questions -> paragraphs", japanese, repeats, from_text=False)  # bm25s does not cut Japanese into words
    for retrieval, name in ((debian, "debian"), (japanese, "jsquad")):
        for how in ("auto", "simple", *(["sudachi"] if name == "jsquad" else [])):
            for k1 in (0.9, 1.2):
                quality(name, retrieval, how, k1)
    changes(debian)
    cold_start(debian)


def speed(name: str, retrieval: Retrieval, repeats: int, *, from_text: bool = True, keep: bool = True) -> None:
    documents, queries = retrieval.documents, retrieval.queries[:: max(len(retrieval.queries) // 20_000, 1)]
    made = analyzer()
    document_bags, query_bags = made.terms(documents), made.lookup(queries)
    document_ids, query_ids = lists(document_bags), lists(query_bags)
    vocabulary = {term: i for i, term in enumerate(made.vocabulary())}
    stemmer = Stemmer.Stemmer("english")
    ours, theirs = BM25(made, k1=1.2), bm25s.BM25(k1=1.2, b=0.75, backend="numba")
    ours.add_terms(document_bags)

    def their_tokens(texts, **options):
        return bm25s.tokenize(texts, stopwords=None, stemmer=stemmer, show_progress=False, **options)

    def retrieve(tokens):
        if some := [query for query in tokens if query]:  # it refuses a query without a known term
            theirs.retrieve(some, k=K, n_threads=1, show_progress=False)

    few = range(0, len(queries), max(len(queries) // 500, 1))
    # fmt: off
    jobs = [
        ("index, same terms", len(documents), lambda: BM25(made).add_terms(document_bags),
         lambda: theirs.index((document_ids, vocabulary), show_progress=False)),
        ("index, from text", len(documents), lambda: BM25().add(documents),
         lambda: bm25s.BM25(k1=1.2, b=0.75, backend="numba").index(their_tokens(documents), show_progress=False)),
        ("search a batch, same terms", len(queries), lambda: ours.search_terms(query_bags, K), lambda: retrieve(query_ids)),
        ("search a batch, from text", len(queries), lambda: ours.search(queries, K),
         lambda: retrieve(known(their_tokens(queries, return_ids=False), vocabulary))),
        ("search one by one, from text", len(few), lambda: [ours.search([queries[i]], K) for i in few],
         lambda: [retrieve(known(their_tokens([queries[i]], return_ids=False), vocabulary)) for i in few]),
    ]
    # fmt: on
    for what, n, our_job, their_job in jobs:
        if "from text" in what and not from_text:
            continue
        ours_s, theirs_s = alternate(our_job, their_job, repeats)
        row = {"set": name, "what": what, "n": n, "threads": 1}
        row |= {
            "awase": per_second(n, ours_s),
            "bm25s": per_second(n, theirs_s),
            "times_cpu": round(theirs_s[1] / ours_s[1], 2),
        }
        if keep:
            record("bm25", row)


def quality(name: str, retrieval: Retrieval, how: str, k1: float) -> None:
    index = BM25(how, k1=k1)
    index.add(retrieval.documents)
    rows = index.search(retrieval.queries, K).rows
    found = rows == retrieval.gold[:, None]
    ndcg = np.where(found.any(1), 1 / np.log2(found.argmax(1) + 2), 0).mean()
    row = {"set": name, "what": "quality", "analyzer": how, "k1": k1, "b": index.b, "queries": len(rows)}
    postings = sum(array.size for key, array in index.arrays().items() if key.endswith(".rows"))
    row |= {"documents": len(index), "ndcg@10": round(float(ndcg), 4), "accuracy@1": round(float(found[:, 0].mean()), 4)}
    record("bm25", row | {"terms": len(index.analyzer), "postings": postings})


def changes(retrieval: Retrieval) -> None:
    """What it costs to change an index of all documents but a thousand, each change followed by a search."""
    documents, queries = retrieval.documents, retrieval.queries
    n = 1000
    index = BM25()
    index.add(documents[:-n])

    def add():
        for text, query in zip(documents[-n:], queries):
            index.add([text])
            index.search([query], K)

    def delete():
        for row, query in zip(range(0, 40 * n, 40), queries):
            index.delete([row])
            index.search([query], K)

    for what, job in (("add one and search", add), ("delete one and search", delete)):
        wall, cpu = timed(job)
        row = {"set": "debian", "what": what, "n": n, "documents": len(index), "wall_ms_each": round(wall / n * 1e3, 3)}
        record("bm25", row | {"cpu_ms_each": round(cpu / n * 1e3, 3)})


def cold_start(retrieval: Retrieval) -> None:
    """A new process that opens a saved index and answers one query, everything imported and checked."""
    index = BM25()
    index.add(retrieval.documents)
    program = (
        "import sys, time; from awase.store import cache; from awase.index.lexical import BM25;"
        "index = BM25.from_arrays(cache.load(sys.argv[1], 'bm25', {}).arrays);"
        "assert index.search([sys.argv[2]], 10).rows[0, 0] >= 0; print(time.process_time())"
    )
    with tempfile.TemporaryDirectory() as folder:
        cache.save(folder, "bm25", index.arrays(), {})
        size = cache.place(folder, "bm25").stat().st_size
        runs = []
        for _ in range(4):  # the first may compile
            start = time.perf_counter()
            command = [sys.executable, "-c", program, folder, retrieval.queries[0]]
            cpu = float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
            runs.append((time.perf_counter() - start, cpu))
        row = {"set": "debian", "what": "cold start: new process, load, first search", "documents": len(index), "bytes": size}
        record(
            "bm25",
            row | {"wall_s": round(min(run[0] for run in runs[1:]), 3), "cpu_s": round(min(run[1] for run in runs[1:]), 3)},
        )


def lists(bags: TermBags) -> list[list[int]]:
    ids = bags.ids.tolist()
    return [ids[a:b] for a, b in pairwise(bags.offsets.tolist())]


def known(tokens: list[list[str]], vocabulary: dict[str, int]) -> list[list[int]]:
    return [[vocabulary[token] for token in text if token in vocabulary] for text in tokens]


def timed(job: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    job()
    return time.perf_counter() - wall, time.process_time() - cpu


def alternate(first: Callable, second: Callable, repeats: int) -> list[tuple[float, float]]:
    runs = [(timed(first), timed(second)) for _ in range(repeats)]
    return [(min(run[side][0] for run in runs), min(run[side][1] for run in runs)) for side in (0, 1)]


def per_second(n: int, seconds: tuple[float, float]) -> dict[str, float]:
    wall, cpu = seconds
    return {"wall_s": round(wall, 4), "cpu_s": round(cpu, 4), "per_s": round(n / wall), "per_cpu_s": round(n / cpu)}


if __name__ == "__main__":
    main()
