"""Real data sets, hash-checked and cached: ``digits`` (embedded in scikit-learn), ``mnist`` and ``fashion-mnist``.

Text to learn a language from is had by :func:`load_text`.

Example:
    >>> from szilard import data
    >>> digits = data.load("digits")
    >>> tuple(digits.train_inputs.shape), tuple(digits.test_inputs.shape), len(digits.classes)
    ((1437, 1, 8, 8), (360, 1, 8, 8), 10)
"""

from szilard.data.catalogue import cache_directory, load, names
from szilard.data.dataset import Dataset, from_address, from_arrays, from_torch
from szilard.data.text import Characters, Text, load_text

__all__ = [
    "Characters",
    "Dataset",
    "Text",
    "cache_directory",
    "from_address",
    "from_arrays",
    "from_torch",
    "load",
    "load_text",
    "names",
]
