"""The design in sentences: what was trained and recorded, what it cannot give, and what went wrong."""

from __future__ import annotations

import math

from szilard.numbers import number
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.studies.sentences import listed, many

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

WORSE = 1.5
"""Times ln C, beyond which a loss belongs to answers that are sure."""
BY_CHANCE = 1.5
"""Times 1/C, below which an accuracy is that of guesses."""


def design(reading: EnsembleReading) -> str:
    """Tasks, datasets and seeds, and over what the errors are."""
    tasks, datasets, seeds = (reading.count(level) for level in ("task", "dataset", "seed"))
    if not tasks:
        return f"{reading.size} trainings; the record does not say how they were designed."
    crossed = ", initialisations crossed with batch orders" if reading.mapping("design").get("crossed") else ""
    said = (
        f"{many(tasks, 'task')} × {many(datasets, 'dataset')} × {many(seeds, 'seed')}{crossed}: "
        f"{many(reading.size, 'training')}"
    )
    if reading.counted != reading.size:
        said += f", {reading.counted} of them counted"
    outermost = reading.mapping("design").get("outermost", "cluster")
    left = reading.clusters_at()
    if left != reading.designed:
        of = many(reading.designed, str(outermost))
        return f"{said}; errors over the {many(left, 'outermost cluster')} left of the {of}"
    return f"{said}; errors over the {many(left, str(outermost))}"


def reach(reading: EnsembleReading) -> str:
    """The steps that were recorded, and how much of the training that is."""
    said = f"{reading.span()} in {reading.records:,} records"
    ended = reading.mapping("ended_before")
    step, of = ended.get("step"), ended.get("of")
    if not isinstance(step, int) or not isinstance(of, int):
        return said
    return f"{said}: records end at step {step:,} of {of:,}, what the training did after that is not in them"


def loss_name(reading: EnsembleReading) -> str:
    """What the cross-entropy on the probe's labels is called: a test loss only where the probe is no training data."""
    return "loss on the probe (training inputs)" if reading.in_sample else "test loss"


def in_sample(reading: EnsembleReading) -> str:
    """What a probe of training inputs means; empty for any other."""
    if not reading.in_sample:
        return ""
    return (
        "The probe was drawn from the training split: members may have been trained on its inputs, so info_* and the "
        "stopping point are in-sample."
    )


def missing(reading: EnsembleReading) -> list[str]:
    """What the design cannot give and why, a sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    for name, why in reading.unavailable.items():
        base = name.removesuffix("_error")
        if name == "everything" and reading.lost:
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


def lost(reading: EnsembleReading) -> str:
    """How many members diverged, and where the last information stands; empty while two or more are left."""
    if not reading.lost:
        return ""
    whole = reading.lost == reading.size
    many = f"All {reading.size:,} members" if whole else f"{reading.lost:,} of {reading.size:,} members"
    after = f" after step {reading.steps[-1]:,}" if reading.records else ""
    return f"{many} diverged: fewer than two are left to compare{after}, so nothing is known of the end of training."


def diverged(reading: EnsembleReading) -> str:
    """Which members diverged and when; empty for none."""
    rows = reading.diverged
    if not rows:
        return ""
    told = [f"{member} at step {step:,}" if isinstance(step, int) else str(member) for member, step in rows[:6]]
    more = f" and {len(rows) - 6} more" if len(rows) > 6 else ""
    return (
        f"{many(len(rows), 'member')} diverged ({', '.join(told)}{more}): kept in the ledger, "
        "left out of every mixture."
    )


def guessing(reading: EnsembleReading) -> str:
    """That the members guess, and are sure of it, where labels show it; empty where they do not.

    A loss alone does not tell: networks that memorise wrong labels are sure and wrong, but right far more often.
    """
    loss, accuracy = reading.known("cross_entropy_mean"), reading.known("accuracy_mean")
    if loss is None or accuracy is None:
        return ""
    if not loss.value > WORSE * reading.most or accuracy.value > math.exp(-reading.most) * BY_CHANCE:
        return ""
    return (
        "The training went wrong (a learning rate too high?): the answers are right no more often than guesses, and"
        f" their {loss_name(reading)} is {number(loss.value, 3)} nat, where knowing nothing costs "
        f"{number(reading.most, 3)}."
    )


def undefined(reading: EnsembleReading) -> str:
    """How many records were left out, being undefined; empty for none."""
    if not reading.undefined or reading.lost:
        return ""
    were = "record without finite numbers was" if reading.undefined == 1 else "records without finite numbers were"
    return f"{reading.undefined} {were} left out."
