"""The server: who is let in, what is sent, and what is said to whom is not; and the command that starts it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from szilard.live.board import Board
from szilard.live.page import ASSETS
from szilard.live.server import LiveServer, PortError
from szilard.records.writer import RecordWriter

Begin = Callable[..., RecordWriter]
Write = Callable[..., None]


@contextmanager
def serving(board: Board) -> Iterator[LiveServer]:
    """A server that answers, in a thread of its own."""
    import threading

    with LiveServer(board) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            board.end()
            server.shutdown()
            thread.join()


@pytest.fixture
def server(begin: Begin, write: Write, tmp_path: Path) -> Iterator[LiveServer]:
    """Serves a record of three rows that is being written."""
    writer = begin()
    write(writer, 0, 3)
    board = Board([tmp_path / "run"])
    board.refresh()
    with serving(board) as found:
        yield found
    writer.close()


Answer = tuple[int, str, http.client.HTTPMessage]


def asked(server: LiveServer, path: str, **headers: str) -> Answer:
    """Status, text and headers of an answer."""
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=10)
    connection.putrequest("GET", path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, answer.headers


def test_page_and_its_files_are_sent_to_who_has_the_token(server: LiveServer) -> None:
    status, text, headers = asked(server, f"/{server.token}/")
    assert status == 200 and "<title>szilard live</title>" in text
    assert not re.search(r"\bon\w+=|style=|<script>|https?:", text)
    assert "default-src 'none'; script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer" and headers["X-Content-Type-Options"] == "nosniff"
    for name, kind in ASSETS.items():
        status, text, headers = asked(server, f"/{server.token}/{name}")
        assert status == 200 and text and headers["Content-Type"] == kind
        assert "innerHTML" not in text and "eval(" not in text and "insertAdjacentHTML" not in text


@pytest.mark.parametrize(
    ("path", "headers", "sentence"),
    [
        ("/", {}, "token in this address is wrong"),
        ("/wrong/", {}, "token in this address is wrong"),
        ("/TOKE/", {}, "token in this address is wrong"),
        ("/TOKEN", {}, "token in this address is wrong"),
        ("/TOKEN/", {"Host": "evil.example"}, "for this machine only"),
        ("/TOKEN/", {"Host": "127.0.0.1.evil.example:80"}, "for this machine only"),
        ("/TOKEN/", {"Host": ""}, "for this machine only"),
        ("/TOKEN/news", {"Origin": "http://evil.example"}, "Another page asked for this"),
        ("/TOKEN/news", {"Origin": "null"}, "Another page asked for this"),
        ("/TOKEN/live.js", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}, "Another page asked"),
        ("/TOKEN/live.js", {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"}, "Another page asked"),
    ],
)
def test_strangers_are_refused_in_a_sentence(
    server: LiveServer, path: str, headers: dict[str, str], sentence: str
) -> None:
    status, text, _ = asked(server, path.replace("TOKEN", server.token).replace("TOKE", server.token[:-1]), **headers)
    assert status == 403 and sentence in text and text.count("\n") == 1 and server.token not in text


def test_a_link_from_elsewhere_opens_the_page(server: LiveServer) -> None:
    elsewhere = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert asked(server, f"/{server.token}/", **elsewhere)[0] == 200
    assert asked(server, f"/{server.token}/", Host="localhost:8888")[0] == 200  # through a tunnel


@pytest.mark.parametrize("path", ["/TOKEN/../records", "/TOKEN/nothing", "/TOKEN/live.js/", "/TOKEN/%2e%2e/page.py"])
def test_there_is_nothing_else(server: LiveServer, path: str) -> None:
    status, text, _ = asked(server, path.replace("TOKEN", server.token))
    assert status == 404 and "There is nothing here" in text


def test_what_is_no_question_gets_a_sentence(server: LiveServer) -> None:
    for question in (f"POST /{server.token}/ HTTP/1.1", "GET http://[ HTTP/1.1", "nonsense", "GET / HTTP/9.9"):
        with socket.create_connection(server.server_address[:2], timeout=10) as connection:
            connection.sendall(f"{question}\r\nHost: 127.0.0.1\r\n\r\n".encode())
            assert b"only shows its page" in b"".join(iter(lambda: connection.recv(4096), b""))


def events(server: LiveServer, query: str = "") -> Iterator[dict]:
    """The news as they come."""
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=20)
    connection.request("GET", f"/{server.token}/news{query}")
    answer = connection.getresponse()
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/event-stream"
    try:
        while line := answer.readline():
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))
    finally:
        connection.close()


def test_news_come_as_the_record_grows(begin: Begin, write: Write, tmp_path: Path) -> None:
    writer, board = begin(), Board([tmp_path / "run"])
    write(writer, 0, 3)
    board.refresh()
    with serving(board) as server:
        heard = events(server, "?show=ledger/work,ledger/nothing")
        first = next(heard)["runs"]["0"]
        assert first["records"] == 3 and list(first["series"]) == ["ledger/work"]
        write(writer, 3, 5)
        board.refresh()
        told = next(heard)["runs"]["0"]
        assert told["records"] == 5 and "quantities" not in told
        assert told["series"]["ledger/work"][0]["from"] == 3
        assert told["series"]["ledger/work"][0]["even"][1] == [3.0, 4.0]
        heard.close()
    writer.close()


def test_there_is_room_for_so_many_pages(server: LiveServer) -> None:
    while server.listeners.acquire(blocking=False):
        pass
    status, text, _ = asked(server, f"/{server.token}/news")
    assert status == 503 and "close some of them" in text


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortError, match=rf"^port {port} cannot be had \(.*\): choose another one by --port, .*\.$"):
            LiveServer(Board([tmp_path]), port)


def test_two_starts_have_two_tokens(tmp_path: Path) -> None:
    with LiveServer(Board([tmp_path])) as one, LiveServer(Board([tmp_path])) as other:
        assert one.token != other.token and len(one.token) >= 24
        assert one.address.startswith("http://127.0.0.1:")


def test_the_command_prints_its_address_loads_no_torch_and_ends_well(begin: Begin, tmp_path: Path) -> None:
    begin().close()
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background ignores it
        "from szilard.cli.app import app\n"
        f"app(['live', {str(tmp_path / 'run')!r}], standalone_mode=False)\n"
        "print(*sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        place = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/[\w-]+/)", address)
        assert place is not None
        connection = http.client.HTTPConnection("127.0.0.1", int(place[1]), timeout=10)
        connection.request("GET", f"{place[2]}news")
        assert b"retry" in connection.getresponse().readline()
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=20)
        connection.close()
    assert process.returncode == 0 and "Ctrl+C ends it" in error and "Traceback" not in error
    assert not {"torch", "xarray", "zarr", "plotly", "scipy.stats", "pandas"} & set(out.split())


def test_the_command_refuses_what_does_not_exist(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from szilard.cli.app import app

    done = CliRunner().invoke(app, ["live", str(tmp_path / "nowhere")])
    assert done.exit_code == 2 and "nowhere does not exist: give directories of records" in done.stderr
