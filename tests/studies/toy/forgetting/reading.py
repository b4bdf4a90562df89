"""What the record says: rows and numbers with errors, by the rules that all studies share."""

from functools import partial

from szilard.studies.reading import GroupReading

read = partial(GroupReading, group="forgetting")
