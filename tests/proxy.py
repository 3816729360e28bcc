"""Between a command and the embedded AWS: a line that can be slow, cut, throttled or refused at any call."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What AWS answers, by the kind of fault: HTTP status, code, message.
_REFUSALS = {
    "throttled": (400, "Throttling", "Rate exceeded"),
    "expired": (403, "ExpiredToken", "The security token included in the request is expired"),
    "denied": (403, "AccessDenied", "not for you"),
}
_XML = (
    '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
    "<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    "<RequestId>0</RequestId></ErrorResponse>"
)


@dataclass
class Fault:
    """What goes wrong.

    Attributes:
        kind: `throttled`, `expired`, `denied`; `unheard`: the line is cut before AWS hears the request;
            `unanswered`: it is cut after; `held`: AWS is asked only when `release` is set; `dropped`: not even then.
        action: the call that it happens to, `DescribeStackEvents`; blank for every call.
        times: of each call, so many in a row; None for always.
        after: so many pass first.
    """

    kind: str
    action: str = ""
    times: int | None = None
    after: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    def hits(self, action: str, number: int) -> bool:
        """Whether the call with this number (from one, counted by action) goes wrong."""
        beyond = number - self.after
        return self.action in {"", action} and beyond > 0 and (self.times is None or beyond <= self.times)


@dataclass
class Proxy:
    """The line.

    Attributes:
        target: URL of the embedded AWS.
        url: of the proxy.
        fault: what goes wrong, if anything.
        calls: every action, in order.
    """

    target: str
    url: str = ""
    fault: Fault | None = None
    calls: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def handle_call(self) -> None:
        """Let the request pass, or not."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        action = self._action(body)
        self.proxy.calls.append(action)
        fault = self.proxy.fault
        if fault is None or not fault.hits(action, self.proxy.calls.count(action)):
            self._answer(*self._forward(body))
            return
        fault.reached.set()
        if fault.kind in _REFUSALS:
            self._answer(*self._refusal(fault.kind))
            return
        if fault.kind in {"held", "dropped"}:
            assert fault.release.wait(30), "nobody let the request go on"
        if fault.kind == "held":
            self._answer(*self._forward(body))
            return
        if fault.kind == "unanswered":
            self._forward(body)
        self.close_connection = True

    def _action(self, body: bytes) -> str:
        if target := self.headers.get("X-Amz-Target"):
            return target.rpartition(".")[2]
        form = urllib.parse.parse_qs(body.decode(errors="replace"))
        return form["Action"][0] if "Action" in form else f"{self.command} {self.path.partition('?')[0]}"

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        request = urllib.request.Request(  # noqa: S310  # the embedded AWS, by http
            self.proxy.target + self.path, data=body or None, headers=headers, method=self.command
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # as above
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def _refusal(self, kind: str) -> tuple[int, dict[str, str], bytes]:
        status, code, message = _REFUSALS[kind]
        if self.headers.get("X-Amz-Target") or "json" in self.headers.get("Content-Type", ""):
            text = json.dumps({"__type": code, "message": message})
            return status, {"Content-Type": "application/x-amz-json-1.1"}, text.encode()
        return status, {"Content-Type": "text/xml"}, _XML.format(code=code, message=message).encode()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in {"content-length", "transfer-encoding", "connection", "date", "server"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:  # whoever asked is gone: a command that was killed
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Write nothing: the tests read standard error."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A connection that a killed command left open."""


@contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    """A line to the embedded AWS, until the block ends."""
    line = Proxy(target)
    # http.server looks for a method by the verb's name.
    verbs = {f"do_{verb}": _Handler.handle_call for verb in ("GET", "POST", "PUT", "HEAD", "DELETE")}
    handler = type("Handler", (_Handler,), {"proxy": line, **verbs})
    with _Server(("127.0.0.1", 0), handler) as server:
        line.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield line
        finally:
            if line.fault:
                line.fault.release.set()
            server.shutdown()
            thread.join(timeout=10)
