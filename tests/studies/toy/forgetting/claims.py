"""The audit: effects with their intervals, against bounds."""

from szilard.studies.kits.complete import complete_record
from szilard.studies.reading import Reading
from szilard.verdicts.finding import Finding
from szilard.verdicts.rows import difference, ratio, tested


def findings(reading: Reading) -> tuple[Finding, ...]:
    share, shares = ratio(reading.at("distance"), reading.at("distance", 0))
    fall, falls = difference(reading.at("loss", 0), reading.at("loss"))
    return (
        complete_record(reading, "the record covers the whole run"),
        tested("forgotten", "trainings forget where they began", "convexity", measure="distance over that at the start",
               effect=share, interval=shares, bound=(0, 0.1), where=reading.span(), detail="A tenth is next to none."),
        tested("learned", "the loss falls", "gradient descent", measure="fall of the loss in nat", effect=fall,
               interval=falls, bound=(0, float("inf")), where=reading.span(), detail="On the training set."),
    )  # fmt: skip
