"""A TLS connection over another transport; what stands on it sees an ordinary `asyncio.Transport`."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, cast

from tulle.proxy.tls.failures import Failure, failure_of, lost

_RECORD = 16_384  # the most plaintext that a record holds, RFC 8446 § 5.1
# What TLS 1.2 still says in the clear before our ChangeCipherSpec: fatal, certificate_unknown.
_CERTIFICATE_UNKNOWN = b"\x15\x03\x03\x00\x02\x02\x2e"


class TlsOwner(Protocol):
    """Who began the handshake; exactly one of `opened` and `refused` is called, and `broken` only after `opened`."""

    def judge(self, connection: ssl.SSLObject) -> Failure | None:
        """The handshake is complete but for our last words: why the peer is not accepted."""

    def opened(self, transport: "TlsTransport") -> None:
        """The connection is open; must give it a protocol."""

    def refused(self, failure: Failure) -> None:
        """There will be no connection; the transport below is closing."""

    def broken(self, failure: Failure) -> None:
        """TLS ended the connection."""

    def ended(self) -> None:
        """The transport below is gone, and `opened` was never called."""

    def closed(self, connection: ssl.SSLObject) -> None:
        """The transport below is gone, after `opened`."""


class _Nobody(asyncio.Protocol):
    """Stands for the protocol that is not there yet, or not any more."""


class _Nowhere(asyncio.Transport):
    """Stands for the lower transport that is not there yet."""

    def close(self) -> None:
        """Nothing is open."""

    abort = close

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Nobody hears it."""


_NOBODY = _Nobody()
_NOWHERE = _Nowhere()


class TlsTransport(asyncio.Transport, asyncio.Protocol):
    """A transport to what is above, a protocol to what is below.

    Its buffer is the lower transport's, so limits and pauses are those of the ciphertext. As Envoy does, it takes the
    end of the TCP stream for the end of the data, with or without a close_notify, and ends its own with one.
    """

    __slots__ = (
        "_call_soon",
        "_closing",
        "_decrypt",
        "_encrypt",
        "_encrypted",
        "_ended",
        "_eof_waits",
        "_error",
        "_incoming",
        "_lower",
        "_open",
        "_outgoing",
        "_owner",
        "_paused",
        "_protocol",
        "_reading",
        "_receive",
        "_send",
        "_shut",
        "connection",
    )

    def __init__(
        self,
        wrap: Callable[[ssl.MemoryBIO, ssl.MemoryBIO], ssl.SSLObject],
        owner: TlsOwner,
        call_soon: Callable[[Callable[[], None]], object],
    ) -> None:
        super().__init__()
        self._incoming = incoming = ssl.MemoryBIO()
        self._outgoing = outgoing = ssl.MemoryBIO()
        self.connection = connection = wrap(incoming, outgoing)
        # Looked up once, as they are called for every record.
        self._receive, self._decrypt = incoming.write, connection.read
        self._encrypt, self._encrypted = connection.write, outgoing.read
        self._send = _NOWHERE.write
        self._lower: asyncio.Transport = _NOWHERE
        self._owner = owner
        self._call_soon = call_soon
        self._protocol: asyncio.Protocol = _NOBODY
        self._open = False  # the handshake is over
        self._closing = False
        self._paused = False
        self._reading = False  # records are being given out
        self._ended = False  # nothing more comes from the peer
        self._eof_waits = False  # it ended while reading was paused
        self._shut = False  # we said that nothing more comes from us
        self._error: Exception | None = None

    # What is below speaks.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The lower transport is there: a client begins the handshake."""
        self._lower = cast(asyncio.Transport, transport)  # uvloop's transports are no subclass of it
        self._send = self._lower.write
        if self._closing:
            self._lower.abort()  # nobody wants it any more
        elif not self.connection.server_side:
            self._shake()

    def data_received(self, data: bytes) -> None:
        self._receive(data)
        if self._open:
            self._read()
        elif not self._closing:
            self._shake()

    def eof_received(self) -> bool:
        if not self._open:
            self._give_up(lost(None))
            return False
        self._read()
        if self._paused:
            self._eof_waits = True
        else:
            self._end()
        return True

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        closing, self._closing = self._closing, True
        if self._open:
            protocol, self._protocol = self._protocol, _NOBODY
            self._owner.closed(self.connection)
            protocol.connection_lost(self._error or error)
            return
        if not closing:
            self._owner.refused(lost(error))
        self._owner.ended()

    def _shake(self) -> None:
        try:
            self.connection.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLError as error:
            self._flush()
            self._give_up(failure_of(error))
            return
        failure = self._owner.judge(self.connection)
        if failure is not None:
            self._reject(failure)
            return
        self._flush()
        self._open = True
        self._owner.opened(self)
        if self._incoming.pending:
            self._read()

    def _reject(self, failure: Failure) -> None:
        """What would end the handshake is not sent, so that the peer never takes it for a good one."""
        connection = self.connection
        if connection.server_side and connection.version() == "TLSv1.2" and not connection.session_reused:
            self._lower.write(_CERTIFICATE_UNKNOWN)
        self._give_up(failure)

    def _give_up(self, failure: Failure) -> None:
        if not self._closing:
            self._closing = True
            self._owner.refused(failure)
            self._lower.close()

    def _read(self) -> None:
        """Gives every record that is complete to the protocol."""
        if self._reading:
            return
        self._reading = True
        incoming, decrypt = self._incoming, self._decrypt
        try:
            while incoming.pending and not self._paused and not self._closing:
                data = decrypt(_RECORD)
                if not data:
                    self._end()
                    break
                self._protocol.data_received(data)
        except ssl.SSLWantReadError:
            pass  # the rest of a record is still to come
        except ssl.SSLZeroReturnError:
            self._end()
        except ssl.SSLError as error:
            self._break(error)
        finally:
            self._reading = False
        if self._outgoing.pending:
            self._flush()

    def _end(self) -> None:
        if self._ended or self._closing:
            return
        self._ended = True
        if not self._protocol.eof_received():
            self.close()

    def _break(self, error: ssl.SSLError) -> None:
        if self._closing:
            return
        failure = failure_of(error)
        self._error = ConnectionAbortedError(failure.reason)
        self._closing = True
        self._owner.broken(failure)
        self._flush()  # the alert that tells the peer
        self._lower.close()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._send(self._encrypted())

    # What is above speaks.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._shut or self._closing or not data:
            return
        try:
            self._encrypt(data)
        except ssl.SSLError as error:
            self._break(error)
            return
        self._send(self._encrypted())

    def write_eof(self) -> None:
        """Says with a close_notify that no more comes; the TCP stream stays open, as in Envoy."""
        if self._shut or self._closing:
            return
        self._shut = True
        # OpenSSL looks for the peer's close_notify too, and would stumble over data that nobody read yet.
        unread = self._incoming.read()
        with suppress(ssl.SSLError):  # the peer has not said it yet
            self.connection.unwrap()
        self._incoming.write(unread)
        self._flush()

    def can_write_eof(self) -> bool:
        return True

    def pause_reading(self) -> None:
        if not self._paused and not self._closing:
            self._paused = True
            self._lower.pause_reading()

    def resume_reading(self) -> None:
        if not self._paused or self._closing:
            return
        self._paused = False
        self._lower.resume_reading()
        if not self._reading and (self._incoming.pending or self._eof_waits):
            self._call_soon(self._catch_up)

    def _catch_up(self) -> None:
        self._read()
        if self._eof_waits and not self._paused:
            self._eof_waits = False
            self._end()

    def is_reading(self) -> bool:
        return not self._paused and not self._closing

    def close(self) -> None:
        if not self._closing:
            self.write_eof()
            self._closing = True
            self._lower.close()

    def abort(self) -> None:
        self._closing = True
        self._lower.abort()

    def is_closing(self) -> bool:
        return self._closing or self._lower.is_closing()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol  # type: ignore[assignment]  # those of streams are all we serve

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._lower.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._lower.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._lower.get_write_buffer_limits()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "ssl_object":
            return self.connection
        return self._lower.get_extra_info(name, default)
