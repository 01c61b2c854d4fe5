"""The report of a judgement: a value, and its four forms (JSON, terminal, Markdown, a page)."""

from awase.tasks.report.environment import environment
from awase.tasks.report.outcome import Asked
from awase.tasks.report.shown import Picture, Table
from awase.tasks.report.value import Report

__all__ = ["Asked", "Picture", "Report", "Table", "environment"]
