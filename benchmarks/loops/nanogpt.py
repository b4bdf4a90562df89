"""A small GPT as nanoGPT trains it: micro-steps, clipping, warm-up and cosine, weight decay for matrices alone."""

import math

import torch
import torch.nn.functional as F
from loops.own_sums import OwnSums
from loops.task import Task
from torch import Tensor, nn

import szilard  # szilard

text = torch.tensor([ord(c) - 96 if c.isalpha() else 0 for c in "the quick brown fox jumps over the lazy dog " * 20])
block_size, gradient_accumulation_steps, max_iters, warmup_iters, learning_rate = 16, 4, 20, 4, 3e-3


class GPT(nn.Module):
    """One block; without targets it gives the logits of the next token alone, as nanoGPT's does."""

    def __init__(self) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(27, 16), nn.Embedding(block_size, 16)
        self.block = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True, norm_first=True)
        self.lm_head = nn.Linear(16, 27, bias=False)
        self.wte.weight = self.lm_head.weight

    def forward(self, idx: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        mask = nn.Transformer.generate_square_subsequent_mask(idx.shape[1])
        x = self.block(self.wte(idx) + self.wpe(torch.arange(idx.shape[1])), src_mask=mask, is_causal=True)
        if targets is None:
            return self.lm_head(x[:, [-1], :]), None
        logits = self.lm_head(x)
        return logits, F.cross_entropy(logits.view(-1, 27), targets.view(-1))


def get_batch(size: int = 8) -> tuple[Tensor, Tensor]:
    ix = torch.randint(len(text) - block_size, (size,))
    return torch.stack([text[i : i + block_size] for i in ix]), torch.stack(
        [text[i + 1 : i + 1 + block_size] for i in ix]
    )


def get_lr(it: int) -> float:
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    ratio = (it - warmup_iters) / (max_iters - warmup_iters)
    return 0.1 * learning_rate + 0.5 * (1.0 + math.cos(math.pi * ratio)) * 0.9 * learning_rate


def train(task: Task, look: OwnSums) -> list[object]:
    model = GPT()
    groups = [
        {"params": [p for p in model.parameters() if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.95))
    contexts = torch.stack([text[i : i + block_size] for i in range(44)])
    next_token = lambda model, idx: model(idx)[0][:, -1]  # noqa: E731  # szilard
    szilard.watch(model, optimizer, contexts, forward=next_token, out=task.out, every=task.every)  # szilard
    look(model, lambda model: model(contexts)[0][:, -1])  # sums
    losses = []
    for iter_num in range(max_iters):
        for group in optimizer.param_groups:
            group["lr"] = get_lr(iter_num)
        for _ in range(gradient_accumulation_steps):
            with torch.amp.autocast("cpu", torch.bfloat16):
                _, loss = model(*get_batch())
            (loss / gradient_accumulation_steps).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        look(model, lambda model: model(contexts)[0][:, -1])  # sums
    return [model, optimizer, losses]
