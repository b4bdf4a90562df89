"""The record of a watched run: opened with all that it says besides numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from szilard.errors import SpecError
from szilard.models.ppm import PPM
from szilard.models.precision import Precision
from szilard.monitor.bystander import Unwritten
from szilard.monitor.loggers import RunLoggers
from szilard.monitor.optimizer_settings import settings_of
from szilard.monitor.optimizers import LoopOptimizers
from szilard.monitor.ranks import Ranks
from szilard.monitor.rows import RowWriter
from szilard.monitor.schedule import Schedule, SettledInterval

if TYPE_CHECKING:
    from szilard.records.schema import Group
    from szilard.records.writer import RecordWriter

_INTERVAL = "path_interval"


def describe(ppm: PPM, optimizers: LoopOptimizers, precision: Precision) -> dict[str, Any]:
    """Attributes of a record, as JSON: model, probe, optimiser, precision and versions."""
    from szilard.records.provenance import provenance

    parameters = list(ppm.module.parameters())
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": {
            "class": type(ppm.module).__name__,
            "parameters": sum(p.numel() for p in parameters),
            "dtype": str(parameters[0].dtype).removeprefix("torch.") if parameters else None,
            "device": ppm.device.type,
        },
        "probe": {
            "family": type(ppm).__name__,
            "inputs": getattr(ppm, "inputs", None),
            "heads": getattr(ppm, "heads", None),
            "outcomes": getattr(ppm, "outcomes", None),
            "labelled": getattr(ppm, "labels", None) is not None,
        },
        "optimizer": settings_of(optimizers.each),
        "forward_precision": precision.name,
        "forward_flagged": precision.flagged,
        "provenance": provenance(ppm.device),
    }


def doubts(precision: Precision) -> str | None:
    """What is to be said of a forward pass whose precision is too low; None of one that is not flagged."""
    if not precision.flagged:
        return None
    return (
        f"the forward pass is in {precision.name}, so small changes of φ drown in rounding; the record is flagged. "
        "Watch a float32 forward pass if you can."
    )


@final
@dataclass(frozen=True, slots=True)
class NewRecord:
    """Where the rows of a run go.

    Attributes:
        out: directory of the record.
        overwrite: replace an existing record.
        attributes: further entries for the record.
        loggers: that get the rows, too.
        ranks: of which one writes.
    """

    out: Path
    overwrite: bool
    attributes: Mapping[str, Any]
    loggers: RunLoggers
    ranks: Ranks


def open_record(new: NewRecord, described: Mapping[str, Any], schedule: Schedule) -> RowWriter:
    """A writer of the rows of all measures into a new record.

    Args:
        new: the record; its attributes override all others.
        described: from :func:`describe`.
        schedule: of the measures, whose groups and settings the record takes up.

    Raises:
        SpecError: if two measures write to the same group.
        RecordError: if ``out`` exists and is not to be replaced, or cannot be written.
    """
    groups = [group for each in schedule.recorders for group in each.recorder.groups]
    if len({group.name for group in groups}) != len(groups):
        raise SpecError("two measures write to the same group of the record: give each kind of measure once.")
    main = schedule.main
    entries = {
        **described,
        "kind_of_run": "single",
        "every": main.every,
        "every_chosen_by": "user" if schedule.budget_of(main) is None else "budget",
        "budget": schedule.budget_of(main),
    }
    for each in schedule.recorders:
        if each.budget is not None:  # an interval of its own
            entries |= {f"{each.name}_every": each.every, f"{each.name}_budget": schedule.budget_of(each)}
    for each in schedule.recorders:
        entries |= getattr(each.recorder, "attributes", {})  # settings, where it has any to tell
    entries |= new.ranks.attributes | dict(new.attributes)
    record = _record(new, groups, entries) if new.ranks.writes else Unwritten(new.out)
    writer = RowWriter(record, new.loggers, described.get("first_step", 0))
    name_intervals(writer, schedule)
    return writer


def _record(new: NewRecord, groups: Sequence[Group], entries: Mapping[str, Any]) -> RecordWriter:
    from szilard.records.writer import RecordWriter

    return RecordWriter(new.out, groups=groups, attributes=entries, overwrite=new.overwrite)


def name_intervals(writer: RowWriter, schedule: Schedule) -> None:
    """Names measuring intervals in training steps, where ``every`` is known; until then they stand in records."""
    for each in schedule.recorders:
        for group in each.recorder.groups:
            if each.every is not None and _INTERVAL in group.coordinates:
                steps = [each.every * number for number in group.coordinates[_INTERVAL]]
                writer.record.set_coordinate(group.name, _INTERVAL, steps)


def record_intervals(writer: RowWriter, schedule: Schedule, found: Sequence[SettledInterval]) -> None:
    """Writes down the intervals that were found by timing, and what was timed."""
    for interval in found:
        for each in interval.recorders:
            if each is schedule.main or each.budget is not None:
                prefix = "" if each is schedule.main else f"{each.name}_"
                writer.record.annotate(**{f"{prefix}every": each.every, f"{prefix}calibration": interval.timed})
    name_intervals(writer, schedule)


def record_change(writer: RowWriter, schedule: Schedule) -> None:
    """Writes down that a measuring interval has doubled: the present one, and at which steps it changed to what."""
    main = schedule.main
    if main.doubling is not None:
        changes = [[writer.first_step + step, every] for step, every in main.doubling.changes]
        writer.record.annotate(every=main.every, every_changes=changes)
    name_intervals(writer, schedule)
