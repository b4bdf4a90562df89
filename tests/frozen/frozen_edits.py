"""Frozen records edited by chance, as strangers, disks and later versions might: each edit follows from its seed."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, 1e308, -1e-300, 10**30, -(2**63), "", "nan", "a", "\x1b[2J\u202e", "x" * 5000,
    [], {}, [None], [1e308], {"a": {}}, [[[]]], "2026-12-01", "ensemble", "single", "exact", "step", ["step"],
)  # fmt: skip
"""What stands where something else belongs."""


def edited(original: Path, others: list[Path], target: Path, seed: int) -> str:
    """Copies a record and edits the copy in one point.

    Args:
        original: the record's directory.
        others: of which parts may be taken.
        target: where the copy goes; what lies there is removed.
        seed: of the edit.

    Returns:
        What was done.
    """
    chance = random.Random(seed)
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(original, target, copy_function=os.link)
    edit = chance.choices([kind for kind, _ in EDITS], [weight for _, weight in EDITS])[0]
    return f"{edit.__name__}: {edit(target, others, chance)}"


def _put(path: Path, data: bytes) -> None:
    """In place of the file, which is the original's, too."""
    path.unlink()
    path.write_bytes(data)


def _root(record: Path) -> Path:
    return record / "record.zarr" / "zarr.json"


def _change_root(record: Path, change: Callable[[dict[str, Any]], str]) -> str:
    root = json.loads(_root(record).read_text(encoding="utf-8"))
    said = change(root)
    _put(_root(record), json.dumps(root).encode())
    return said


def _deep(levels: int, mapping: bool) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value} if mapping else [value]
    return value


def _somewhere(value: Any, chance: random.Random, path: str = "") -> tuple[Any, Any, str]:
    """A place in nested JSON: what holds it, its key there, and both in words."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = chance.choice(keys)
    inner = value[key]
    if isinstance(inner, dict | list) and inner and chance.random() < 0.75:
        return _somewhere(inner, chance, f"{path}/{key}")
    return value, key, f"{path}/{key}"


def _part(root: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    documents = root["consolidated_metadata"]["metadata"]
    return chance.choice([root["attributes"], root["attributes"], documents[chance.choice(list(documents))]])


def value(record: Path, _: list[Path], chance: random.Random) -> str:
    """Something odd in place of a value."""

    def change(root: dict[str, Any]) -> str:
        holder, key, said = _somewhere(_part(root, chance), chance)
        holder[key] = chance.choice([*ODD, _deep(900, mapping=False), _deep(80, mapping=True)])
        return f"{said} = {str(holder[key])[:60]!r}"

    return _change_root(record, change)


def missing(record: Path, _: list[Path], chance: random.Random) -> str:
    """Something is not there."""

    def change(root: dict[str, Any]) -> str:
        documents = root["consolidated_metadata"]["metadata"]
        holder, key, said = _somewhere(_part(root, chance), chance)
        if chance.random() < 0.4:
            holder, key = documents, chance.choice(list(documents))
            said = str(key)
        del holder[key]
        return said

    return _change_root(record, change)


def group(record: Path, _: list[Path], chance: random.Random) -> str:
    """A whole group is not there, or called otherwise."""

    def change(root: dict[str, Any]) -> str:
        documents = root["consolidated_metadata"]["metadata"]
        gone = chance.choice(list(documents)).split("/")[0]
        for name in [name for name in documents if name.split("/")[0] == gone]:
            document = documents.pop(name)
            if gone == "samples":
                documents[name.replace(gone, "information", 1)] = document
        return gone

    return _change_root(record, change)


def number(record: Path, _: list[Path], chance: random.Random) -> str:
    """A number of an array's document, such as an extent, is another one."""

    def change(root: dict[str, Any]) -> str:
        documents = root["consolidated_metadata"]["metadata"]
        name = chance.choice([each for each in documents if "/" in each])
        of = documents[name]
        extents = chance.choice([of["shape"], of["chunk_grid"]["configuration"]["chunk_shape"]])
        at = chance.randrange(len(extents))
        extents[at] = chance.choice([0, 1, 2, extents[at] + 1, 1025, 2**31, 2**40, 2**62, 10**30, -1])
        return f"{name}: {extents}"

    return _change_root(record, change)


def foreign(record: Path, others: list[Path], chance: random.Random) -> str:
    """Attributes or arrays of another record."""
    other = chance.choice(others)
    theirs = json.loads(_root(other).read_text(encoding="utf-8"))

    def change(root: dict[str, Any]) -> str:
        if chance.random() < 0.3:
            root["attributes"] = theirs["attributes"]
            return f"all attributes of {other.name}"
        name = chance.choice(list(theirs["attributes"]))
        root["attributes"][name] = theirs["attributes"][name]
        return f"attribute {name} of {other.name}"

    return _change_root(record, change)


def bytes_of_root(record: Path, _: list[Path], chance: random.Random) -> str:
    """The root's document is cut short, or some bytes of it are others."""
    return _damage(_root(record), chance)


def bytes_of_chunk(record: Path, _: list[Path], chance: random.Random) -> str:
    """A chunk is cut short, longer, or some bytes of it are others."""
    return _damage(_chunk(record, chance), chance)


def numbers(record: Path, _: list[Path], chance: random.Random) -> str:
    """Numbers of an array are others, of the same size."""
    chunk = _chunk(record, chance)
    data = bytearray(chunk.read_bytes())
    odd = chance.choice([float("nan"), float("inf"), -float("inf"), 0.0, -1.0, 1e308, 1e-320])
    rows = range(len(data) // 8) if chance.random() < 0.5 else [0]
    for row in rows:
        data[8 * row : 8 * row + 8] = struct.pack("<d", odd)
    _put(chunk, bytes(data))
    return f"{chunk.relative_to(record)}: {odd} in {len(rows)}"


def swapped(record: Path, others: list[Path], chance: random.Random) -> str:
    """A chunk of another array, or of another record."""
    chunk, other = _chunk(record, chance), _chunk(chance.choice([record, *others]), chance)
    _put(chunk, other.read_bytes())
    return f"{chunk.relative_to(record)}: {other}"


def no_file(record: Path, _: list[Path], chance: random.Random) -> str:
    """Something else lies where a file should: nothing, a directory, a link, a device, a pipe, a file with a hole."""
    place = chance.choice([_chunk(record, chance), _chunk(record, chance), _root(record), record / "journal.jsonl"])
    place.unlink(missing_ok=True)
    what = chance.choice(["nothing", "directory", "link", "device", "pipe", "hole"])
    if what == "directory":
        place.mkdir()
    elif what == "link":
        place.symlink_to("/etc/hostname")
    elif what == "device":
        place.symlink_to("/dev/zero")
    elif what == "pipe":
        os.mkfifo(place)
    elif what == "hole":
        with place.open("wb") as file:
            file.truncate(2**40)
    return f"{place.relative_to(record)}: {what}"


def linked(record: Path, others: list[Path], chance: random.Random) -> str:
    """A directory of the record is a link out of it."""
    store = record / "record.zarr"
    places = [store, *(each for each in store.rglob("*") if each.is_dir())]
    place = chance.choice(places)
    shutil.rmtree(place)
    place.symlink_to(chance.choice(others) / "record.zarr")
    return str(place.relative_to(record))


def journal(record: Path, _: list[Path], chance: random.Random) -> str:
    """Lines of a journal that nobody wrote."""
    root = json.loads(_root(record).read_text(encoding="utf-8"))
    documents, of = root["consolidated_metadata"]["metadata"], root["attributes"].get("identity")
    step = chance.choice([name for name in documents if name.endswith("/step")])
    index = documents[step]["shape"][0] + chance.choice([0, 0, 0, 1, 10**6, -1])
    row = {"step": chance.choice([*ODD, 10**6, 10**6])}
    for name in documents:
        if name.startswith(step.removesuffix("step")) and chance.random() < 0.1:
            row.setdefault(name.partition("/")[2], chance.choice(ODD))
    attributes = {chance.choice(list(root["attributes"])): chance.choice([*ODD, _deep(900, mapping=False)])}
    lines = [
        {"group": step.partition("/")[0], "index": index, "row": row, "of": of},
        {"note": chance.choice([10**6, *ODD]), "attributes": attributes, "of": of},
    ]
    line = json.dumps(chance.choice(lines))
    file = record / "journal.jsonl"
    before = file.read_bytes() if file.exists() else b""
    file.unlink(missing_ok=True)
    file.write_bytes(before + line.encode() + b"\n")
    return line[:80]


def _chunk(record: Path, chance: random.Random) -> Path:
    return chance.choice(sorted(each for each in (record / "record.zarr").rglob("c/**/*") if each.is_file()))


def _damage(file: Path, chance: random.Random) -> str:
    data = bytearray(file.read_bytes())
    how = chance.choice(["cut", "longer", "flipped", "flipped", "flipped", "emptied"])
    at = chance.randrange(max(len(data), 1))
    if how == "cut":
        del data[at:]
    elif how == "longer":
        data += b"\0" * chance.choice([1, 8, 8192])
    elif how == "emptied":
        data.clear()
    else:
        for place in [at, *(chance.randrange(len(data)) for _ in range(chance.choice([0, 0, 5])))]:
            data[place] ^= 1 << chance.randrange(8)
    _put(file, bytes(data))
    return f"{file.name} {how} at {at}"


EDITS: tuple[tuple[Callable[[Path, list[Path], random.Random], str], int], ...] = (
    (value, 30), (missing, 15), (group, 4), (number, 8), (foreign, 8), (bytes_of_root, 8), (bytes_of_chunk, 6),
    (numbers, 10), (swapped, 4), (no_file, 8), (linked, 3), (journal, 8),
)  # fmt: skip
"""Kinds of edits, and how often each is made."""
