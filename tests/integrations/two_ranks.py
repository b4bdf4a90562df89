"""What each of two ranks sees when frameworks train on both: run by ``test_ranks.py``.

``python two_ranks.py RANK PORT DIRECTORY``. Each rank writes ``DIRECTORY/rank<RANK>.json``: by the name of a framework,
what became of it there.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

RANK, PORT, PLACE = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
os.environ |= {
    "RANK": str(RANK), "LOCAL_RANK": str(RANK), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": PORT, "ACCELERATE_USE_CPU": "true",
}  # fmt: skip

import torch  # noqa: E402
import torch.distributed as dist  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from accelerate import Accelerator  # noqa: E402
from accelerate.state import AcceleratorState, GradientState  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments  # noqa: E402

from szilard.integrations import HuggingFaceCallback, watch_accelerate  # noqa: E402

GENERATOR = torch.Generator().manual_seed(1)
INPUTS, LABELS = torch.randn(48, 4, generator=GENERATOR), torch.randint(3, (48,), generator=GENERATOR)
PROBE = TensorDataset(INPUTS[:12].flip(0), LABELS[:12])
TEXTS = torch.randint(2, 11, (16, 8), generator=GENERATOR)


def accelerated(watched: bool) -> tuple[list[float], nn.Module, Any, Any]:
    """A loop that Accelerate carries, with accumulation and clipping."""
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    loader, evaluation = DataLoader(TensorDataset(INPUTS, LABELS), 4), DataLoader(PROBE, 4)
    model, optimizer, loader, evaluation = accelerator.prepare(model, optimizer, loader, evaluation)
    bare = accelerator.unwrap_model(model)
    seen, losses, logits = [0], [], []
    if watched:
        out = PLACE / "accelerate"
        monitor = watch_accelerate(accelerator, model, optimizer, evaluation, out=out, every=1, quiet=True)
        bare.register_forward_hook(lambda *_: seen.append(1))
    else:
        logits.append(evaluated(bare))
    torch.manual_seed(5 + RANK)
    for x, y in loader:
        with accelerator.accumulate(model):
            loss = F.cross_entropy(model(x), y)
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        if accelerator.sync_gradients and not watched:
            logits.append(evaluated(bare))
    run = monitor.close() if watched else None
    return losses, bare, run, sums(logits) if not watched else len(seen) - 1


def trained(watched: bool) -> tuple[list[float], nn.Module, Any, Any]:
    """A tiny language model under transformers' Trainer."""
    torch.manual_seed(0)
    model = GPT2LMHeadModel(
        GPT2Config(vocab_size=11, n_positions=8, n_embd=8, n_layer=1, n_head=1, bos_token_id=0, eos_token_id=1)
    )
    seen: list[int] = []
    model.register_forward_hook(lambda *_: seen.append(1))
    callback = HuggingFaceCallback("validation", length=7, out=PLACE / "trainer", every=2, quiet=True)
    arguments = TrainingArguments(
        str(PLACE / f"trainer-{RANK}"), use_cpu=True, per_device_train_batch_size=4, num_train_epochs=2, report_to=[],
        save_strategy="no", logging_strategy="no", disable_tqdm=True, learning_rate=0.01, ddp_backend="gloo",
    )  # fmt: skip
    data = [{"input_ids": text, "labels": text} for text in TEXTS]
    trainer = Trainer(model, arguments, train_dataset=data, eval_dataset=data[:6], callbacks=[callback][: int(watched)])
    loss = trainer.train().training_loss
    return [loss], model, callback.run if watched and RANK == 0 else None, len(seen)


def evaluated(model: nn.Module) -> Tensor:
    """φ of the probe's labels, in float64."""
    model.eval()
    with torch.no_grad():
        phi = -torch.log_softmax(nn.Sequential.forward(model, PROBE.tensors[0]).double(), -1)
    model.train()
    return phi


def sums(phi: list[Tensor]) -> tuple[float, float]:
    """Work and heat along these models."""
    pairs = list(itertools.pairwise(phi))
    work = sum(float((torch.exp(-one) * (other - one)).sum(-1).mean()) for one, other in pairs)
    return work, sum(float(((torch.exp(-other) - torch.exp(-one)) * other).sum(-1).mean()) for one, other in pairs)


def compared(name: str, train: Callable[[bool], tuple[list[float], nn.Module, Any, Any]]) -> dict[str, Any]:
    """Watched and unwatched are one."""
    runs = []
    for watched in (False, True):
        AcceleratorState._reset_state(reset_partial_state=False)
        GradientState._reset_state()
        runs.append(train(watched))
    (losses, model, _, alone), (others, other, run, with_it) = runs
    parameters = zip(model.parameters(), other.parameters(), strict=True)
    return {
        "same": losses == others and all(torch.equal(one, two) for one, two in parameters),
        "unwatched": alone,
        "watched": with_it,
        "run": None if run is None else str(run.path),
    }


def main() -> None:
    """All frameworks, in an order that both ranks share."""
    warnings.simplefilter("ignore")  # of the frameworks
    found = {name: compared(name, train) for name, train in (("accelerate", accelerated), ("trainer", trained))}
    (PLACE / f"rank{RANK}.json").write_text(json.dumps(found))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
