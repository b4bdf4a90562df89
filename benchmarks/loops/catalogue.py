"""The clients: one line each."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import final

WATCHING, SUMS = "# szilard", "# sums"
"""How lines end that watch, and those that look by hand."""


@final
@dataclass(frozen=True)
class Client:
    """A loop as people write it.

    Attributes:
        name: of its file in this folder.
        needs: what has to be installed beside szilard.
        timed: whether what it costs to be watched is measured.
    """

    name: str
    needs: tuple[str, ...] = ()
    timed: bool = False

    @property
    def path(self) -> Path:
        """Its file."""
        return Path(__file__).with_name(f"{self.name}.py")

    @property
    def title(self) -> str:
        """What it says it is."""
        return (ast.get_docstring(ast.parse(self.path.read_text(encoding="utf-8"))) or "").rstrip(".")

    @property
    def lines(self) -> int:
        """How many of its lines are szilard's, besides the import."""
        marked = [line for line in self._lines() if line.endswith(WATCHING)]
        return sum(not line.startswith(("import ", "from ")) for line in marked)

    def without(self, *marks: str) -> str:
        """Its text without the lines that end so."""
        return "\n".join(line for line in self._lines() if not line.endswith(marks)) + "\n"

    def _lines(self) -> list[str]:
        return self.path.read_text(encoding="utf-8").splitlines()


CLIENTS = (
    Client("hugging_face", needs=("transformers", "accelerate"), timed=True),
    Client("accelerate_loop", needs=("accelerate",), timed=True),
    Client("lightning_automatic", needs=("lightning",), timed=True),
    Client("lightning_manual", needs=("lightning",), timed=True),
    Client("fabric", needs=("lightning",), timed=True),
    Client("ignite_trainer", needs=("ignite",), timed=True),
    Client("plain", timed=True),
    Client("nanogpt"),
    Client("ema"),
    Client("swa"),
    Client("sam"),
    Client("lbfgs"),
    Client("gan"),
    Client("mixup"),
    Client("lora", needs=("peft",)),
    Client("schedule_free", needs=("schedulefree",)),
    Client("compiled"),
    Client("mixed_precision"),
    Client("muon"),
    Client("in_backward"),
    Client("ppo"),
    Client("federated"),
    Client("frozen_backbone"),
    Client("early_stopping"),
    Client("resume"),
)
