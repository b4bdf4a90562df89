"""X's own dynamics: how samples come about, and what is known of them."""

from szilard.samplers.ancestral import ancestral
from szilard.samplers.annealing import Annealed, anneal, effective_sample_size, geometric_bridge, systematic
from szilard.samplers.gibbs import BlockGibbs, SiteGibbs
from szilard.samplers.kernel import Energy, Kernel, Relaxation
from szilard.samplers.langevin import MALA, ULA, adapted

__all__ = [
    "MALA",
    "ULA",
    "Annealed",
    "BlockGibbs",
    "Energy",
    "Kernel",
    "Relaxation",
    "SiteGibbs",
    "adapted",
    "ancestral",
    "anneal",
    "effective_sample_size",
    "geometric_bridge",
    "systematic",
]
