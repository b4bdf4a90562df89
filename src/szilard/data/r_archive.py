"""Character vectors from an R package's data, read as bytes: nothing in them is evaluated and R is not needed.

A package's data lie in two files: ``Rdata.rdx``, a compressed serialisation of where each object begins and how long
it is, and ``Rdata.rdb``, the objects one after the other, each a length and a zlib stream of its own serialisation.
Of R's serialisation (format X, versions 2 and 3; "R Internals", §1.8) only plain vectors and their attributes are known
here: closures, environments and promises are refused.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from typing import Any, final

from szilard.errors import DataError

_SYMBOL, _PAIRS, _CHARACTERS, _LOGICALS, _INTEGERS, _STRINGS, _LIST = 1, 2, 9, 10, 13, 16, 19
_NOTHING, _REFERENCE = 0xFE, 0xFF
_HAS_ATTRIBUTES, _HAS_TAG = 0x200, 0x400
_LARGEST = 2**26


def character_vectors(index: bytes, database: bytes, name: str = "R data") -> dict[str, list[str]]:
    """The character vectors of a package's data by their names.

    Args:
        index: contents of ``Rdata.rdx``.
        database: contents of ``Rdata.rdb``.
        name: of the package, for errors.

    Raises:
        DataError: if the bytes are no such files or hold anything but plain vectors.
    """
    try:
        places = _Reader(gzip.decompress(index)).read()["variables"]
        return {key: _strings(_object(database, *place)) for key, place in places.items()}
    except (OSError, EOFError, zlib.error, struct.error, LookupError, TypeError, ValueError, RecursionError) as error:
        raise DataError(
            f"{name} cannot be read as an R package's data ({error}): fetch or install it afresh."
        ) from error


def _object(database: bytes, offset: int, length: int) -> Any:
    size = struct.unpack_from(">I", database, offset)[0]
    if size > _LARGEST:
        raise ValueError(f"an object of {size} bytes")
    return _Reader(zlib.decompressobj().decompress(database[offset + 4 : offset + length], size)).read()


def _strings(found: Any) -> list[str]:
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError("an object is no character vector")
    return found


@final
class _Reader:
    """Reads one serialised object from front to back."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 2
        self._symbols: list[str] = []
        if content[:2] != b"X\n":
            raise ValueError("not in R's binary format")
        version, _, _ = (self._integer() for _ in range(3))
        if version == 3:
            self._take(self._integer())

    def read(self) -> Any:
        """A list, a dict where the elements have names, or None."""
        flags = self._integer()
        kind = flags & 0xFF
        if kind == _NOTHING:
            return None
        if kind in (_INTEGERS, _LOGICALS):
            count = self._count()
            values: list[Any] = list(struct.unpack(f">{count}i", self._take(4 * count)))
        elif kind in (_STRINGS, _LIST):
            values = [self.read() for _ in range(self._count())]
        elif kind == _CHARACTERS:
            return self._take(self._integer()).decode("latin-1" if flags & 0x4000 else "utf-8")
        else:
            return self._symbolic(kind, flags)
        return self._named(values) if flags & _HAS_ATTRIBUTES else values

    def _symbolic(self, kind: int, flags: int) -> Any:
        if kind == _SYMBOL:
            self._symbols.append(self.read())
            return self._symbols[-1]
        if kind == _REFERENCE:
            return self._symbols[(flags >> 8) - 1]
        if kind == _PAIRS and flags & _HAS_TAG:
            tag, value, rest = self.read(), self.read(), self.read()
            return {tag: value, **(rest or {})}
        raise ValueError(f"an R object of type {kind} is no plain vector")

    def _named(self, values: list[Any]) -> Any:
        names = (self.read() or {}).get("names")
        return values if names is None else dict(zip(names, values, strict=True))

    def _count(self) -> int:
        count = self._integer()
        if not 0 <= count <= len(self._content):
            raise ValueError(f"a vector of {count} elements")
        return count

    def _integer(self) -> int:
        return int(struct.unpack(">i", self._take(4))[0])

    def _take(self, size: int) -> bytes:
        taken = self._content[self._at : self._at + size]
        if size < 0 or len(taken) != size:
            raise ValueError("it ends too soon")
        self._at += size
        return taken
