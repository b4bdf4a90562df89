"""How recording ends before the training does: nothing sound comes from some step on, and what came before is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.models.state.interrupts import uninterrupted

if TYPE_CHECKING:
    from szilard.monitor.session import RecordingSession


def break_off(session: RecordingSession, step: int, because: str) -> None:
    """Ends recording for what the rows so far do not show: they are written, those held back too."""
    with uninterrupted():
        session.flush()
        session.owed()
        end(session, step, because)


def end(session: RecordingSession, step: int, because: str) -> None:
    """Ends recording, because nothing sound comes from this step on; training goes on."""
    session.flush()  # what was observed before is kept, and may itself hold an earlier break
    if session.broken:
        return
    session.broken = True
    session.ranks.part()
    step = session.counting.named(step)
    session.writer.record.annotate(status="broken", broken_at_step=step, broken_because=because)
    kept = f"What was recorded before is kept{'' if session.leaving else '; training goes on'}."
    session.followers.leave()
    session.voice.warn(f"the run broke at step {step}: {because}. {kept}")
