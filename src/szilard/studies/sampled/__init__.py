"""The study of one run whose X is sampled: language models, flows, latent variables, energies."""

from szilard.studies.kits.watched import COMPARED
from szilard.studies.study import Study

STUDY = Study(
    kind="sampled",
    home=__name__,
    leading="ledger",
    title="run",
    runs={name: f"{__name__}.families.{name}:{name}" for name in ("vae", "flow", "ebm", "rbm", "text", "finetune")},
    specs={
        "vae": f"{__name__}.families.vae:VAE",
        "flow": f"{__name__}.families.flow:FlowRun",
        "ebm": f"{__name__}.families.ebm:EBM",
        "rbm": f"{__name__}.families.rbm:BoltzmannRun",
        "text": f"{__name__}.families.text:CharacterText",
        "finetune": f"{__name__}.families.finetune:FineTuning",
    },
    compared=COMPARED,
)
