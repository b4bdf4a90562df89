"""What moved the model at a measuring interval, in words with numbers."""

from __future__ import annotations

from szilard.estimate import format_with_error
from szilard.studies.kits.watched.drift import DriftShare, Motion


def describe(share: DriftShare, momentum: float) -> str:
    """What moved the model at this interval, in words with numbers: the share, R and, with momentum, r of noise."""
    amount = format_with_error(share.share.value, share.share.error)
    hidden = "jumps that undo one another can hide a drift beneath them"
    said = {
        Motion.DRIFT: f"Drift: it makes up {amount} of the work",
        Motion.DIFFUSION: f"Diffusion: drift makes up {amount} of the work",
        Motion.NO_DRIFT: f"No net drift ({amount} of the work), but {hidden},",
        Motion.RESTORING: f"Restoring (drift share {amount}): {hidden},",
        Motion.UNDECIDED: f"Drift or diffusion undecided: drift's share of the work is {amount}",
    }[share.motion]
    if share.less_alike:
        said = f"Undecided: jumps are less alike than momentum alone would make white noise (drift share {amount})"
    elif not share.enough:
        said += ", too few jumps made the work to tell,"
    coarse = share.ratio * share.interval
    said += f" at jumps of {_steps(share.interval)} (R = W({coarse})/W({share.interval}) = {share.work_ratio:.2f}"
    if momentum:
        said += f"; white noise under momentum {momentum:g} has r = {share.noise_ratio:.2f}"
    return said + ")."


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count:,} steps"
