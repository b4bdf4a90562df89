"""What the record of a heat capacity holds: loss, temperature and virial of stationary trainings, look by look."""

from __future__ import annotations

from szilard.estimate import Kind
from szilard.records.schema import Group, Variable

MEMBER = ("state", "member")
GROUP = ("state", "member", "group")

HEAT = (
    Variable("energy", "mean loss U_B over the training set, weight decay included", "nat", Kind.EXACT,
             equation="U = <phi> + lambda |theta|^2/2", dims=MEMBER),
    Variable("temperature", "temperature from the noise of the gradient, mean over parameters", "nat", Kind.EXACT,
             equation="T = r tr C/(2 |b| dim)", dims=GROUP),
    Variable("virial", "energy of the fluctuations by the virial", "nat", Kind.EXACT,
             equation="(theta - a) grad U/2, a: mean before the looks", dims=GROUP),
    Variable("force", "squared force, mean over parameters", "nat**2", Kind.EXACT, equation="|grad U|^2/dim",
             dims=GROUP),
)  # fmt: skip
"""Group ``heat``: ``step`` is the training step of the look, the same in every state."""


def heat_groups(*, states: int, members: int, groups: int) -> tuple[Group, ...]:
    """The groups of a record.

    Args:
        states: batch sizes × learning rates × widths.
        members: independent trainings in each state.
        groups: of parameters; the first one is all of them.
    """
    coordinates = {"state": tuple(range(states)), "member": tuple(range(members)), "group": tuple(range(groups))}
    return (Group("heat", HEAT, coordinates),)
