#!/bin/sh
# wandb 0.31.0, mode="offline": run.finish() returns before the run's file is written.
#
# One would guess: after run.finish(), which waits for W&B's own process to finish the run, the one
# file of an offline run holds everything that was logged, so that it can be copied, read or synced in the next line.
# So it is: in some runs of a hundred the file that is read right then lacks rows, up to all of them, the end among
# them, without an error or a warning; another process writes them some milliseconds later.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet wandb==0.31.0
cat > "$place/finish.py" <<'PYTHON'
import time
from pathlib import Path

import wandb

ROWS, RUNS = 200, 100
print("wandb", wandb.__version__)
short = 0
for number in range(1, RUNS + 1):
    run = wandb.init(mode="offline", dir=".", project="finish", settings=wandb.Settings(silent=True))
    for step in range(ROWS):
        run.log({"x": step})
    folder = Path(run.dir).parent
    run.finish()
    (file,) = folder.glob("*.wandb")
    at_once = file.read_bytes()
    time.sleep(1)
    later = file.read_bytes()
    if len(at_once) < len(later):
        short += 1
        print(f"run {number}: {len(at_once):,} bytes when finish() returned, {len(later):,} a second later")
        assert later.startswith(at_once), "what was missing is the end of the file"
    if short == 3:
        break
wandb.teardown()
assert short, f"in {RUNS} runs the file was whole whenever finish() returned"
print("seen: finish() returns before all that was logged is in the file")
PYTHON
cd "$place"
WANDB_DIR="$place" "$place/venv/bin/python" -W ignore "$place/finish.py"
