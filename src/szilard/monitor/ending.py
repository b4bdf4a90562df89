"""How a record ends with its training: closed by the user, at the end of a ``with`` block, or by a framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.errors import SzilardError
from szilard.monitor.program import failure

if TYPE_CHECKING:
    from szilard.monitor.bystander import Bystander
    from szilard.monitor.session import RecordingSession


def close(session: RecordingSession | Bystander) -> None:
    """Records the model as it stands and commits everything, once.

    Raises:
        SzilardError: if no step was ever made; what was recorded is kept, marked as broken.
        RecordError: if rows could not be written.
    """
    if not session.closed:
        session.counting.settle()
    if not session.closed and session.steps == 0:
        session.finish("broken", "the monitor was closed before its first step")
        raise SzilardError(
            f"the monitor was closed before its first step, so {session.writer.record.path} holds the first "
            f"model only: {session.counting.silence()}."
        )
    session.finish("complete")


def leave(session: RecordingSession | Bystander, error: BaseException) -> None:
    """An error ends the loop: the record is broken by it, or complete where a program ends well by it (``exit(0)``).

    What goes wrong with the record is warned of, since the loop's own error is what matters.
    """
    if session.closed:
        return
    try:
        if failure(error) is None:
            close(session)
        else:
            session.finish("broken", f"the loop ended with {type(error).__name__}")
    except SzilardError as problem:
        session.voice.warn(str(problem))


def end(session: RecordingSession | Bystander, because: BaseException | str | None) -> None:
    """Whoever carries the loop out says that it is over: well, by an error, or for another reason.

    The last record is left out where the model is no longer as its last step left it.

    Raises:
        RecordError: if rows could not be written.
    """
    if isinstance(because, BaseException):
        leave(session, because)
        return
    if not session.closed:
        session.counting.settle()
    if because is None and session.steps == 0:
        because = "the training ended before its first step"
    session.finish("complete" if because is None else "broken", because, asked=False)
