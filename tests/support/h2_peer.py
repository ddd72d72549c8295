"""The other side of an HTTP/2 connection whose transport is fake."""

from collections.abc import Sequence
from typing import Any

import ngh2

from tests.support.fake_transport import FakeTransport

Fields = Sequence[tuple[bytes, bytes]]
GET = ((b":method", b"GET"), (b":path", b"/"), (b":authority", b"a"), (b":scheme", b"http"))
POST = ((b":method", b"POST"), *GET[1:])


class H2Peer:
    """A client or a server; `events` holds what it has seen, `of` those of one stream."""

    def __init__(self, role: ngh2.Role, settings: dict[int, int] | None, acknowledge: bool = True) -> None:
        self.machine = ngh2.Connection(role, ngh2.Configuration(auto_window_update=acknowledge))
        self.machine.initiate_connection(settings or {})
        self.events: list[Any] = []
        self.transport: FakeTransport = FakeTransport()
        self.over = False  # the other side has ended the connection
        self._seen = 0

    @classmethod
    def client(cls, settings: dict[int, int] | None = None, acknowledge: bool = True) -> "H2Peer":
        return cls(ngh2.Role.CLIENT, settings, acknowledge)

    @classmethod
    def server(cls, settings: dict[int, int] | None = None, acknowledge: bool = True) -> "H2Peer":
        return cls(ngh2.Role.SERVER, settings, acknowledge)

    def first_bytes(self) -> bytes:
        """What it says before anybody answers."""
        return self.machine.data_to_send()

    def attach(self, transport: FakeTransport) -> None:
        """The transport whose protocol is talked to."""
        self.transport = transport

    def read(self) -> None:
        """Takes what was written since."""
        data, self._seen = self.transport.written[self._seen :], len(self.transport.written)
        try:
            if data:
                self.machine.receive_data(data)
            self.events += self.machine.events()
        except ngh2.ConnectionStateError:
            self.over = True

    def exchange(self) -> "H2Peer":
        """Both sides talk until they have nothing to say."""
        for _ in range(100):
            self.read()
            data = b"" if self.over else self.machine.data_to_send()
            if not data or self.transport.is_closing():
                return self
            self.transport.receive(data)
        raise AssertionError("the two sides never fall silent")

    def request(self, headers: Fields = GET, body: bytes | None = None, end: bool = True) -> int:
        """Sends a request; its stream."""
        stream_id = self.machine.send_request(headers, end_stream=end and body is None)
        if body is not None:
            self.machine.send_data(stream_id, body, end_stream=end)
        self.exchange()
        return stream_id

    def respond(self, stream_id: int, status: bytes = b"200", body: bytes | None = None, end: bool = True) -> None:
        """Answers a request."""
        self.exchange()
        self.machine.send_response(stream_id, [(b":status", status)], end_stream=end and body is None)
        if body is not None:
            self.machine.send_data(stream_id, body, end_stream=end)
        self.exchange()

    def data(self, stream_id: int, data: bytes, end: bool = False) -> None:
        """Goes on with a body."""
        self.machine.send_data(stream_id, data, end_stream=end)
        self.exchange()

    def trailers(self, stream_id: int, fields: Fields) -> None:
        """Ends a message."""
        self.machine.send_trailers(stream_id, fields)
        self.exchange()

    def reset(self, stream_id: int, code: int = 8) -> None:
        """Ends a stream in the middle."""
        self.exchange()
        self.machine.reset_stream(stream_id, code)
        self.exchange()

    def of(self, kind: type[Any], stream_id: int | None = None) -> list[Any]:
        """The events of this kind."""
        return [
            event
            for event in self.events
            if isinstance(event, kind) and (stream_id is None or event.stream_id == stream_id)
        ]

    def requests(self) -> list[int]:
        """The streams that were opened."""
        self.exchange()
        return [event.stream_id for event in self.of(ngh2.RequestReceived)]

    def headers(self, stream_id: int) -> dict[bytes, bytes]:
        """The headers that came in a stream."""
        self.exchange()
        found = self.of(ngh2.RequestReceived, stream_id) or self.of(ngh2.ResponseReceived, stream_id)
        return dict(found[0].headers)

    def status(self, stream_id: int) -> bytes | None:
        """The status that came in a stream."""
        self.exchange()
        found = self.of(ngh2.ResponseReceived, stream_id)
        return dict(found[0].headers)[b":status"] if found else None

    def body(self, stream_id: int) -> bytes:
        """The body that came in a stream."""
        self.exchange()
        return b"".join(event.data for event in self.of(ngh2.DataReceived, stream_id))

    def ended(self, stream_id: int) -> bool:
        """Whether the message of a stream is complete."""
        self.exchange()
        kinds = (ngh2.RequestReceived, ngh2.ResponseReceived, ngh2.DataReceived)
        events = [event for event in self.events if isinstance(event, kinds) and event.stream_id == stream_id]
        return any(event.end_stream for event in events) or bool(self.of(ngh2.TrailersReceived, stream_id))

    def reset_code(self, stream_id: int) -> int | None:
        """The code of RST_STREAM; None: there was none."""
        self.exchange()
        found = self.of(ngh2.StreamReset, stream_id)
        return found[0].error_code if found else None
