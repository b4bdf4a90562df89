"""Trains chunks on the workers of a Dask cluster; the client alone writes the record.

A chunk is one task: a worker that is lost loses nothing but the chunk it was at, which the scheduler gives to another.
What a chunk yields does not depend on where it runs (to the bit, on the same kind of machine with the same threads).
Workers of this machine leave their files in the folder of checkpoints; those of others send them through Dask.
"""

from __future__ import annotations

import contextlib
import platform
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, final

from szilard.ensemble.checkpoints import CheckpointStore
from szilard.ensemble.chunk import Trained
from szilard.ensemble.chunked_plan import ChunkedPlan, TrainableChunk
from szilard.ensemble.parcel import Parcel
from szilard.ensemble.versions import Versions, own_versions
from szilard.ensemble.workers import check_main_guard, check_versions, check_workers
from szilard.errors import RecordError, SpecError

if TYPE_CHECKING:
    from distributed import Client


CONNECT_SECONDS = 20
"""How long a scheduler is waited for."""


@final
class DaskExecutor:
    """An executor on Dask.

    Args:
        where: ``"dask"``, a scheduler's address, or a client; see :func:`szilard.ensemble.executors.executor_of`.

    Raises:
        SpecError: if Dask is not installed, or this is none of these.
    """

    def __init__(self, where: Any) -> None:
        try:
            import distributed
        except ImportError as error:
            raise SpecError("this executor needs Dask: pip install 'szilard[dask]'.") from error
        if not isinstance(where, str | distributed.Client):
            raise SpecError(f"an executor is a name, an address or a distributed.Client, not {type(where).__name__}.")
        self._where = where

    def run(
        self,
        plan: ChunkedPlan,
        checkpoints: CheckpointStore,
        take: Callable[[Trained], None],
        report: Callable[[int, int], None],
    ) -> None:
        """Sends every chunk that is not trained yet, and takes in what comes back, in whatever order.

        Raises:
            RecordError: if the scheduler is lost; what has come back is kept, and the record can be resumed. If a
                worker has other versions than this process.
            SpecError: if there are no workers.
        """
        from distributed import as_completed
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError

        missing = [number for number in range(plan.chunks) if not checkpoints.finished(number, len(plan.steps))]
        lost = (CommClosedError, FutureCancelledError, TimeoutError, OSError)
        word, folder = checkpoints.mark(), CheckpointStore(checkpoints.path.parent, checkpoints.identity)
        try:
            with _client(self._where) as client:
                check_workers(client)
                run, versions = uuid.uuid4().hex, own_versions()
                futures = {
                    client.submit(
                        _train_on_worker, plan.make_chunk(number), folder, word, versions, key=f"szilard-{run}-{number}"
                    ): number
                    for number in missing
                }
                for future in as_completed(list(futures)):
                    if future.status == "error":
                        raise _Failed(future.exception())
                    found, parcel = future.result()
                    checkpoints.unpack(parcel)
                    for trained in found:
                        take(trained)
                    report(futures[future], plan.steps[-1])
                    future.release()
        except _Failed as failed:
            raise _in_words(failed.cause) from failed.cause
        except lost as error:
            raise RecordError(
                f"the Dask scheduler was lost ({type(error).__name__}): what came back is kept in {checkpoints.path};"
                " start a scheduler and go on with resume (--resume)."
            ) from error


class _Failed(Exception):
    """Carries what a chunk itself raised past the errors of the connection."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _in_words(cause: BaseException) -> BaseException:
    """What a chunk raised on its worker, as it is; a worker that keeps dying says why that may be."""
    if isinstance(cause, ImportError):
        return RecordError(
            f"a Dask worker cannot import what it needs ({cause}): install the same szilard, torch and modules of your"
            " own there as here, and go on with resume (--resume)."
        )
    if type(cause).__name__ != "KilledWorker":
        return cause
    return RecordError(
        "a chunk of members has killed several workers, which may be out of memory: give workers more of it, or smaller"
        " chunks (a spec's chunk), and run again; chunks of the same size go on with resume (--resume)."
    )


def _train_on_worker(
    chunk: TrainableChunk, checkpoints: CheckpointStore, word: str, versions: Versions
) -> tuple[list[Trained], Parcel]:
    """On a worker: trains the whole chunk; returns what was trained, and the files that it could not leave in place.

    Raises:
        RecordError: if the worker, which may have come after all were looked at, has other versions than the client.
    """
    import torch

    check_versions(own_versions(), platform.node(), versions)
    threads, parcel = torch.get_num_threads(), Parcel()
    files = checkpoints if checkpoints.is_marked(word) else parcel
    found = []
    try:
        for chunk_record in chunk.train(None, lambda state: files.save(chunk.number, state), lambda step: None):
            files.store(chunk_record)
            found.append(chunk_record.trained)
    finally:
        torch.set_num_threads(threads)
    return found, parcel


@contextlib.contextmanager
def _client(where: str | Client) -> Iterator[Client]:
    """A client that stays open if it was given, and goes with its cluster if it was made here."""
    import distributed

    if isinstance(where, distributed.Client):
        yield where
        return
    if where != "dask":
        with distributed.Client(where, timeout=CONNECT_SECONDS) as client:
            yield client
        return
    try:
        yield distributed.get_client()
        return
    except ValueError:
        check_main_guard()  # no client yet: a cluster of processes on this machine, reached through loopback only
    with (
        distributed.LocalCluster(threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client
