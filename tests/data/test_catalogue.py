"""The data sets by name: the real files, the embedded digits, and what happens when a file is missing or damaged."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from szilard import data
from szilard.data.catalogue import from_files
from szilard.data.source import FASHION_MNIST, MNIST, File, Source, parse_idx
from szilard.errors import DataError, SpecError


def idx_bytes(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


class Published:
    """A tiny data set of four files, served by this machine alone."""

    def __init__(self, root: Path) -> None:
        generator = np.random.default_rng(0)
        self.arrays = {
            "train-images-idx3-ubyte": generator.integers(0, 256, (7, 3, 2), dtype=np.uint8),
            "train-labels-idx1-ubyte": generator.integers(0, 4, 7, dtype=np.uint8),
            "t10k-images-idx3-ubyte": generator.integers(0, 256, (5, 3, 2), dtype=np.uint8),
            "t10k-labels-idx1-ubyte": generator.integers(0, 4, 5, dtype=np.uint8),
        }
        root.mkdir()
        files = []
        for name, array in self.arrays.items():
            content = idx_bytes(array)
            packed = gzip.compress(content, mtime=0)
            (root / f"{name}.gz").write_bytes(packed)
            files.append(File(name, hashlib.sha256(content).hexdigest(), hashlib.md5(packed).hexdigest()))
        self.files = tuple(files)

    def source(self, *mirrors: str) -> Source:
        return Source("tiny", mirrors, *self.files, classes=tuple("abcd"))

    def put(self, directory: Path, packed: bool) -> None:
        directory.mkdir(exist_ok=True)
        for name, array in self.arrays.items():
            content = idx_bytes(array)
            # Another compression level than the mirror's: the same contents in another file.
            (directory / f"{name}{'.gz' if packed else ''}").write_bytes(
                gzip.compress(content, 1) if packed else content
            )


@pytest.fixture
def published(tmp_path: Path) -> Published:
    return Published(tmp_path / "served")


@pytest.fixture
def mirror(tmp_path: Path, published: Published) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(tmp_path / "served"))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_files_in_the_cache_are_found_without_a_mirror(tmp_path: Path, published: Published, packed: bool) -> None:
    published.put(tmp_path / "cache", packed)
    dataset = from_files(published.source(), tmp_path / "cache")
    expected = published.arrays["train-images-idx3-ubyte"].astype(np.float32) / 255
    assert torch.equal(dataset.train_inputs, torch.from_numpy(expected)[:, None])
    assert dataset.test_labels.tolist() == published.arrays["t10k-labels-idx1-ubyte"].tolist()
    assert dataset.train_labels.dtype == torch.int64


def test_a_failing_mirror_is_followed_by_the_next_and_the_cache_is_used_afterwards(
    tmp_path: Path, published: Published, mirror: str
) -> None:
    cache = tmp_path / "cache"
    first = from_files(published.source(mirror + "nothing-here/", mirror), cache)
    again = from_files(published.source(), cache)
    assert torch.equal(first.train_inputs, again.train_inputs)
    assert sorted(path.name for path in cache.iterdir()) == sorted(f"{name}.gz" for name in published.arrays)


def test_a_mirror_that_serves_something_else_leaves_nothing_behind(
    tmp_path: Path, published: Published, mirror: str
) -> None:
    for name in published.arrays:
        (tmp_path / "served" / f"{name}.gz").write_bytes(b"<html>log in first</html>")
    with pytest.raises(DataError, match=r"no mirror served train-images-idx3-ubyte\.gz .*put .*t10k-labels.* into"):
        from_files(published.source(mirror), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_no_mirror_names_the_files_and_the_folder(tmp_path: Path, published: Published) -> None:
    with pytest.raises(DataError) as caught:
        from_files(published.source("http://127.0.0.1:1/"), tmp_path / "cache")
    for name in (*published.arrays, str(tmp_path / "cache")):
        assert name in str(caught.value)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize("damage", ["flipped", "truncated"])
def test_a_damaged_file_is_named_with_the_remedy(
    tmp_path: Path, published: Published, packed: bool, damage: str
) -> None:
    published.put(tmp_path / "cache", packed)
    path = tmp_path / "cache" / f"t10k-images-idx3-ubyte{'.gz' if packed else ''}"
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    else:
        del content[-9:]
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte.*: .*delete it"):
        from_files(published.source(), tmp_path / "cache")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no IDX file"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 2, 1, 2]), "no IDX file"),
        (bytes([0, 0, 8, 3, 0, 0, 0, 2, 1, 2]), "no IDX file"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 2, 1]), "promises 2 bytes and holds 1"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 2, 1, 2, 3]), "promises 2 bytes and holds 3"),
    ],
    ids=["empty", "other type", "other dimensions", "short", "long"],
)
def test_what_is_no_idx_file_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_idx(content, 1, "labels")


def test_digits_are_scikit_learn_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read from its file, and by its own function where that file is not where it used to be."""
    found = data.load("digits")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    given = data.load("digits")
    for split in ("train", "test"):
        for ours, theirs in zip(found.split(split), given.split(split), strict=True):
            assert torch.equal(ours, theirs)


def test_digits_are_whole_and_fixed() -> None:
    digits = data.load("digits")
    assert digits.train_inputs.shape == (1437, 1, 8, 8) and digits.test_inputs.shape == (360, 1, 8, 8)
    inputs = torch.cat([digits.train_inputs, digits.test_inputs])
    assert inputs.dtype == torch.float32 and inputs.min() == 0 and inputs.max() == 1
    # How often each digit occurs in the published set, and the split by its first labels.
    counts = torch.bincount(torch.cat([digits.train_labels, digits.test_labels]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert torch.bincount(digits.test_labels).min() >= 25
    assert digits.test_labels[:10].tolist() == [0, 6, 3, 8, 1, 8, 4, 1, 5, 8]


@pytest.mark.slow
@pytest.mark.parametrize("source", [MNIST, FASHION_MNIST], ids=lambda source: source.name)
def test_the_published_files(source: Source, request: pytest.FixtureRequest) -> None:
    dataset = request.getfixturevalue(source.name.replace("-", "_"))
    assert dataset.train_inputs.shape == (60_000, 1, 28, 28) and dataset.test_inputs.shape == (10_000, 1, 28, 28)
    assert dataset.train_inputs.min() == 0 and dataset.train_inputs.max() == 1
    assert torch.bincount(dataset.test_labels).sum() == 10_000 and len(dataset.classes) == 10


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(SpecError, match="no data set 'minst': did you mean 'mnist'"):
        data.load("minst")


def test_the_cache_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SZILARD_CACHE", str(tmp_path))
    assert data.cache_directory() == tmp_path
    monkeypatch.delenv("SZILARD_CACHE")
    assert data.cache_directory() == Path.home() / ".cache" / "szilard"


@pytest.mark.parametrize(
    ("inputs", "labels", "message"),
    [
        (torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64), "at least one input"),
        (torch.zeros(3, 2), torch.zeros(2, dtype=torch.int64), "one label for each"),
        (torch.zeros(3, 2), torch.tensor([0, 1, 2]), "whole numbers from 0 to 1"),
        (torch.zeros(3, 2), torch.tensor([0, 1, -1]), "whole numbers from 0 to 1"),
        (torch.zeros(3, 2), torch.zeros(3), "whole numbers from 0 to 1"),
    ],
    ids=["empty", "fewer labels", "no such class", "negative", "fractional"],
)
def test_inputs_and_labels_must_fit(inputs: torch.Tensor, labels: torch.Tensor, message: str) -> None:
    good = torch.zeros(2, 2), torch.tensor([0, 1])
    with pytest.raises(DataError, match=message):
        data.Dataset("mine", *good, inputs, labels, ("a", "b"))
