"""Records that somebody edited, cut short or put together end in one error in words, and never in anything else."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import frozen_edits
import frozen_records
import numpy as np
import pytest

import szilard
from szilard.errors import RecordError

EDITS = 200
SMALL = (
    "single-adam", "single-two-records", "sampled-flow", "sampled-text", "tradeoff", "heat-capacity", "fig3",
    "reversal", "budget",
)  # fmt: skip
"""Of most kinds one; ``benchmarks/edited_records.py`` edits all of them, and more often."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    directory = tmp_path_factory.mktemp("sound")
    return [next(frozen_records.unpack(name, directory).rglob("record.zarr")).parent for name in SMALL]


@pytest.mark.slow
def test_an_edited_record_is_read_or_refused(sound: list[Path], tmp_path: Path) -> None:
    record, refused = tmp_path / "record", 0
    for seed in range(EDITS):
        original = sound[seed % len(sound)]
        said = frozen_edits.edited(original, [each for each in sound if each != original], record, seed)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _look(szilard.open(record), drawn=seed % 40 == 0)
        except RecordError as error:
            refused += 1
            assert str(record) in str(error) or "'" in str(error), f"{seed}, {said}: {error}"
        except Exception as error:
            raise AssertionError(f"seed {seed}, {original}: {said}") from error
    assert EDITS // 4 < refused < EDITS


def _look(run: szilard.Run, drawn: bool) -> None:
    assert run.name is not None and run.status
    assert run.data is not None
    assert run.summary()
    assert run.audit().to_json()
    if drawn:
        assert run.report().is_file()


def by_a_mistake(run: szilard.Run) -> None:
    raise ZeroDivisionError("of szilard's own")


def test_a_mistake_can_be_found_behind_the_error(sound: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    run = szilard.open(sound[0])
    monkeypatch.setattr(type(run.study), "audit", lambda *_: by_a_mistake(run))
    with pytest.raises(RecordError, match=r"judged \(ZeroDivisionError: of szilard's own\).*report this") as caught:
        run.audit()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert str(sound[0]) in str(caught.value)


def linked_file(chunk: Path) -> None:
    chunk.unlink()
    chunk.symlink_to(chunk.parents[1] / "step" / "c" / "0")


def linked_directory(chunk: Path) -> None:
    moved = chunk.parents[1].rename(chunk.parents[4] / "elsewhere")
    chunk.parents[1].symlink_to(moved)


def device(chunk: Path) -> None:
    chunk.unlink()
    chunk.symlink_to("/dev/zero")


def pipe(chunk: Path) -> None:
    chunk.unlink()
    os.mkfifo(chunk)


@pytest.mark.parametrize("put", [linked_file, linked_directory, device, pipe])
@pytest.mark.parametrize("where", ["chunk", "root", "journal"])
def test_only_plain_files_are_read(sound: list[Path], tmp_path: Path, put: Callable[[Path], None], where: str) -> None:
    record = tmp_path / "record"
    frozen_edits.shutil.copytree(sound[0], record, copy_function=os.link)
    root = record / "record.zarr"
    if where == "chunk":
        put(root / "ledger" / "work" / "c" / "0")
    elif put is linked_file or put is linked_directory:
        pytest.skip("the directories above are the chunk's, too")
    elif where == "root":
        put(root / "zarr.json")
    else:
        (record / "journal.jsonl").touch()
        put(record / "journal.jsonl")
    with pytest.raises(RecordError, match="no plain file but a link, a device or a pipe"):
        szilard.open(record).tree.load()


def test_what_does_not_fit_into_memory_is_refused_before_room_is_made(sound: list[Path], tmp_path: Path) -> None:
    """A file with a hole is as long as it says, and the root says the same."""
    record, length = tmp_path / "record", 2**43
    frozen_edits.shutil.copytree(sound[0], record, copy_function=os.link)

    def change(root: dict) -> str:
        documents = root["consolidated_metadata"]["metadata"]
        documents["ledger/work"]["chunk_grid"]["configuration"]["chunk_shape"] = [length // 8]
        return ""

    frozen_edits._change_root(record, change)
    chunk = record / "record.zarr" / "ledger" / "work" / "c" / "0"
    chunk.unlink()
    with chunk.open("wb") as file:
        file.truncate(length)
    with pytest.raises(RecordError, match=r"array 'ledger/work' .* does not fit into the memory"):
        szilard.open(record).data["work"].load()


def test_checksums_show_what_a_length_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    import xarray as xr

    monkeypatch.setenv("SZILARD_CHECKSUMS", "1")
    out, model, probe = tmp_path / "run", torch.nn.Linear(4, 3), torch.randn(8, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    with szilard.Monitor(szilard.Classifier(model, probe), optimizer, out=out, every=1, quiet=True) as monitor:
        for _ in range(5):
            torch.nn.functional.cross_entropy(model(probe), torch.zeros(8, dtype=torch.long)).backward()
            optimizer.step()
            monitor.step()
    read = szilard.open(out).data
    for name in ("work", "work_by_interval", "step"):
        plain = xr.open_zarr(out / "record.zarr", group="ledger", chunks=None)[name].load()
        np.testing.assert_array_equal(read[name].values, plain.values)
    chunk = out / "record.zarr" / "ledger" / "work" / "c" / "0"
    data = bytearray(chunk.read_bytes())
    data[9] ^= 1
    chunk.write_bytes(data)
    with pytest.raises(RecordError, match=r"array 'ledger/work' .* chunk 0 does not have its checksum any more"):
        szilard.open(out).tree.load()


@pytest.mark.parametrize("scale", [1.0, 1e6], ids=["uncertain", "certain"])
def test_a_run_in_which_nothing_moves_is_summed_up_and_drawn(tmp_path: Path, scale: float) -> None:
    """W is exactly 0; certain answers have S exactly 0, too."""
    import torch

    class Scaled(torch.nn.Linear):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return super().forward(inputs) * scale

    torch.manual_seed(0)
    model, probe = Scaled(4, 3), torch.randn(8, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    out = tmp_path / "run"
    with szilard.Monitor(szilard.Classifier(model, probe), optimizer, out=out, every=1, quiet=True) as monitor:
        for _ in range(25):
            optimizer.step()
            monitor.step()
    run = szilard.open(out)
    assert float(run.data["work"][-1]) == 0 and run.summary() and run.audit().rows and run.report().is_file()


@pytest.mark.parametrize("left_out", ["ledger/heat", "ledger"])
def test_a_root_that_leaves_out_what_lies_in_the_store_is_refused(
    sound: list[Path], tmp_path: Path, left_out: str
) -> None:
    record = tmp_path / "record"
    frozen_edits.shutil.copytree(sound[0], record, copy_function=os.link)

    def change(root: dict) -> str:
        documents = root["consolidated_metadata"]["metadata"]
        for name in [name for name in documents if f"{name}/".startswith(f"{left_out}/")]:
            del documents[name]
        return ""

    frozen_edits._change_root(record, change)
    with pytest.raises(RecordError, match=f"leaves out '{left_out}', which lies in the store"):
        szilard.open(record).summary()
