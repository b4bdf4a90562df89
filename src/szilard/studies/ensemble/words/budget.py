"""What came of the ensemble in sentences: what was learned, memorised and owed to luck, where to stop, the cost."""

from __future__ import annotations

import math

from szilard.estimate import Estimate, Kind
from szilard.numbers import number, percent
from szilard.studies.ensemble.reading import LEVELS, EnsembleReading
from szilard.studies.ensemble.words.design import WORDS, loss_name, lost
from szilard.studies.sentences import amount, listed, many

CLAUSES = {
    "info_task": "learned {} nat of the task",
    "info_dataset": "memorised {} nat of their own sample",
    "info_seed": "owe {} nat to the luck of the seed",
}
SIZES = {"info_task": "task", "info_dataset": "dataset", "info_seed": "seed"}
FAR = 0.3
"""Of the reported value; the audit holds the two against the same bound."""
DISAGREE = 2.0
"""Errors between the two estimates of what was memorised beyond which it is said."""


def outcome(reading: EnsembleReading) -> str:
    """How many nats were learned, memorised and owed to luck at the end."""
    if not reading.records:
        return lost(reading) or "Nothing is recorded yet that is defined."
    found = {name: estimate for name in LEVELS if (estimate := reading.known(name)) is not None}
    total = reading.known("l_info")
    said = ""
    at = f"at step {reading.steps[-1]:,}{', the last information,' if reading.lost else ''}"
    if found:
        clauses = [CLAUSES[name].format(stated(reading, name, estimate)) for name, estimate in found.items()]
        said = f"{at} the runs {listed(clauses)}, per probe input"
    if total is not None:
        whole = f"a prediction tells {stated(reading, 'l_info', total)} nat of its model (L-info)"
        if not found:
            said = f"{at} {whole}, per probe input"
        elif len(found) > 1:
            said += f"; in all {whole}"
    if unsure := loose(reading):
        said += f". {too_few(reading, unsure)}"
    said = f"{said[0].upper()}{said[1:]}." if said else "This design gives none of the informations at its last record."
    return f"{lost(reading)} {said}".strip()


def stated(reading: EnsembleReading, name: str, estimate: Estimate) -> str:
    """The estimate; where its bracket spans more than the value, the bracket instead."""
    bracket = reading.bracket(name)
    if bracket is None or not reading.saturated(name):
        return amount(estimate)
    return f"between {number(bracket[0])} and {number(bracket[1])}"


def loose(reading: EnsembleReading) -> list[str]:
    """The parts of the budget whose bracket is wider than their value at the end, by name."""
    return [name for name in LEVELS if reading.known(name) is not None and reading.saturated(name)]


def too_few(reading: EnsembleReading, names: list[str]) -> str:
    """Why brackets stand in place of numbers, and what the numbers would be."""
    sizes = [many(reading.count(SIZES[name]), SIZES[name]) for name in names]
    estimates = [amount(estimate) for name in names if (estimate := reading.known(name)) is not None]
    numbers = "estimate" if len(names) == 1 else "estimates"
    return (
        f"{listed(sizes)} are too few to pin that down; corrected for so few the {numbers} would be"
        f" {listed(estimates)} nat"
    )


def small(reading: EnsembleReading) -> str:
    """What the design is too small for, in one short sentence; empty for none."""
    unsure = loose(reading)
    sizes = listed([many(reading.count(SIZES[name]), SIZES[name]) for name in unsure])
    levels = (
        [f"{sizes} cannot pin down {listed([WORDS[name] for name in unsure])}, given as brackets"] if unsure else []
    )
    note = reading.attributes.get("notes_on_coverage")
    few = reading.records and isinstance(note, str) and note
    bars = [f"error bars rest on {many(reading.clusters_at(), 'cluster')} (see the evidence)"] if few else []
    return f"A small design: {'; '.join([*levels, *bars])}." if levels or bars else ""


def effect(reading: EnsembleReading) -> str:
    """Whether the datasets made a difference at all, by the contrast and the permutation test; empty without them."""
    reported, contrast = reading.known("info_dataset"), reading.known("info_dataset_contrast")
    p = reading.known("info_dataset_permutation_p")
    said = []
    if contrast is not None:
        said.append(
            "The matched-size contrast, unbiased at zero and too small where there is much, gives"
            f" {amount(contrast)} nat memorised"
        )
        if reported is not None and disagrees(reported, contrast):
            said[-1] += f", far from the {amount(reported)} reported: trust neither far"
    if p is not None:
        verb = "differ" if p.value < 0.05 else "cannot be told apart"
        said.append(f"by a permutation test the datasets {verb} (p = {number(p.value)})")
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def disagrees(one: Estimate, other: Estimate) -> bool:
    """Whether two estimates of the same lie further apart than their errors allow, and by a good part of the first."""
    apart, between = math.hypot(float(one.error), float(other.error)), abs(one.value - other.value)
    return math.isfinite(apart) and between > DISAGREE * apart and between > FAR * abs(one.value)


def stopping(reading: EnsembleReading) -> str:
    """Where to stop without a label, and what that would have cost or saved; empty where it cannot be told."""
    stop = reading.stop
    if stop is None or (reading.lost and not stop.resolved):
        return ""
    agree = "models of different datasets predict one another best"
    value = amount(Estimate(stop.value, stop.error, Kind.UNBIASED))
    last = int(reading.steps[-1])
    if stop.step == last:
        at = f"{agree} at the last step, {last:,} ({value} nat)"
        return f"Without a label: {at}, so nothing says that one should have stopped."
    at = f"step {stop.step:,}"
    said = f"Stop at {at}, where {agree} ({value} nat): finding it took no label"
    if not stop.resolved:
        said = (
            f"Without a label: {agree} at {at} ({value} nat), but the rise after it is within the errors: no clear stop"
        )
    if not math.isfinite(stop.loss) or stop.best_step is None:
        return f"{said}. There are no labels to judge it by."
    best = f"{percent(stop.cost, 1)} above the least, which only labels find (step {stop.best_step:,})"
    at_best = "the least of all" if stop.step == stop.best_step else best
    last_one = "last record" if reading.lost or reading.mapping("ended_before") else "end"
    end = f"{percent(abs(stop.saving))} {'less' if stop.saving >= 0 else 'more'} than at the {last_one}"
    if stop.resolved and stop.saving < 0:
        return (
            f"No good stop here: {agree} at {at} ({value} nat), but the {loss_name(reading)} there is"
            f" {number(stop.loss, 3)} nat, {end} and {at_best}."
        )
    return f"{said}. The {loss_name(reading)} there is {number(stop.loss, 3)} nat, {at_best}, and {end}."


def m_info(reading: EnsembleReading) -> str:
    """What the parameters hold of the data, between its bounds; empty where there is none."""
    low, high = reading.known("m_info_lower"), reading.known("m_info_upper")
    idle = low is not None and low.value <= 0
    ends = (("least", None if idle else low), ("most", high))
    bounds = [f"at {word} {amount(bound)} nat" for word, bound in ends if bound is not None]
    clausius, supersample = reading.known("clausius_information"), reading.known("supersample_information")
    said = []
    if bounds:
        said.append(f"The parameters hold {listed(bounds)} of their data set, I(Θ;B)")
    if low is not None and idle:
        what = "Its lower bound" if bounds else "The lower bound of what the parameters hold of their data set, I(Θ;B),"
        said.append(f"{what} is not above 0 ({amount(low)} nat), so it shows nothing")
    if said and clausius is not None:
        said[-1] += f"; the paper's Clausius number, a hypothesis, is −Q = {amount(clausius)} nat per input"
    if supersample is not None:
        said.append(f"Answers on the supersample tell {amount(supersample)} nat of which halves were trained on")
    return "".join(f"{each}. " for each in said).strip()


def cost(reading: EnsembleReading) -> str:
    """Mean work and heat, and the entropy production of the marginal."""
    work, heat = reading.known("work_mean"), reading.known("heat_mean")
    if work is None or heat is None:
        return ""
    flow = "gave off" if heat.value < 0 else "took up"
    given = Estimate(abs(heat.value), heat.error, heat.kind)
    said = (
        f"On average a training took W = {amount(work)} nat of work per input, and its predictions {flow} "
        f"{amount(given)} nat of heat."
    )
    marginal, ignorance = reading.known("ep_marginal"), reading.known("ep_ignorance")
    if marginal is not None and ignorance is not None:
        said += (
            f" To one who does not know which training it was, the entropy production is Σ(X) = {amount(marginal)} "
            f"nat; it exceeds W by what ignorance grew, Δ L-info = {amount(ignorance)} nat"
        )
        said += " (negative: the trainings became more alike)." if ignorance.value < 0 else "."
    return said
