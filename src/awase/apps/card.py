"""The model card: README.md of a model folder, made from the run and never by hand."""

from awase.tasks.report import Report
from awase.tasks.report.outcome import said

_NAMES = {"bm25": "BM25", "untrained": "before training", "trained": "this model", "hybrid": "BM25 + this model"}


MEMORY = (
    "`trained_on.safetensors` holds ten salted bits of each text that it was trained on or chosen by, so that `awase evaluate` does not judge "
    "it on them. It holds no text; but who has the folder can ask it whether a text that they guess was among them, and is told yes wrongly 8 "
    "times in 1,000. Fit with `--no-trained-on` to leave it out."
)


def model_card(report: Report, name: str, *, remembers: bool = True) -> str:
    """The card of a model of texts: Markdown with the front matter that model hubs read. remembers: whether hashes of its texts are in the
    folder."""
    return _card(
        report,
        name,
        front=["pipeline_tag: sentence-similarity", "tags: [awase, sentence-transformers, model2vec, static-embeddings]"],
        what="A static embedding model: the vector of a text is the mean of its tokens' rows, of unit length.",
        use='vectors = model.encode(["a text"])',
        more=[
            "It loads in sentence-transformers (`SentenceTransformer(folder)`) and model2vec (`StaticModel.from_pretrained(folder)`) too.",
            "",
            *([MEMORY, ""] if remembers else []),
        ],
        asked=f"{report.judged['n_queries']:,} held-out queries, {report.judged['n_candidates']:,} candidate documents.",
    )


def table_card(report: Report, name: str, use: str, what: str = "Vectors by name.") -> str:
    """The card of what is judged item by item. use: lines of Python that ask ``model`` something; what: a sentence on what it is."""
    asked = f"{report.judged['n_items']:,} {report.judged['items']}"
    if "n_candidates" in report.judged:
        asked += f", {report.judged['n_candidates']:,} candidate {report.judged['candidates']}"
    return _card(report, name, front=["tags: [awase, embeddings]"], what=what, use=use, more=[], asked=f"{asked}.")


def _card(report: Report, name: str, *, front: list[str], what: str, use: str, more: list[str], asked: str) -> str:
    metrics = report.judged["metrics"]
    rows = [
        f"| {_NAMES.get(system, system)} | " + " | ".join(f"{values[metric]:.3f}" for metric in metrics) + " |"
        for system, values in report.systems.items()
    ]
    return "\n".join(
        [
            "---",
            "library_name: awase",
            *front,
            "---",
            f"# {name}",
            "",
            f"{what} Fitted with Awase.",
            "",
            "```python",
            "import awase",
            f'model = awase.load("{name}")',
            *use.splitlines(),
            "```",
            "",
            *more,
            "## How good it is",
            "",
            asked,
            "",
            "| system | " + " | ".join(metrics) + " |",
            "|---|" + "---|" * len(metrics),
            *rows,
            "",
            *(f"- {sentence}" for sentence in [*(said(report.outcome) if report.outcome else ()), *report.evidence]),
            "",
            "The whole report, with intervals, tests and costs, is in `report.md` and `report.html`.",
            "",
        ]
    )
