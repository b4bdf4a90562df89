"""The study of a heat capacity: the loss of stationary training against its temperature."""

from szilard.studies.study import Study
from szilard.verdicts.audit import Subject

STUDY = Study(
    kind="heat-capacity",
    home=__name__,
    leading="heat",
    title="heat capacity",
    subject=Subject.ENSEMBLE,
    runs={"heat-capacity": f"{__name__}.spec:heat_capacity"},
    specs={"heat-capacity": f"{__name__}.spec:HeatCapacity"},
)
