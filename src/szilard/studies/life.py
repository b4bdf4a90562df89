"""How a run is carried out: how long it will take, what its record says of it, and how that is written."""

from __future__ import annotations

import abc
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from szilard.printable import encodable
from szilard.records.claim import Claim
from szilard.records.place import claimed
from szilard.records.provenance import provenance
from szilard.records.schema import Group
from szilard.records.writer import RecordWriter
from szilard.studies.progress import Progress
from szilard.studies.resources import own_threads
from szilard.studies.spec import Spec


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is carried out, beside what its spec says; see :func:`szilard.run`.

    Attributes:
        overwrite: whether a record that is already there may be replaced.
        quiet: whether to print nothing.
        resume: whether to go on with a run that was interrupted.
        executor: where the members of an ensemble are trained.
        keep_checkpoints: whether trained members stay beside the record.
        other_versions: whether it may go on under other versions than it was begun with.
    """

    overwrite: bool = False
    quiet: bool = False
    resume: bool = False
    executor: Any = "local"
    keep_checkpoints: bool = False
    other_versions: bool = False


Row = tuple[str, int, Mapping[str, Any]]
"""A row of a record: its group, its step and its columns."""


class Whole(abc.ABC):
    """A run that measures everything before it writes: interrupted it leaves no record, and nothing is resumed or kept.

    Attributes:
        spec: what it does.
        told: what that comes to, in words.
        total: how much there is to do, in the unit of ``unit``.
        unit: of the progress.
    """

    spec: Spec
    told: str
    total: int
    unit: str = "steps"

    @abc.abstractmethod
    def seconds(self) -> float:
        """About how long it will take on this machine as busy as it is now, from trying its parts for a moment."""

    @abc.abstractmethod
    def measure(self, advance: Callable[[int], None]) -> None:
        """Does everything, and tells ``advance`` what was done.

        Raises:
            ModelError: if a training diverged.
        """

    @abc.abstractmethod
    def groups(self) -> tuple[Group, ...]:
        """Of the record, once all is measured."""

    def attributes(self) -> dict[str, Any]:
        """Of the record, beside those that every run has (:func:`attributes_of`): none unless there are some to say."""
        return {}

    @abc.abstractmethod
    def rows(self) -> Iterator[Row]:
        """Of the record, each group's by rising steps."""


def carry_out_whole(run: Whole, data: str, out: Path, options: Options) -> None:
    """Says how long it will take, measures with a progress bar, and writes the record.

    Args:
        run: what is done.
        data: name of the data.
        out: the record's directory.
        options: see :class:`Options`.

    Raises:
        ModelError: if a training diverged.
        RecordError: if the record cannot be written, or somebody writes there.
    """
    claim = claimed(out)  # at once: what is measured for hours is not to find somebody else's record in its place
    with claim.unless_it_fails():
        _measure(run, data, options, claim)
        _write(run, data, out, options, claim)


def _measure(run: Whole, data: str, options: Options, claim: Claim) -> None:
    spec = run.spec
    with own_threads(getattr(spec, "threads", None)):
        if not options.quiet:
            say_how_long(run.seconds(), run.told, resumable=False)
        with Progress(f"{spec.name}: {data}", run.total, options.quiet) as progress:
            done = 0

            def advance(more: int) -> None:
                nonlocal done
                done += more
                progress.update(done, run.unit)
                claim.beat()

            run.measure(advance)


def _write(run: Whole, data: str, out: Path, options: Options, claim: Claim) -> None:
    attributes = attributes_of(run.spec, data) | run.attributes()
    writer = RecordWriter(out, groups=run.groups(), attributes=attributes, overwrite=options.overwrite, claim=claim)
    for group, step, columns in run.rows():
        writer.append(group, step, columns)
    writer.close()


def attributes_of(spec: Spec, data: str) -> dict[str, Any]:
    """What the record of every run says: its kind, name and time, data, seed and spec, and the versions in use."""
    return {
        "kind_of_run": spec.study,
        "name": spec.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": data,
        "seed": spec.seed,
        "spec": spec.as_table(),
        "provenance": provenance(spec.device),
    }


def say_how_long(seconds: float, what: str, *, resumable: bool) -> None:
    """One line on the standard error stream, before a run starts."""
    rest = (
        "it may be interrupted and goes on with resume (--resume)"
        if resumable
        else "it writes its record at the end: interrupted, it cannot be resumed"
    )
    said = f"{what}: about {time_in_words(seconds)} on this machine; {rest}."
    print(encodable(said, sys.stderr), file=sys.stderr, flush=True)


def time_in_words(seconds: float) -> str:
    """A time in a unit that suits it.

    Example:
        >>> time_in_words(42), time_in_words(500), time_in_words(6000)
        ('42 seconds', '8 minutes', '1 h 40 min')
    """
    if seconds < 100:
        return f"{seconds:.0f} seconds"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def seconds_each(do: Callable[[], object], patience: float = 0.0, most: float = math.inf) -> float:
    """Seconds that something takes, by the clock: tried once or more, till ``patience`` is spent or ``most`` times."""
    begin, times = time.perf_counter(), 0
    while not times or (times < most and time.perf_counter() - begin < patience):
        do()
        times += 1
    return (time.perf_counter() - begin) / times
