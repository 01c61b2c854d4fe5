"""What was found about who acts alike: a value, and its forms (JSON, terminal, Markdown, a page, Parquet)."""

from awase.apps.homophily.report.value import HomophilyReport, Matrix, Users

__all__ = ["HomophilyReport", "Matrix", "Users"]
