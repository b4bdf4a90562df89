"""Models that lie in parts on several ranks, as ``fully_shard`` lays them: a forward pass takes all of these ranks."""

from __future__ import annotations

import sys
from typing import Any, final

import torch
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models.meeting import Meeting, PartedError

PATIENCE = 60.0
"""Seconds for which a rank waits for the others when a sharded model is wrapped: by then all have come, or never do."""


def local(tensor: Tensor) -> Tensor:
    """This rank's part of a tensor that lies on several, without asking the others; any other tensor itself."""
    kind = _dtensor()
    return tensor if kind is None or not isinstance(tensor, kind) else tensor._local_tensor


def all_local(tensors: list[Tensor]) -> list[Tensor]:
    """The same of several; costs nothing where no tensor can lie on several ranks."""
    return tensors if _dtensor() is None else [local(each) for each in tensors]


def ranks_of(module: nn.Module) -> tuple[int, ...]:
    """The ranks on which the parameters lie in parts; none of a model that this rank holds all of."""
    kind = _dtensor()
    if kind is None:
        return ()
    meshes = {each.device_mesh for each in module.parameters() if isinstance(each, kind)}
    return tuple(sorted({int(rank) for mesh in meshes for rank in mesh.mesh.flatten().tolist()}))


def compute_device(parameter: Tensor) -> torch.device:
    """Where the model computes with a parameter: of one that is offloaded between passes, the mesh's device."""
    kind, device = _dtensor(), local(parameter).device
    offloaded = kind is not None and isinstance(parameter, kind) and parameter.device_mesh.device_type != device.type
    return torch.device("cuda", torch.cuda.current_device()) if offloaded else device


def check_all_here(module: nn.Module) -> None:
    """That every rank that holds a part of the model is here too, before the first forward pass waits for it.

    Raises:
        ModelError: if one does not come, or the model is split in a way that cannot be watched.
    """
    _check_kind(module)
    ranks = ranks_of(module)
    if len(ranks) < 2:
        return
    meeting = Meeting(ranks, PATIENCE)
    try:
        meeting.agree()
    except PartedError as parted:
        meeting.withdraw()
        raise ModelError(
            f"{type(module).__name__} lies in parts on {len(ranks)} ranks, whose forward passes are made together, and "
            f"{parted}: wrap and watch the model on every rank, by the same lines; rank {ranks[0]} alone writes the "
            "record."
        ) from None


@final
class Shards:
    """Which parameters the parts of a model held when a block began: those of its shards, or whole ones.

    A forward pass of ``fully_shard`` puts whole parameters in the place of the shards, and without gradients the root
    keeps them, which the optimiser has never seen.

    Args:
        module: of which some parts are FSDP's.
    """

    def __init__(self, module: nn.Module) -> None:
        self._parts: list[tuple[Any, list[tuple[dict[str, Any], str, Any]]]] = []
        self._walk(module, None)

    @classmethod
    def of(cls, module: nn.Module) -> Shards | None:
        """None of a model that is not sharded by FSDP."""
        kind = _fsdp_module()
        if kind is None or not torch.distributed.is_initialized():
            return None
        if not any(isinstance(part, kind) for part in module.modules()):
            return None
        return cls(module)

    def put_back(self) -> None:
        """Has every part hold what it held; whole parameters are gathered once more, where it held these."""
        for part, held in self._parts:
            if _differs(held):
                part.reshard()
            if _differs(held):
                part.unshard()

    def _walk(self, module: nn.Module, owner: list[tuple[dict[str, Any], str, Any]] | None) -> None:
        kind = _fsdp_module()
        if kind is not None and isinstance(module, kind):
            owner = []
            self._parts.append((module, owner))
        if owner is not None:
            table = module._parameters
            owner += [(table, name, held) for name, held in table.items()]
        for child in module._modules.values():
            if child is not None:
                self._walk(child, owner)


def reshard(module: nn.Module) -> None:
    """Has the parts of a model hold their shards, which are what its optimiser was made from."""
    kind = _fsdp_module()
    for part in () if kind is None else module.modules():
        if isinstance(part, kind):
            part.reshard()


def _differs(held: list[tuple[dict[str, Any], str, Any]]) -> bool:
    return any(table.get(name) is not before for table, name, before in held)


def _check_kind(module: nn.Module) -> None:
    older = getattr(sys.modules.get("torch.distributed.fsdp"), "FullyShardedDataParallel", None)
    if older is not None and any(isinstance(part, older) for part in module.modules()):
        raise ModelError(
            "the model is wrapped in FullyShardedDataParallel, whose parameters are views that come and go: shard it "
            "by torch.distributed.fsdp.fully_shard (fsdp_version: 2 in Accelerate) to watch it."
        )
    if any(hasattr(each, "ds_tensor") for each in module.parameters()):
        raise ModelError(
            "the model's parameters are taken apart by DeepSpeed's ZeRO-3, and no rank can evaluate it: watch it under "
            "stage 1 or 2, or shard it by torch.distributed.fsdp.fully_shard."
        )


def _dtensor() -> Any:
    """The class, if anything has loaded it: then only are there tensors of it."""
    return getattr(sys.modules.get("torch.distributed.tensor"), "DTensor", None)


def _fsdp_module() -> Any:
    return getattr(sys.modules.get("torch.distributed.fsdp"), "FSDPModule", None)
