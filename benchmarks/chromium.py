"""Chromium without a window, spoken to through a pipe: a page to be opened, asked, and taken a picture of."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SETTINGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe", "about:blank",
)  # fmt: skip


class Chromium:
    """A browser with one page; to be used in a ``with``.

    Args:
        profile: a directory of its own.

    Attributes:
        said: what the page's console said, and what was thrown.
    """

    def __init__(self, profile: Path, width: int = 1440, height: int = 1000) -> None:
        (theirs, self._to), (self._from, answers) = os.pipe(), os.pipe()
        # The pipe's ends are to be 3 and 4 there, which may be in use here.
        pipes = f'exec "$@" 3</dev/fd/{theirs} 4>/dev/fd/{answers}'
        command = [str(PROGRAM), f"--user-data-dir={profile}", f"--window-size={width},{height}", *SETTINGS]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", pipes, "sh", *command], pass_fds=(theirs, answers), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs)
        os.close(answers)
        self.said: list[str] = []
        self.asked: list[str] = []
        self._rest, self._number, self._session = b"", 0, ""
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(each["targetId"] for each in targets if each["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Chromium:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def call(self, method: str, **settings: Any) -> dict[str, Any]:
        """What a method of the browser's protocol returns."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": settings}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._to, json.dumps(asked).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._hear(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, address: str) -> None:
        """Goes to a page."""
        self.call("Page.navigate", url=address)

    def ask(self, expression: str) -> Any:
        """The value of an expression of JavaScript in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"].get("description", expression))
        return found["result"].get("value")

    def until(self, expression: str, seconds: float = 30.0) -> Any:
        """The value of an expression once it is true."""
        end = time.monotonic() + seconds
        while not (value := self.ask(expression)):
            if time.monotonic() > end:
                raise TimeoutError(f"{expression}; the page shows: {self.ask('document.body?.innerText')}; {self.said}")
            time.sleep(0.05)
        return value

    def picture(self, file: Path, *, whole: bool = True) -> None:
        """Takes a picture of the page."""
        found = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(found["data"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._from, 2**16)
            if not part:
                raise RuntimeError("the browser has ended")
            self._rest += part
        message, self._rest = self._rest.split(b"\0", 1)
        told: dict[str, Any] = json.loads(message)
        return told

    def _hear(self, event: dict[str, Any]) -> None:
        """Keeps what the console says, and every address that is asked for."""
        told = event.get("params", {})
        match event.get("method"):
            case "Runtime.consoleAPICalled":
                self.said.append(" ".join(str(each.get("value")) for each in told["args"]))
            case "Runtime.exceptionThrown":
                self.said.append(str(told["exceptionDetails"]))
            case "Log.entryAdded":
                self.said.append(str(told["entry"]["text"]))
            case "Network.requestWillBeSent":
                self.asked.append(told["request"]["url"])
