"""A small transformer for the cost benchmarks: embeddings, attention, layer norms, dropout."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WORDS, LENGTH, WIDTH, CLASSES = 256, 32, 64, 10


class Transformer(nn.Module):
    """Two encoder layers of four heads over 32 tokens, read at the mean."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(LENGTH, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, dropout=0.1, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, CLASSES)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of a batch of sentences."""
        hidden = self.words(tokens) + self.places(torch.arange(tokens.shape[1], device=tokens.device))
        return self.head(self.norm(self.layers(hidden)).mean(1))


def sentences(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Random tokens, labelled by how often the first of them comes again."""
    tokens = torch.randint(WORDS // 8, (count, LENGTH), generator=torch.Generator().manual_seed(seed))
    return tokens, (tokens == tokens[:, :1]).sum(1).clamp(max=CLASSES) - 1
