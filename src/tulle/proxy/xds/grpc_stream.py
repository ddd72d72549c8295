"""One bidirectional gRPC call on an HTTP/2 connection of its own."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast
from urllib.parse import unquote

import ngh2

from tulle.proxy.headers import whole_number
from tulle.proxy.xds.grpc_frames import BadFrame, FrameReader, encode

_ENDS = (ngh2.TrailersReceived, ngh2.StreamReset, ngh2.StreamClosed, ngh2.ConnectionClosed)
_UNAVAILABLE = 14
_UNKNOWN = 2
_STREAM_WINDOW = 1 << 20
_CONNECTION_WINDOW = 2 << 20


class Call(NamedTuple):
    """What to call: the pseudo headers, and further metadata."""

    path: str
    authority: str
    metadata: Sequence[tuple[bytes, bytes]] = ()
    scheme: str = "http"


class CallEnded(NamedTuple):
    """How a call ended: gRPC status and message."""

    status: int
    message: str


class GrpcStream(asyncio.Protocol):
    """Open from `connection_made` until `ended` is done."""

    def __init__(self, call: Call, on_message: Callable[[bytes], None]) -> None:
        self._call = call
        self._on_message = on_message
        self._frames = FrameReader()
        self._http2 = ngh2.Connection(ngh2.Role.CLIENT)
        self._transport: asyncio.Transport | None = None
        self._stream_id = 0
        self._over = False  # the server has ended the call, though we may not have read all that it said before
        self.ended: asyncio.Future[CallEnded] = asyncio.get_running_loop().create_future()
        self.bytes_received = 0
        self.bytes_sent = 0

    def send(self, message: bytes) -> None:
        """Sends one message, unless the call is over."""
        if not self.ended.done() and not self._over:
            self._http2.send_data(self._stream_id, encode(message))
            self._flush()

    def ping(self) -> None:
        """Asks the peer for a sign of life."""
        if not self.ended.done():
            self._http2.ping()
            self._flush()

    def close(self) -> None:
        """Ends the call and the connection."""
        self._end(CallEnded(0, "closed here"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the preface and the request's headers."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports are no subclass of it
        self._http2.initiate_connection({ngh2.Setting.ENABLE_PUSH: 0, ngh2.Setting.INITIAL_WINDOW_SIZE: _STREAM_WINDOW})
        self._http2.set_local_window_size(_CONNECTION_WINDOW)
        self._stream_id = self._http2.send_request(
            [
                (b":method", b"POST"),
                (b":scheme", self._call.scheme.encode()),
                (b":path", self._call.path.encode()),
                (b":authority", self._call.authority.encode()),
                (b"te", b"trailers"),
                (b"content-type", b"application/grpc"),
                *self._call.metadata,
            ]
        )
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Feeds the HTTP/2 machine and hands on whole messages."""
        self.bytes_received += len(data)
        try:
            self._http2.receive_data(data)
            events = self._http2.events()
            # The machine knows of the end already when it tells of what came before: nobody may answer that any more.
            self._over = self._over or any(isinstance(event, _ENDS) for event in events)
            for event in events:
                self._on_event(event)
        except (ngh2.NGH2Error, BadFrame) as error:
            self._end(CallEnded(_UNKNOWN, f"protocol error: {error}"))
            return
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer is gone."""
        self._end(CallEnded(_UNAVAILABLE, f"connection lost: {exc}" if exc else "connection closed by the peer"))

    def _on_event(self, event: ngh2.Event) -> None:
        match event:
            case ngh2.DataReceived(data=data):
                for message in self._frames.feed(data):
                    self._on_message(message)
            case ngh2.ResponseReceived(headers=headers, end_stream=end_stream):
                self._on_response(dict(headers), end_stream)
            case ngh2.TrailersReceived(headers=headers):
                self._end(_ending(dict(headers)))
            case (
                ngh2.StreamReset(error_code=code)
                | ngh2.StreamClosed(error_code=code)
                | ngh2.ConnectionClosed(error_code=code)
            ):
                self._end(CallEnded(_UNAVAILABLE, f"reset by the peer, HTTP/2 error {code}"))
            case ngh2.GoAwayReceived(error_code=code):
                self._end(CallEnded(_UNAVAILABLE, f"GOAWAY from the peer, HTTP/2 error {code}"))

    def _on_response(self, headers: dict[bytes, bytes], end_stream: bool) -> None:
        if end_stream or b"grpc-status" in headers:
            self._end(_ending(headers))
        elif headers.get(b":status") != b"200":
            self._end(CallEnded(_UNKNOWN, f"HTTP status {headers.get(b':status', b'').decode()}"))

    def _flush(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            data = self._http2.data_to_send()
            if data:
                self.bytes_sent += len(data)
                self._transport.write(data)

    def _end(self, how: CallEnded) -> None:
        if not self.ended.done():
            self.ended.set_result(how)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()


def _ending(headers: dict[bytes, bytes]) -> CallEnded:
    status = headers.get(b"grpc-status", b"")
    message = unquote(headers.get(b"grpc-message", b"").decode("latin-1"))
    number = whole_number(status)
    if number is not None:
        return CallEnded(number, message)
    return CallEnded(_UNKNOWN, f"ended without grpc-status, HTTP status {headers.get(b':status', b'').decode()}")
