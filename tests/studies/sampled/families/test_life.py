"""The life that the runs of all families share, on a coin that learns from throws."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

import szilard
from szilard import SGD, Training, factory
from szilard.errors import SpecError
from szilard.studies.sampled.families import FamilySpec, HeldOut, Score, Subject
from szilard.training import streams
from szilard.training.optimizers import Cosine

pytestmark = pytest.mark.slow

FACES = 6


class Table(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.randn(FACES))

    def forward(self) -> Tensor:
        return self.logits


@dataclass(frozen=True)
class Dice(FamilySpec):
    """Loaded dice: the exact ledger of a table, so that nothing here waits for sampled families."""

    kind: ClassVar[str] = "dice"
    family: ClassVar[str] = "table"
    breaks_at: int = -1
    interrupts_at: int = -1

    def load_data(self) -> Any:
        return torch.tensor([0, 0, 0, 1, 2, 2, 5, 5, 5, 5])

    def begin(self, model: nn.Module, data: Any, device: torch.device) -> Subject:
        order = streams.generator_of(self.seed, streams.ORDER)

        def loss(step: int) -> Tensor:
            if step == self.interrupts_at:
                raise KeyboardInterrupt
            throws = data[torch.randint(len(data), (self.training.batch_size,), generator=order)]
            found = nn.functional.cross_entropy(model().expand(len(throws), -1), throws)
            return found * math.nan if step == self.breaks_at else found

        def held_out(generator: torch.Generator) -> HeldOut:
            assert not torch.is_grad_enabled()
            logits = torch.stack([model(), torch.zeros(FACES)]).double()
            scores = -logits.log_softmax(-1)[:, data]
            return HeldOut(
                "surprise", "nat per throw", Score.over("dice", scores[0]), Score.over("fair", scores[1]), 10
            )

        return Subject(szilard.Outcomes(model), loss, held_out, attributes={"faces": FACES})


def dice(**changes: Any) -> Dice:
    training = Training(optimizer=SGD(0.5), batch_size=8, steps=60, schedule=Cosine(), clip_norm=1.0)
    return Dice(factory(Table), "dice", **{"training": training, "every": 20, "kept": 0, "gallery": 0, **changes})


def test_a_run_trains_watches_and_scores(tmp_path: Path) -> None:
    state = torch.get_rng_state()
    run = szilard.run(dice(), tmp_path / "run", quiet=True)
    assert torch.equal(torch.get_rng_state(), state)
    assert run.status == "complete"
    assert list(run.data.step.values) == [0, 20, 40, 60]
    assert float(run.data.work[-1]) > 0
    assert float(run.data.learning_rate[-1]) < 0.5
    told = run.attributes
    assert told["family"] == "table"
    assert told["faces"] == FACES
    assert told["held_out"]["name"] == "surprise"
    assert told["baseline"]["name"] == "fair"
    assert told["baseline"]["value"] == pytest.approx(math.log(FACES))
    assert told["gain"]["value"] == pytest.approx(told["baseline"]["value"] - told["held_out"]["value"])
    assert told["gain"]["value"] > 0
    json.dumps(told)


def test_a_seed_is_a_run(tmp_path: Path) -> None:
    runs = [szilard.run(dice(seed=seed), tmp_path / f"{n}", quiet=True) for n, seed in enumerate((3, 3, 4))]
    ends = [float(run.data.work[-1]) for run in runs]
    assert ends[0] == ends[1] != ends[2]


@pytest.mark.filterwarnings("ignore:the run broke")
def test_a_run_that_breaks_is_marked_and_not_scored(tmp_path: Path) -> None:
    run = szilard.run(dice(breaks_at=30), tmp_path / "run", quiet=True)
    assert run.status == "broken"
    assert run.attributes["broken_at_step"] == 31
    assert "held_out" not in run.attributes


def test_an_interrupted_run_keeps_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        szilard.run(dice(interrupts_at=50), tmp_path / "run", quiet=True)
    run = szilard.open(tmp_path / "run")
    assert "KeyboardInterrupt" in run.attributes["broken_because"]
    assert list(run.data.step.values) == [0, 20, 40]


def test_it_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be resumed"):
        szilard.run(dice(), tmp_path / "run", quiet=True, resume=True)


@pytest.mark.parametrize(
    "changes", [{"every": 0}, {"samples": 0}, {"kept": 2}, {"gallery": -1}, {"path_intervals": (2, 1)}, {"seed": -1},
                {"training": Training(loss=factory("torch.nn:MSELoss"))}],
)  # fmt: skip
def test_bad_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        dice(**changes)


def test_gains_are_compared_pair_by_pair() -> None:
    each = torch.arange(10.0)
    score = HeldOut("s", "nat", Score.over("m", each - 1), Score.over("b", each))
    assert score.gain == (1.0, 0.0)
    shared = HeldOut("s", "nat", Score.over("m", each - 1, common=0.3), Score.over("b", each))
    assert shared.gain == (1.0, 0.3)
    assert shared.model.error == pytest.approx(math.hypot(shared.baseline.error, 0.3))
    apart = HeldOut("s", "nat", Score("m", 1.0, 0.3), Score("b", 2.0, 0.4))
    assert apart.gain == (1.0, 0.5)
