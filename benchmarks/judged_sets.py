"""Test collections for search by words, as judgements: six sets that no setting of ours was made on, and JSQuAD.

Read from $AWASE_SHARED/data (see ``sets.py``); none of it is in the repository.
"""

import ast
import csv
import gzip
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from awase.data.judged import Judged
from sets import Retrieval, debian_titles, jsquad, shared_folder

_TITLES = 4_000  # queries of the largest set: enough, in a fifteenth of the time


def load(name: str) -> Judged:
    """The judgements of one of ``SETS``."""
    return SETS[name]()


def judged(
    name: str, documents: Mapping[str, str], queries: Mapping[str, str], grades: Iterable[tuple[str, str, float]]
) -> Judged:
    """Judgements from ids, those of unknown documents and of grade 0 left out, and the queries that have none then."""
    rows = {key: row for row, key in enumerate(documents)}
    relevant: dict[str, dict[int, float]] = {}
    for query, document, grade in grades:
        if grade > 0 and document in rows and query in queries:
            relevant.setdefault(query, {})[rows[document]] = grade
    asked = [key for key in queries if key in relevant]
    of = [sorted(relevant[key].items()) for key in asked]
    return Judged(
        queries=[queries[key] for key in asked],
        documents=list(documents.values()),
        offsets=np.cumsum([0, *map(len, of)]).astype(np.int64),
        rows=np.array([row for pairs in of for row, _ in pairs], np.int64),
        grades=np.array([grade for pairs in of for _, grade in pairs], np.float32),
        query_ids=asked,
        document_ids=list(documents),
        name=name,
    )


def one_each(name: str, retrieval: Retrieval, step: int = 1) -> Judged:
    queries, gold = retrieval.queries[::step], retrieval.gold[::step].tolist()
    documents = {str(row): text for row, text in enumerate(retrieval.documents)}
    keyed = {str(i): text for i, text in enumerate(queries)}
    return judged(name, documents, keyed, ((str(i), str(row), 1.0) for i, row in enumerate(gold)))


def vaswani() -> Judged:
    folder = shared_folder() / "data" / "vaswani"
    text = gzip.decompress((folder / "corpus" / "doc-text.trec.gz").read_bytes()).decode()
    documents = dict(re.findall(r"<DOCNO>(\d+)</DOCNO>\n(.*?)</DOC>", text, re.DOTALL))
    queries = dict(re.findall(r"<num>(\d+)</num><title>\n(.*?)\n</title>", (folder / "query-text.trec").read_text(), re.DOTALL))
    judgements = (line.split() for line in (folder / "qrels").read_text().splitlines())
    return judged("vaswani", documents, queries, ((query, document, float(grade)) for query, _, document, grade in judgements))


def cacm() -> Judged:
    folder = shared_folder() / "data" / "cacm"

    def parts(text: str, fields: str) -> dict[str, str]:
        entries = re.split(r"^\.I (\d+)$", text, flags=re.MULTILINE)[1:]
        kept = {}
        for key, entry in zip(entries[::2], entries[1::2], strict=True):
            found = dict(re.findall(r"^\.([A-Z])\n(.*?)(?=^\.[A-Z]$|\Z)", entry, re.DOTALL | re.MULTILINE))
            kept[key] = " ".join(" ".join(found.get(field, "").split()) for field in fields).strip()
        return kept

    documents = parts(gzip.decompress((folder / "cacm.all.gz").read_bytes()).decode("latin-1"), "TWK")
    queries = parts((folder / "query.text").read_text("latin-1"), "W")
    judgements = (line.split() for line in (folder / "qrels.text").read_text().splitlines() if line.strip())
    return judged(
        "cacm", documents, queries, ((str(int(query)), str(int(document)), 1.0) for query, document, *_ in judgements)
    )


def scifact() -> Judged:
    with zipfile.ZipFile(shared_folder() / "data" / "scifact" / "scifact.zip") as archive:

        def rows(name: str):
            return list(csv.DictReader(io.StringIO(archive.read(name).decode())))

        # An abstract is a numpy list in print, so its parts stand beside each other without commas: Python joins them.
        documents = {
            row["doc_id"]: row["title"] + " " + " ".join(ast.literal_eval(row["abstract"].replace("'\n '", "',\n '")))
            for row in rows("corpus_train.csv")
        }
        claims = [*rows("claims_train.csv"), *rows("claims_validation.csv")]
    queries = {row["id"]: row["claim"] for row in claims}
    cited = ((row["id"], document, 1.0) for row in claims for document in re.findall(r"\d+", row["cited_doc_ids"]))
    return judged("scifact", documents, queries, cited)


def chorus() -> Judged:
    folder = shared_folder() / "data" / "chorus-ecommerce"
    documents = {}
    for number in range(1, 5):
        with zipfile.ZipFile(folder / f"{number}.json.zip") as archive:
            for product in json.loads(archive.read(archive.namelist()[0])):
                fields = ("title", "supplier", "short_description")
                documents[product["id"]] = " ".join(str(product.get(field) or "") for field in fields)
    with (folder / "Broad_Query_Set_rated.csv").open(encoding="utf-8", newline="") as lines:
        rated = list(csv.DictReader(lines))
    queries = {row["query"]: row["query"] for row in rated}
    return judged("chorus", documents, queries, ((row["query"], row["docid"], float(row["rating"])) for row in rated))


def jaquad() -> Judged:
    questions, paragraphs, gold = [], {}, []
    with tarfile.open(shared_folder() / "data" / "jaquad" / "jaquad-data.tgz") as archive:
        members = sorted((member for member in archive.getmembers() if member.name.endswith(".json")), key=lambda of: of.name)
        for member in members:
            opened = archive.extractfile(member)
            assert opened is not None
            for article in json.loads(opened.read())["data"]:
                for paragraph in article["paragraphs"]:
                    row = paragraphs.setdefault(paragraph["context"], len(paragraphs))
                    for asked in paragraph["qas"] if "/dev/" in member.name else ():
                        questions.append(asked["question"])
                        gold.append(row)
    return one_each("jaquad", Retrieval(questions, list(paragraphs), np.array(gold)))


def titles() -> Judged:
    retrieval = debian_titles()
    return one_each("titles", retrieval, step=max(len(retrieval.queries) // _TITLES, 1))


SETS: dict[str, Callable[[], Judged]] = {
    "vaswani": vaswani,
    "cacm": cacm,
    "scifact": scifact,
    "chorus": chorus,
    "jaquad": jaquad,
    "titles": titles,
    "jsquad": lambda: one_each("jsquad", jsquad()),
}
NAMES: Sequence[str] = tuple(SETS)
