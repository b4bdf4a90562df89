"""Text to learn from and to hold out: Jane Austen's novels, or any file in UTF-8; and the simplest tokenizer."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

import torch
from jaxtyping import Int
from torch import Tensor

from szilard.data.novels import novels
from szilard.errors import DataError


@final
@dataclass(frozen=True)
class Characters:
    """Tokens are places in ``alphabet``.

    Attributes:
        alphabet: every character once, in the order of their tokens.

    Raises:
        DataError: if there are fewer than two characters, or one occurs twice.

    Example:
        >>> characters = Characters.of("abracadabra")
        >>> characters.encode("cab").tolist(), characters.decode(torch.tensor([2, 0, 1])), len(characters)
        ([2, 0, 1], 'cab', 5)
    """

    alphabet: str

    def __post_init__(self) -> None:
        if len(self.alphabet) < 2:
            raise DataError(
                f"the text has {len(self.alphabet)} kind of character, and one token alone carries no information: give"
                " a text with at least two."
            )
        if len(set(self.alphabet)) != len(self.alphabet):
            raise DataError("a character occurs twice in the alphabet: give each once, as Characters.of(text) does.")

    @classmethod
    def of(cls, text: str) -> Self:
        """The tokenizer of the characters that occur in a text, in the order of their code points."""
        return cls("".join(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.alphabet)

    def encode(self, text: str) -> Int[Tensor, " tokens"]:
        """Tokens of a text.

        Raises:
            DataError: if a character is not in the alphabet.
        """
        places = {character: place for place, character in enumerate(self.alphabet)}
        try:
            return torch.tensor([places[each] for each in text], dtype=torch.int64)
        except KeyError as error:
            raise DataError(
                f"the character {error.args[0]!r} is not among the {len(self)} of the alphabet: make it of all text"
                " that is to be read."
            ) from None

    def decode(self, tokens: Int[Tensor, " tokens"]) -> str:
        """The text of these tokens.

        Raises:
            DataError: if a token is none of the alphabet's.
        """
        places = tokens.tolist()
        if any(not 0 <= place < len(self) for place in places):
            raise DataError(f"a token lies outside 0 … {len(self) - 1}: this alphabet has {len(self)} characters.")
        return "".join(self.alphabet[place] for place in places)


AUSTEN = "austen"
"""The name under which :func:`load_text` knows the six novels."""


@dataclass(frozen=True, eq=False)
class Text:
    """Running text, split.

    Attributes:
        name: ``austen`` or the file's.
        train: what is learned from.
        held_out: what is only measured on: the end of each document.

    Raises:
        DataError: if either part is empty.
    """

    name: str
    train: str
    held_out: str

    def __post_init__(self) -> None:
        if not self.train or not self.held_out:
            raise DataError(f"the text {self.name!r} leaves nothing to learn from or to hold out: give a longer one.")

    @property
    def characters(self) -> Characters:
        """The tokenizer of all characters that occur in either part."""
        return Characters.of(self.train + self.held_out)

    @property
    def fingerprint(self) -> str:
        """A checksum that tells texts apart by their contents."""
        return "-".join(f"{zlib.crc32(part.encode()):08x}" for part in (self.train, self.held_out))


def load_text(name: str | Path = AUSTEN, held_out: float = 0.1) -> Text:
    """A text by name or path.

    Args:
        name: ``austen`` for the six novels (see :mod:`szilard.data.novels`), or the path of a file in UTF-8.
        held_out: the fraction at the end of each document (of each novel) that is not learned from.

    Raises:
        DataError: if the file is not there, not UTF-8, too short, or the fraction is not between 0 and 1.
    """
    if not 0 < held_out < 1:
        raise DataError(f"the fraction held out must lie between 0 and 1, not {held_out}: give 0.1, for instance.")
    documents = list(novels().values()) if str(name) == AUSTEN else [read(Path(name))]
    ends = [round(len(each) * (1 - held_out)) for each in documents]
    parts = [[each[:end] for each, end in zip(documents, ends, strict=True)],
             [each[end:] for each, end in zip(documents, ends, strict=True)]]  # fmt: skip
    return Text(AUSTEN if str(name) == AUSTEN else Path(name).name, *("\n\n".join(each) for each in parts))


def read(path: Path) -> str:
    """The contents of a file in UTF-8, with newlines as ``\\n``.

    Raises:
        DataError: if it cannot be read so, or is empty.
    """
    try:
        content = path.expanduser().read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not UTF-8 (byte {error.start}): convert it, with iconv -t UTF-8 for one."
        ) from error
    except OSError as error:
        raise DataError(
            f"there is no text {str(path)!r} ({error.strerror}): give {AUSTEN!r} or the path of a file in UTF-8."
        ) from error
    if not content.strip():
        raise DataError(f"{path} holds no text: give a file with some thousands of characters.")
    return content


def windows(tokens: Tensor, length: int) -> Tensor:
    """Consecutive pieces without overlap, shaped ``(pieces, length)``; what is left over at the end is dropped.

    Raises:
        DataError: if there are fewer tokens than one piece takes.

    Example:
        >>> windows(torch.arange(7), 3).tolist()
        [[0, 1, 2], [3, 4, 5]]
    """
    if len(tokens) < length:
        raise DataError(f"the text has {len(tokens)} tokens, fewer than one piece of {length}: give a longer text.")
    return tokens[: len(tokens) - len(tokens) % length].reshape(-1, length)


def random_windows(tokens: Tensor, count: int, length: int, generator: torch.Generator) -> Tensor:
    """Pieces that begin anywhere, shaped ``(count, length)``: a batch to train on.

    Raises:
        DataError: as :func:`windows`.
    """
    if len(tokens) < length:
        raise DataError(f"the text has {len(tokens)} tokens, fewer than one piece of {length}: give a longer text.")
    starts = torch.randint(len(tokens) - length + 1, (count, 1), generator=generator)
    return tokens[starts + torch.arange(length)]
