"""The server of an explorer: what it refuses, that it computes one thing at a time, and how it ends."""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager

import numpy as np
import pytest
from shell import run
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from support import needs

import conjac as cj
from conjac.engines.database import write_parquet
from conjac.errors import InvalidInputError
from conjac.views.explorer.page import render
from conjac.views.explorer.server import Server, handler, serve
from conjac.views.explorer.server import server as serving
from conjac.views.summary.scene import pack

ENOUGH = 20.0  # seconds after which a test gives up waiting


class Echo:
    """Answers with the request, and counts how many are answered at a time."""

    def __init__(self):
        self.now = self.most = 0
        self.go = threading.Event()
        self.go.set()

    def answer(self, request):
        self.now += 1
        self.most = max(self.most, self.now)
        time.sleep(0.02)  # in which another would begin
        self.go.wait(ENOUGH)
        self.now -= 1
        if "wrong" in request:
            raise InvalidInputError("wrong is\nwrong")
        if "bug" in request:
            raise ZeroDivisionError("secret detail")
        return pack({**request, "numbers": np.arange(3)})


@contextmanager
def running(source=None, page="<!doctype html>page"):
    server = Server(page, source)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(ENOUGH)


@pytest.fixture
def echo():
    with running(Echo()) as server:
        yield server


def connected(server):
    return closing(socket.create_connection(("127.0.0.1", server.port), ENOUGH))


def told(text, port):
    """Return the status, headers and body of an answer to a request as it stands."""
    with closing(socket.create_connection(("127.0.0.1", port), ENOUGH)) as line:
        line.sendall(text)
        found = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = found.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), dict(one.split(": ", 1) for one in rest), body


def request(server, method="GET", target=None, body=b"", **headers):
    """Return a request that is served, but for what is passed; None leaves a header out."""
    given = {"Host": f"127.0.0.1:{server.port}"}
    if method == "POST":
        given |= {
            "Authorization": f"Bearer {server.token}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    target = target or {"POST": "/ask"}.get(method, f"/?token={server.token}")
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items() if value is not None)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def test_the_page_is_served(echo):
    status, headers, body = told(request(echo), echo.port)
    assert (status, body) == (200, b"<!doctype html>page")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers.items() >= handler.HEADERS.items()
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Python" not in headers["Server"]
    assert told(request(echo, Host=f"localhost:{echo.port}"), echo.port)[0] == 200
    assert re.fullmatch(rf"http://127\.0\.0\.1:{echo.port}/\?token=[\w-]{{43}}", echo.address)


def test_a_question_is_answered(echo):
    status, headers, body = told(request(echo, "POST", body=b'{"a": 1}'), echo.port)
    assert (status, headers["Content-Type"]) == (200, "application/octet-stream")
    (length,) = struct.unpack("<I", body[:4])
    tree = json.loads(body[4 : 4 + length])
    expected = pack({"a": 1, "numbers": np.arange(3)})
    assert (tree, body[4 + length :]) == (expected.tree, expected.blob)


ASK = {"method": "POST", "body": b"{}"}


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ({"target": "/"}, 403, "token"),
        ({"target": "/?token="}, 403, "token"),
        ({"target": "/?token=%FF%C3%A9"}, 403, "token"),
        ({"target": "/?" + "&".join(["a=1"] * 40)}, 403, "token"),
        ({"target": "/?token={token}x"}, 403, "token"),
        ({"Host": "evil.example"}, 403, "127.0.0.1"),
        ({"Host": "evil.example:{port}"}, 403, "127.0.0.1"),
        ({"Host": "127.0.0.1"}, 403, "127.0.0.1"),
        ({"Host": None}, 403, "127.0.0.1"),
        ({"Host": "127.0.0.1:{port}\r\nHost: evil.example"}, 403, "127.0.0.1"),
        ({"target": "/favicon.ico?token={token}"}, 404, "nothing here"),
        ({"target": "/../../etc/passwd?token={token}"}, 404, "nothing here"),
        ({"target": "//etc/passwd?token={token}"}, 404, "nothing here"),
        ({"target": "/ask?token={token}"}, 405, "POST alone"),
        ({"method": "POST", "target": "/"}, 405, "GET alone"),
        ({"method": "PUT"}, 405, "PUT"),
        ({"method": "OPTIONS", "target": "/ask"}, 405, "OPTIONS"),
        ({"method": "TRACE"}, 405, "TRACE"),
        ({**ASK, "Authorization": None}, 403, "token"),
        ({**ASK, "Authorization": "Bearer {token}é"}, 403, "token"),
        ({**ASK, "Authorization": None, "target": "/ask?token={token}"}, 403, "token"),
        ({**ASK, "Host": "evil.example:{port}"}, 403, "127.0.0.1"),
        ({**ASK, "Origin": "http://evil.example"}, 403, "another page"),
        ({**ASK, "Origin": "null"}, 403, "another page"),
        ({**ASK, "Sec_Fetch_Site": "cross-site"}, 403, "another page"),
        ({**ASK, "Sec_Fetch_Site": "same-site"}, 403, "another page"),
        ({**ASK, "Content_Type": None}, 415, "application/json"),
        ({**ASK, "Content_Type": "text/plain"}, 415, "application/json"),
        ({**ASK, "Content_Length": None}, 411, "Content-Length"),
        ({**ASK, "Content_Length": None, "Transfer_Encoding": "chunked"}, 411, "Content-Length"),
        ({**ASK, "Content_Length": "2\r\nContent-Length: 9"}, 411, "Content-Length"),
        ({**ASK, "Content_Length": "-1"}, 400, "no number"),
        ({**ASK, "Content_Length": "2e9"}, 400, "no number"),
        ({**ASK, "Content_Length": "٢"}, 400, "no number"),
        ({"method": "POST", "body": b"[" + b" " * 2**16}, 413, "65536 bytes"),
        ({**ASK, "Content_Length": "9" * 5000}, 413, "65536 bytes"),
        ({"method": "POST", "body": b""}, 400, "JSON"),
        ({"method": "POST", "body": b"[]"}, 400, "JSON object"),
        ({"method": "POST", "body": b"{"}, 400, "JSON"),
        ({"method": "POST", "body": b"\xff\xfe"}, 400, "JSON"),
        ({"method": "POST", "body": b'{"a": NaN}'}, 400, "JSON"),
        ({"method": "POST", "body": b"[" * 60000}, 400, "JSON"),
        ({"method": "POST", "body": b'{"a": ' + b"9" * 60000 + b"}"}, 400, "JSON"),
        ({"method": "POST", "body": b'{"wrong": 1}'}, 400, "wrong is wrong"),
    ],
)
def test_what_is_refused(echo, change, status, why):
    held = {"token": echo.token, "port": echo.port}
    filled = {name: value.format(**held) if isinstance(value, str) else value for name, value in change.items()}
    length = filled.get("Content_Length")
    line = socket.create_connection(("127.0.0.1", echo.port), ENOUGH)
    line.sendall(request(echo, **filled))
    if length and length.isdigit() and len(length) > 5:
        line.shutdown(socket.SHUT_WR)  # or what was promised is waited for
    with closing(line):
        found = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = found.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert b"application/json" in head
    error = json.loads(body)["error"]
    assert why in error
    assert "\n" not in error
    assert echo.source.most <= ("wrong" in error)
    assert told(request(echo), echo.port)[0] == 200, "it goes on"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
    ],
)
def test_what_is_no_request(echo, text, status):
    with connected(echo) as line:
        line.sendall(text)
        line.shutdown(socket.SHUT_WR)
        try:
            found = b"".join(iter(lambda: line.recv(65536), b""))
        except ConnectionResetError:  # closed on what was left unread
            found = b""
    assert not found or str(status).encode() in found.split(b"\r\n")[0] or found.startswith(b'{"error"')
    assert b"Traceback" not in found
    assert told(request(echo), echo.port)[0] == 200


def test_a_bug_is_told_on_the_terminal_alone(echo, capsys):
    status, _, body = told(request(echo, "POST", body=b'{"bug": 1}'), echo.port)
    assert status == 500
    assert b"secret detail" not in body
    assert told(request(echo), echo.port)[0] == 200
    assert "ZeroDivisionError: secret detail" in capsys.readouterr().err


def test_nothing_is_said_of_requests_and_of_browsers_that_went_away(echo, capsys):
    with connected(echo) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.sendall(request(echo, "POST", body=b"{}"))
    assert told(request(echo), echo.port)[0] == 200
    assert capsys.readouterr().err == ""


def test_nothing_is_said_of_a_request_that_the_end_closed(echo, capsys):
    here, there = socket.socketpair()
    here.close()
    with closing(there):
        try:
            here.recv(1)
        except OSError:
            echo.handle_error(here, ("127.0.0.1", 1))
    assert capsys.readouterr().err == ""


def test_an_end_between_two_threads_stays_an_end(echo, monkeypatch):
    """The thread of a request runs, and releases its place, though Ctrl-C comes before it is told to have started."""

    def interrupted(*_):
        echo._slots.release()
        raise KeyboardInterrupt

    monkeypatch.setattr(serving.socketserver.ThreadingMixIn, "process_request", interrupted)
    with pytest.raises(KeyboardInterrupt):
        echo.process_request(None, ("127.0.0.1", 1))


def test_one_question_is_computed_at_a_time(echo):
    found = []
    ask = [
        threading.Thread(target=lambda: found.append(told(request(echo, "POST", body=b'{"a": 1}'), echo.port)))
        for _ in range(6)
    ]
    for one in ask:
        one.start()
    for one in ask:
        one.join(ENOUGH)
    assert [status for status, _, _ in found] == [200] * 6
    assert echo.source.most == 1


def test_a_question_waits_for_no_end(echo, monkeypatch):
    monkeypatch.setattr(serving, "WAITS", 0.05)
    echo.source.go.clear()
    with connected(echo) as line:
        line.sendall(request(echo, "POST", body=b"{}"))
        while not echo.source.now:
            pass
        assert told(request(echo, "POST", body=b"{}"), echo.port)[0] == 503
        assert told(request(echo), echo.port)[0] == 200, "the page does not wait"
        echo.source.go.set()
        assert line.recv(100).startswith(b"HTTP/1.0 200")


def test_a_request_that_dribbles_in_is_given_up(echo, monkeypatch):
    monkeypatch.setattr(handler, "READ_SECONDS", 0.2)
    text = request(echo, "POST", body=b"{}", Content_Length="60000")
    with connected(echo) as line:
        ended = threading.Event()

        def dribble():
            line.sendall(text)
            while not ended.wait(0.02):
                try:
                    line.sendall(b" ")
                except OSError:
                    return

        sender = threading.Thread(target=dribble)
        sender.start()
        try:
            found = line.recv(65536)
        except ConnectionResetError:
            found = b""
        ended.set()
        sender.join(ENOUGH)
    assert found == b"" or b" 400 " in found
    assert told(request(echo), echo.port)[0] == 200


def test_few_are_read_at_a_time(echo):
    held = [socket.create_connection(("127.0.0.1", echo.port), ENOUGH) for _ in range(serving.MOST_AT_ONCE)]
    try:
        with connected(echo) as line:
            assert line.recv(1) == b"", "closed unread"
    finally:
        for one in held:
            one.close()
    with connected(echo) as line:
        line.sendall(request(echo))
        first = line.recv(12)
    while first != b"HTTP/1.0 200":  # until those that left are seen to have left
        with connected(echo) as line:
            line.sendall(request(echo))
            first = line.recv(12)


def test_it_listens_on_this_machine_alone(echo):
    assert echo.socket.getsockname()[0] == "127.0.0.1"
    others = {one[4][0] for one in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} | {"127.0.0.2"}
    for other in others - {"127.0.0.1"}:
        with pytest.raises(OSError, match=r"refused|unreachable|timed out|assign"):
            socket.create_connection((other, echo.port), 2)


@pytest.mark.parametrize("port", [None, -1, 70000])
def test_a_port_that_cannot_be_had(port):
    with running() as server, pytest.raises(InvalidInputError, match=r"cannot be listened on.*0 takes a free one"):
        serve("", None, port=server.port if port is None else port)


def test_a_port_is_free_again():
    with running() as server:
        told(request(server), server.port)
    with running(None) as other:
        assert other.port
    again = Server("", None, server.port)
    again.server_close()


def test_without_a_model_nothing_is_asked():
    with running() as server:
        status, _, body = told(request(server, "POST", body=b"{}"), server.port)
    assert (status, "without a model" in json.loads(body)["error"]) == (404, True)


RNG = np.random.default_rng(0)
N = 1200
X = RNG.normal(size=(N, 3))
Y = (X @ [1.0, 0.5, 0.0] + RNG.logistic(size=N) > 0).astype(int)
MODEL = LogisticRegression().fit(X[:400], Y[:400])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Hold rows, and a model that scores them."""
    io = needs("skops.io")
    found = tmp_path_factory.mktemp("served")
    for name, rows in {"test": slice(400, None), "train": slice(0, 400)}.items():
        columns = {f"x{k}": X[rows, k].tolist() for k in range(3)}
        write_parquet({**columns, "y": Y[rows].tolist()}, found / f"{name}.parquet")
    io.dump(MODEL, found / "model.skops")
    return found


@contextmanager
def served(folder, *more):
    """Serve by the command in a process of its own, to the end."""
    command = [sys.executable, "-m", "conjac", "explore", "test.parquet", "--label", "y", *more, "--serve"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=folder, **pipes, env={**os.environ, "OMP_NUM_THREADS": "1"}) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_ctrl_c_is_the_normal_end_of_the_command(folder):
    with served(folder, "--model", "model.skops", "--train", "train.parquet") as (process, address):
        port = int(re.search(r":(\d+)/", address)[1])
        with closing(socket.create_connection(("127.0.0.1", port), ENOUGH)):  # one that says nothing
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=ENOUGH)[1]
    assert process.returncode == 0
    assert said.splitlines()[-1] == "conjac: stopped"
    assert "Traceback" not in said
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 2)


def test_a_page_of_scores_is_served_and_ended_by_its_process(folder):
    with served(folder, "--score", "x0") as (process, address):
        port, token = re.search(r":(\d+)/\?token=(.*)", address).groups()
        status, _, body = told(f"GET /?token={token} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode(), int(port))
        process.terminate()
        said = process.communicate(timeout=ENOUGH)[1]
    assert (status, body[:15]) == (200, b"<!doctype html>")
    assert process.returncode == -signal.SIGTERM
    assert "without --model nothing can be scored again" in said
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)), 2)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--serve", "-o", "page.html"), "-o page.html: --serve writes no file"),
        (("--port", "8000"), "--port is of a page that is served; add --serve"),
        (("--open",), "--open is of a page that is served"),
        (("--train", "train.parquet"), "--train is of a page that is served"),
        (("--serve", "--train", "train.parquet"), "--train train.parquet is of a model"),
        (("--serve", "--drift", "x1"), "--drift 'x1' is of inputs that drift; add --model FILE"),
        (("--serve", "--port", "-1"), "port=-1 cannot be listened on"),
    ],
)
def test_options_of_a_page_that_is_served(folder, monkeypatch, more, message):
    monkeypatch.chdir(folder)
    done = run("explore", "test.parquet", "--label", "y", "--score", "x0", *more)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert message in done.stderr.splitlines()[-1]


MOVE = """([name, value]) => {
  const range = document.querySelector(`[data-move="${name}"]`);
  range.value = value;
  range.dispatchEvent(new Event("input", { bubbles: true }));
}"""


def test_a_drift_moves_the_figures_in_a_browser(browser):
    explorer = cj.Explorer.from_estimator(MODEL, X[400:], Y[400:], training_data=(X[:400], Y[:400]), surface=False)
    sd = X[400:].std(axis=0)

    def shown(moved, model=MODEL):
        found = f1_score(Y[400:], model.predict_proba(X[400:] + np.multiply(moved, sd))[:, 1] >= 0.5)
        return f"F1 is {float(f'{found:.4g}'):g} at 0.5"

    with running(explorer.source, render(explorer.scene, host="live")) as server:
        page = browser.new_page()
        wrong, asked = [], []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda one: asked.append(one.url.partition("?")[0]) if "blob:" not in one.url else None)
        page.goto(server.address)
        page.wait_for_selector("html[data-conjac=ready]")
        lead, status = page.locator(".lead"), page.locator("[data-conjac=moves] [role=status]")
        expect = needs("playwright.sync_api").expect
        expect(lead).to_contain_text(shown([0, 0, 0]))
        for value in np.linspace(-2, 1.45, 12).tolist():  # as a drag does: all but the last may be left out
            page.evaluate(MOVE, ["drift[x0]", value])
        page.evaluate(MOVE, ["drift[x0]", 1.5])
        expect(status).to_contain_text("x0 +1.5 sd: 800 rows scored again")
        expect(lead).to_contain_text(shown([1.5, 0, 0]))
        number = page.get_by_label("Value of C", exact=True)
        number.fill("0.02")
        number.press("Enter")
        expect(status).to_contain_text("C = 0.02, x0 +1.5 sd")
        fitted = LogisticRegression(C=0.02).fit(X[:400], Y[:400])
        expect(lead).to_contain_text(shown([1.5, 0, 0], fitted))
        page.click("[data-conjac=python]")
        assert "X[:, 0] += " in page.input_value("[data-conjac=state]")
        expect(page).to_have_url(re.compile(r"drift.*0\.02"))
        page.reload()  # the state is in the address
        page.wait_for_selector("html[data-conjac=ready]")
        expect(lead).to_contain_text(shown([1.5, 0, 0], fitted))
        page.click("[data-conjac=reset-moves]")
        expect(lead).to_contain_text(shown([0, 0, 0]))
        assert set(asked) == {f"http://127.0.0.1:{server.port}/", f"http://127.0.0.1:{server.port}/ask"}
        assert wrong == []
        server.token = "another"
        page.evaluate(MOVE, ["drift[x1]", 1.0])
        expect(status).to_contain_text("Not moved: the address lacks its token")
        expect(lead).to_contain_text(shown([0, 0, 0]))
        page.close()
