"""The layers as heat reservoirs in a table of numbers, for readers without the figures."""

from __future__ import annotations

from collections.abc import Callable

from szilard.errors import RecordError
from szilard.estimate import Estimate
from szilard.page.safe import escape, prose, with_error
from szilard.reservoir.time_average import time_average
from szilard.studies.kits.parameters.claims.force import signal_over_noise
from szilard.studies.kits.parameters.claims.shape import directions, tail
from szilard.studies.kits.parameters.claims.temperatures import configurational, fluctuation_dissipation
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.single.reading import SingleReading
from szilard.verdicts.bounds import FEWEST_BURSTS

Reading = Callable[[Bursts, int], Estimate | None]


def layer_table(reading: SingleReading) -> str:
    """A folded table with a row for each layer, over the second half of the records; empty text without bursts."""
    bursts = reading.bursts
    if bursts is None or bursts.records < FEWEST_BURSTS:
        return ""
    head = "".join(f'<th scope="col">{escape(name)} ({prose(unit)})</th>' for name, unit, _ in COLUMNS)
    body = "".join(
        f'<tr><th scope="row">{escape(bursts.names[layer])}</th><td>{bursts.parameters[layer]:,}</td>'
        + "".join(f"<td>{escape(_cell(reading, bursts, layer))}</td>" for _, _, reading in COLUMNS)
        + "</tr>"
        for layer in range(bursts.groups)
    )
    return (
        f"<details><summary>The layers as heat reservoirs, {escape(bursts.span(bursts.late))}, with standard errors"
        '</summary><div class="scroll" tabindex="0" role="region" aria-label="Layers"><table class="numbers"><thead>'
        f'<tr><th scope="col">layer</th><th scope="col">parameters</th>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div></details>"
    )


def _late(name: str) -> Reading:
    def reading(bursts: Bursts, layer: int) -> Estimate:
        return time_average(bursts.values(name)[bursts.late, layer]).value

    return reading


def _spread(bursts: Bursts, layer: int) -> Estimate | None:
    pair = configurational(bursts, layer)
    return None if pair is None else pair[0]


COLUMNS: tuple[tuple[str, str, Reading], ...] = (
    ("noise variance c", "loss²", _late("noise_variance")),
    ("force over noise", "1", lambda bursts, layer: signal_over_noise(bursts, layer, bursts.late)),
    ("T of the noise", "loss", _late("temperature_noise")),
    ("T kinetic", "loss", _late("temperature_kinetic")),
    ("T configurational", "loss", _spread),
    ("FDR ratio", "1", fluctuation_dissipation),
    ("directions of the noise", "1", directions),
    ("tail index", "1", tail),
)
"""Name, unit and where it comes from."""


def _cell(reading: Reading, bursts: Bursts, layer: int) -> str:
    try:
        found = reading(bursts, layer)
    except RecordError:
        found = None
    return "–" if found is None else with_error(float(found.value), float(found.error))
