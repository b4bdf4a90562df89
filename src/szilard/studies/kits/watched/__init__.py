"""What all records of one watched training share: their rows, what moved the model, and what that says."""

COMPARED = (
    "work",
    "heat",
    "entropy_conditional",
    "energy",
    "ep_conditional",
    "work_reverse",
    "work_direct",
    "length",
    "length_direct",
    "accuracy",
    "cross_entropy",
    "work_at_interval",
    "heat_at_interval",
    "length_at_interval",
)
"""Quantities that are set side by side."""
