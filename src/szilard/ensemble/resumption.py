"""Whether a record that is to go on is of this very experiment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from szilard.errors import RecordError


class Identified(Protocol):
    """What knows its experiment."""

    @property
    def spec(self) -> Mapping[str, Any]:
        """As a table."""

    @property
    def fingerprint(self) -> Mapping[str, str]:
        """What a spec may call by the same name and be another."""


def check_same(out: Path, attributes: Mapping[str, Any], plan: Identified) -> None:
    """Refuses a record of another spec, of other data, or of a model that starts otherwise.

    Args:
        out: the record's directory, for messages.
        attributes: of the record.
        plan: what is to be run.

    Raises:
        RecordError: naming what differs.
    """
    mine = json.loads(json.dumps({"spec": dict(plan.spec), "fingerprint": dict(plan.fingerprint)}))
    differing = sorted(
        {
            *_differences(mine["spec"], attributes.get("spec")),
            *_differences(mine["fingerprint"], attributes.get("fingerprint")),
        }
    )
    if differing:
        raise RecordError(
            f"{out} holds the record of another experiment, which differs in {', '.join(differing)}: go on with the"
            " spec it was made with, choose another directory, or replace it (overwrite=True, on the command line"
            " --overwrite)."
        )


def _differences(mine: object, theirs: object, where: str = "") -> Iterator[str]:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key in mine.keys() | theirs.keys():
            yield from _differences(mine.get(key), theirs.get(key), f"{where}.{key}" if where else key)
    elif mine != theirs:
        yield where or "its kind"
