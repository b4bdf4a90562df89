"""Attach szilard to a loop: three lines, and nothing about the run changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, final

from torch import Tensor, nn

from szilard.errors import SzilardError
from szilard.loggers.recognise import logs_of
from szilard.models.ppm import PPM
from szilard.models.state.interrupts import uninterrupted
from szilard.monitor import ending
from szilard.monitor.arguments import check_ranks, check_settings, measures_of, place_of
from szilard.monitor.bystander import Bystander
from szilard.monitor.counting import StepCounting
from szilard.monitor.display import as_html
from szilard.monitor.followers import Followers
from szilard.monitor.ledger.measure import DEFAULT_PATH_INTERVALS, Ledger
from szilard.monitor.loggers import RunLoggers
from szilard.monitor.measure import Measure
from szilard.monitor.optimizers import LoopOptimizers
from szilard.monitor.ranks import Ranks, Writers
from szilard.monitor.record import NewRecord
from szilard.monitor.schedule import ScheduledRecorder
from szilard.monitor.session import RecordingSession
from szilard.monitor.shown_weights import ShownWeights, Weights
from szilard.monitor.voice import Voice

if TYPE_CHECKING:
    from szilard.handle import Run


@final
class Monitor:
    """Watches a model train and keeps the record.

    The first record is the model as it stands now; W, Q and L are cumulative since. :func:`szilard.watch` makes one
    that counts the optimiser's steps by itself. Else call :meth:`step` after every ``optimizer.step()``, and
    :meth:`close` at the end, or use it as a context manager.

    Args:
        ppm: what is measured, for example ``szilard.Classifier(model, inputs=probe)``.
        optimizer: the loop's, or several in a list; its settings and the learning rate in use are recorded, and its
            steps held against the calls of :meth:`step`. None where there is none.
        out: directory of the record.
        every: training steps between records, fixed. None: chosen from ``budget``.
        budget: without ``every``: the share of the loop's time that watching may take. Where outcomes can be summed and
            a record is cheap, every step is recorded at first, and the interval doubles until it is the one that this
            share affords. Elsewhere the first 24 steps are timed and not recorded. It is printed and recorded.
        path_intervals: multiples of the interval at which W, Q and L are accumulated as well; of the default ledger,
            so not beside ``measures``.
        measures: what to watch, when more than the default ledger; a measure without ``every`` follows the above, or
            its own budget where it has one.
        seed: of the monitor's own random numbers; the run's are never touched.
        overwrite: replace an existing record in ``out``.
        quiet: print nothing.
        attributes: further entries for the record (JSON), such as a name.
        automatic: steps are counted by the optimiser's own hooks, and :meth:`step` is not called.
        copy_of: the module that is trained, where the one that is watched is a copy of it, such as an average of its
            weights. Where steps are counted automatically, records are then made when the next one begins, after the
            loop has renewed the copy; else renew it before :meth:`step`.
        weights: of a schedule-free optimiser: ``"training"``, those at which gradients are taken (y), or
            ``"averaged"`` (x); the record says which.
        first_step: training steps that were done before, in another run, as of one that is resumed from a checkpoint:
            the record's steps begin there, and W, Q and L too.
        loggers: that get the numbers as well, as ``szilard/work`` …, at the record's steps: TensorBoard, W&B, MLflow,
            trackio, Lightning's or Accelerate's own, functions of values and step (:mod:`szilard.loggers`).
        ranks: where several processes train together, rank 0 alone writes, and the monitors of the others do nothing
            but count. ``"each"``: every process trains a model of its own, and writes its own record.

    Raises:
        ModelError: if the model cannot be measured.
        SpecError: for an interval, budget or measure that makes no sense, an optimiser that does not move the model
            or whose steps cannot be counted, or a logger that takes nothing.
        RecordError: if ``out`` exists and ``overwrite`` is not given, or cannot be written.

    Example:
        >>> import tempfile, torch, szilard
        >>> model = torch.nn.Linear(4, 3)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> inputs, labels = torch.eye(4), torch.tensor([0, 1, 2, 0])
        >>> out = tempfile.mkdtemp() + "/run"
        >>> with szilard.Monitor(szilard.Classifier(model, inputs), optimizer, out=out, every=5) as monitor:
        ...     for _ in range(20):
        ...         loss = torch.nn.functional.cross_entropy(model(inputs), labels)
        ...         optimizer.zero_grad(); loss.backward(); optimizer.step()
        ...         monitor.step(loss=loss)
        >>> run = szilard.open(out)
        >>> int(run.data.step[-1]), bool(run.data.work[-1] > 0)
        (20, True)
    """

    def __init__(
        self,
        ppm: PPM,
        optimizer: Any = None,
        out: str | Path = "runs/latest",
        *,
        every: int | None = None,
        budget: float = 0.05,
        path_intervals: Sequence[int] = DEFAULT_PATH_INTERVALS,
        measures: Sequence[Measure] | None = None,
        seed: int = 0,
        overwrite: bool = False,
        quiet: bool = False,
        attributes: Mapping[str, Any] | None = None,
        automatic: bool = False,
        copy_of: nn.Module | None = None,
        weights: Weights = "training",
        first_step: int = 0,
        loggers: Sequence[Any] = (),
        ranks: Writers = "first",
    ) -> None:
        check_settings(
            every=every, budget=budget, seed=seed, overwrite=overwrite, attributes=attributes, first_step=first_step
        )
        chosen, place = measures_of(measures, Ledger(every=every, path_intervals=path_intervals)), place_of(out)
        optimizers = LoopOptimizers.of(optimizer, ppm.module, copy_of)
        counting = StepCounting(optimizers, automatic=automatic, late=copy_of is not None, first_step=first_step)
        self._counting, self._ranks = counting, Ranks(ppm.module, ranks)
        if not self._ranks.watches:
            self._session: RecordingSession | Bystander = Bystander(counting, place, self._ranks)
            return
        recorders: list[ScheduledRecorder] = []
        try:
            check_ranks(self._ranks, ppm, chosen)
            recorders += (ScheduledRecorder.of(each, each.start(ppm, seed, optimizers.first), every) for each in chosen)
            told = RunLoggers(logs_of(loggers if self._ranks.writes else ()), recorders, ppm.device, Voice(quiet))
            new = NewRecord(place, overwrite, {"seed": seed, **(attributes or {})}, told, self._ranks)
            shown = ShownWeights(optimizers.each, weights)
            self._session = RecordingSession(ppm, optimizers, counting, shown, recorders, budget, new, quiet=quiet)
        except BaseException:  # nothing stays on the optimiser of a loop that is not watched
            Followers(each.recorder for each in recorders).leave()
            self._ranks.part()
            raise

    def step(self, loss: float | Tensor | None = None) -> None:
        """One training step is done: call it after ``optimizer.step()``.

        Args:
            loss: this step's training loss, recorded as a mean with its error since the previous record; optional.

        Raises:
            SzilardError: if the monitor is closed.
            SpecError: if the loss is no number.
        """
        self._check_open()
        self._session.step(loss)

    def loss(self, loss: float | Tensor) -> None:
        """The loss of a training step that the optimiser is about to make, where its steps are counted by themselves.

        Args:
            loss: recorded as a mean with its error since the previous record, over micro-batches too.

        Raises:
            SzilardError: if the monitor is closed.
            SpecError: if the loss is no number.
        """
        self._check_open()
        self._session.tell(loss)

    @property
    def steps(self) -> int:
        """Training steps counted so far, without those of before ``first_step``."""
        return self._session.steps

    @property
    def closed(self) -> bool:
        """Whether the record has ended."""
        return self._session.closed

    @property
    def optimizer_steps(self) -> int:
        """Steps that the optimiser itself has made since the monitor was made (of several: the one that made most).

        0 where they cannot be seen.
        """
        return self._counting.made

    def say(self, message: str) -> None:
        """Prints a line on stderr, unless the monitor is quiet."""
        self._session.voice.say(message)

    @property
    def broken(self) -> bool:
        """Whether something was not finite, so that recording has ended; on a GPU that shows at the next flush only."""
        return self._session.broken

    def annotate(self, **attributes: Any) -> None:
        """Adds to what the record says beside its numbers, or changes it.

        Args:
            **attributes: as JSON can hold them.

        Raises:
            SzilardError: if the monitor is closed.
        """
        if self._session.closed:
            raise SzilardError("this monitor is closed: annotate the record before close().")
        with uninterrupted():  # a signal writes the record, too
            self._session.writer.record.annotate(**attributes)

    def close(self) -> Run | Any:
        """Records the model as it stands, commits everything and returns the run. Closing twice is closing once.

        On ranks that do not write it returns None, for rank 0 may not be done yet.

        Raises:
            SzilardError: if no step was ever made; what was recorded is kept, marked as broken.
            RecordError: if rows could not be written, for example on a full disk; call again when there is room.
        """
        ending.close(self._session)
        from szilard.handle import Run

        return Run(self._session.writer.record.path) if self._ranks.writes else None

    def end(self, because: BaseException | str | None = None) -> None:
        """Ends the record for whoever carries the loop out: as :meth:`close`, or broken by what ended the loop.

        The last record is left out where the model is no longer as its last step left it, and nothing is raised but
        that rows could not be written.
        """
        ending.end(self._session, because)

    def _repr_html_(self) -> str:
        return as_html(self._session)

    def _check_open(self) -> None:
        if self._session.closed:
            raise SzilardError("this monitor is closed: make a new one, with another directory, to go on watching.")

    def __enter__(self) -> Monitor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            ending.leave(self._session, error)
