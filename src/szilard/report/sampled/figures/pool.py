"""To come."""

from __future__ import annotations

from szilard.report.sampled.view import View
from szilard.report.style import Figure


def figure(view: View) -> Figure | None:
    """Nothing yet."""
    return None
