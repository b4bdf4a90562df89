"""TRL's trainers, which derive from that of transformers: fine-tuning on texts that share rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

trl = pytest.importorskip("trl")

from datasets import Dataset  # noqa: E402
from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast  # noqa: E402

from szilard.integrations import HuggingFaceCallback  # noqa: E402

WORDS = ["<pad>", "<s>", "</s>", "<unk>", *"abcdefghijklm"]


def tokenizer() -> PreTrainedTokenizerFast:
    split = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    split.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=split, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


def texts(count: int) -> list[dict[str, str]]:
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(6, 10, (count,), generator=generator)
    return [
        {"text": " ".join(WORDS[4 + int(i)] for i in torch.randint(13, (int(length),), generator=generator))}
        for length in lengths
    ]


def tuned(out: Path, callbacks: list[Any], **settings: Any) -> Any:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=17, n_embd=8, n_layer=1, n_head=2, n_positions=32, bos_token_id=1, eos_token_id=2, pad_token_id=0
        )
    )
    arguments = trl.SFTConfig(
        str(out / "trainer"), use_cpu=True, report_to=[], disable_tqdm=True, log_level="error", max_steps=4, seed=1,
        per_device_train_batch_size=2, gradient_accumulation_steps=2, save_strategy="no", logging_steps=1,
        learning_rate=0.01, max_length=24, bf16=False, **settings,
    )  # fmt: skip
    data = Dataset.from_list(texts(12))
    trainer = trl.SFTTrainer(
        model, args=arguments, train_dataset=data, eval_dataset={"held_out": data}, processing_class=tokenizer(),
        callbacks=callbacks,
    )  # fmt: skip
    trainer.train()
    return trainer


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("packing", [False, True])
def test_fine_tuning_is_equal_to_the_bit_and_right(tmp_path: Path, packing: bool) -> None:
    plain = tuned(tmp_path, [], packing=packing)
    callback = HuggingFaceCallback("held_out", length=6, inputs=4, out=tmp_path / "run", every=2, quiet=True)
    watched = tuned(tmp_path, [callback], packing=packing)
    for name, parameter in plain.model.named_parameters():
        assert torch.equal(parameter, watched.model.get_parameter(name)), name
    losses = [entry["loss"] for entry in watched.state.log_history if "loss" in entry]
    np.testing.assert_allclose(callback.run.data.loss.values[1:], [np.mean(losses[:2]), np.mean(losses[2:])], rtol=1e-6)
    pieces = torch.tensor([tokenizer()(each["text"])["input_ids"][:6] for each in texts(12)[:4]])
    model = watched.model.eval()
    if packing:
        assert float(callback.run.data.cross_entropy[-1]) > 0  # texts of the rows that were packed
    else:
        with torch.no_grad():
            before = torch.cat([torch.ones(4, 1, dtype=torch.int64), pieces[:, :-1]], 1)
            own = torch.nn.functional.cross_entropy(model(before).logits.double().flatten(0, 1), pieces.flatten())
        assert float(callback.run.data.cross_entropy[-1]) == pytest.approx(float(own), rel=1e-6)
    assert callback.run.attributes["framework"]["trainer"] == "SFTTrainer"
