"""A small web server that shows the sample pages under the real policy, with a stream to script.

The pages are looked at here without a database, so that a browser test is quick and can make the
server do what a real one rarely does: fall silent, refuse, end a stream, answer a click with 500.
"""

import json
import mimetypes
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from nexus.core.assets import STATIC, URL_PREFIX, load_assets
from nexus.core.display import shown_as
from nexus.core.headers import security_headers
from nexus.core.render import render
from nexus.core.site import Site
from tests.templates import samples

CANDLES = [
    {"time": 1772000000 + 3600 * n, "open": f"{n}", "high": f"{n}.5", "low": "9", "close": f"{n}"}
    for n in range(10, 50)
]

CHART = {
    "candles": [
        {
            **candle,
            "blocked": number > 30,
            "regime": ("bullish", "sideways", "bearish")[number // 14],
        }
        for number, candle in enumerate(CANDLES)
    ],
    "marks": [
        {"time": CANDLES[20]["time"], "side": "buy", "price": "30"},
        {"time": CANDLES[35]["time"], "side": "sell", "price": "45"},
    ],
}


class Stage(ThreadingHTTPServer):
    """The server, and what it was told to do."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.headers = security_headers(Site(self.url, load_assets("auto"), b"secret"))
        self.live_status = 200
        self.post_status = 200
        self.candles_status = 200
        self.news: queue.Queue[str | None] = queue.Queue()
        self.streams: queue.Queue[tuple[str, str | None]] = queue.Queue()
        self.posts: queue.Queue[tuple[str, str, bool]] = queue.Queue()

    def tell(self, name: str, event_id: int = 0, **context: Any) -> None:
        """Send one message down the open stream."""
        markup = render(f"feed/stream/{name}.html", csrf_token="csrf-sample", **context)
        lines = [f"id: {event_id}", *(f"data: {line}" for line in markup.splitlines())]
        self.news.put("\n".join(lines) + "\n\n")

    def hang_up(self) -> None:
        """End the open stream, as a server does when it is replaced."""
        self.news.put(None)


class Visit(BaseHTTPRequestHandler):
    """One request."""

    server: Stage

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith(URL_PREFIX):
            file = STATIC / path.removeprefix(URL_PREFIX)
            self._answer(file.read_bytes(), mimetypes.guess_type(path)[0] or "text/plain")
        elif path == "/live":
            self._stream()
        elif path.endswith("/candles"):
            body = json.dumps(CANDLES).encode()
            self._answer(body, "application/json", self.server.candles_status)
        elif path.endswith("/chart"):
            self._answer(json.dumps(CHART).encode(), "application/json")
        else:
            name = path.strip("/") or "home"
            template, context = samples.PAGES[name]
            with shown_as(samples.display_of(name)):
                self._answer(render(template, **context).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fragment = self.headers["HX-Request"] == "true"
        self.server.posts.put((self.path, body, fragment))
        if self.server.post_status != 200:
            self._answer(b"<html><body>An error page</body></html>", status=self.server.post_status)
        elif fragment:
            paused = replace(samples.HOLDING, status="paused", note="Paused just now.")
            card = render("feed/parts/bot.html", bot=paused, csrf_token="csrf-sample")
            self._answer(card.encode())
        else:
            self.send_response(303)
            self.send_header("Location", "/")
            self.end_headers()

    def _stream(self) -> None:
        self.server.streams.put((self.path, self.headers["Last-Event-ID"]))
        if self.server.live_status != 200:
            self._answer(b"", status=self.server.live_status)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b": hello\n\n")
        while (message := self.server.news.get()) is not None:
            self.wfile.write(message.encode())

    def _answer(self, body: bytes, kind: str = "text/html", status: int = 200) -> None:
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base's own name
        """Stay quiet; a failing test says what it saw."""


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Run the server on a free port."""
    stage = Stage()
    thread = threading.Thread(target=stage.serve_forever, daemon=True)
    thread.start()
    try:
        yield stage
    finally:
        stage.hang_up()
        stage.shutdown()
        stage.server_close()
        thread.join()
