"""szilard measures the stochastic thermodynamics of learning: what a run learned and what it cost, in nats."""

__version__ = "0.1.0"
