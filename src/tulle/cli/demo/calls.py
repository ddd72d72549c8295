"""Calls from one demo service to another, through the HTTP proxy port of the caller's sidecar."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass

PROPAGATED = ("end-user", "x-request-id", "user-agent")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 means that nothing did."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> dict[str, object]:
        """The body as an object; empty when it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def call(proxy: tuple[str, int], url: str, headers: Mapping[str, str], timeout_s: float = 20.0) -> Answer:
    """GET `url` (absolute) by way of a proxy; blocks, so it is run in a thread."""
    connection = http.client.HTTPConnection(*proxy, timeout=timeout_s)
    try:
        connection.request("GET", url, headers=dict(headers))
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, response.read(), found)
    except (OSError, http.client.HTTPException):
        return Answer(0, b"", {})
    finally:
        connection.close()
