"""Print the tables of docs/memorisation.md from its records, and draw its picture.

python docs/images/memorisation.py runs/mnist-* runs/fashion-mnist-* > tables.md
python docs/images/memorisation.py runs/mnist-* runs/fashion-mnist-* docs/images/memorisation.png
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from drawing import BLUE, GREEN, GREY, INK, VERMILLION, dressed, heading, label, save, title
from scipy import stats

import szilard

WIDTH, HEIGHT = 1240, 800
NAMES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
DOMAINS = [0.0, 0.395], [0.525, 0.92]
ABOVE, BELOW = [0.56, 1.0], [0.0, 0.32]
INFORMATION = (
    "label noise", "plug-in", "first order", "reported", "bracket", "contrast", "permutation p", "quadratic, 1",
    "`info_seed`", "W",
)  # fmt: skip
STOPPING = (
    "label noise",
    "stop at step",
    "`cross_entropy_between`",
    "resolved",
    "test loss there",
    "best, at step",
    "cost",
    "at the end",
    "saving",
    "accuracy there",
    "at the end",
)
THEREAFTER = (
    "label noise", "stop at step", "`info_dataset` by then", "at the end", "W by then", "W thereafter",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What one record says at its end, and where it says one should have stopped.

    Attributes:
        run: the record.
        name: of its data.
        noise: share of the labels drawn anew.
    """

    run: szilard.Run
    name: str
    noise: float

    @staticmethod
    def of(path: str) -> Row:
        run = szilard.open(path)
        spec = run.attributes["spec"]
        return Row(run, spec["data"], spec["design"]["datasets"]["label_noise"])

    def last(self, name: str) -> float:
        return float(self.run.data[name][-1])

    def half_width(self, name: str) -> float:
        """Of the 95 % interval: Student's t over the data sets."""
        return float(stats.t.ppf(0.975, self.run.attributes["clusters"] - 1)) * self.last(f"{name}_error")

    def error(self, name: str, digits: int = 3, place: int = -1) -> str:
        data = self.run.data
        return f"{float(data[name][place]):.{digits}f} ± {float(data[f'{name}_error'][place]):.{digits}f}"

    def mark(self, name: str, place: int = -1) -> str:
        """Whether a value's bracket is wider than the value."""
        return " s" if self.run.data[f"{name}_saturated"][place] else ""

    def by_dataset(self, name: str) -> Any:
        """A ledger's column as means over each data set's members, (records, data sets)."""
        return self.run.data[name].groupby("dataset").mean().transpose("step", ...).values

    def cost_error(self) -> float:
        """Of the cost of the label-free stop, the losses there and at the best step paired in each data set."""
        stop, loss = self.run.stopping_point(), self.by_dataset("cross_entropy")
        best = int(np.argmin(self.run.data.cross_entropy_mean.values))
        return float(stats.sem(loss[stop.index] - loss[best])) / stop.best_loss

    def information(self) -> Iterator[str]:
        """A row of the table of informations."""
        yield f"{self.noise:g}"
        yield f"{self.last('info_dataset_plugin'):.3f}"
        yield f"{self.last('info_dataset_first_order'):.3f}"
        yield f"**{self.error('info_dataset')}**"
        low, high = (self.last(f"info_dataset_{side}") for side in ("lower", "upper"))
        yield f"{low:.2f} to {high:.2f}" + self.mark("info_dataset")
        yield self.error("info_dataset_contrast")
        yield f"{self.last('info_dataset_permutation_p'):.3f}"
        yield self.error("info_dataset_quadratic")
        yield self.error("info_seed") + self.mark("info_seed")
        yield self.error("work_mean", 2)

    def stopping(self) -> Iterator[str]:
        """A row of the table of stopping points."""
        stop = self.run.stopping_point()
        yield f"{self.noise:g}"
        yield f"{stop.step:,}"
        yield f"{stop.value:.3f} ± {stop.error:.3f}"
        yield "yes" if stop.resolved else "no"
        yield self.error("cross_entropy_mean", place=stop.index)
        yield f"{stop.best_loss:.3f}, {stop.best_step:,}"
        yield f"{100 * stop.cost:.1f}" + (f" ± {100 * self.cost_error():.1f}" if stop.cost else "") + " %"
        yield self.error("cross_entropy_mean")
        yield f"{100 * stop.saving:.0f} %"
        yield self.error("accuracy_mean", place=stop.index)
        yield self.error("accuracy_mean")

    def thereafter(self) -> Iterator[str]:
        """A row of the table of what happens before and after the stopping point."""
        data, place = self.run.data, self.run.stopping_point().index
        work = self.by_dataset("work")
        yield f"{self.noise:g}"
        yield f"{int(data.step[place]):,}"
        for where in (place, -1):
            yield self.error("info_dataset", place=where) + self.mark("info_dataset", where)
        for part in (work[place], work[-1] - work[place]):
            yield f"{part.mean():.3f} ± {stats.sem(part):.3f}"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """In Markdown."""
    head = list(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def by_data(paths: Iterable[str]) -> dict[str, list[Row]]:
    """The records of each data set in the order of their label noise."""
    rows = sorted(map(Row.of, paths), key=lambda row: row.noise)
    return {name: [row for row in rows if row.name == name] for name in NAMES if any(row.name == name for row in rows)}


def tables(groups: dict[str, list[Row]]) -> str:
    parts = []
    for name, rows in groups.items():
        parts += [f"{NAMES[name]}, at the end of training:", table(INFORMATION, (row.information() for row in rows))]
        parts += [f"{NAMES[name]}, stopping:", table(STOPPING, (row.stopping() for row in rows))]
        parts += [f"{NAMES[name]}, before and after:", table(THEREAFTER, (row.thereafter() for row in rows))]
    return "\n\n".join(parts)


def information_panel(figure: go.Figure, rows: list[Row], axes: dict[str, str], labelled: bool) -> None:
    """Memorised against label noise, by three estimators."""
    noise = [100 * row.noise for row in rows]
    for name, colour, text, aside in (
        ("info_dataset", BLUE, "<b>reported</b>", 0.0),
        ("info_dataset_plugin", GREY, "plug-in", 1.2),
        ("info_dataset_contrast", VERMILLION, "contrast", -1.2),
    ):
        main = name == "info_dataset"
        values, half = [row.last(name) for row in rows], [row.half_width(name) for row in rows]
        bars = {"type": "data", "array": half, "color": colour, "thickness": 2.2 if main else 1.2, "width": 5}
        figure.add_scatter(
            x=[x + aside for x in noise], y=values, error_y=bars, mode="lines+markers", opacity=1 if main else 0.75,
            marker={"color": colour, "size": 11 if main else 7, "symbol": "circle" if main else "diamond"},
            line={"color": colour, "width": 3 if main else 1.5, "dash": "solid" if main else "dot"}, **axes,
        )  # fmt: skip
        if labelled:
            where = {"xref": axes["xaxis"], "yref": axes["yaxis"], "xshift": 20}
            label(figure, text, noise[-1], values[-1], colour, 15, **where)


def stopping_panel(figure: go.Figure, rows: list[Row], axes: dict[str, str], labelled: bool) -> None:
    """The test loss at the label-free stop and at the end, in parts of the best."""
    noise = [100 * row.noise for row in rows]
    stops = [row.run.stopping_point() for row in rows]
    here = [1 + stop.cost for stop in stops]
    end = [row.last("cross_entropy_mean") / stop.best_loss for row, stop in zip(rows, stops, strict=True)]
    for x, low, high in zip(noise, here, end, strict=True):
        figure.add_scatter(x=[x, x], y=[low, high], mode="lines", line={"color": "#C9CED4", "width": 2}, **axes)
    figure.add_scatter(x=noise, y=end, mode="markers", marker={"color": INK, "size": 11, "symbol": "square"}, **axes)
    figure.add_scatter(x=noise, y=here, mode="markers", marker={"color": GREEN, "size": 13}, **axes)
    where = {"xref": axes["xaxis"], "yref": axes["yaxis"], "xshift": 20}
    if labelled:
        label(figure, "<b>label-free stop</b>", noise[-1], here[-1], GREEN, 15, **where)
        label(figure, "at the end", noise[-1], end[-1], INK, 15, **where)


def picture(groups: dict[str, list[Row]]) -> go.Figure:
    figure = go.Figure()
    edge = max(
        float(row.last("info_dataset") + row.half_width("info_dataset")) for rows in groups.values() for row in rows
    )
    worst = max(
        row.last("cross_entropy_mean") / row.run.stopping_point().best_loss for rows in groups.values() for row in rows
    )
    whole = list(range(1, int(worst) + 2))
    for number, (name, rows) in enumerate(groups.items()):
        above, below = (f"{2 * number + row + 1}" for row in (0, 1))
        domain = DOMAINS[number]
        information_panel(figure, rows, {"xaxis": f"x{above}", "yaxis": f"y{above}"}, labelled=True)
        stopping_panel(figure, rows, {"xaxis": f"x{below}", "yaxis": f"y{below}"}, labelled=True)
        heading(figure, f"{NAMES[name]}: memorised of the very sample", "nat per test image; bars: 95 %", domain[0])
        heading(figure, "Test loss", "relative to the least along training", domain[0], BELOW[1])
        ticks: dict[str, Any] = {
            "domain": domain, "range": [-4, 66], "tickvals": [100 * row.noise for row in rows],
            "ticktext": [f"{100 * row.noise:.0f} %" for row in rows],
        }  # fmt: skip
        figure.update_layout({
            f"xaxis{above}": {**ticks, "anchor": f"y{above}"},
            f"yaxis{above}": {"domain": ABOVE, "anchor": f"x{above}", "range": [0, 1.05 * edge]},
            f"xaxis{below}": {**ticks, "anchor": f"y{below}", "title": title("label noise: share of labels redrawn")},
            f"yaxis{below}": {
                "domain": BELOW, "anchor": f"x{below}", "range": [0.9, 1.06 * worst],
                "tickvals": whole, "ticktext": [f"{value} ×" for value in whole],
            },
        })  # fmt: skip
    return dressed(figure, WIDTH, HEIGHT)


def main(*arguments: str) -> None:
    paths = [path for path in arguments if not path.endswith(".png")]
    groups = by_data(paths)
    if paths == list(arguments):
        print(tables(groups))
    else:
        save(picture(groups), arguments[-1])


if __name__ == "__main__":
    main(*sys.argv[1:])
