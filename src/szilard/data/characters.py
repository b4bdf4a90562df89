"""The simplest tokenizer: one token for each character that occurs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

import torch
from jaxtyping import Int
from torch import Tensor

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
