"""The compiled strategy, and how members are cut into chunks."""

from __future__ import annotations

import shutil

import pytest
from naive import assert_same_run, cohort, perceptron, trainer

from szilard.ensemble.trainer import choice, suggested_chunk
from szilard.training import SGD, Training, factory

pytestmark = pytest.mark.slow

SMOOTHED = factory("torch.nn:CrossEntropyLoss", label_smoothing=0.1)


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on a CPU")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compiled_where_the_run_is_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_COMPILING_PAYS", 40)
    training = Training(optimizer=SGD(lr=0.2, momentum=0.5), batch_size=5, steps=20, loss=SMOOTHED)
    taken = trainer(perceptron(), training, cohort())
    assert taken.strategy == "compiled" and "long enough" in taken.why
    taken.advance(20)
    assert_same_run(taken, perceptron(), training, cohort(), 20, SMOOTHED.build())


def test_not_compiled_where_compiling_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(gradient: object) -> object:
        def fail(*_: object) -> None:
            raise RuntimeError("no compiler here")

        return fail

    monkeypatch.setattr(choice, "_COMPILING_PAYS", 40)
    monkeypatch.setattr(choice, "compiled", failing)
    training = Training(optimizer=SGD(lr=0.2), batch_size=5, steps=20, loss=SMOOTHED)
    taken = trainer(perceptron(), training, cohort())
    assert taken.strategy == "functional" and "torch.compile failed" in taken.why


def test_chunks_are_equal_and_bounded() -> None:
    assert suggested_chunk(1 << 30, 1) == 1
    assert suggested_chunk(100, 1) == 512
    assert suggested_chunk(100, 1, members=7, workers=2) == 4
    for members in (1, 18, 50, 200):
        chunk = suggested_chunk(955_240, 20, example_bytes=6000, members=members, workers=2)
        rounds = -(-members // (2 * suggested_chunk(955_240, 20, example_bytes=6000)))
        assert -(-members // (2 * chunk)) == rounds and (chunk == 1 or -(-members // (2 * (chunk - 1))) > rounds)
