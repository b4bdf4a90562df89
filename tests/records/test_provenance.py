"""Provenance names versions and kinds of machine, and nobody."""

from __future__ import annotations

import getpass
import platform
from pathlib import Path

import torch

import szilard
from szilard.records.provenance import provenance
from szilard.records.strict_json import dumps


def test_versions_and_nothing_private():
    found = provenance(torch.device("cpu"))
    assert set(found) == {"python", "torch", "numpy", "szilard", "platform", "device", "threads"}
    assert found["szilard"] == szilard.__version__
    assert found["torch"] == str(torch.__version__)
    assert found["device"] == "cpu"
    assert found["threads"] == torch.get_num_threads()
    text = dumps(found)
    assert str(Path.home()) not in text
    assert str(Path.cwd()) not in text
    assert not {platform.node(), getpass.getuser()} & set(text.split('"'))
