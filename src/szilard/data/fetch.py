"""Finds a published file in the cache, or brings it there from the first mirror that serves it whole."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import Any

from szilard.data.source import File, Source
from szilard.errors import DataError

TIMEOUT = 20.0
"""Seconds without an answer after which the next mirror is tried."""


def contents(source: Source, file: File, directory: Path) -> bytes:
    """The uncompressed contents of one file, checked by their hash.

    Looked for in ``directory`` as ``NAME`` and ``NAME.gz``, and downloaded as the latter when neither is there.

    Raises:
        DataError: if the file is damaged, or not there and no mirror serves it or the directory cannot be made.
    """
    for path in (directory / file.name, directory / f"{file.name}.gz"):
        if path.is_file():
            return _checked(path, file)
    return _checked(_download(source, file, directory), file)


def _checked(path: Path, file: File) -> bytes:
    try:
        stored = path.read_bytes()
        found = gzip.decompress(stored) if path.suffix == ".gz" else stored
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}): delete it and run again to fetch it afresh.") from error
    digest = hashlib.sha256(found).hexdigest()
    if digest != file.sha256:
        raise DataError(
            f"{path} is damaged: its contents have SHA-256 {digest[:16]}…, not {file.sha256[:16]}…; delete it and run"
            " again to fetch it afresh."
        )
    return found


def _download(source: Source, file: File, directory: Path) -> Path:
    import pooch

    pooch.get_logger().setLevel("WARNING")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{directory} cannot be made ({error.strerror}): set SZILARD_CACHE to a folder that can be written."
        ) from error
    name = f"{file.name}.gz"
    failures = []
    for mirror in source.mirrors:
        try:
            with _Progress(f"{source.name}/{name}") as progress:
                fetched = pooch.retrieve(
                    mirror + name,
                    known_hash=f"md5:{file.gzip_md5}",
                    fname=name,
                    path=directory,
                    downloader=pooch.HTTPDownloader(progressbar=progress, timeout=TIMEOUT),
                )
            return Path(fetched)
        # A mirror fails in many ways (no route, a refusal, a page in place of the file): after any, the next is tried.
        except Exception as error:
            failures.append(f"{mirror} ({type(error).__name__})")
    wanted = ", ".join(each.name for each in source.files)
    raise DataError(
        f"no mirror served {name} of {source.name!r}: {'; '.join(failures)}: connect to the network and run again, or"
        f" put {wanted} (each plain or with .gz) into {directory}."
    )


class _Progress:
    """A bar in the shape that pooch asks of one: a ``total``, ``update``, ``reset`` and ``close``."""

    def __init__(self, description: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task(description, total=None)
        self._total = 0

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._bar.stop()

    @property
    def total(self) -> int:
        return self._total

    @total.setter
    def total(self, total: int) -> None:
        self._total = total
        self._bar.update(self._task, total=total)

    def update(self, size: int) -> None:
        self._bar.update(self._task, advance=size)

    def reset(self) -> None:
        self._bar.update(self._task, completed=0)

    def close(self) -> None:
        self._bar.stop()
