"""The audit: claims as data, and what the record says of them."""

from szilard.studies.kits.complete import complete_record
from szilard.studies.reading import Reading
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding
from szilard.verdicts.intervals import difference, ratio

FORGOTTEN = Claim("forgotten", "trainings forget their start", "convexity", measure="distance left", bound=(0, 0.1))
LEARNED = Claim("learned", "the loss falls", "gradient descent", measure="fall in nat", bound=(0, float("inf")))


def findings(reading: Reading) -> tuple[Finding, ...]:
    return (
        complete_record(reading),
        FORGOTTEN.tested(*ratio(reading.at("distance"), reading.at("distance", 0)), detail="A tenth is next to none."),
        LEARNED.tested(*difference(reading.at("loss", 0), reading.at("loss")), detail="On the training set."),
    )
