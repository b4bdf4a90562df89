"""What many tests share: the published data sets, skipped loudly where their files are not."""

from __future__ import annotations

import pytest

from szilard import data


def _published(name: str) -> data.Dataset:
    directory = data.cache_directory() / name
    if not any(directory.glob("train-images-idx3-ubyte*")):
        pytest.skip(
            f"{name} is not in {directory}: run `szilard run single --data {name}` once on a machine with network"
        )
    return data.load(name)


@pytest.fixture(scope="session")
def digits() -> data.Dataset:
    """The digits that scikit-learn ships."""
    return data.load("digits")


@pytest.fixture(scope="session")
def mnist() -> data.Dataset:
    """MNIST, where its files are already in the cache."""
    return _published("mnist")


@pytest.fixture(scope="session")
def fashion_mnist() -> data.Dataset:
    """Fashion-MNIST, where its files are already in the cache."""
    return _published("fashion-mnist")
