"""An HTTP server that answers paths with JSON, as admin interfaces do."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class JsonServer:
    """Answers each path with what `pages` holds for it (a function is called), and 404 for all else."""

    url: str
    pages: dict[str, Any] = field(default_factory=dict)
    posted: list[str] = field(default_factory=list)


@contextmanager
def json_server(**pages: Any) -> Iterator[JsonServer]:
    """A running server; `debug_syncz=[]` answers /debug/syncz."""
    found = JsonServer("", {f"/{name.replace('_', '/')}": page for name, page in pages.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            found.posted.append(self.path)
            self._answer()

        def _answer(self) -> None:
            page = found.pages.get(self.path)
            body = json.dumps(page() if callable(page) else page).encode()
            self.send_response(404 if page is None else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
