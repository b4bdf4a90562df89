"""X's own dynamics: how samples come about, and what is known of them."""

from szilard.samplers.relaxation import Relaxation

__all__ = ["Relaxation"]
