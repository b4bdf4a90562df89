"""A study of how soon trainings forget where they began."""

from szilard.studies.study import Study

STUDY = Study(
    kind="forgetting", home=__name__, leading="forgetting", title="forgetting", compared=("distance", "loss"),
    runs={"forgetting": f"{__name__}.spec:Forgetting"}, specs={"forgetting": f"{__name__}.spec:Forgetting"},
)  # fmt: skip
