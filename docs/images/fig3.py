"""Draw the four panels of the paper's Figure 3 (`szilard run fig3 --out runs/fig3` makes the record, in an hour or so).

python docs/images/fig3.py runs/fig3 docs/images/fig3.png
"""

from __future__ import annotations

import sys

import plotly.graph_objects as go
from drawing import dressed, save

import szilard
from szilard.audit import Audit
from szilard.report.fig3.figures import panels
from szilard.report.fig3.view import View

WIDTH, HEIGHT = 1240, 800


def main() -> None:
    """From a record to a picture: the figure that leads the report, larger."""
    record, target = sys.argv[1:]
    drawn = panels.figure(View.of(szilard.open(record).tree, Audit(())))
    if drawn is None:
        sys.exit(f"{record} holds nothing that can be drawn.")
    figure = go.Figure({"data": drawn.data, "layout": drawn.layout})
    margins = {"l": 84, "r": 84, "t": 24, "b": 62}
    save(dressed(figure, WIDTH, HEIGHT).update_layout(margin=margins), target)


if __name__ == "__main__":
    main()
