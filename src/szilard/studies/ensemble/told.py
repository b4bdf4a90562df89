"""What an ensemble's record says, in sentences that the summary and the page share."""

from __future__ import annotations

import math

from szilard.estimate import Estimate, Kind, format_with_error
from szilard.studies.ensemble.record import LEVELS, Ensemble

WORDS = {
    "info_task": "what was learned of the task",
    "info_dataset": "what was memorised of the sample",
    "info_seed": "the luck of the seed",
    "info_data": "what was learned of task and sample together",
    "cross_entropy_between": "the label-free stopping point",
    "info_seed_initialisation": "how the luck splits into initialisation and batch order",
    "info_seed_order": "how the luck splits into initialisation and batch order",
    "l_info": "L-info",
    "entropy_marginal": "the marginal entropy",
    "m_info_lower": "M-info from below",
    "m_info_upper": "M-info from above",
    "supersample_information": "the information of a supersample",
}
"""What a reader may miss, in words; other names are shown as they are."""

CLAUSES = {
    "info_task": "learned {} nat of the task",
    "info_dataset": "memorised {} nat of their own sample",
    "info_seed": "owe {} nat to the luck of the seed",
}
SIZES = {"info_task": "task", "info_dataset": "dataset", "info_seed": "seed"}
WORSE = 1.5
"""Times ln C, beyond which a loss belongs to answers that are sure."""
BY_CHANCE = 1.5
"""Times 1/C, below which an accuracy is that of guesses."""
FAR = 0.3
"""Of the reported value; the audit holds the two against the same bound."""
DISAGREE = 2.0
"""Errors between the two estimates of what was memorised beyond which it is said."""


def amount(estimate: Estimate) -> str:
    """``value ± error`` with a true minus and no line break inside; where an error is missing it says so."""
    value, error = float(estimate.value), float(estimate.error)
    if error == 0:
        return f"{value:.4g}".replace("-", "−")
    if not math.isfinite(error):
        return f"{value:.3g} (no error)".replace("-", "−").replace(" ", "\u00a0")
    return format_with_error(value, error).replace("-", "−").replace(" ", "\u00a0")


def outcome(ensemble: Ensemble) -> str:
    """How many nats were learned, memorised and owed to luck at the end."""
    if not ensemble.records:
        return lost(ensemble) or "Nothing is recorded yet that is defined."
    found = {name: estimate for name in LEVELS if (estimate := ensemble.at(name)) is not None}
    total = ensemble.at("l_info")
    said = ""
    at = f"at step {ensemble.steps[-1]:,}{', the last information,' if ensemble.lost else ''}"
    if found:
        clauses = [CLAUSES[name].format(stated(ensemble, name, estimate)) for name, estimate in found.items()]
        said = f"{at} the runs {listed(clauses)}, per probe input"
    if total is not None:
        whole = f"a prediction tells {stated(ensemble, 'l_info', total)} nat of its model (L-info)"
        if not found:
            said = f"{at} {whole}, per probe input"
        elif len(found) > 1:
            said += f"; in all {whole}"
    if unsure := loose(ensemble):
        said += f". {too_few(ensemble, unsure)}"
    said = f"{said[0].upper()}{said[1:]}." if said else "This design gives none of the informations at its last record."
    return f"{lost(ensemble)} {said}".strip()


def lost(ensemble: Ensemble) -> str:
    """How many members diverged, and where the last information stands; empty while two or more are left."""
    if not ensemble.lost:
        return ""
    whole = ensemble.lost == ensemble.size
    many = f"All {ensemble.size:,} members" if whole else f"{ensemble.lost:,} of {ensemble.size:,} members"
    after = f" after step {ensemble.steps[-1]:,}" if ensemble.records else ""
    return f"{many} diverged: fewer than two are left to compare{after}, so nothing is known of the end of training."


def in_sample(ensemble: Ensemble) -> str:
    """What a probe of training inputs means; empty for any other."""
    if not ensemble.in_sample:
        return ""
    return (
        "The probe was drawn from the training split: members may have been trained on its inputs, so info_* and the "
        "stopping point are in-sample."
    )


def loss_name(ensemble: Ensemble) -> str:
    """What the cross-entropy on the probe's labels is called: a test loss only where the probe is no training data."""
    return "loss on the probe (training inputs)" if ensemble.in_sample else "test loss"


def reach(ensemble: Ensemble) -> str:
    """The steps that were recorded, and how much of the training that is."""
    said = f"{ensemble.span()} in {ensemble.records:,} records"
    ended = ensemble.mapping("ended_before")
    step, of = ended.get("step"), ended.get("of")
    if not isinstance(step, int) or not isinstance(of, int):
        return said
    return f"{said}: records end at step {step:,} of {of:,}, what the training did after that is not in them"


def design(ensemble: Ensemble) -> str:
    """Tasks, datasets and seeds, and over what the errors are."""
    tasks, datasets, seeds = (ensemble.count(level) for level in ("task", "dataset", "seed"))
    if not tasks:
        return f"{ensemble.size} trainings; the record does not say how they were designed."
    crossed = ", initialisations crossed with batch orders" if ensemble.mapping("design").get("crossed") else ""
    said = (
        f"{_many(tasks, 'task')} × {_many(datasets, 'dataset')} × {_many(seeds, 'seed')}{crossed}: "
        f"{_many(ensemble.size, 'training')}"
    )
    if ensemble.counted != ensemble.size:
        said += f", {ensemble.counted} of them counted"
    outermost = ensemble.mapping("design").get("outermost", "cluster")
    left = int(ensemble.clusters[-1]) if ensemble.records else ensemble.designed
    if left != ensemble.designed:
        of = _many(ensemble.designed, str(outermost))
        return f"{said}; errors over the {_many(left, 'outermost cluster')} left of the {of}"
    return f"{said}; errors over the {_many(left, str(outermost))}"


def missing(ensemble: Ensemble) -> list[str]:
    """What the design cannot give and why, a sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    for name, why in ensemble.unavailable.items():
        base = name.removesuffix("_error")
        if name == "everything" and ensemble.lost:
            continue  # the outcome says it
        if name.endswith("_quadratic"):
            continue  # missing where the information is
        words = WORDS.get(base, base.replace("_", " "))
        words = f"the error of {words}" if base != name else words
        if words not in reasons.setdefault(why, []):
            reasons[why].append(words)
    lead = {why: f"Not given: {listed(names)}" for why, names in reasons.items()}
    lead |= {why: "Nothing is given" for why, names in reasons.items() if "everything" in names}
    return [
        f"{what}, because {why[:1].lower() if why[1:2].islower() else why[:1]}{why[1:]}" for why, what in lead.items()
    ]


def guessing(ensemble: Ensemble) -> str:
    """That the members guess, and are sure of it, where labels show it; empty where they do not.

    A loss alone does not tell: networks that memorise wrong labels are sure and wrong, but right far more often.
    """
    loss, accuracy = ensemble.at("cross_entropy_mean"), ensemble.at("accuracy_mean")
    if loss is None or accuracy is None:
        return ""
    if not loss.value > WORSE * ensemble.most or accuracy.value > math.exp(-ensemble.most) * BY_CHANCE:
        return ""
    return (
        "The training went wrong (a learning rate too high?): the answers are right no more often than guesses, and"
        f" their {loss_name(ensemble)} is {loss.value:.3g} nat, where knowing nothing costs {ensemble.most:.3g}."
    )


def diverged(ensemble: Ensemble) -> str:
    """Which members diverged and when; empty for none."""
    rows = ensemble.diverged
    if not rows:
        return ""
    told = [f"{member} at step {step:,}" if isinstance(step, int) else str(member) for member, step in rows[:6]]
    more = f" and {len(rows) - 6} more" if len(rows) > 6 else ""
    number = f"{_many(len(rows), 'member')} diverged"
    return f"{number} ({', '.join(told)}{more}): kept in the ledger, left out of every mixture."


def effect(ensemble: Ensemble) -> str:
    """Whether the datasets made a difference at all, by the contrast and the permutation test; empty without them."""
    reported, contrast = ensemble.at("info_dataset"), ensemble.at("info_dataset_contrast")
    p = ensemble.at("info_dataset_permutation_p")
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
        said.append(f"by a permutation test the datasets {verb} (p = {p.value:.2g})")
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def disagrees(one: Estimate, other: Estimate) -> bool:
    """Whether two estimates of the same lie further apart than their errors allow, and by a good part of the first."""
    apart, between = math.hypot(float(one.error), float(other.error)), abs(one.value - other.value)
    return math.isfinite(apart) and between > DISAGREE * apart and between > FAR * abs(one.value)


def stopping(ensemble: Ensemble) -> str:
    """Where to stop without a label, and what that would have cost or saved; empty where it cannot be told."""
    stop = ensemble.stop
    if stop is None or (ensemble.lost and not stop.resolved):
        return ""
    agree = "models of different datasets predict one another best"
    value = amount(Estimate(stop.value, stop.error, Kind.UNBIASED))
    last = int(ensemble.steps[-1])
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
    best = f"{stop.cost:.1%} above the least, which only labels find (step {stop.best_step:,})"
    at_best = "the least of all" if stop.step == stop.best_step else best
    last_one = "last record" if ensemble.lost or ensemble.mapping("ended_before") else "end"
    end = f"{abs(stop.saving):.0%} {'less' if stop.saving >= 0 else 'more'} than at the {last_one}"
    if stop.resolved and stop.saving < 0:
        return (
            f"No good stop here: {agree} at {at} ({value} nat), but the {loss_name(ensemble)} there is"
            f" {stop.loss:.3g} nat, {end} and {at_best}."
        )
    return f"{said}. The {loss_name(ensemble)} there is {stop.loss:.3g} nat, {at_best}, and {end}."


def cost(ensemble: Ensemble) -> str:
    """Mean work and heat, and the entropy production of the marginal."""
    work, heat = ensemble.at("work_mean"), ensemble.at("heat_mean")
    if work is None or heat is None:
        return ""
    flow = "gave off" if heat.value < 0 else "took up"
    given = Estimate(abs(heat.value), heat.error, heat.kind)
    said = (
        f"On average a training took W = {amount(work)} nat of work per input, and its predictions {flow} "
        f"{amount(given)} nat of heat."
    )
    marginal, ignorance = ensemble.at("ep_marginal"), ensemble.at("ep_ignorance")
    if marginal is not None and ignorance is not None:
        said += (
            f" To one who does not know which training it was, the entropy production is Σ(X) = {amount(marginal)} "
            f"nat; it exceeds W by what ignorance grew, Δ L-info = {amount(ignorance)} nat"
        )
        said += " (negative: the trainings became more alike)." if ignorance.value < 0 else "."
    return said


def m_info(ensemble: Ensemble) -> str:
    """What the parameters hold of the data, between its bounds; empty where there is none."""
    low, high = ensemble.at("m_info_lower"), ensemble.at("m_info_upper")
    idle = low is not None and low.value <= 0
    ends = (("least", None if idle else low), ("most", high))
    bounds = [f"at {word} {amount(bound)} nat" for word, bound in ends if bound is not None]
    clausius, supersample = ensemble.at("clausius_information"), ensemble.at("supersample_information")
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


def stated(ensemble: Ensemble, name: str, estimate: Estimate) -> str:
    """The estimate; where its bracket spans more than the value, the bracket instead."""
    bracket = ensemble.bracket(name)
    if bracket is None or not ensemble.saturated(name):
        return amount(estimate)
    return f"between {bracket[0]:.2g} and {bracket[1]:.2g}".replace("-", "−")


def loose(ensemble: Ensemble) -> list[str]:
    """The parts of the budget whose bracket is wider than their value at the end, by name."""
    return [name for name in LEVELS if ensemble.at(name) is not None and ensemble.saturated(name)]


def too_few(ensemble: Ensemble, names: list[str]) -> str:
    """Why brackets stand in place of numbers, and what the numbers would be."""
    sizes = [_many(ensemble.count(SIZES[name]), SIZES[name]) for name in names]
    estimates = [amount(estimate) for name in names if (estimate := ensemble.at(name)) is not None]
    numbers = "estimate" if len(names) == 1 else "estimates"
    return (
        f"{listed(sizes)} are too few to pin that down; corrected for so few the {numbers} would be"
        f" {listed(estimates)} nat"
    )


def small(ensemble: Ensemble) -> str:
    """What the design is too small for, in one short sentence; empty for none."""
    unsure = loose(ensemble)
    many = listed([_many(ensemble.count(SIZES[name]), SIZES[name]) for name in unsure])
    levels = [f"{many} cannot pin down {listed([WORDS[name] for name in unsure])}, given as brackets"] if unsure else []
    note = ensemble.attributes.get("notes_on_coverage")
    few = ensemble.records and isinstance(note, str) and note
    bars = [f"error bars rest on {_many(int(ensemble.clusters[-1]), 'cluster')} (see the evidence)"] if few else []
    return f"A small design: {'; '.join([*levels, *bars])}." if levels or bars else ""


def listed(items: list[str]) -> str:
    """Items joined as in a sentence.

    Example:
        >>> listed(["a", "b", "c"]), listed(["a"])
        ('a, b and c', 'a')
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
