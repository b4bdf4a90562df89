"""What the record says in words, for the terminal and for the page."""

from szilard.numbers import with_error
from szilard.studies.reading import Reading
from szilard.studies.sentences import entry, screenful
from szilard.verdicts.audit import Audit


def summary(reading: Reading, audit: Audit) -> str:
    return screenful(reading, audit, entry("distance", answer(reading)))


def answer(reading: Reading) -> str:
    ends = (reading.at("distance", row) for row in (0, -1))
    told = " to ".join(with_error(end.value, end.error) for end in ends)
    return f"Trainings that began apart came nearer: from {told}, over {reading.span()}."
