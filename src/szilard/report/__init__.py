"""The report: one page of figures and words for a record, self-contained."""

from szilard.report.page import render, write

__all__ = ["render", "write"]
