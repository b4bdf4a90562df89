#!/bin/sh
# pytorch-ignite 0.5.5: a handler of EXCEPTION_RAISED that only notes the error makes the training go on.
#
# One would guess: a handler of Events.EXCEPTION_RAISED is told of an error that ends the run, which is raised as it
# is without the handler; as handlers of the other events only look on, and return nothing.
# So it is: with any such handler trainer.run() raises nothing. The epoch ends at the batch that failed, the rest of its
# batches are left out, EPOCH_COMPLETED fires as though it were whole, the other epochs are trained, COMPLETED fires, and
# run() returns its state.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet pytorch-ignite==0.5.5 torch==2.13.0 numpy==2.4.6
cat > "$place/exception.py" <<'PYTHON'
import logging
from importlib.metadata import version

from ignite.engine import Engine, Events

logging.disable(logging.CRITICAL)
print("pytorch-ignite", version("pytorch-ignite"))


def trained(noting):
    """What became of a run of 3 epochs of 5 batches, the third of which fails."""
    log = []

    def update(engine, batch):
        if engine.state.iteration == 3:
            raise ValueError("a bad batch")
        return 0.0

    trainer = Engine(update)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: log.append(f"epoch at {engine.state.iteration}"))
    trainer.add_event_handler(Events.COMPLETED, lambda engine: log.append(f"completed at {engine.state.iteration}"))
    if noting:
        trainer.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, error: log.append(f"told of {error!r}"))
    try:
        trainer.run(range(5), max_epochs=3)
    except ValueError as error:
        log.append(f"raised {error!r}")
    return log


without, beside = trained(False), trained(True)
print("without a handler:", ", ".join(without))
print("with one that notes:", ", ".join(beside))
assert without == ["raised ValueError('a bad batch')"]
assert beside == [
    "told of ValueError('a bad batch')", "epoch at 3", "epoch at 8", "epoch at 13", "completed at 13",
]
PYTHON
cd "$place"
"$place/venv/bin/python" -W ignore "$place/exception.py"
