"""X's own dynamics: how samples come about, and what is known of them."""

from szilard.samplers.adaptation import adapted
from szilard.samplers.ancestral import ancestral
from szilard.samplers.annealing import Annealed, anneal, geometric_bridge
from szilard.samplers.gibbs import BlockGibbs, SiteGibbs
from szilard.samplers.kernel import Energy, Kernel
from szilard.samplers.mala import MALA
from szilard.samplers.relaxation import Relaxation
from szilard.samplers.resampling import effective_sample_size, systematic
from szilard.samplers.ula import ULA

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
