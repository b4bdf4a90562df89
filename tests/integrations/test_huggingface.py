"""The real Trainer of transformers, watched by the callback: equal to the bit, and right to sums by hand."""

# ruff: noqa: E501 - a table is read by its columns

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    GPT2Config,
    GPT2LMHeadModel,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

import szilard
from szilard.errors import ModelError, RecordError, SpecError
from szilard.integrations import HuggingFaceCallback

pytestmark = pytest.mark.slow

TINY = {
    "vocab_size": 17, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8,
    "max_position_embeddings": 12,
}  # fmt: skip


def texts(count: int, seed: int, labels: Callable[[Tensor], Any]) -> list[dict[str, Any]]:
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(2, 17, (count, 6), generator=generator)
    return [{"input_ids": row, "labels": labels(row), "note": "unused"} for row in tokens]


def one_of_three(row: Tensor) -> int:
    return int(row.sum()) % 3


def some_tokens(row: Tensor) -> Tensor:
    """Labels of tokens, of which a different number counts in each text."""
    return torch.where(torch.arange(6) < 2 + int(row[0]) % 4, row % 3, -100)


class Looking(TrainerCallback):
    """Shows every model to the sums by hand."""

    def __init__(self, by_hand: Any) -> None:
        self.by_hand = by_hand

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        self.by_hand.look(model)

    def on_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        self.by_hand.look(model)


def trainer(
    out: Path,
    callbacks: list[Any],
    *,
    kind: Any = BertForSequenceClassification,
    labels: Any = one_of_three,
    **settings: Any,
) -> Trainer:
    torch.manual_seed(0)
    if kind is GPT2LMHeadModel:
        model = kind(GPT2Config(vocab_size=17, n_embd=8, n_layer=1, n_head=2, n_positions=12, bos_token_id=0, eos_token_id=1))  # fmt: skip
    else:
        model = kind(BertConfig(**TINY, num_labels=3))
    given = {
        name: settings.pop(name) for name in ("eval_dataset", "compute_loss_func", "model_init") if name in settings
    }
    given.setdefault("eval_dataset", texts(9, 1, labels))
    arguments = {
        "per_device_train_batch_size": 4, "max_steps": 6, "learning_rate": 0.05, "use_cpu": True, "report_to": [],
        "disable_tqdm": True, "log_level": "error", "logging_steps": 1, "save_strategy": "no", "seed": 3,
    } | settings  # fmt: skip
    if "model_init" in given:
        model = None
    return Trainer(
        model,
        TrainingArguments(str(out / "trainer"), **arguments),
        train_dataset=texts(20, 0, labels),
        callbacks=callbacks,
        **given,
    )


def losses(trained: Trainer) -> list[float]:
    return [entry["loss"] for entry in trained.state.log_history if "loss" in entry]


def weights(trained: Trainer) -> Tensor:
    return torch.cat([p.detach().flatten() for p in trained.model.parameters()])


def probe() -> dict[str, Tensor]:
    return {"input_ids": torch.stack([each["input_ids"] for each in texts(9, 1, one_of_three)])}


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {"max_grad_norm": 0},
    "accumulation, clipping, evaluation in the middle": {
        "gradient_accumulation_steps": 3, "eval_strategy": "steps", "eval_steps": 2, "eval_on_start": True,
    },
    "bfloat16, smoothed labels": {"bf16": True, "label_smoothing_factor": 0.1},
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_equal_to_the_bit_and_right(
    tmp_path: Path, by_hand: Any, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sums = by_hand(lambda model: type(model).forward(model, **probe()).logits)
    plain = trainer(tmp_path, [Looking(sums)], **SETTINGS[name])
    plain.train()
    state = torch.get_rng_state()
    callback = HuggingFaceCallback("validation", out=tmp_path / "run", every=1, quiet=True)
    watched = trainer(tmp_path, [callback], **SETTINGS[name])
    watched.train()
    assert torch.equal(weights(plain), weights(watched))
    assert torch.equal(state, torch.get_rng_state())
    assert losses(plain) == losses(watched)
    assert "training_step" not in vars(watched), "the trainer's methods are its own again"
    run = callback.run
    assert run.data.step.values.tolist() == list(range(7))
    sums.check(run)
    np.testing.assert_allclose(run.data.loss.values[1:], losses(watched), rtol=1e-6)
    labels = torch.tensor([each["labels"] for each in texts(9, 1, one_of_three)])
    right = (torch.tensor(sums.seen[-1]).squeeze(1).argmax(-1) == labels).double().mean()
    assert float(run.data.accuracy[-1]) == pytest.approx(float(right))
    told = run.attributes["framework"]
    clipped = SETTINGS[name].get("max_grad_norm", 1.0)
    assert (told["clipping"], told["accumulation"]) == (
        clipped or None,
        SETTINGS[name].get("gradient_accumulation_steps", 1),
    )
    assert ("clipped to a norm of 1" in told["gradient"]) == bool(clipped)
    assert (told["name"], told["probe"], run.attributes["status"]) == ("transformers", "validation", "complete")
    # a forward with **kwargs is taken to divide its own loss, and that of this class does not
    assert told.get("loss_over_own", 1) == pytest.approx(told["accumulation"])
    assert run.attributes["forward_precision"] == "float32"
    capsys.readouterr()


def test_tokens_that_count_and_no_others(tmp_path: Path, by_hand: Any) -> None:
    counted = torch.stack([each["labels"] for each in texts(9, 1, some_tokens)]) != -100

    def logits(model: Any) -> Tensor:
        found = type(model).forward(model, **probe()).logits
        certain = torch.tensor([0.0, -torch.inf, -torch.inf])
        return torch.where(counted.unsqueeze(-1), found, certain)

    sums = by_hand(logits)
    callback = HuggingFaceCallback(out=tmp_path / "run", every=2, quiet=True)
    trainer(tmp_path, [Looking(sums), callback], kind=BertForTokenClassification, labels=some_tokens).train()
    assert callback.run.data.step.values.tolist() == [0, 2, 4, 6]
    sums.check(callback.run)
    assert "accuracy" not in callback.run.data


def test_a_language_model_and_where_its_loss_parts_from_the_trainers(tmp_path: Path) -> None:
    callback = HuggingFaceCallback("validation", length=5, out=tmp_path / "run", every=2, quiet=True)
    watched = trainer(tmp_path, [callback], kind=GPT2LMHeadModel, labels=lambda row: row, max_steps=4)
    watched.train()
    run, model = callback.run, watched.model.eval()
    np.testing.assert_allclose(run.data.loss.values[-1], np.mean(losses(watched)[-2:]), rtol=1e-6)
    assert run.attributes["framework"]["loss_over_own"] == pytest.approx(5 / 6)
    assert "5/6" not in run.attributes["framework"]["parts"] and "0.8333 times" in run.attributes["framework"]["parts"]
    text = probe()["input_ids"][:, :5]
    with torch.no_grad():
        scores = model(torch.cat([torch.zeros(9, 1, dtype=torch.int64), text[:, :-1]], 1)).logits.double()
    own = torch.nn.functional.cross_entropy(scores.flatten(0, 1), text.flatten())
    assert float(run.data.cross_entropy[-1]) == pytest.approx(float(own), rel=1e-6)
    assert float(run.data.work[-1]) > 0


def test_a_resumed_training_has_the_trainers_steps(tmp_path: Path, by_hand: Any) -> None:
    sums, settings = by_hand(lambda model: model(**probe()).logits), {"save_strategy": "steps", "save_steps": 4}
    first = HuggingFaceCallback("validation", out=tmp_path / "run", every=2, quiet=True)
    whole = trainer(tmp_path, [first, Looking(sums)], **settings)
    whole.train()
    second = HuggingFaceCallback("validation", out=tmp_path / "run", every=1, quiet=True)
    again = trainer(tmp_path, [second], **settings)
    again.train(resume_from_checkpoint=str(tmp_path / "trainer" / "checkpoint-4"))
    assert torch.equal(weights(whole), weights(again))
    assert Path(second.run.path).name == "run-from-4"
    assert second.run.data.step.values.tolist() == [4, 5, 6]
    assert second.run.attributes["first_step"] == 4
    rest = by_hand(sums.logits, sums.seen[4:])
    rest.check(second.run, first=4)
    again.train(resume_from_checkpoint=str(tmp_path / "trainer" / "checkpoint-4"))
    assert Path(second.run.path).name == "run-from-4-2"


def test_the_last_record_is_of_the_last_step_and_not_of_the_best(tmp_path: Path, by_hand: Any) -> None:
    sums = by_hand(lambda model: model(**probe()).logits)
    settings = {
        "save_strategy": "steps",
        "save_steps": 2,
        "eval_strategy": "steps",
        "eval_steps": 2,
        "learning_rate": 2.0,
    }
    callback = HuggingFaceCallback("validation", out=tmp_path / "run", every=4, quiet=True)
    watched = trainer(tmp_path, [callback, Looking(sums)], load_best_model_at_end=True, **settings)
    watched.train()
    assert watched.state.best_global_step < 6
    assert not torch.equal(weights(watched), sums.weights[-1])
    assert callback.run.data.step.values.tolist() == [0, 4, 6]
    sums.check(callback.run)


class Stopping(TrainerCallback):
    """Ends a training by an error, in the middle of an evaluation or of a step."""

    def __init__(self, error: BaseException, event: str, step: int) -> None:
        def stop(args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == step:
                raise error

        setattr(self, event, stop)


@pytest.mark.parametrize("event", ["on_prediction_step", "on_step_begin"])
def test_an_error_ends_the_record_and_a_second_training_has_its_own(tmp_path: Path, event: str) -> None:
    callback = HuggingFaceCallback("validation", out=tmp_path / "run", every=1, quiet=True)
    stopping = Stopping(KeyboardInterrupt(), event, 2)
    watched = trainer(tmp_path, [callback, stopping], eval_strategy="steps", eval_steps=1)
    with pytest.raises(KeyboardInterrupt):
        watched.train()
    assert callback.run.attributes["status"] == "broken"
    assert callback.run.attributes["broken_because"] == "the loop ended with KeyboardInterrupt"
    assert callback.run.data.step.values.tolist() == [0, 1, 2]
    watched.remove_callback(stopping)
    watched.train()
    assert Path(callback.run.path).name == "run-2"
    assert (callback.run.attributes["status"], int(callback.run.data.step[-1])) == ("complete", 6)


def test_a_training_that_is_begun_anew_before_its_first_step_leaves_no_record(tmp_path: Path) -> None:
    callback = HuggingFaceCallback("validation", out=tmp_path / "run", every=1, quiet=True)
    watched = trainer(tmp_path, [], auto_find_batch_size=True)
    watched.add_callback(callback)
    whole, watched._run_epoch = watched._run_epoch, lambda **kwargs: _out_of_memory(watched, whole, kwargs)
    watched.train()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("run")] == ["run"]
    assert (callback.run.attributes["status"], int(callback.run.data.step[-1])) == ("complete", 6)


def _out_of_memory(watched: Trainer, whole: Callable[..., None], kwargs: dict[str, Any]) -> None:
    watched._run_epoch = whole
    raise RuntimeError("CUDA out of memory.")


def test_losses_that_are_not_finite_are_gaps_where_the_trainer_logs_zero(tmp_path: Path) -> None:
    calls: list[int] = []

    def loss(outputs: Any, labels: Any, num_items_in_batch: Any = None) -> Tensor:
        calls.append(1)
        own = torch.nn.functional.cross_entropy(outputs.logits, labels)
        return own * 0.0 + torch.nan if len(calls) == 3 else own

    callback = HuggingFaceCallback("validation", out=tmp_path / "run", every=1, quiet=True)
    settings = {"compute_loss_func": loss, "optim": "sgd", "max_grad_norm": 0.0, "max_steps": 4}
    watched = trainer(tmp_path, [callback, Harmless()], **settings)
    watched.train()
    assert losses(watched)[2] == 0
    assert np.isnan(callback.run.data.loss.values[3]) and callback.run.attributes["loss_gaps"] == 1
    assert np.isfinite(callback.run.data.loss.values[[1, 2, 4]]).all()


class Harmless(TrainerCallback):
    """Leaves out gradients that are not finite, as a scaler would."""

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        for parameter in model.parameters():
            if parameter.grad is not None:
                torch.nan_to_num_(parameter.grad, 0.0)


def test_a_reservoir_is_told_of_clipping(tmp_path: Path) -> None:
    inputs = torch.stack([each["input_ids"] for each in texts(20, 0, one_of_three)])
    labels = torch.tensor([each["labels"] for each in texts(20, 0, one_of_three)])
    reservoir = szilard.Reservoir(
        torch.nn.functional.cross_entropy, (inputs, labels), every=5, lags=(1,), batch_size=4,
        forward=lambda model, x: model(x).logits,
    )  # fmt: skip
    measures = [szilard.Ledger(every=2), reservoir]
    callback = HuggingFaceCallback("validation", out=tmp_path / "run", measures=measures, quiet=True)
    trainer(tmp_path, [callback], max_steps=10).train()
    assert callback.run.attributes["reservoir"]["clipped"] is True


def test_models_that_are_what_the_user_says(tmp_path: Path) -> None:
    made = HuggingFaceCallback(
        wrap=lambda model: szilard.Classifier(model, probe()["input_ids"]), out=tmp_path / "run", every=3, quiet=True
    )
    seeded = trainer(
        tmp_path, [made], model_init=lambda: BertForSequenceClassification(BertConfig(**TINY, num_labels=3))
    )
    seeded.train()
    seeded.train()
    assert Path(made.run.path).name == "run-2"
    assert made.run.data.step.values.tolist() == [0, 3, 6]


BOTH = {"first": texts(9, 1, one_of_three), "second": texts(9, 2, one_of_three)}


class Streamed(torch.utils.data.IterableDataset):  # type: ignore[type-arg]
    def __iter__(self) -> Any:
        return iter(texts(9, 1, one_of_three))


def twice(out: Path) -> Trainer:
    callback = HuggingFaceCallback("validation", out=out / "run", quiet=True)
    return trainer(out, [callback, callback])


def begun(given: Any = (), **settings: Any) -> Callable[[Path], Trainer]:
    """A Trainer with a callback with these settings."""
    options = dict(given)

    def make(out: Path) -> Trainer:
        return trainer(out, [HuggingFaceCallback(**{"out": out / "run", "quiet": True} | options)], **settings)

    return make


REFUSED: dict[str, tuple[Callable[[Path], Trainer], type[Exception], str, str]] = {
    "the callback twice": (twice, SpecError, "added twice", "add it once"),
    "two to one place": (
        lambda out: trainer(out, [HuggingFaceCallback(out=out / "run", quiet=True) for _ in range(2)]),
        SpecError, "two of szilard's callbacks write to", "an out of its own",
    ),
    "an unknown set": (begun({"probe": "valdiation"}), SpecError, "no evaluation set 'valdiation'", "did you mean 'validation'"),
    "an unknown set of several": (begun({"probe": "frist"}, eval_dataset=BOTH), SpecError, "no evaluation set 'frist'", "did you mean 'first'"),
    "none of several": (begun(eval_dataset=BOTH), SpecError, "several evaluation sets", "name one of 'first', 'second'"),
    "no set": (begun(eval_dataset=None), SpecError, "no evaluation set to take a probe from", "give it eval_dataset="),
    "a streamed set": (begun(eval_dataset=Streamed()), SpecError, "'validation' is streamed", "take 512 inputs yourself"),
    "an empty set": (begun(eval_dataset=[]), SpecError, "'validation' is empty", "name another"),
    "a regression": (
        lambda out: trainer(out, [HuggingFaceCallback(out=out / "run")], labels=lambda row: 0.5, model_init=lambda: BertForSequenceClassification(BertConfig(**TINY, num_labels=1))),
        ModelError, "with num_labels=1 gives numbers", "give wrap=",
    ),
    "text without a tokenizer": (begun({"prompt": "Once"}, kind=GPT2LMHeadModel, labels=lambda row: row), SpecError, "no tokenizer", "processing_class"),
    "texts that are too short": (begun({"probe": "validation", "length": 9}, kind=GPT2LMHeadModel, labels=lambda row: row), SpecError, "0 texts have 9 tokens", "smaller length"),
    "inputs that make no batch": (begun(eval_dataset=[{"input_ids": torch.ones(3)}, {"input_ids": torch.ones(4)}]), SpecError, "make no batch", "give the probe itself"),
    "a taken place": (lambda out: ((out / "run").mkdir(), (out / "run" / "mine").write_text(""), begun()(out))[-1], RecordError, "run", "another"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_sentence_with_the_remedy(tmp_path: Path, name: str) -> None:
    make, error, cause, remedy = REFUSED[name]
    with pytest.raises(error) as caught:
        make(tmp_path).train()
    assert re.search(cause, str(caught.value)), caught.value
    assert re.search(remedy, str(caught.value)), caught.value


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"evry": 3}, "no setting 'evry': did you mean 'every'"),
        ({"inputs": 0}, "at least 1, not 0"),
        ({"probe": "validation", "labels": torch.zeros(3)}, "labels come with the evaluation set"),
        ({"wrap": torch.nn.Linear(2, 2)}, "wrap is a function"),
        ({"probe": "validation", "wrap": lambda model: model}, "leave one of them out"),
        ({"overwrite": "yes"}, "overwrite must be True or False"),
        ({"first_step": 3}, "no setting 'first_step'"),
    ],
)
def test_settings_are_refused_when_the_callback_is_made(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        HuggingFaceCallback(**settings)


def test_outside_of_a_trainer(tmp_path: Path) -> None:
    callback = HuggingFaceCallback("validation", out=tmp_path / "run")
    with pytest.raises(szilard.SzilardError, match="no training has begun"):
        _ = callback.run
    with pytest.raises(SpecError, match=r"outside of a Trainer.*szilard\.watch"):
        callback.on_train_begin(None, None, None)


class Bare(torch.nn.Module):
    """A module of one's own, as people hand it to the Trainer: it demands labels, or gives its outputs as it likes."""

    def __init__(self, gives: str) -> None:
        super().__init__()
        self.table, self.head, self.gives = torch.nn.Embedding(17, 4), torch.nn.Linear(4, 3), gives

    def scores(self, tokens: Tensor) -> Tensor:
        return self.head(self.table(tokens).sum(1))  # type: ignore[no-any-return]


class Optional(Bare):
    def forward(self, input_ids: Tensor, labels: Tensor | None = None) -> Any:
        scores = self.scores(input_ids)
        loss = None if labels is None else torch.nn.functional.cross_entropy(scores, labels)
        return {"loss": loss, "logits": scores} if self.gives == "names" else (loss, scores)


class Demanding(Bare):
    def forward(self, input_ids: Tensor, labels: Tensor) -> Any:
        scores = self.scores(input_ids)
        return torch.nn.functional.cross_entropy(scores, labels), scores


@pytest.mark.parametrize("make", [lambda: Optional("names"), lambda: Optional("places"), lambda: Demanding("places")])
def test_modules_of_ones_own(tmp_path: Path, by_hand: Any, make: Callable[[], Bare]) -> None:
    sums = by_hand(lambda model: model.scores(probe()["input_ids"]))
    callback = HuggingFaceCallback("validation", out=tmp_path / "run", every=2, quiet=True)
    trainer(tmp_path, [callback, Looking(sums)], model_init=make).train()
    sums.check(callback.run)
    assert "accuracy" in callback.run.data


def test_answers_that_do_not_exclude_one_another(tmp_path: Path, by_hand: Any) -> None:
    def logits(model: Any) -> Tensor:
        return torch.nn.functional.pad(type(model).forward(model, **probe()).logits.unsqueeze(-1), (1, 0))

    sums = by_hand(logits)
    callback = HuggingFaceCallback(out=tmp_path / "run", every=2, quiet=True)
    several = trainer(tmp_path, [callback, Looking(sums)], labels=lambda row: (row[:3] > 8).float())
    several.train()
    assert several.model.config.problem_type == "multi_label_classification"
    sums.check(callback.run)
    assert 0 <= float(callback.run.data.accuracy[-1]) <= 1


def test_what_is_decoded_is_made_from_the_labels(tmp_path: Path, by_hand: Any) -> None:
    labels = torch.stack([each["labels"] for each in texts(9, 1, lambda row: row.flip(0))])
    sums = by_hand(lambda model: model(**probe(), labels=labels).logits)
    small = BartConfig(
        vocab_size=17, d_model=8, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=8, decoder_ffn_dim=8, max_position_embeddings=12, dropout=0.0,
    )  # fmt: skip
    callback = HuggingFaceCallback(out=tmp_path / "run", every=2, quiet=True)
    translating = trainer(
        tmp_path, [callback, Looking(sums)], labels=lambda row: row.flip(0), model_init=lambda: BartForConditionalGeneration(small)
    )  # fmt: skip
    translating.train()
    sums.check(callback.run, tolerance=1e-5)
    assert "accuracy" in callback.run.data
