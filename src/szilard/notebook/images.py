"""Pictures inside of HTML: arrays as PNG, without a library."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np


def png(pixels: Any) -> str:
    """An image as the address that ``<img>`` takes.

    Args:
        pixels: uint8, shaped ``(height, width)`` in greys or ``(height, width, 3)`` in red, green, blue.

    Example:
        >>> png(np.zeros((2, 3), np.uint8))[:32]
        'data:image/png;base64,iVBORw0KGg'
    """
    height, width = pixels.shape[:2]
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], 1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b""))
    whole = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    return "data:image/png;base64," + base64.b64encode(whole).decode()


def strip(images: Any, gap: int = 2) -> Any:
    """Images beside one another.

    Args:
        images: floats in [0, 1], shaped ``(images, channels, height, width)`` with one channel or three.
        gap: pixels between them.

    Returns:
        what :func:`png` takes.
    """
    scaled = np.clip(255 * np.nan_to_num(images), 0, 255).astype(np.uint8)
    padded = np.pad(scaled, ((0, 0), (0, 0), (0, 0), (0, gap)), constant_values=128)
    row = np.concatenate(list(padded), axis=2)[:, :, :-gap]
    return row[0] if len(row) == 1 else np.moveaxis(row, 0, 2)
