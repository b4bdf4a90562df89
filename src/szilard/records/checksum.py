"""Checksums of chunks (CRC-32C, as Zarr's codec has it): by them damage is seen that leaves a file its length."""

from __future__ import annotations

import os
from typing import Any

CHECKSUM_BYTES = 4
"""Bytes that stand behind the numbers of a chunk."""
CODEC = {"name": "crc32c"}
"""What Zarr calls it."""


def wanted() -> bool:
    """Whether new records are to have them: where ``$SZILARD_CHECKSUMS`` is set, and not to 0."""
    return os.environ.get("SZILARD_CHECKSUMS", "0") not in ("", "0")


def checksum(data: Any) -> bytes:
    """The checksum of bytes or of an array's numbers, as it lies in files."""
    import google_crc32c  # which Zarr needs, too

    return int(google_crc32c.value(data)).to_bytes(CHECKSUM_BYTES, "little")
