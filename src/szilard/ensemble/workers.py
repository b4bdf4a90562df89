"""Workers of a cluster before they are given work: there are some, they have what this process has, and can be started.

Numbers are the same wherever a chunk is trained only where the versions are.
"""

from __future__ import annotations

import ast
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from szilard.ensemble.versions import Versions, comparable, differences, own_versions
from szilard.errors import RecordError, SpecError, SzilardWarning

if TYPE_CHECKING:
    from distributed import Client

WORKERS_SECONDS = 10
"""How long the first worker is waited for before something is said."""


def check_versions(theirs: Versions, worker: str, mine: Versions) -> None:
    """Refuses a worker that has something else than the client.

    Raises:
        RecordError: naming the worker and what differs.
    """
    if said := differences(theirs, mine):
        raise RecordError(
            f"the Dask worker {worker} has other versions than this process ({said}): install the same there, or leave"
            " that worker out."
        )


def check_workers(client: Client) -> None:
    """Sees that there are workers, and that those that there are have the versions of this process.

    A cluster that starts workers of its own accord, in a queue for instance, is waited for with a warning.

    Raises:
        SpecError: if there is none, and nothing here that would start one.
        RecordError: if one has other versions, or lacks something.
    """
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError as error:
        where = getattr(client.scheduler, "address", "of this client")
        if client.cluster is None:
            raise SpecError(
                f"the Dask scheduler {where} has no workers: start some there ('dask worker {where}'), or wait for them"
                " first (client.wait_for_workers(1))."
            ) from error
        warnings.warn(
            f"the Dask cluster {where} has no workers yet, and they are waited for: if none is to come, interrupt this"
            " and start some (cluster.scale(2)).",
            SzilardWarning,
            stacklevel=2,
        )
        client.wait_for_workers(1)
    mine = own_versions()
    for worker, told in client.get_versions(packages=["szilard", "torch"])["workers"].items():
        packages = (told or {}).get("packages", {})
        check_versions(comparable(packages), worker, mine)


def check_main_guard() -> None:
    """Refuses to start processes from a script that each of them would run again from its first line.

    Raises:
        SpecError: if the script that runs has no ``if __name__ == "__main__":``.
    """
    main = sys.modules.get("__main__")
    script = getattr(main, "__file__", None)
    if script is None or not script.endswith(".py") or script.endswith("__main__.py"):
        return  # a prompt, a notebook or a program that is started by -m: nothing is run again
    try:
        body = ast.parse(Path(script).read_text(encoding="utf-8")).body
    except (OSError, SyntaxError, ValueError):
        return
    tests = [ast.walk(each.test) for each in body if isinstance(each, ast.If)]
    if not any(isinstance(node, ast.Name) and node.id == "__name__" for test in tests for node in test):
        raise SpecError(
            f"{script} would be run again from its first line in every process that executor='dask' starts: put what"
            " runs under if __name__ == '__main__':."
        )
