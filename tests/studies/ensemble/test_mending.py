"""What an interrupted ensemble left behind is looked through: what is damaged or incomplete is named and made again."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import xarray as xr
from safetensors.torch import load_file, save_file

import szilard
from szilard import Experiment, Training
from szilard.ensemble.sealed import DamagedError, check_sealed, sealed
from szilard.ensemble.versions import own_versions
from szilard.errors import RecordError, SzilardWarning
from szilard.studies import runner
from szilard.studies.ensemble.rows import EnsembleRows

pytestmark = pytest.mark.slow

Same = Callable[[xr.DataTree, xr.DataTree], None]
CHANGES = {"training": Training(steps=40, batch_size=8), "chunk": 4}


@pytest.fixture(scope="module")
def chunked(small: Experiment) -> Experiment:
    return dataclasses.replace(small, **CHANGES)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, chunked: Experiment) -> szilard.Run:
    return runner.run(chunked, tmp_path_factory.mktemp("whole") / "run", quiet=True)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory, chunked: Experiment) -> Path:
    """An ensemble that was interrupted when all was trained, with its second record and those behind it unwritten."""
    place = tmp_path_factory.mktemp("left") / "run"
    advance = EnsembleRows.advance

    def stop(self: EnsembleRows) -> int:
        if self.written == 0:
            self._plan = dataclasses.replace(self._plan, steps=self._plan.steps[:1])
            return advance(self)
        if len(list(self._checkpoints.path.glob("chunk-????.safetensors"))) == 2:
            raise KeyboardInterrupt
        return self.written

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EnsembleRows, "advance", stop)
        patch.setattr("szilard.ensemble.timing.CHECKPOINT_SECONDS", 0)
        with pytest.raises(KeyboardInterrupt):
            runner.run(chunked, place, quiet=True)
    return place


def truncated(file: Path, _: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def flipped(file: Path, _: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-5] ^= 16
    file.write_bytes(data)


def not_a_number(file: Path, _: Path) -> None:
    save_file({name: torch.full_like(value, -1).sqrt() if value.is_floating_point() else value
               for name, value in load_file(file).items()}, file)  # fmt: skip


def another_s(file: Path, other: Path) -> None:
    shutil.copyfile(other, file)


def empty(file: Path, _: Path) -> None:
    file.write_bytes(b"")


def pipe(file: Path, _: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def missing(file: Path, _: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("damage", [truncated, flipped, not_a_number, another_s, empty, pipe, missing])
@pytest.mark.parametrize("what", ["", "-record-00001"], ids=["checkpoint", "harvest"])
def test_what_is_damaged_is_made_again(
    left: Path, chunked: Experiment, whole: szilard.Run, tmp_path: Path, damage: Callable, what: str, assert_same: Same
) -> None:
    place = tmp_path / "run"
    shutil.copytree(left, place)
    folder = place / "checkpoints"
    file, other = (folder / f"chunk-{chunk:04}{what}.safetensors" for chunk in (0, 1))
    if not file.exists():
        file, other = other, file
    damage(file, other)
    if damage is missing and not what:
        run = runner.run(chunked, place, quiet=True, resume=True)
    else:
        with pytest.warns(SzilardWarning, match=rf"{file.name} is damaged|goes on behind record 1, which is missing"):
            run = runner.run(chunked, place, quiet=True, resume=True)
    assert run.complete
    assert_same(run.tree, whole.tree)


def test_a_folder_that_is_a_link_is_not_followed(left: Path, chunked: Experiment, tmp_path: Path) -> None:
    place = tmp_path / "run"
    shutil.copytree(left, place)
    (place / "checkpoints").rename(tmp_path / "elsewhere")
    (place / "checkpoints").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RecordError, match="is a link"):
        runner.run(chunked, place, quiet=True, resume=True)
    assert list((tmp_path / "elsewhere").glob("chunk-*"))


def test_other_versions_need_a_word_and_are_recorded(
    left: Path, chunked: Experiment, tmp_path: Path, whole: szilard.Run
) -> None:
    place = tmp_path / "run"
    shutil.copytree(left, place)
    file = place / "record.zarr" / "zarr.json"
    root = json.loads(file.read_text())
    root["attributes"]["provenance"]["torch"] = "1.0+cpu"
    file.write_text(json.dumps(root))
    with pytest.raises(RecordError, match=r"\(torch 1\.0 and not .*--other-versions"):
        runner.run(chunked, place, quiet=True, resume=True)
    run = runner.run(chunked, place, quiet=True, resume=True, other_versions=True)
    assert run.complete and run.attributes["resumed_with"] == [own_versions()]
    assert "resumed_with" not in whole.attributes


def test_a_file_is_known_by_its_name_and_its_checksum(tmp_path: Path) -> None:
    file, values = tmp_path / "chunk-0000.safetensors", {"a": torch.arange(5.0), "b": torch.tensor(7)}
    file.write_bytes(sealed(file.name, values))
    check_sealed(file)
    assert torch.equal(load_file(file)["a"], values["a"])
    file.rename(tmp_path / "chunk-0001.safetensors")
    with pytest.raises(DamagedError, match=r"it was written as chunk-0000\.safetensors"):
        check_sealed(tmp_path / "chunk-0001.safetensors")
    file.write_bytes(b"\xff" * 8)
    with pytest.raises(DamagedError, match="no header"):
        check_sealed(file)
