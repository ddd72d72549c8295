"""Of requests: what waits for its turn, what is not kept, and the answer to bytes that are none."""

from typing import TYPE_CHECKING

from tulle.proxy.headers import Headers
from tulle.proxy.http.h1.encode import encode_response
from tulle.proxy.http.h1.request_head import Refusal
from tulle.proxy.http.local_reply import LocalReply
from tulle.proxy.http.stream import Stream

if TYPE_CHECKING:
    from tulle.proxy.http.server_connection import ServerConnection

CLOSE_LINE = b"connection: close"


class Waiting:
    """A pipelined request whose turn has not come, with what the parser knew of it."""

    __slots__ = ("complete", "headers", "http10", "keep_alive", "parts", "upgrade")

    def __init__(self, headers: Headers, http10: bool, keep_alive: bool, upgrade: bool) -> None:
        self.headers = headers
        self.http10 = http10
        self.keep_alive = keep_alive
        self.upgrade = upgrade
        self.parts: list[bytes] = []
        self.complete = False


class _Trailers(Headers):
    """Keeps no field: Envoy takes trailers of HTTP/1 no further (enable_trailers is off)."""

    def __contains__(self, name: object) -> bool:
        return True

    def gather(self, name: bytes, value: bytes, joined: frozenset[bytes]) -> None:
        """As if there had been one already, which the connection does not replace."""


TRAILERS = _Trailers()


def refused(connection: "ServerConnection", refusal: Refusal) -> tuple[Stream, bytes]:
    """What stands in the log for bytes that could not be read, and the whole response to them."""
    status, body, details = refusal
    stream = Stream(connection.manager, connection, Headers({b":method": b"", b":path": b"", b":authority": b""}))
    stream.request_headers = None
    response, body = connection.manager.local_replies.build(stream, LocalReply(status, body))
    stream.response = stream.response_headers = response
    stream.response_code_details = details
    stats = connection.stats
    stats.downstream_rq_total.value += 1
    stats.downstream_rq_http1_total.value += 1
    connection.manager.finish_response_headers(stream, response)
    stream.bytes_sent = len(body)
    return stream, encode_response(response, CLOSE_LINE) + body
