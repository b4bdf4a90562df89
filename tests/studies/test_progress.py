"""The bar: shown on a terminal after a moment; elsewhere a line now and then."""

from __future__ import annotations

import pytest

from szilard.studies import progress


@pytest.mark.parametrize(
    ("terminal", "quiet", "patience", "shown"),
    [(True, False, 0.0, True), (False, False, 0.0, False), (True, True, 0.0, False), (True, False, 60.0, False)],
    ids=["terminal", "no terminal", "quiet", "short"],
)
def test_the_bar_is_shown_where_it_should_be(
    terminal: bool,
    quiet: bool,
    patience: float,
    shown: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1" if terminal else "0")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(progress, "_PATIENCE", patience)
    monkeypatch.setattr(progress, "_REFRESH", 0.0)
    with progress.Progress("work", 10, quiet) as bar:
        for step in range(10):
            bar.update(step + 1, "loss 0.5")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert all((text in captured.err) == shown for text in ("work", "10/10", "loss 0.5", "left:"))


def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "0")
    clock = iter(float(second) for second in range(0, 1000, 25))
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(clock))
    with progress.Progress("work", 10, quiet=False) as bar:
        for step in range(10):
            bar.update(step + 1, "loss 0.5")
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert 1 < len(lines) < 5, lines
    assert lines[0].startswith("work: ") and "loss 0.5; about" in lines[0]
