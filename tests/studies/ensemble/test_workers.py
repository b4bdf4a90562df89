"""Workers are looked at before they are given work: that there are some, and that they have the same versions."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from szilard.ensemble import versions, workers
from szilard.ensemble.cluster import _in_words
from szilard.errors import RecordError, SpecError, SzilardWarning

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs szilard[dask]"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Without workers at first; in this process, so that nothing has to be started."""
    import distributed

    with distributed.LocalCluster(
        n_workers=0, processes=False, protocol="tcp", threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as started:
        yield started


def test_no_workers_are_said_at_once_and_other_versions_are_refused(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import distributed

    monkeypatch.setattr(workers, "WORKERS_SECONDS", 0.2)
    with (
        distributed.Client(cluster.scheduler_address) as client,
        pytest.raises(SpecError, match="has no workers: start some there"),
    ):
        workers.check_workers(client)
    with distributed.Client(cluster) as client:
        client.loop.call_later(1, lambda: cluster.scale(1))
        with pytest.warns(SzilardWarning, match="has no workers yet, and they are waited for"):
            workers.check_workers(client)
        own = versions.own_versions()
        monkeypatch.setattr(workers, "own_versions", lambda: {**own, "szilard": "9.9"})
        with pytest.raises(RecordError, match=rf"the Dask worker .* \(szilard {own['szilard']} and not 9\.9\)"):
            workers.check_workers(client)


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        ({"szilard": None}, "szilard is missing and not"),
        ({"torch": "1.0"}, r"torch 1\.0 and not"),
        ({"python": "3.7"}, r"python 3\.7 and not"),
    ],
)
def test_what_differs_is_named(theirs: dict[str, str], said: str) -> None:
    own = versions.own_versions()
    workers.check_versions(own, "tcp://a", own)
    with pytest.raises(RecordError, match=f"worker tcp://a has other versions than this process .*{said}"):
        workers.check_versions({**own, **theirs}, "tcp://a", own)


def test_builds_and_patches_may_differ() -> None:
    given = {"torch": "2.6.0+cu128", "python": "3.11.7.final.0", "szilard": "MISSING"}
    assert versions.comparable(given) == {"torch": "2.6.0", "python": "3.11"}


def test_a_worker_that_cannot_import_szilard_is_told_in_words() -> None:
    said = _in_words(ModuleNotFoundError("No module named 'szilard'"))
    assert isinstance(said, RecordError) and "install the same szilard" in str(said)


@pytest.mark.parametrize(
    ("text", "guarded"),
    [
        ("import szilard\nszilard.run(1, 2)\n", False),
        ("def main(): pass\nif __name__ == '__main__':\n    main()\n", True),
        ("import sys\nif '__main__' != __name__:\n    sys.exit()\nprint(1)\n", True),
        ("if True:\n    print(__name__)\n", False),
    ],
)
def test_a_script_that_processes_would_run_again_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, guarded: bool
) -> None:
    script = tmp_path / "script.py"
    script.write_text(text, encoding="utf-8")
    main = types.ModuleType("__main__")
    main.__file__ = str(script)
    monkeypatch.setitem(sys.modules, "__main__", main)
    if guarded:
        workers.check_main_guard()
    else:
        with pytest.raises(SpecError, match=r"script\.py would be run again .* under if __name__ == '__main__':"):
            workers.check_main_guard()


def test_what_is_started_otherwise_needs_no_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    for file in (None, "/usr/bin/szilard", "/lib/pytest/__main__.py"):
        main = types.ModuleType("__main__")
        main.__file__ = file
        monkeypatch.setitem(sys.modules, "__main__", main)
        workers.check_main_guard()
