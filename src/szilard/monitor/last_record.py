"""The last record of a run that is complete: of the model as its last step left it, where it still is that model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.models.checks import explain

if TYPE_CHECKING:
    from szilard.monitor.session import RecordingSession


def make_last_record(session: RecordingSession, asked: bool) -> None:
    """Shows the model to every recorder that has not seen the last step; says so where it cannot be evaluated.

    Args:
        session: whose rows so far are written.
        asked: the user closes the monitor; else a model that is not as the last step left it, or may be in use, is
            left out.
    """
    late = [each for each in session.schedule.recorders if each.last < session.steps]
    moved = session.counting.moved_since and not session.weights.attributes
    if moved:
        _tell(session, asked, bool(late))
    if not late or not (asked or (session.thread.here and not moved)):
        return
    if session.leaving and session.ranks.together:  # each rank comes to its end at a time of its own
        return
    try:
        session.show(late, ragged=True)
    except Exception as problem:
        before = "its process group is destroyed" if session.ranks.together else "the model is altered"
        session.voice.warn(
            f"the model can no longer be evaluated as it was ({explain(problem)}), so the record ends before step "
            f"{session.counting.named(session.steps)}: close the monitor before {before}."
        )


def _tell(session: RecordingSession, asked: bool, late: bool) -> None:
    """That parameters were written to after the last step that was counted."""
    if asked and late:
        session.voice.warn(
            "the model's parameters were written to after the last step, so the last record counts that as work: "
            "close the monitor before a checkpoint is loaded, and give all optimisers from the start."
        )
        return
    last = session.counting.named(session.steps)
    said = (
        f"the model's parameters were written to after step {last}, the last that was counted, by a checkpoint or an "
        "optimiser that szilard was not given: the record ends there, so give all from the start."
    )
    (session.voice.warn if asked else session.voice.say)(said)
