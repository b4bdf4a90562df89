"""Forward passes below float32 are flagged, because differences of φ drown in their rounding."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from szilard import Classifier, Monitor, SzilardWarning
from szilard.models.precision import forward_precision

INPUTS = torch.linspace(-1, 1, 24).reshape(6, 4)


def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(4, 3)


class Hidden(nn.Module):
    """Computes in bfloat16 and hands out float32."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return self.linear(x).float()


PRECISIONS: dict[str, tuple[Callable[[], tuple[nn.Module, Tensor]], str, str | None]] = {
    "float32": (lambda: (linear(), INPUTS), "highest", None),
    "float64": (lambda: (linear().double(), INPUTS.double()), "highest", None),
    "bfloat16": (lambda: (linear().bfloat16(), INPUTS.bfloat16()), "highest", "bfloat16"),
    "float16": (lambda: (linear().half(), INPUTS.half()), "highest", "float16"),
    "hidden bfloat16": (lambda: (Hidden(), INPUTS), "highest", "bfloat16"),
    "tf32": (lambda: (linear(), INPUTS), "high", "tf32"),
    "bfloat16 products": (lambda: (linear(), INPUTS), "medium", "bfloat16"),
    "float64 is never tf32": (lambda: (linear().double(), INPUTS.double()), "high", None),
}


@pytest.mark.parametrize(("make", "products", "flagged"), PRECISIONS.values(), ids=PRECISIONS.keys())
def test_precision_below_float32_is_flagged(tmp_path, make, products, flagged, recwarn):
    usual = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision(products)
        model, inputs = make()
        watch = Monitor(Classifier(model, inputs), None, tmp_path / "run", every=1, quiet=True)
    finally:
        torch.set_float32_matmul_precision(usual)
    watch.step()
    run = watch.close()
    assert run.attributes["forward_flagged"] is (flagged is not None)
    said = [str(warning.message) for warning in recwarn if warning.category is SzilardWarning]
    if flagged is None:
        assert said == []
    else:
        assert run.attributes["forward_precision"] == flagged
        assert len(said) == 1
        assert said[0].startswith(f"the forward pass is in {flagged}, so small changes of φ drown in rounding")
        assert "Watch a float32 forward pass if you can." in said[0]


@pytest.mark.skipif(not hasattr(torch.backends.mkldnn, "matmul"), reason="this torch has no settings by operation")
def test_settings_by_operation_are_read():
    """Where they are used, torch refuses to say the general one."""
    products = torch.backends.mkldnn.matmul
    usual = products.fp32_precision
    try:
        products.fp32_precision = "bf16"
        with pytest.raises(RuntimeError, match="mix of the legacy and new"):
            torch.get_float32_matmul_precision()
        assert forward_precision(linear(), INPUTS).name == "bfloat16"
    finally:
        products.fp32_precision = usual
    assert forward_precision(linear(), INPUTS).name == "float32"


@pytest.mark.parametrize(
    ("model", "capability", "name"),
    [
        (nn.Linear(4, 3), (9, 0), "float32"),
        (nn.Sequential(nn.Conv1d(1, 2, 3), nn.Flatten()), (9, 0), "tf32"),
        (nn.Sequential(nn.Conv1d(1, 2, 3), nn.Flatten()), (7, 5), "float32"),
        (nn.LSTM(4, 3), (8, 0), "tf32"),
    ],
    ids=["products", "convolutions", "convolutions before tensor cores", "recurrent"],
)
def test_convolutions_on_a_gpu_are_in_tf32_unless_told_otherwise(monkeypatch, model, capability, name):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)

    class Logits:
        """On a GPU, as far as its attributes go."""

        device = torch.device("cuda", 0)
        dtype = torch.float32

        def __getattr__(self, attribute: str) -> object:
            return getattr(INPUTS, attribute)

    assert forward_precision(model, Logits()).name == name
