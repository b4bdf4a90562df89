"""How the quantities of an ensemble look everywhere."""

from __future__ import annotations

from szilard.page.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILLION, Pen

TASK, DATASET, SEED, TOTAL = Pen(BLUE), Pen(VERMILLION, "dash"), Pen(GREEN, "dashdot"), Pen(BLACK, "dot", 1.8)

LEVELS = (
    ("info_task", "learned of the task", "learned", TASK),
    ("info_dataset", "memorised of the sample", "memorised", DATASET),
    ("info_seed", "luck of the seed", "luck", SEED),
)
"""Column, words, one word, and pen."""
WHOLE = ("l_info", "L-info, all together", "in all", TOTAL)

INITIALISATION, ORDER = Pen(PURPLE), Pen(ORANGE, "dash")
