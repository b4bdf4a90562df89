"""What the record of a trade-off says: states, sums over their members, and numbers with errors over data sets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.ledger.lagged import Advice, advise
from szilard.studies.reading import Reading

if TYPE_CHECKING:
    import xarray as xr


def read(tree: xr.DataTree) -> TradeOffReading:
    """The reading of a record of kind ``tradeoff``."""
    return TradeOffReading(tree)


class State(NamedTuple):
    """Trainings that are alike but for their data and seeds.

    Attributes:
        place: in the record.
        updates: n.
        sampler_steps: τ after each of them.
        chains: that made the gradient; None is infinitely many.
        rate: r.
    """

    place: int
    updates: int
    sampler_steps: int
    chains: int | None
    rate: float

    @property
    def compute(self) -> int:
        """Sampler steps of a chain in all, ``n τ``."""
        return self.updates * self.sampler_steps

    @property
    def name(self) -> str:
        """The state in short: its updates and its sampler steps."""
        return f"n = {self.updates}, τ = {self.sampler_steps}"


class TradeOffReading(Reading):
    """A record of states: group ``tradeoff``, whose rows are points of the way that all states go."""

    @cached_property
    def rows(self) -> xr.Dataset:
        """Group ``tradeoff``: a row for each point of the way, its start among them."""
        return self.tree["tradeoff"].to_dataset()

    @cached_property
    def lags(self) -> xr.Dataset:
        """Group ``lag``: chains of every τ that follow the ways of states with infinitely many."""
        return self.tree["lag"].to_dataset()

    @property
    def whole(self) -> bool:
        """Whether there is a way to speak of: a start and a point beyond it."""
        return self.records > 1

    @cached_property
    def states(self) -> list[State]:
        """In the order of the record.

        Raises:
            RecordError: if the record does not say.
        """
        given = self.attributes.get("states")
        wanted = {"updates", "sampler_steps", "chains", "rate"}
        if not isinstance(given, Sequence) or len(given) != self.rows.sizes["state"]:
            raise RecordError("the record does not say what its states are: restore its attribute 'states'.")
        if not all(isinstance(state, Mapping) and wanted <= state.keys() for state in given):
            raise RecordError(
                "the record's attribute 'states' lacks updates, sampler_steps, chains or rate: restore it."
            )
        return [
            State(place, int(each["updates"]), int(each["sampler_steps"]),
                  None if each["chains"] is None else int(each["chains"]), float(each["rate"]))
            for place, each in enumerate(given)
        ]  # fmt: skip

    @property
    def kinds(self) -> list[int | None]:
        """Numbers of chains, infinitely many (None) first."""
        return list(dict.fromkeys(state.chains for state in self.states))

    @property
    def updates(self) -> list[int]:
        """Every number of updates n, rising."""
        return sorted({state.updates for state in self.states})

    @property
    def sampler_steps(self) -> list[int]:
        """Every number of sampler steps τ, rising."""
        return sorted({state.sampler_steps for state in self.states})

    def family(self, chains: int | None, updates: int) -> list[State]:
        """The states with these chains and updates, which differ in τ alone, rising in it."""
        found = [state for state in self.states if (state.chains, state.updates) == (chains, updates)]
        return sorted(found, key=lambda state: state.sampler_steps)

    def state(self, chains: int | None, updates: int, sampler_steps: int) -> State:
        """The state with these chains, updates and sampler steps."""
        return next(state for state in self.states if state[1:4] == (updates, sampler_steps, chains))

    def equal_compute(self, chains: int | None) -> list[list[State]]:
        """States of the same ``n τ``, by the compute, each rising in τ; only where there are several."""
        found: dict[int, list[State]] = {}
        for state in self.states:
            if state.chains == chains:
                found.setdefault(state.compute, []).append(state)
        several = [sorted(states, key=lambda each: each.sampler_steps) for states in found.values() if len(states) > 1]
        return sorted(several, key=lambda states: states[0].compute)

    @property
    def adviser(self) -> State:
        """The state that foretells: the smallest updates, which are the steadiest, and the fewest sampler steps."""
        return self.family(None, self.updates[-1])[0]

    def best(self, states: Sequence[State]) -> State:
        """The one with the highest efficiency, among those that have one."""
        return max(states, key=lambda state: np.nan_to_num(self.of_ensemble("efficiency", state).value, nan=-1.0))

    @property
    def datasets(self) -> int:
        """How many data sets there are; members of one stand side by side."""
        return int(self.rows.sizes["cluster"])

    # Numbers

    def of_datasets(self, name: str, state: State) -> np.ndarray:
        """A column of members at the end of the way, mean over the seeds of each data set, (datasets,)."""
        return self.by_dataset(np.asarray(self.rows[name].values[-1, state.place], dtype=float))

    def by_dataset(self, members: np.ndarray) -> np.ndarray:
        """Means over the seeds of each data set, members in the last dimension."""
        return np.asarray(members.reshape(*members.shape[:-1], self.datasets, -1).mean(-1))

    def mean(self, name: str, state: State) -> Estimate:
        """A column at the end of the way, mean over members, with its error over data sets."""
        return over_datasets(self.of_datasets(name, state))

    def of_ensemble(self, name: str, state: State, record: int = -1) -> Estimate:
        """A column that only the ensemble has, such as the efficiency, as it was recorded."""
        value, error = (float(self.rows[key].values[record, state.place]) for key in (name, f"{name}_error"))
        return Estimate(value, error, Kind.ASYMPTOTIC, self.datasets - 1)

    def efficiencies(self, state: State) -> np.ndarray:
        """At the end: with all data sets, then with one after the other left out, (datasets + 1,)."""
        place = state.place
        learned = np.append(
            float(self.rows["l_info"].values[-1, place] - self.rows["l_info"].values[0, place]),
            np.diff(self.rows["l_info_without"].values[[0, -1], place], axis=0)[0],
        )
        each = self.of_datasets("ep_conditional", state)
        spent = np.append(each.mean(), (each.sum() - each) / (len(each) - 1))
        return np.where(learned >= 0, learned / (learned + spent), math.nan)

    def difference(self, one: State, other: State) -> Estimate:
        """The difference of two efficiencies; for its error the same data set is left out of both."""
        return jackknifed(self.efficiencies(one) - self.efficiencies(other))

    def ratio(self, name: str, one: State, other: State) -> Estimate:
        """The ratio of two means over members; for its error the same data set is left out of both."""
        above, below = (self.of_datasets(name, state) for state in (one, other))
        left = [(values.sum() - values) / (len(values) - 1) for values in (above, below)]
        return jackknifed(np.append(above.mean() / below.mean(), left[0] / left[1]))

    def lag_of(self, state: State, sampler_steps: int) -> np.ndarray:
        """``W_diss − W`` over the second half of a way, of chains of any τ that follow it, of each data set.

        The start is left out, where the machines leap to the frequencies of pixels.
        """
        column = self.sampler_steps.index(sampler_steps)
        followed = self.by_dataset(np.asarray(self.lags["work_dissipated"].values[:, state.place, column], dtype=float))
        return np.asarray(followed[-1] - followed[self.half]) - self.late_work(state)

    def late_work(self, state: State) -> np.ndarray:
        """W of fresh samples over the second half of a way, of each data set."""
        work = self.by_dataset(np.asarray(self.rows["work"].values[:, state.place], dtype=float))
        return np.asarray(work[-1] - work[self.half])

    @property
    def half(self) -> int:
        """The place of the record in the middle of the way."""
        return int(self.rows.sizes["step"]) // 2

    def late_updates(self, state: State) -> int:
        """Updates of a state in the second half of its way."""
        return round(state.updates * float(1 - self.steps[self.half] / self.steps[-1]))

    def advice(self, state: State) -> Advice:
        """What a state's own lag foretells of other τ: the aim is a tenth of the lag that is there."""
        lag, updates = over_datasets(self.lag_of(state, state.sampler_steps)), self.late_updates(state)
        target = 0.1 * abs(lag.value) / updates
        return advise(over_datasets(self.late_work(state)), lag, updates, state.sampler_steps, target or 1.0)

    def span(self) -> str:
        """What was trained, in words."""
        members = int(self.rows.sizes["member"])
        return f"{len(self.states)} states of {members} trainings on {self.datasets} data sets"


def over_datasets(values: np.ndarray) -> Estimate:
    """The mean of independent data sets with its standard error."""
    count = len(values)
    error = float(values.std(ddof=1) / math.sqrt(count)) if count > 1 else math.nan
    return Estimate(float(values.mean()), error, Kind.UNBIASED, max(count - 1, 1))


def jackknifed(values: np.ndarray) -> Estimate:
    """The first value, with the delete-one error of the others."""
    value, left = float(values[0]), values[1:]
    error = math.sqrt((len(left) - 1) * float(np.square(left - left.mean()).mean()))
    return Estimate(value, error, Kind.ASYMPTOTIC, max(len(left) - 1, 1))


def chains_in_words(chains: int | None) -> str:
    """How many chains made the gradient, in words."""
    return "infinitely many chains" if chains is None else f"{chains:,} chains"
