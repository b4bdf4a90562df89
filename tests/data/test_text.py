"""Text: novels out of an R package without R, files of one's own, characters as tokens; and damage of every sort."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import struct
import tarfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import torch

from szilard import data
from szilard.data import Characters, load_text, novels
from szilard.data.r_archive import character_vectors
from szilard.data.text import random_windows, windows
from szilard.errors import DataError

BOOKS = {"emma": ["EMMA", "", "Emma Woodhouse, handsome, £10"], "persuasion": ["Persuasion", "Sir Walter"]}


# An R package's data, as R would write them


def integers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}i", *values)


def string(text: str) -> bytes:
    raw = text.encode()
    return integers(0x00040009, len(raw)) + raw


def strings(texts: list[str]) -> bytes:
    return integers(16, len(texts)) + b"".join(map(string, texts))


def named_list(items: dict[str, bytes], symbol: bytes) -> bytes:
    names = integers(0x402) + symbol + strings(list(items)) + integers(0xFE)
    return integers(0x213, len(items)) + b"".join(items.values()) + names


def serialised(content: bytes, version: int = 3) -> bytes:
    head = b"X\n" + integers(version, 0x040201, 0x030500)
    return head + (integers(5) + b"UTF-8" if version == 3 else b"") + content


def package(books: dict[str, list[str]], version: int = 3) -> tuple[bytes, bytes]:
    database, places = b"", {}
    for name, lines in books.items():
        raw = serialised(strings(lines), version)
        packed = struct.pack(">I", len(raw)) + zlib.compress(raw)
        places[name] = integers(13, 2, len(database), len(packed))
        database += packed
    symbol, again = integers(1) + string("names"), integers(0x1FF)
    parts = {"variables": named_list(places, symbol), "references": named_list({}, again),
             "compressed": integers(10, 1, 1)}  # fmt: skip
    return gzip.compress(serialised(named_list(parts, again), version), mtime=0), database


def debian(index: bytes, database: bytes, member: bytes = b"data.tar.xz") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, content in (("rdx", index), ("rdb", database)):
            entry = tarfile.TarInfo(f"./usr/lib/R/site-library/janeaustenr/data/Rdata.{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    files = {b"debian-binary": b"2.0\n", b"control.tar.xz": b"odd", member: lzma.compress(held.getvalue())}
    packed = b"!<arch>\n"
    for name, content in files.items():
        packed += name.ljust(16) + b"0".ljust(12) + b"0".ljust(6) * 2 + b"100644".ljust(8)
        packed += str(len(content)).encode().ljust(10) + b"`\n" + content + b"\n" * (len(content) % 2)
    return packed


@pytest.fixture(name="published", autouse=True)
def _published(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "real" in request.node.name:
        return
    titles = {key: (key.title(), hashlib.sha256("\n".join(lines).encode()).hexdigest()) for key, lines in BOOKS.items()}
    monkeypatch.setattr(novels, "TITLES", titles)
    monkeypatch.setattr(novels, "_from_package_manager", lambda directory: None)
    monkeypatch.setattr(novels, "MIRRORS", ("http://127.0.0.1:9/nothing.deb",))


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("version", [2, 3])
def test_character_vectors_are_read_without_r(version: int) -> None:
    assert character_vectors(*package(BOOKS, version)) == BOOKS


def test_the_novels_of_an_installed_package(tmp_path: Path) -> None:
    index, database = package(BOOKS)
    written(tmp_path / "Rdata.rdx", index)
    written(tmp_path / "Rdata.rdb", database)
    assert novels.novels(tmp_path / "cache", tmp_path) == {key.title(): "\n".join(x) for key, x in BOOKS.items()}
    assert not (tmp_path / "cache").exists()


def test_the_novels_of_a_package_in_the_cache(tmp_path: Path) -> None:
    written(tmp_path / novels.FILE, debian(*package(BOOKS)))
    assert novels.novels(tmp_path, tmp_path / "none").keys() == {"Emma", "Persuasion"}


CHANGED = {**BOOKS, "emma": ["EMMA", "", "Emma Woodhouse, plain"]}
GOOD = package(BOOKS)


@pytest.mark.parametrize(
    "content, message",
    [
        (debian(*package(CHANGED)), "Emma in .* is not the published text"),
        (debian(*package({"emma": BOOKS["emma"]})), "Persuasion in .* is not the published text"),
        (debian(*GOOD)[:300], "cannot be read as a Debian package"),
        (debian(*GOOD, member=b"data.tar.zst"), "there is no data.tar.xz in it"),
        (b"<html>not found</html>", "it is no archive"),
        (debian(GOOD[0], GOOD[1][:50]), "cannot be read as an R package's data"),
        (debian(b"\x1f\x8b", GOOD[1]), "cannot be read as an R package's data"),
        (debian(gzip.compress(b"RDX3 pickled"), GOOD[1]), "not in R's binary format"),
        (debian(gzip.compress(serialised(integers(3))), GOOD[1]), "type 3 is no plain vector"),
        (debian(gzip.compress(serialised(integers(16, 2**30))), GOOD[1]), "a vector of 1073741824"),
    ],
)
def test_damage_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    written(tmp_path / novels.FILE, content)
    with pytest.raises(DataError, match=message):
        novels.novels(tmp_path, tmp_path / "none")


def test_what_to_do_where_the_novels_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"no mirror served them: .* put r-cran-janeaustenr_1.0.0-1_all.deb into"):
        novels.novels(tmp_path, tmp_path / "none")
    written(tmp_path / "file", b"")
    with pytest.raises(DataError, match="set SZILARD_CACHE"):
        novels.novels(tmp_path / "file" / "folder", tmp_path / "none")


def test_the_real_novels_wherever_they_come_from() -> None:
    here = (novels.INSTALLED / "Rdata.rdb").is_file() or any((data.cache_directory() / "austen").glob("*.deb"))
    if not here:
        pytest.skip("Jane Austen's novels are not here: run `szilard run text` once on a machine with network")
    text = load_text()
    assert (len(text.train), len(text.held_out), len(text.characters)) == (3622529, 402513, 81)
    assert "handsome, clever, and rich" in text.train
    assert "THE END" in text.held_out


# Text of one's own


def test_a_file_is_split_and_line_ends_are_newlines(tmp_path: Path) -> None:
    path = written(tmp_path / "book.txt", "\ufeffabc\r\nd€f\nghi".encode())
    text = load_text(path, held_out=0.3)
    assert (text.name, text.train, text.held_out) == ("book.txt", "abc\nd€f\n"[:8], "ghi")
    assert text.characters.alphabet == "\nabcdfghi€"
    assert text.fingerprint != load_text(path, held_out=0.5).fingerprint


@pytest.mark.parametrize(
    "content, message",
    [
        (b"caf\xe9", r"not UTF-8 \(byte 3\)"),
        (b"", "holds no text"),
        (b" \n\n", "holds no text"),
        (None, "there is no text"),
    ],
)
def test_files_that_hold_no_text(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "book.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_text(path)


@pytest.mark.parametrize("held_out", [0.0, 1.0, -1.0])
def test_fractions_that_leave_nothing(held_out: float, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        load_text(written(tmp_path / "book.txt", b"text"), held_out)


def test_a_text_too_short_to_be_split(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing to learn from or to hold out"):
        load_text(written(tmp_path / "book.txt", b"ab"), 0.1)


# Tokens


def test_characters_go_there_and_back() -> None:
    characters = Characters.of("to be\nor not")
    assert characters.decode(characters.encode("robe")) == "robe"
    with pytest.raises(DataError, match="'z' is not among the 8"):
        characters.encode("zero")
    with pytest.raises(DataError, match="outside 0 … 7"):
        characters.decode(torch.tensor([8]))


@pytest.mark.parametrize("alphabet", ["", "a"])
def test_one_token_carries_no_information(alphabet: str) -> None:
    with pytest.raises(DataError, match="one token alone carries no information"):
        Characters(alphabet)


def test_no_character_twice() -> None:
    with pytest.raises(DataError, match="occurs twice"):
        Characters("aba")


def test_windows_are_pieces_of_the_text() -> None:
    tokens = torch.arange(10)
    drawn = random_windows(tokens, 500, 4, torch.Generator().manual_seed(0))
    assert torch.equal(drawn, drawn[:, :1] + torch.arange(4))
    assert drawn[:, 0].unique().tolist() == list(range(7))
    for function in (lambda: windows(tokens, 11), lambda: random_windows(tokens, 1, 11, torch.Generator())):
        with pytest.raises(DataError, match="10 tokens, fewer than one piece of 11"):
            function()


def test_the_package_manager_is_asked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def fetched(directory: Path) -> Path:
        asked.append(directory)
        return written(directory / novels.FILE, debian(*GOOD))

    monkeypatch.setattr(novels, "_from_package_manager", fetched)
    for _ in range(2):
        assert "Emma" in novels.novels(tmp_path / "austen", tmp_path / "none")
    assert asked == [tmp_path / "austen"]
