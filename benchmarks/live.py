"""What following a record costs: the first figure, each refresh, memory over an hour, and what the training notices.

    python benchmarks/live.py [--records 100000] [--quantities 50] [--pairs 60]

The page is looked at by Chromium, which must be installed. *Page*: `szilard live` in a process of its own, on a long
record; seconds by the clock from the command to the first curve, and from opening the address in a browser that runs;
then rows are added, ten a second, and processor time is counted for each refresh: that of the server, and that of the
browser's page. *An hour*: the same with a board of this process, refreshed as often as in an hour and without waiting.
*Training*: blocks of a watched training, a record at every step, with and without a server that follows it and a
listener; they alternate, the server stopped by SIGSTOP, and the ratio of this process's time has a 95 % interval over
pairs (Student's t on logarithms).
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import scipy.stats
import torch
from chromium import Chromium
from machine import machine
from torch import nn
from torch.nn.functional import cross_entropy

import szilard
from szilard.estimate import Kind
from szilard.live.board import Board
from szilard.live.server import LiveServer
from szilard.records.schema import ERROR_OVER_INPUTS, Group, Variable
from szilard.records.writer import RecordWriter

DRAWN = "Number(document.documentElement?.dataset.drawn ?? 0)"
SECONDS = 20
"""Refreshes that are measured, one a second."""


def main() -> None:
    """Prints the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--quantities", type=int, default=50)
    parser.add_argument("--pairs", type=int, default=60)
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        writer = long_record(Path(place, "long"), options.records, options.quantities)
        print(f"{options.records:,} records of {options.quantities} quantities with errors")
        page(writer, Path(place))
        an_hour(writer, Path(place))
        writer.close()
        training(Path(place), options.pairs)


def long_record(place: Path, records: int, quantities: int) -> RecordWriter:
    """A record of random walks, to go on with."""
    variables = tuple(
        Variable(f"q{number}", f"quantity {number}", "nat", Kind.UNBIASED, False, ERROR_OVER_INPUTS)
        for number in range(quantities)
    )
    writer = RecordWriter(place, groups=[Group("ledger", variables)], attributes={"probe": {"inputs": 512}})
    add(writer, records)
    writer.commit()
    return writer


def add(writer: RecordWriter, rows: int) -> None:
    """Adds rows."""
    start, names = len(writer), [name for name in writer.columns("ledger") if name != "step"]
    values = np.random.default_rng(start).normal(size=(rows, len(names))).cumsum(axis=0)
    for step, own in enumerate(values.tolist(), start):
        writer.append("ledger", step, {name: abs(value) for name, value in zip(names, own, strict=True)})


@contextmanager
def live(place: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`szilard live` on a record, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "szilard", "live", str(place)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def spent(process: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rendered(browser: Chromium) -> dict[str, float]:
    """What the browser counts of its page."""
    return {each["name"]: each["value"] for each in browser.call("Performance.getMetrics")["metrics"]}


def page(writer: RecordWriter, place: Path) -> None:
    """The first figure, and refreshes."""
    with Chromium(place / "profile") as browser:
        browser.call("Performance.enable", timeDomain="threadTicks")
        begin = time.perf_counter()
        with live(writer.path) as (process, address):
            told = time.perf_counter()
            browser.open(address)
            browser.until(DRAWN)
            drawn = time.perf_counter()
            print(f"first figure {drawn - begin:.2f} s after the command, its address after {told - begin:.2f} s")
            browser.open("about:blank")
            openings = []
            for _ in range(5):
                browser.open(address)
                openings.append(browser.until(DRAWN) / 1000)
                browser.open("about:blank")
                time.sleep(0.2)
            middle, worst = statistics.median(openings), max(openings)
            print(f"first figure {middle:.2f} s after opening the address, {worst:.2f} s at most of {len(openings)}")
            browser.open(address)
            browser.until(DRAWN)
            time.sleep(1)
            before, drew = spent(process.pid), rendered(browser)["TaskDuration"]
            for _ in range(SECONDS):
                add(writer, 10)
                time.sleep(1)
            server, drew = spent(process.pid) - before, rendered(browser)["TaskDuration"] - drew
            said = f"server {1e3 * server / SECONDS:.0f} ms, page {1e3 * drew / SECONDS:.0f} ms"
            print(f"processor time of a refresh with 10 new records: {said}")


def an_hour(writer: RecordWriter, place: Path) -> None:
    """Memory over as many refreshes as an hour has, of this process and of the page."""
    board = Board([writer.path])
    board.refresh()
    with Chromium(place / "other") as browser, LiveServer(board) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser.call("Performance.enable")
        browser.open(server.address)
        browser.until(DRAWN)
        seen = []
        for turn in range(3601):
            add(writer, 10)
            board.refresh()
            if turn in (360, 3600):
                time.sleep(2)
                browser.call("HeapProfiler.collectGarbage")
                resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
                heap = rendered(browser)["JSHeapUsedSize"]
                seen.append((resident / 2**20, heap / 2**20))
        board.end()
        server.shutdown()
    (early, young), (late, old) = seen
    print(
        f"memory after a tenth of an hour's refreshes and after all of them: server {early:.0f} and {late:.0f} MiB"
        f" (with the writer), page {young:.1f} and {old:.1f} MiB"
    )


def training(place: Path, pairs: int) -> None:
    """What a training's process spends with a server that follows it, over what it spends without."""
    torch.manual_seed(0)
    inputs, labels = torch.randn(1000, 64), torch.randint(10, (1000,))
    model = nn.Sequential(nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    monitor = szilard.Monitor(szilard.Classifier(model, inputs=inputs[:512]), optimizer, out=place / "watched", every=1)
    rows = iter(torch.randint(len(inputs), (10**5, 32), generator=torch.Generator().manual_seed(0)))

    def block(steps: int = 250) -> float:
        begin = time.process_time()
        for _ in range(steps):
            batch = next(rows)
            loss = cross_entropy(model(inputs[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            monitor.step(loss=loss)
        return time.process_time() - begin

    block()
    with live(place / "watched") as (process, address):
        listener = urllib.request.urlopen(f"{address}news")
        threading.Thread(target=listener.read, daemon=True).start()
        time.sleep(2)
        ratios = []
        for pair in range(pairs):
            times = {}
            for followed in (True, False) if pair % 2 else (False, True):
                process.send_signal(signal.SIGCONT if followed else signal.SIGSTOP)
                time.sleep(0.1)
                times[followed] = block()
            ratios.append(times[True] / times[False])
        process.send_signal(signal.SIGCONT)
    monitor.close()
    logarithms = np.log(ratios)
    half = scipy.stats.t.ppf(0.975, pairs - 1) * logarithms.std(ddof=1) / math.sqrt(pairs)
    low, middle, high = (math.exp(logarithms.mean() + sign * half) for sign in (-1, 0, 1))
    print(f"training followed over not followed: {middle:.3f} [{low:.3f}, {high:.3f}], {pairs} pairs")


if __name__ == "__main__":
    main()
