"""The model card: README.md of a model folder, made from the run and never by hand."""

from awase.tasks.report import Report

_NAMES = {"bm25": "BM25", "untrained": "before training", "trained": "this model", "hybrid": "BM25 + this model"}


def model_card(report: Report, name: str) -> str:
    """Markdown with the front matter that model hubs read."""
    metrics = report.judged["metrics"]
    front = [
        "---",
        "library_name: awase",
        "pipeline_tag: sentence-similarity",
        "tags: [awase, sentence-transformers, model2vec, static-embeddings]",
        "---",
    ]
    rows = [
        f"| {_NAMES.get(system, system)} | " + " | ".join(f"{values[metric]:.3f}" for metric in metrics) + " |"
        for system, values in report.systems.items()
    ]
    return "\n".join(
        [
            *front,
            f"# {name}",
            "",
            "A static embedding model: the vector of a text is the mean of its tokens' rows, of unit length. Fitted with Awase.",
            "",
            "```python",
            "import awase",
            f'model = awase.load("{name}")',
            'vectors = model.encode(["a text"])',
            "```",
            "",
            "It loads in sentence-transformers (`SentenceTransformer(folder)`) and model2vec (`StaticModel.from_pretrained(folder)`) too.",
            "",
            "## How good it is",
            "",
            f"{report.judged['n_queries']:,} held-out queries, {report.judged['n_candidates']:,} candidate documents.",
            "",
            "| system | " + " | ".join(metrics) + " |",
            "|---|" + "---|" * len(metrics),
            *rows,
            "",
            *(f"- {sentence}" for sentence in report.verdict),
            "",
            "The whole report, with intervals, tests, costs and the queries it fails on, is in `report.md` and `report.html`.",
            "",
        ]
    )


def table_card(report: Report, name: str, use: str, what: str = "Vectors by name.") -> str:
    """The card of what is judged item by item. use: lines of Python that ask ``model`` something; what: a sentence on what it is."""
    metrics = report.judged["metrics"]
    rows = [
        f"| {_NAMES.get(system, system)} | " + " | ".join(f"{values[metric]:.3f}" for metric in metrics) + " |"
        for system, values in report.systems.items()
    ]
    asked = f"{report.judged['n_items']:,} {report.judged['items']}"
    if "n_candidates" in report.judged:
        asked += f", {report.judged['n_candidates']:,} candidate {report.judged['candidates']}"
    return "\n".join(
        [
            "---",
            "library_name: awase",
            "tags: [awase, embeddings]",
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
            "## How good it is",
            "",
            f"{asked}.",
            "",
            "| system | " + " | ".join(metrics) + " |",
            "|---|" + "---|" * len(metrics),
            *rows,
            "",
            *(f"- {sentence}" for sentence in report.verdict),
            "",
            "The whole report, with intervals, tests and costs, is in `report.md` and `report.html`.",
            "",
        ]
    )
