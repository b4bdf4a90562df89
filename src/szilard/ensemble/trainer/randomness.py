"""Torch's global random state, of which a process has one for all its threads."""

from __future__ import annotations

import threading

RANDOM = threading.RLock()
"""Held while torch's global random state is borrowed: by whatever makes models, and by forward passes that draw.
Whatever seeds, forks or restores the global state while chunks are trained in threads holds this, or another thread's
members would start from other numbers.
"""
