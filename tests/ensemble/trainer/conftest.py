"""Lets the tests of the trainer import the plain loop that they are held against."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
