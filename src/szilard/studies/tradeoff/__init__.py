"""The study of efficiency of learning against sampler steps and updates at fixed compute (paper §5)."""

from szilard.studies.study import Study
from szilard.verdicts.audit import Subject

STUDY = Study(
    kind="tradeoff",
    home=__name__,
    leading="tradeoff",
    title="trade-off",
    subject=Subject.ENSEMBLE,
    runs={"tradeoff": f"{__name__}.spec:tradeoff"},
    specs={"tradeoff": f"{__name__}.spec:TradeOff"},
)
