"""What a page is told: once all, and then what is new, as strict JSON."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from szilard.live.board import Board
from szilard.live.run import LiveRun
from szilard.live.thinning import Place


class News:
    """What one page knows of the board, so that it is told nothing twice.

    Args:
        board: the runs.
        wanted: keys of quantities; empty for those that are shown first.
    """

    def __init__(self, board: Board, wanted: Sequence[str]) -> None:
        self._board, self._wanted = board, list(wanted)
        self._shown: list[str] = []
        self._versions: dict[LiveRun, tuple[int, int]] = {}
        self._places: dict[LiveRun, dict[str, Place]] = {}

    def told(self) -> dict[str, Any] | None:
        """What is new since it was last asked; None if nothing is.

        Returns:
            ``now``: the time; ``shown``: the quantities; ``left_out``: records without room on the page; ``order``: the
            numbers of all runs; ``runs``: by number, of each that has something new, its head, what could be drawn
            where that is new, and its curves.
        """
        board = self._board
        fresh = [run for run in board.runs if run.generation != self._versions.get(run, (0, 0))[1]]
        if fresh or not self._shown:
            self._shown = board.shown(self._wanted)
        runs = {}
        for run in list(board.runs):
            known = self._versions.get(run)
            head = run.head()
            if known == (head["version"], head["generation"]):
                continue
            if known is None or known[1] != head["generation"]:
                head["quantities"] = run.told()
                self._places[run] = {}
            series, self._places[run] = run.since(self._places[run], self._shown)
            self._versions[run] = (head["version"], head["generation"])
            runs[str(run.number)] = head | {"series": series}
        if not runs:
            return None
        order = [run.number for run in board.runs]
        return {"now": time.time(), "shown": self._shown, "left_out": board.left_out, "order": order, "runs": runs}
