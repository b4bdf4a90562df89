"""``szilard verify``."""

from __future__ import annotations

from typing import Annotated

import typer

from szilard.cli.screen import BAD, echo_json, show, waiting


def verify(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Hold every estimator against every exact system on this machine: truth, estimate, error bar, z."""
    from szilard.verify import verify as carry_out

    with waiting("holding every estimator against every exact system"):
        verification = carry_out()
    if json:
        echo_json(verification.to_json())
    else:
        show(verification.table())
    if not verification.passed:
        raise typer.Exit(BAD)
