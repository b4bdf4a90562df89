#!/bin/sh
# torch 2.13.0, fully_shard (FSDP2): an evaluation under no_grad changes the training that goes on after it.
#
# One would guess: a forward pass under torch.no_grad() between backward() and optimizer.step() reads the model and
# leaves the training as it is; so it is without fully_shard, where the losses with and without it are the same.
# So it is: the pass leaves the root's parameters gathered, optimizer.step() moves the shards, and the next training
# pass takes the gathered ones, which are those of before the step. The loss is that of the step before, and each
# gradient is taken one step late, without an error or a warning; model.reshard() after the evaluation mends it.
# One process on the CPU shows it.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
cat > "$place/evaluation.py" <<'PYTHON'
import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.fsdp import fully_shard


def losses(*, sharded: bool, evaluate: bool, reshard: bool = False) -> list[float]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
    if sharded:
        fully_shard(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    inputs, found = torch.ones(8, 4), []
    for _ in range(4):
        optimizer.zero_grad()
        loss = (model(inputs) - 1).square().mean()
        loss.backward()
        if evaluate:
            with torch.no_grad():
                model(inputs)
        if reshard:
            model.reshard()
        optimizer.step()
        found.append(round(loss.item(), 4))
    return found


dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
print("torch", torch.__version__)
plain = losses(sharded=False, evaluate=False)
evaluated = losses(sharded=False, evaluate=True)
sharded = losses(sharded=True, evaluate=False)
late = losses(sharded=True, evaluate=True)
mended = losses(sharded=True, evaluate=True, reshard=True)
dist.destroy_process_group()
print("losses of the plain model, not evaluated and evaluated:", plain, evaluated)
print("of the sharded model, not evaluated:                   ", sharded)
print("of the sharded model, evaluated before each step:      ", late)
print("the same, resharded after each evaluation:             ", mended)
assert plain == evaluated == sharded == mended, "without the evaluation, or resharded, all are the same"
assert late[1] == late[0] and late != sharded, "the second loss is that of the first step's model once more"
print("seen: the evaluation makes each training pass one step late")
PYTHON
"$place/venv/bin/python" -W ignore "$place/evaluation.py"
