"""How one model is trained, as data: the model's factory, optimiser, schedule, batches, loss and random streams."""

from szilard.training.factory import Factory, factory
from szilard.training.optimizers import SGD, Adam, AdamW, Cosine, Decay
from szilard.training.training import Training

__all__ = ["SGD", "Adam", "AdamW", "Cosine", "Decay", "Factory", "Training", "factory"]
