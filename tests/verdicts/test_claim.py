"""A claim as data: what its rows have in common, and what each way of judging makes of a measured effect."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np
import pytest

from szilard.estimate import Estimate, Kind
from szilard.verdicts.claim import Claim, claims_of
from szilard.verdicts.finding import Basis, Concern, Verdict

SMALL = Claim(
    "{} is small",
    "{} stays within its bound",
    "a book",
    "it takes a ruler.",
    measure="size, m",
    bound=(-1.0, 1.0),
    concerns=Concern.COVERAGE,
    too_small_for="{}",
)
THING = SMALL.about("the thing")


def test_gaps_are_filled_and_names_extended() -> None:
    assert (THING.name, THING.claim, THING.too_small_for) == (
        "the thing is small", "the thing stays within its bound", "the thing",
    )  # fmt: skip
    assert THING.at(" at noon").name == "the thing is small at noon"
    assert THING.at(" at noon").bound == SMALL.bound


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [((-0.5, 0.5), Verdict.HELD), ((0.5, 1.5), Verdict.UNDECIDED), ((1.5, 2.5), Verdict.FAILED), (None, Verdict.HELD)],
)
def test_the_interval_is_held_against_the_claims_bound(interval: tuple[float, float] | None, verdict: Verdict) -> None:
    row = THING.tested(0.25, interval, where="here", detail="Seen.")
    assert (row.verdict, row.effect, row.bound, row.where, row.detail) == (verdict, 0.25, (-1.0, 1.0), "here", "Seen.")
    assert row.interval == (interval or (0.25, 0.25))
    assert (row.concerns, row.basis, row.measure) == (Concern.COVERAGE, Basis.TESTED, "size, m")


def test_an_estimate_brings_its_own_interval() -> None:
    estimate = Estimate(0.5, 0.1, Kind.UNBIASED, 9.0)
    assert THING.tested(estimate).interval == pytest.approx(estimate.interval(0.95))
    assert THING.tested(estimate, (0.0, 2.0)).verdict is Verdict.UNDECIDED


def test_where_nothing_was_measured_the_verdict_is_open() -> None:
    row = THING.tested(None)
    assert (row.verdict, row.effect, row.interval) == (Verdict.UNDECIDED, None, None)
    assert THING.tested(math.nan, (math.nan, math.nan)).verdict is Verdict.UNDECIDED


def test_a_record_may_say_more_than_the_claim() -> None:
    row = THING.tested(3.0, measure="m²", bound=(0.0, 4.0), concerns=Concern.RECORD)
    assert (row.measure, row.bound, row.concerns, row.verdict) == ("m²", (0.0, 4.0), Concern.RECORD, Verdict.HELD)
    assert THING.tested(3.0, verdict=Verdict.UNDECIDED).verdict is Verdict.UNDECIDED


def test_one_part_is_none_and_several_are_told_of() -> None:
    alone = THING.parts(["a"], [0.0], [(0.0, 0.0)])
    assert THING.tested(0.0, parts=alone, among="layers", detail="Seen.").parts == ()
    both = THING.parts(["a", "b"], [0.0, 2.0], [(0.0, 0.0), (2.0, 2.0)])
    row = THING.tested(2.0, parts=both, among="layers", detail="Seen.")
    assert row.parts == both and row.detail == "Seen. Held in 1 of 2 layers, failed in 1."
    assert THING.decisive([(0.0, 0.0), (2.0, 2.0)]) == 1


def test_what_cannot_be_checked_says_why_or_what_it_would_take() -> None:
    assert THING.unchecked().detail == "It takes a ruler."
    row = THING.unchecked("nobody looked.", Concern.RECORD)
    assert (row.detail, row.concerns, row.verdict) == ("Nobody looked.", Concern.RECORD, Verdict.UNCHECKABLE)
    assert row.effect is None and row.bound is None


def test_no_fault_is_allowed() -> None:
    assert THING.counted(0, "None.").verdict is Verdict.HELD
    row = THING.counted(1, "One.")
    assert (row.verdict, row.bound, row.measure, row.effect) == (Verdict.FAILED, (0.0, 0.0), "faults", 1.0)


def test_the_worst_residual_of_an_identity_decides() -> None:
    residual, steps = np.array([[0.0, 1e-12], [np.nan, -1e-3]]), np.array([0, 1000])
    row = THING.identity(residual, steps, along="member")
    assert (row.verdict, row.effect, row.where) == (Verdict.FAILED, 1e-3, "worst at step 1,000, member 1")
    assert (row.basis, row.concerns) == (Basis.CONSTRUCTION, Concern.RECORD)
    assert row.measure == "largest relative residual of 3"
    assert THING.identity(residual[:1], steps).verdict is Verdict.HELD
    assert THING.identity(np.full(2, np.nan), steps).verdict is Verdict.UNCHECKABLE


def test_the_claims_of_a_module_are_its_constants() -> None:
    module = ModuleType("claims")
    module.__dict__.update(ONE=THING, BOTH=(THING, SMALL), COUNT=3)
    assert claims_of(module, module) == (THING, SMALL)
