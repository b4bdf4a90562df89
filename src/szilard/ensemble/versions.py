"""Versions without which the numbers need not be the same, and what a run says that goes on under others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from szilard.errors import RecordError
from szilard.records.provenance import provenance

Versions = Mapping[str, str]


def own_versions() -> dict[str, str]:
    """Of what has to be the same for the numbers to be: szilard, torch without its build, and Python to the minor."""
    return comparable(provenance())


def comparable(versions: Mapping[str, Any]) -> dict[str, str]:
    """Those of szilard, torch and Python that are known, torch without its build and Python to the minor."""
    known = ("szilard", "torch", "python")
    found = {name: str(versions[name]) for name in known if versions.get(name) not in (None, "MISSING")}
    if "torch" in found:
        found["torch"] = found["torch"].partition("+")[0]
    if "python" in found:
        found["python"] = ".".join(found["python"].split(".")[:2])
    return found


def differences(theirs: Versions, mine: Versions) -> str:
    """In words, what others have otherwise than this process; empty where nothing."""
    differing = (name for name in mine if theirs.get(name) != mine[name])
    return ", ".join(f"{name} {theirs.get(name) or 'is missing'} and not {mine[name]}" for name in differing)


def check_resumed(out: Any, attributes: Mapping[str, Any], allowed: bool) -> dict[str, Any]:
    """Refuses to go on with a record under other versions than it was begun with, unless that is allowed.

    Args:
        out: the record's directory, for messages.
        attributes: of the record.
        allowed: whether it is; what was trained before and after is then told apart by the record.

    Returns:
        What the record is to say of it: nothing where the versions are the same.

    Raises:
        RecordError: naming what differs.
    """
    told, mine = attributes.get("provenance"), own_versions()
    theirs = comparable(told) if isinstance(told, Mapping) else {}
    said_before = attributes.get("resumed_with")
    before = [each for each in said_before if isinstance(each, Mapping)] if isinstance(said_before, list) else []
    latest = comparable(before[-1]) if before else theirs
    if not theirs or latest == mine or not (said := differences(latest, mine)):
        return {}
    if not allowed:
        raise RecordError(
            f"{out} was made with other versions than this process has ({said}), and need not end with the same"
            " numbers: install those, or allow it (other_versions=True, on the command line --other-versions), which"
            " the record then says."
        )
    return {"resumed_with": [*before, mine]}
