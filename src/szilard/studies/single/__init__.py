"""The study of one run, watched."""

from szilard.studies.kits.watched import COMPARED
from szilard.studies.study import Study

STUDY = Study(
    kind="single",
    home=__name__,
    leading="ledger",
    title="run",
    runs={"single": f"{__name__}.spec:single"},
    specs={"": "szilard.studies.kits.experiment:Experiment"},
    compared=COMPARED,
)
