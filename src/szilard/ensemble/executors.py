"""Where chunks are carried out: in this process, or on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from szilard.ensemble import local
from szilard.ensemble.chunk import Harvest
from szilard.ensemble.plan import Plan
from szilard.ensemble.scratch import Scratch
from szilard.errors import SpecError

CarryOut = Callable[[Plan, Scratch, Callable[[Harvest], None], Callable[[int, int], None]], None]


def executor_of(executor: Any) -> CarryOut:
    """What carries chunks out.

    Args:
        executor: ``"local"``; ``"dask"`` (the program's current client, else a cluster of processes on this machine);
            the address of a Dask scheduler (``"tcp://…"``); or a ``distributed.Client``.

    Raises:
        SpecError: for anything else, or if Dask is not installed.
    """
    if executor in (None, "local"):
        return local.carry_out
    if isinstance(executor, str) and executor != "dask" and "://" not in executor:
        raise SpecError(
            f"there is no executor {executor!r}: give 'local', 'dask', the address of a Dask scheduler (tcp://…), or a"
            " distributed.Client."
        )
    from szilard.ensemble import cluster

    return cluster.Cluster(executor).carry_out
