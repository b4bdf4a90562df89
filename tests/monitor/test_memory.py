"""Exact sums over many labels hold a chunk of probe × labels at a time, never float64 copies of all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from szilard import Classifier, Ledger, Outcomes
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import Enumerable
from szilard.monitor import Occasion
from szilard.monitor.ledger import exact

pytestmark = pytest.mark.slow


class Largest(TorchDispatchMode):
    """Notes the greatest number of elements of any tensor that an operation makes, by type; views are free."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: dict[torch.dtype, int] = {}

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        given = [tensor for tensor in pytree.tree_leaves(args) if isinstance(tensor, Tensor)]
        known = {tensor.untyped_storage().data_ptr() for tensor in given}
        for tensor in pytree.tree_leaves(made):
            if isinstance(tensor, Tensor) and tensor.untyped_storage().data_ptr() not in known:
                elements = tensor.untyped_storage().nbytes() // tensor.element_size()
                self.elements[tensor.dtype] = max(self.elements.get(tensor.dtype, 0), elements)
        return made


class Logits(nn.Module):
    """A network that is its own logits."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(shape))

    def forward(self, inputs: Tensor | None = None) -> Tensor:
        return self.weights if inputs is None else self.weights[inputs]


def classifier(*shape: int) -> Enumerable:
    labels = torch.zeros(shape[:-1], dtype=torch.int64)
    return Classifier(Logits(*shape), torch.arange(shape[0]), labels=labels)


CASES: dict[str, Callable[[], Enumerable]] = {
    "5,000 labels": lambda: classifier(512, 5000),
    "heads": lambda: classifier(64, 40, 500),
    "many small inputs": lambda: classifier(20_000, 10),
    "table": lambda: Outcomes(Logits(50_000)),
}


@pytest.mark.parametrize("fisher", [False, True], ids=["", "Fisher form"])
@pytest.mark.parametrize("case", CASES)
def test_sums_stay_within_a_chunk(case, fisher):
    ppm = CASES[case]()
    generator = torch.Generator().manual_seed(0)
    with Largest() as largest:
        recorder = Ledger(fisher=fisher).start(ppm, seed=0)
        rows = []
        for step in range(3):
            with undisturbed(ppm.module, ppm.device):
                recorder.observe(Occasion(step, min(step, 1), step == 0))
            if recorder.full:
                rows += recorder.rows()[0].to_host()
            ppm.module.weights.data.add_(torch.randn(ppm.module.weights.shape, generator=generator))
        rows += recorder.rows()[0].to_host() if recorder._waiting else []
    whole, jumps = ppm.inputs * ppm.heads * ppm.outcomes, 2 + len(recorder._clock.multiples) - 1
    columns = 40 * recorder._batch * ppm.inputs  # what is kept of each input, whatever its labels
    at_once = max(exact._ELEMENTS_AT_ONCE, jumps * ppm.heads * ppm.outcomes, columns)
    assert whole * jumps > at_once or case == "table", "the case is too small to show anything"
    assert largest.elements[torch.float64] <= at_once
    assert largest.elements.get(torch.bool, 0) <= max(at_once, whole)  # whether the logits are finite
    # the models that are kept, in the precision of their logits
    assert largest.elements[torch.float32] <= (len(recorder._earlier.logits) + recorder._batch) * whole
    assert len(rows) == 3
    _, last = rows[-1]
    assert last["work"] + last["heat"] == pytest.approx(last["energy"] - rows[0][1]["energy"], rel=1e-9)
