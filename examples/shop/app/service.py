"""What the services share: an HTTP server on $PORT, and calls that pass on the headers which tie requests together."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PASSED_ON = ("end-user", "x-request-id")


def call(url: str, headers: Mapping[str, str]) -> tuple[int, dict[str, object]]:
    """Status and JSON of an answer; 0 when none came."""
    request = urllib.request.Request(url, headers={name: headers[name] for name in PASSED_ON if name in headers})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, {}
    except (OSError, ValueError):
        return 0, {}


def serve(answer: Callable[[str, Mapping[str, str]], dict[str, object]]) -> None:
    """Answers every GET with what `answer(path, headers)` gives, as JSON."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps(answer(self.path, self.headers), indent=2).encode() + b"\n"
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, form: str, *values: object) -> None:
            print(form % values)

    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
