"""What the record of a heat capacity holds: loss, temperature and virial of stationary trainings, look by look."""

from __future__ import annotations

from szilard.estimate import Kind
from szilard.records.schema import Group, Variable

MEMBER = ("state", "member")
GROUP = ("state", "member", "group")

HEAT = (
    Variable("energy", "mean loss U_B over the training set, weight decay included", "nat", Kind.EXACT,
             equation="U = <phi> + lambda |theta|^2/2", dims=MEMBER),
    Variable("temperature_kinetic", "kinetic temperature, mean over parameters", "nat", Kind.EXACT,
             equation="T = r <|g_B|^2>/(2 dim)", dims=GROUP),
    Variable("temperature_noise", "temperature of the gradient's noise alone, mean over parameters", "nat", Kind.EXACT,
             equation="T = r tr C/(2 |b| dim)", dims=GROUP),
    Variable("virial", "energy of the fluctuations by the virial", "nat", Kind.EXACT,
             equation="(theta - a) grad U/2, a: mean before the looks", dims=GROUP),
)  # fmt: skip
"""Group ``heat``: ``step`` is the training step of the look at the largest rate; at lower rates more were done."""


def heat_groups(*, states: int, members: int, groups: int) -> tuple[Group, ...]:
    """The groups of a record.

    Args:
        states: batch sizes × learning rates × widths.
        members: independent trainings in each state.
        groups: of parameters; the first one is all of them.
    """
    coordinates = {"state": tuple(range(states)), "member": tuple(range(members)), "group": tuple(range(groups))}
    return (Group("heat", HEAT, coordinates),)
