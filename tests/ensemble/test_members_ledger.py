"""The ledger of many members at once, against a plain transcription for each of them alone."""

from __future__ import annotations

import math

import numpy as np
import torch

from szilard.ensemble.members_ledger import MembersLedger
from szilard.ensemble.trial import joint_outcomes
from szilard.errors import ModelError

MEMBERS, INPUTS, OUTCOMES, RECORDS = 3, 17, 5, 6


def path(seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    steps = torch.randn(RECORDS, MEMBERS, INPUTS, OUTCOMES, generator=generator, dtype=torch.float64)
    return steps.cumsum(0)


def transcribed(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Of one member: W, Q, S, Σ, L and their kin as their definitions read (theory §1)."""
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    phi = -np.log(p)
    mean = lambda weight, of: float((weight * of).sum(-1).mean())  # noqa: E731
    steps = range(1, len(p))
    angle = lambda a, b: 2 * math.acos(min(1.0, float(np.sqrt(a * b).sum(-1).mean())))  # noqa: E731
    entropy = [mean(each, own) for each, own in zip(p, phi, strict=True)]
    heat = sum(mean(p[t], phi[t]) - mean(p[t - 1], phi[t]) for t in steps)
    return {
        "energy": entropy[-1],
        "entropy_conditional": entropy[-1],
        "entropy_change": entropy[-1] - entropy[0],
        "work": sum(mean(p[t - 1], phi[t] - phi[t - 1]) for t in steps),
        "heat": heat,
        "ep_conditional": entropy[-1] - entropy[0] - heat,
        "work_reverse": sum(mean(p[t], phi[t - 1] - phi[t]) for t in steps),
        "work_direct": mean(p[0], phi[-1] - phi[0]),
        "length": sum(angle(p[t - 1], p[t]) for t in steps),
        "length_direct": angle(p[0], p[-1]),
        "fluctuation": 1.0,
        "accuracy": float((p[-1].argmax(-1) == labels)[labels >= 0].mean()),
        "cross_entropy": float(phi[-1][np.arange(INPUTS), labels][labels >= 0].mean()),
    }


def test_every_column_is_its_definition() -> None:
    logits = path()
    labels = torch.arange(MEMBERS * INPUTS).reshape(MEMBERS, INPUTS) % OUTCOMES
    labels[1, :4] = -1
    ledger = MembersLedger(labels, epsilon=0.0)
    for record in logits:
        columns = ledger.record(record)
    for member in range(MEMBERS):
        for name, truth in transcribed(logits[:, member].numpy(), labels[member].numpy()).items():
            assert math.isclose(float(columns[name][member]), truth, rel_tol=1e-10, abs_tol=1e-12), (name, member)


def test_errors_are_over_inputs_of_the_cumulative_quantity() -> None:
    logits = path()
    ledger = MembersLedger(None, epsilon=0.0)
    for record in logits:
        columns = ledger.record(record)
    p = torch.softmax(logits, -1)
    work = (p[:-1] * (p[:-1].log() - p[1:].log())).sum((0, -1))
    torch.testing.assert_close(columns["work_error"], work.std(-1) / math.sqrt(INPUTS))


def test_a_member_that_diverges_is_marked_and_touches_no_other() -> None:
    logits = path()
    whole, broken = MembersLedger(None, 0.0), MembersLedger(None, 0.0)
    for number, record in enumerate(logits):
        expected = whole.record(record)
        spoilt = record.clone()
        if number >= 3:
            spoilt[1, 0, 0] = math.nan
        found = broken.record(spoilt)
    assert found["finite"].tolist() == [1.0, 0.0, 1.0]
    for name, values in expected.items():
        assert torch.equal(values[[0, 2]], found[name][[0, 2]]), name
        assert name == "finite" or math.isnan(float(found[name][1])), name


def test_a_ledger_goes_on_from_its_state_to_the_bit() -> None:
    logits = path()
    whole, first, second = (MembersLedger(None, 1e-7) for _ in range(3))
    for record in logits[:3]:
        whole.record(record), first.record(record)
    second.load({name: value.clone() for name, value in first.state().items()})
    for record in logits[3:]:
        expected, found = whole.record(record), second.record(record)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_heads_are_taken_jointly() -> None:
    logits = torch.randn(2, 4, 3, 5, dtype=torch.float64)
    joint = torch.softmax(joint_outcomes(logits), -1)
    p = torch.softmax(logits, -1)
    expected = torch.einsum("mia,mib,mic->miabc", p[:, :, 0], p[:, :, 1], p[:, :, 2]).flatten(2)
    torch.testing.assert_close(joint, expected)
    try:
        joint_outcomes(torch.zeros(1, 1, 20, 10))
    except ModelError as error:
        assert "10^20 joint outcomes" in str(error)
    else:
        raise AssertionError("20 heads of 10 outcomes were not refused")
