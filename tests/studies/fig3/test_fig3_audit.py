"""The audit of Figure 3: each row held and failed where it must, and the answers that page and summary give."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

import szilard
from szilard.audit import Verdict
from szilard.reservoir.contrasts import largest_effect
from szilard.studies.fig3 import words
from szilard.studies.fig3.claims.noise import change_of, steady_from
from szilard.studies.fig3.claims.spread import deviation_interval
from szilard.studies.fig3.reading import autocorrelation, log_ratio, read

Make = Callable[..., szilard.Run]


def test_noise_as_the_paper_has_it_passes_every_test(make: Make) -> None:
    run = make()
    audit = run.audit()
    failed = [row.name for row in audit.rows if row.verdict in (Verdict.FAILED, Verdict.UNDECIDED)]
    assert [name for name in failed if not name.startswith("force above")] == []
    assert audit.sound and "identities" not in audit.verdict
    assert len({row.name for row in audit.rows}) == len(audit.rows)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ({"growth": 2.0}, "stationary noise, |b| = 10"),
        ({"rho": 0.2}, "white noise, |b| = 1"),
        ({"rho": -0.2}, "white noise, |b| = 100"),
        ({"heat": 3.0}, "one temperature, |b| = 1"),
        ({"extra": 1.5}, "noise goes with 1/|b|"),
        ({"extra": 1.5}, "temperature goes with 1/|b|"),
        ({"spread": 0.2}, "low variance of the accuracy, |b| = 1"),
        ({"move": 3.0}, "confined parameters, |b| = 10"),
        ({"force": 0.01}, "greatest force above the noise, |b| = 1"),
        ({"force": 0.1}, "force above the noise, |b| = 1"),
        ({"lie": 1.3}, "noise measured twice"),
        ({"lost": 3, "diverged": [{"batch": 1, "member": m, "step": 500} for m in (9, 10, 11)]}, "members"),
    ],
)
def test_a_row_fails_where_it_must_and_holds_where_it_may(make: Make, wanted: dict[str, object], name: str) -> None:
    assert make(**wanted).audit()[name].verdict is Verdict.FAILED
    if name != "force above the noise, |b| = 1":
        assert make().audit()[name].verdict is Verdict.HELD
    else:
        assert make(force=2.0).audit()[name].verdict is Verdict.HELD


def test_numbers_that_contradict_one_another_are_not_to_be_relied_on(make: Make) -> None:
    assert not make(lie=1.3).audit().sound


def test_effects_are_what_was_put_in(make: Make) -> None:
    run = make(growth=2.0, heat=3.0, rho=0.2)
    reading = read(run.tree)
    change = change_of(reading, 0)
    assert change is not None and change.between == (0, 3)
    # Stretches are ten records long, and their middles three quarters of the training apart.
    assert change.signed == pytest.approx(np.log(2) * 0.75, abs=0.03)
    assert run.audit()["one temperature, |b| = 1"].effect == pytest.approx(np.log(3), abs=0.03)
    assert run.audit()["white noise, |b| = 1"].effect == pytest.approx(0.2, abs=0.02)
    temperature = reading.temperature(0)
    assert temperature.value[0, 1] == pytest.approx(0.5 * 0.01 * 1e-3, rel=0.03)
    assert reading.mean("noise_variance", 1).value[0, 1] == pytest.approx(1e-4, rel=0.03)


def test_the_step_from_which_noise_is_stationary_is_found(make: Make) -> None:
    assert steady_from(read(make().tree), 0) == 25
    assert steady_from(read(make(growth=1.3).tree), 0) == 525
    assert steady_from(read(make(growth=100.0).tree), 0) is None


def test_ratios_of_paired_members_have_the_error_of_what_differs() -> None:
    common = np.random.default_rng(0).lognormal(0, 1, 400)
    one, other = common * np.random.default_rng(1).lognormal(0, 0.01, (2, 400))
    effect, error = log_ratio(one, other)
    assert error < 0.003 and abs(effect) < 4 * error


def test_intervals_of_deviations_cover() -> None:
    rng = np.random.default_rng(0)
    found = [deviation_interval(rng.normal(size=20).std(ddof=1), 20) for _ in range(2000)]
    assert abs(np.mean([low <= 1 <= high for low, high in found]) - 0.95) < 0.02


def test_white_noise_is_seldom_called_coloured() -> None:
    """Size of the row: at no correlation the interval of the largest ρ touches 0 in 95 of 100 records."""
    rng, missed = np.random.default_rng(5), 0
    for _ in range(400):
        found = autocorrelation(np.where(np.arange(5) == 0, 1.0, 0.0) + 0.05 * rng.normal(size=(3, 12, 5)))
        missed += largest_effect(found.value[1:], found.error[1:], found.degrees_of_freedom).low > 0
    assert missed / 400 < 0.09


def test_what_cannot_be_told_says_why(make: Make) -> None:
    run = make(lost=12)
    row = run.audit()["stationary noise, |b| = 1"]
    assert row.verdict is Verdict.UNCHECKABLE and "0 of its 12 members" in row.detail
    assert run.audit()["stationary noise, |b| = 10"].verdict is Verdict.HELD
    assert run.summary()


def test_what_epochs_take_off_a_batch_is_no_breach_of_one_over_the_batch(make: Make) -> None:
    """A batch of 100 of 300 examples without repeats has 200/299 of the noise that repeats would give it."""
    held = make(shuffle="epochs", examples=300, extra=200 / 299).audit()
    assert held["noise goes with 1/|b|"].effect < 0.05
    assert make(extra=200 / 299).audit()["noise goes with 1/|b|"].verdict is Verdict.FAILED


def test_answers_in_words(make: Make) -> None:
    run = make(growth=2.0, heat=3.0)
    reading, audit = read(run.tree), run.audit()
    assert words.stationary(reading, audit).startswith("no at every batch size: the variance changes 1.6")
    assert words.white(reading, audit).startswith("yes at every batch size: largest ρ")
    assert words.low_variance(reading, audit).startswith("yes at every batch size: accuracy 0.900")
    assert words.hottest(reading).startswith("layer 2 (100 → 2) at every batch size: T = ")
    assert re.search(r"are as 1 : 0\.(1|099)\d* : 0\.(01|009)\d* at step 0", words.noise(reading))
    assert "12 at |b| = 1" in words.design(reading)
    mixed = make(rho=0.0, lost=12)
    assert "|b| = 1" not in words.stationary(read(mixed.tree), mixed.audit()).replace("|b| = 10", "")


def test_the_summary_is_a_screenful(make: Make) -> None:
    text = make(growth=2.0).summary()
    assert max(map(len, text.splitlines())) <= 88
    for part in ("|b| = 100", "stationary?", "hottest layer", "T = r c/2", "audit"):
        assert part in text
    # One line of answers for each batch size, under their heads.
    head = next(place for place, line in enumerate(text.splitlines()) if "stationary?" in line)
    for line in text.splitlines()[head + 1 : head + 4]:
        assert line.startswith("  |b| = ") and sum(line.count(word) for word in ("yes", "no ", "undecided")) == 3, line
