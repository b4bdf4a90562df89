"""The report: one page of figures and words for a record, self-contained."""

from szilard.page.render import render, write

__all__ = ["render", "write"]
