"""What a run does, as data, and what its record holds."""

from dataclasses import dataclass

from szilard.estimate import Kind
from szilard.records.schema import Group, Variable
from szilard.studies.spec import Spec

OVER = "standard error over trainings"
DISTANCE = Variable("distance", "distance from the mean of all trainings", "1", Kind.UNBIASED, error=OVER)
LOSS = Variable("loss", "cross-entropy of the training set", "nat", Kind.UNBIASED, error=OVER)
GROUP = Group("forgetting", (DISTANCE, LOSS))


@dataclass(frozen=True)
class Forgetting(Spec):
    """Trains a linear classifier from several initialisations, by gradient descent with weight decay."""

    kind = "forgetting"
    data: str = "digits"
    steps: int = 200
    lr: float = 0.5
    weight_decay: float = 0.03
    seeds: int = 6
    seed: int = 0
    device: str = "cpu"
    name: str = "forgetting"

    def check(self) -> None:
        self.require("seeds", self.seeds >= 2, "at least 2, since errors are taken over them")
