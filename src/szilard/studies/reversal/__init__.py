"""The study of training run backwards, and how lazy it was (paper Eq. 35, Appendix A)."""

from szilard.studies.study import Study

STUDY = Study(
    kind="reversal",
    home=__name__,
    leading="reversal",
    title="reversal",
    runs={"reversal": f"{__name__}.spec:reversal"},
    specs={"reversal": f"{__name__}.spec:Reversal"},
)
