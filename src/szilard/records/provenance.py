"""With what a record was made: versions and kind of machine, and nothing that names a machine, a person or a path."""

from __future__ import annotations

import platform
from typing import Any

from szilard import __version__


def provenance(device: Any = "cpu") -> dict[str, Any]:
    """Versions of Python, PyTorch, NumPy and szilard, the platform, the device's model and the number of threads.

    Args:
        device: a ``torch.device`` or its name.
    """
    import numpy as np
    import torch

    device = torch.device(device)
    named = device.type == "cuda" and torch.cuda.is_available()
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "szilard": __version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "device": f"cuda ({torch.cuda.get_device_name(device)})" if named else device.type,
        "threads": torch.get_num_threads(),
    }
