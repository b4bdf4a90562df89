"""Jane Austen's six novels, as Debian's package ``r-cran-janeaustenr`` carries them.

Read from the installed package where there is one, else from the package's file in the cache, which is fetched once: by
``apt-get download`` where the machine has it (no privileges are needed and nothing is installed), else from Debian's
archive. What is checked by hash is the novels' text, whichever way it came. Nothing of the package is executed.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import shutil
import subprocess
import tarfile
from pathlib import Path

from szilard.data import r_archive
from szilard.data.catalogue import cache_directory
from szilard.data.fetch import TIMEOUT
from szilard.errors import DataError

PACKAGE = "r-cran-janeaustenr"
FILE = "r-cran-janeaustenr_1.0.0-1_all.deb"
PACKAGE_SHA256 = "df6bddf211906d1ff404f8ff662c21b34e6660e7f54a311084e749050c019c95"
INSTALLED = Path("/usr/lib/R/site-library/janeaustenr/data")
MIRRORS = (
    f"https://ftp.debian.org/debian/pool/main/r/{PACKAGE}/{FILE}",
    f"https://snapshot.debian.org/archive/debian/20250520T000000Z/pool/main/r/{PACKAGE}/{FILE}",
)

TITLES = {
    "emma": ("Emma", "dd08b340a56ad4a0a00718d5682528a5a5886ae0aef91c9e0fa528074fa64b75"),
    "mansfieldpark": ("Mansfield Park", "e0e9ef3863ea77f51f6070062ee0dd50ad9b933223880617629e4e4963ea40ff"),
    "northangerabbey": ("Northanger Abbey", "8618a5acf5be50cc6e9b7680c7469fb6012649ab08c709dfc63c6367989fd31d"),
    "persuasion": ("Persuasion", "726513a6c18bb678427bcbcf7c72d0d20816a67c25b0471b26ddcabf3ebac140"),
    "prideprejudice": ("Pride and Prejudice", "2e44edaa4946d64ad541c68e0224f5d672f43bf3ce2a8a0b0637ad5e02fc6eb3"),
    "sensesensibility": ("Sense and Sensibility", "0996d90842bbe8093f3b8142c1e77d1b20cff52d1d0615f3ed67733653e74e26"),
}
"""By the package's names: title, and SHA-256 of the text in UTF-8, lines joined by newlines."""


def novels(directory: Path | None = None, installed: Path = INSTALLED) -> dict[str, str]:
    """The six novels by title, some 4 million characters in all.

    Args:
        directory: of the package's file; by default ``austen`` in :func:`szilard.data.cache_directory`.
        installed: where the installed package has its data.

    Raises:
        DataError: if they are damaged, or neither there nor to be had.
    """
    directory = cache_directory() / "austen" if directory is None else directory
    if (installed / "Rdata.rdb").is_file():
        where, index, database = str(installed), *(_bytes(installed / f"Rdata.{end}") for end in ("rdx", "rdb"))
    else:
        path = next(iter(sorted(directory.glob(f"{PACKAGE}_*.deb"))), None) or _fetch(directory)
        where, (index, database) = str(path), _unpacked(path)
    lines = r_archive.character_vectors(index, database, where)
    return {title: _checked(lines.get(key, []), title, digest, where) for key, (title, digest) in TITLES.items()}


def _checked(lines: list[str], title: str, digest: str, where: str) -> str:
    text = "\n".join(lines)
    found = hashlib.sha256(text.encode()).hexdigest()
    if found != digest:
        raise DataError(
            f"{title} in {where} is not the published text: it has SHA-256 {found[:16]}…, not {digest[:16]}…; delete or"
            f" reinstall that file (version 1.0.0 of {PACKAGE}) and run again."
        )
    return text


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): reinstall {PACKAGE}.") from error


def _unpacked(path: Path) -> tuple[bytes, bytes]:
    """Index and database from a Debian package: an ``ar`` archive that holds ``data.tar.xz``."""
    try:
        packed = _member(path.read_bytes(), b"data.tar.xz")
        with tarfile.open(fileobj=io.BytesIO(lzma.decompress(packed))) as archive:
            named = {Path(each.name).name: each for each in archive.getmembers() if each.isfile()}
            index, database = (archive.extractfile(named[f"Rdata.{end}"]) for end in ("rdx", "rdb"))
            if index is None or database is None:
                raise ValueError("its data are no plain files")
            return index.read(), database.read()
    except (OSError, lzma.LZMAError, tarfile.TarError, LookupError, ValueError, EOFError) as error:
        raise DataError(
            f"{path} cannot be read as a Debian package ({error}): delete it and run again to fetch it afresh."
        ) from error


def _member(archive: bytes, name: bytes) -> bytes:
    """One file of an ``ar`` archive: headers of 60 bytes, contents padded to an even length."""
    if archive[:8] != b"!<arch>\n":
        raise ValueError("it is no archive")
    at = 8
    while at < len(archive):
        size = int(archive[at + 48 : at + 58])
        if archive[at : at + 16].rstrip(b" /") == name:
            return archive[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    raise ValueError(f"there is no {name.decode()} in it")


def _fetch(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{directory} cannot be made ({error.strerror}): set SZILARD_CACHE to a folder that can be written."
        ) from error
    if fetched := _from_package_manager(directory):
        return fetched
    import pooch

    pooch.get_logger().setLevel("WARNING")
    failures = []
    for address in MIRRORS:
        downloader = pooch.HTTPDownloader(timeout=TIMEOUT)
        try:
            known = f"sha256:{PACKAGE_SHA256}"
            return Path(pooch.retrieve(address, known, fname=FILE, path=directory, downloader=downloader))
        # A mirror fails in many ways (no route, a refusal, a page in place of the file): after any, the next is tried.
        except Exception as error:
            failures.append(f"{address.split('/')[2]} ({type(error).__name__})")
    raise DataError(
        f"the novels of Jane Austen are not here and no mirror served them: {'; '.join(failures)}: connect to the"
        f" network and run again, install Debian's {PACKAGE}, put {FILE} into {directory}, or train on a text file of"
        " your own."
    )


def _from_package_manager(directory: Path) -> Path | None:
    """What ``apt-get download`` brings, None where there is no such command or it fails."""
    command = shutil.which("apt-get")
    if command is None:
        return None
    try:
        subprocess.run(
            [command, "download", "-q", PACKAGE], cwd=directory, capture_output=True, timeout=120, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return next(iter(sorted(directory.glob(f"{PACKAGE}_*.deb"))), None)
