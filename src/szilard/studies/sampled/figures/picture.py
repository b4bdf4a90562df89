"""What the model makes: its samples along the training, as pictures, as points, or as text to read."""

from __future__ import annotations

from szilard.page.style import Figure
from szilard.studies.sampled.figures import points, strip, text
from szilard.studies.sampled.figures.view import View


def figure(view: View) -> Figure | None:
    """None without a gallery."""
    gallery = view.gallery
    if gallery is None:
        return None
    if gallery.form == "image":
        return strip.figure(view, gallery)
    if gallery.form == "points":
        return points.figure(view, gallery)
    return text.figure(view, gallery)
