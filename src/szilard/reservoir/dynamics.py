"""What an optimiser does with noise: its effective temperatures, in units of the loss, or a refusal that says why.

All follow from two facts about white gradient noise of variance c at small curvature: a unit of gradient moves the
parameters by R in all (its *response*), and the mobility is R as well, so that fluctuation and dissipation balance at
``T = R c/2`` per direction (plain SGD: R = r, paper Eq. 34 with its μ). With v the optimiser's own buffer,
``v' = β v + (1 − τ) g``, momentum β and dampening τ:

| optimiser | response R | ⟨θ·∇U⟩ at stationarity, exact at any rate |
|---|---|---|
| SGD | r | ½ r ⟨g²⟩ |
| momentum, θ' = θ − r v' | r (1−τ)/(1−β) | ½ r (1+β)/(1−τ) ⟨v²⟩ |
| Nesterov, θ' = θ − r (g + β v') | r/(1−β) | ½ r ⟨g²⟩ + ½ r β (1+β) ⟨v²⟩ |
| Adam, P = 1/(√v̂ + ε) held fixed | r P | as momentum with τ = β = β₁, P m² in place of v² |

The third column is the *kinetic temperature*. It equals the configurational one at stationarity, whether or not there
is equilibrium.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from szilard.errors import SpecError

_KINDS = {"SGD": "sgd", "Adam": "adam", "AdamW": "adamw"}
_WHY_NOT = {
    "Adagrad": "its preconditioner never forgets, so that its noise is never stationary",
    "Adadelta": "its step does not depend on the scale of the gradient, which no temperature is known for",
    "RMSprop": "it may centre and square its gradients in ways for which no temperature has been derived here",
    "LBFGS": "it evaluates a closure many times a step and uses differences of gradients, which noise spoils",
    "Rprop": "it uses only the signs of gradients",
    "Adamax": "its preconditioner is a running maximum of the noise itself",
    "NAdam": "its momentum changes from step to step",
    "RAdam": "its step is rectified, which changes the temperature over the first steps",
    "ASGD": "it averages its parameters and lets the rate decay",
    "SparseAdam": "it moves only those parameters that have a gradient, each at its own times",
    "Adafactor": "its preconditioner is factored and its rate relative to the parameters",
    "Muon": "it orthogonalises its updates, so that noise does not add up linearly",
}


@dataclass(frozen=True, slots=True)
class Dynamics:
    """The dynamics of one parameter group.

    Attributes:
        kind: "sgd", "adam" or "adamw".
        rate: r, the learning rate.
        momentum: β of SGD.
        dampening: τ of SGD.
        nesterov: whether SGD looks ahead.
        weight_decay: λ; in SGD and Adam part of the potential (½ λ‖θ‖²), in AdamW a pull beside it.
        betas: of Adam.
        eps: of Adam.

    Example:
        >>> Dynamics("sgd", 0.25, momentum=0.5).noise_temperature(2.0)  # r c / [2 (1 − β)]
        0.5
        >>> Dynamics.of("SGD", {"lr": 0.25, "momentum": 0.5}).response
        0.5
    """

    kind: str
    rate: float
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def __post_init__(self) -> None:
        if self.kind not in _KINDS.values():
            raise SpecError(f"no dynamics of kind {self.kind!r}: known are sgd, adam and adamw.")
        if self.rate < 0 or not 0 <= self.inertia < 1:
            raise SpecError(
                f"a learning rate of {self.rate:g} with momentum {self.inertia:g} has no stationary state: "
                "the rate must not be negative, and momentum lie in [0, 1)."
            )
        if self.nesterov and (self.dampening or not self.momentum):
            raise SpecError(
                "the momentum of Nesterov needs a momentum above 0 and no dampening: set both so, or nesterov=False."
            )

    @classmethod
    def of(cls, optimizer: str, group: Mapping[str, Any]) -> Dynamics:
        """The dynamics of a torch optimiser's parameter group.

        Args:
            optimizer: the class's name, ``type(optimizer).__name__``.
            group: the group's settings, an item of ``optimizer.param_groups``.

        Raises:
            SpecError: for an optimiser, or a setting of it, whose temperature is not known, with the reason.
        """
        if optimizer not in _KINDS:
            reason = _WHY_NOT.get(optimizer, "it is none of torch's own SGD, Adam and AdamW")
            raise SpecError(f"no effective temperature is known for {optimizer}: {reason}.")
        if group.get("maximize"):
            raise SpecError(f"{optimizer} with maximize=True climbs: minimise the negative of the objective instead.")
        if group.get("amsgrad"):
            raise SpecError(
                f"no effective temperature is known for {optimizer} with amsgrad=True: "
                "its preconditioner is a running maximum of the noise itself."
            )
        kind = _KINDS[optimizer]
        if optimizer == "Adam" and group.get("decoupled_weight_decay"):
            kind = "adamw"
        rate, decay = float(group["lr"]), float(group.get("weight_decay", 0.0))
        if kind == "sgd":
            nesterov = bool(group.get("nesterov", False))
            momentum, dampening = float(group.get("momentum", 0.0)), float(group.get("dampening", 0.0))
            # Torch ignores dampening where there is no momentum.
            return cls(kind, rate, momentum, dampening if momentum else 0.0, nesterov, decay)
        first, second = (float(beta) for beta in group["betas"])
        return cls(kind, rate, weight_decay=decay, betas=(first, second), eps=float(group["eps"]))

    @property
    def adaptive(self) -> bool:
        """Whether a preconditioner multiplies the gradient: Adam and AdamW."""
        return self.kind != "sgd"

    @property
    def inertia(self) -> float:
        """β of the velocity: SGD's momentum, Adam's β₁."""
        return self.betas[0] if self.adaptive else self.momentum

    @property
    def intake(self) -> float:
        """1 − τ, the weight with which a gradient enters the velocity; Adam's 1 − β₁."""
        return 1 - (self.betas[0] if self.adaptive else self.dampening)

    @property
    def response(self) -> float:
        """R, by how much a unit of (preconditioned) gradient moves a parameter in all."""
        return self.rate * (self.intake / (1 - self.inertia))

    @property
    def buffered(self) -> bool:
        """Whether the kinetic temperature needs the optimiser's buffer: any momentum."""
        return self.inertia > 0

    def noise_temperature(self, noise: Any) -> Any:
        """``T = R c/2``, the temperature that white noise of variance c means at small curvature.

        Args:
            noise: c, a number or an array; for Adam the preconditioned ``P c``, its mean over parameters for a group.
        """
        return 0.5 * self.response * noise

    def kinetic(self, gradient_square: Any = None, buffer_square: Any = None) -> Any:
        """The kinetic temperature: see the table above.

        Args:
            gradient_square: ⟨g²⟩ per parameter, needed without momentum and by Nesterov. g includes what SGD's and
                Adam's weight decay adds.
            buffer_square: ⟨v²⟩ per parameter of torch's ``momentum_buffer``; for Adam ⟨P m²⟩, m being ``exp_avg``.

        Raises:
            SpecError: where the square that is needed was not given.
        """
        needed = [
            (self.gradient_weight, gradient_square, "gradient_square"),
            (self.buffer_weight, buffer_square, "buffer_square"),
        ]
        total: Any = 0.0
        for weight, square, name in needed:
            if not weight:
                continue
            if square is None:
                raise SpecError(f"the kinetic temperature of {self.kind} with momentum {self.inertia:g} needs {name}.")
            total = total + weight * square
        return total

    @property
    def gradient_weight(self) -> float:
        """The weight of ⟨g²⟩ in the kinetic temperature, dimensionless."""
        return 0.5 * self.rate if self.nesterov or not self.buffered else 0.0

    @property
    def buffer_weight(self) -> float:
        """Weight of ⟨v²⟩ (Adam: ⟨P m²⟩) in the kinetic temperature."""
        if not self.buffered:
            return 0.0
        weight = 0.5 * self.rate * (1 + self.inertia) / self.intake
        return weight * self.inertia if self.nesterov else weight
