"""Disks that are full or read-only, limits on files, directories that go: the training goes on and no row is lost."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from fault_trials import Outcome, Tally, Training, ended, fork

import szilard
from szilard.records import writer

STEPS = 120
Spoil = Callable[[Path], contextlib.AbstractContextManager[None]]
"""Makes the directory of a record one that cannot be written, for a while."""


@contextlib.contextmanager
def full(out: Path) -> Iterator[None]:
    """The rest of the disk is filled."""
    with (out.parent / "filling").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    yield
    (out.parent / "filling").unlink()


@contextlib.contextmanager
def limited(out: Path) -> Iterator[None]:
    """No file may be longer than a few bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def immutable(out: Path) -> Iterator[None]:
    """Nothing in the directory may change."""
    subprocess.run(["chattr", "-R", "+i", out], check=True)
    yield
    subprocess.run(["chattr", "-R", "-i", out], check=True)


@contextlib.contextmanager
def moved(out: Path) -> Iterator[None]:
    """The directory is gone, and comes back."""
    out.rename(out.with_name("moved"))
    yield
    out.with_name("moved").rename(out)


@contextlib.contextmanager
def removed(out: Path) -> Iterator[None]:
    """The directory is gone for good, and a file lies in its place."""
    out.rename(out.with_name("removed"))  # a directory in which somebody writes cannot be removed at one go
    shutil.rmtree(out.with_name("removed"))
    out.write_text("")
    yield


def tried(share: float) -> list[Outcome]:
    """Each ten times: the fault comes at another step, and goes in half of the trials before the end."""
    times = max(2, round(10 * share))
    return [
        spoiled("full disk", full, times, small=True),
        spoiled("limit on the size of files (RLIMIT_FSIZE)", limited, times, elsewhere=False),
        spoiled("directory made immutable", immutable, times),
        spoiled("directory moved away", moved, times),
        spoiled("directory removed, a file in its place", removed, times, back=False),
    ]


def spoiled(
    what: str, spoil: Spoil, times: int, *, small: bool = False, back: bool = True, elsewhere: bool = True
) -> Outcome:
    """Trials of one kind.

    Args:
        what: it is.
        spoil: the fault.
        times: how many.
        small: on a small disk of its own.
        back: whether the fault can go.
        elsewhere: whether rows can be put elsewhere.
    """
    tally = Tally(what)
    for trial in range(times):
        place = Path(tempfile.mkdtemp())
        try:
            with _small_disk(place) if small else contextlib.nullcontext():
                returns = back and (trial % 2 == 0 or not elsewhere)
                at = 1 + trial * (STEPS - 2) // times
                code = ended(fork(_go, place, spoil, at, returns))
        except (OSError, subprocess.CalledProcessError) as error:
            return Outcome(what, seen=f"left out: no rights here ({error})")
        tally.add("" if code == 0 else f"trial {trial} ended with {code}", "" if code else _seen(returns))
    return tally.outcome()


def _seen(returns: bool) -> str:
    return "all rows in the record" if returns else "all rows in the record and where the error said"


@contextlib.contextmanager
def _small_disk(place: Path) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", place], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def _go(place: Path, spoil: Spoil, at: int, returns: bool) -> None:
    """In a child: trains, with the fault from one step on; whatever is not as promised is an AssertionError."""
    writer.COMMIT_SECONDS, writer.COMMIT_RATIO = 0.02, 0.0
    out, elsewhere = place / "run", Path(tempfile.mkdtemp())
    tempfile.tempdir = str(elsewhere)
    training = Training(out)
    monitor = training.go(at)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with spoil(out):
            training.go(STEPS - at)
            error = None if returns else _closing(monitor)
        if returns:
            assert monitor.close().complete
    assert len(caught) <= 1, [str(each.message) for each in caught]
    (rescued, *_) = [*elsewhere.iterdir(), None]
    if returns:
        assert szilard.open(out).data.sizes["step"] == STEPS + 1
        assert rescued is None
        return
    assert error is not None and rescued is not None and str(rescued) in str(error), error
    rows = szilard.open(rescued).data["step"].values.tolist()
    committed = szilard.open(out).data["step"].values.tolist() if out.is_dir() else []
    last = rows[-1] if rows else committed[-1]
    assert last == STEPS and (not committed or set(committed) | set(rows) == set(range(STEPS + 1)))
    assert rows == list(range(rows[0], STEPS + 1)) if rows else True


def _closing(monitor: szilard.Monitor) -> szilard.SzilardError | None:
    """What close() says."""
    try:
        monitor.close()
    except szilard.SzilardError as error:
        os.sync()
        return error
    return None
