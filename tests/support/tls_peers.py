"""TLS conversations without sockets: a `TlsTransport` on a fake transport, and OpenSSL as its peer."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.support.certificates import authority, identity
from tests.support.fake_transport import FakeTransport
from tulle.proxy.tls.contexts import Certificate, Recipe, Verify, make_context
from tulle.proxy.tls.failures import Failure
from tulle.proxy.tls.transport import TlsTransport

Judge = Callable[[ssl.SSLObject], Failure | None]


def recipe(server: bool, name: str = "server", *names: str, **changes: Any) -> Recipe:
    """A server with a certificate, or a client that trusts it."""
    if not server:
        return Recipe(False, trusted_ca=authority().pem, verify=Verify.REQUIRED, **changes)
    found = identity(name, *(names or ("server.example.com",)))
    return Recipe(True, (Certificate(found.chain_pem, found.key_pem),), **changes)


class Recorder(asyncio.Protocol):
    """What stands on the connection: it notes what it gets."""

    def __init__(self) -> None:
        self.received = b""
        self.pieces = 0
        self.eof = False
        self.keeps_open = False
        self.paused = False
        self.lost: list[Exception | None] = []
        self.on_data: Callable[[], None] = lambda: None

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.pieces += 1
        self.on_data()

    def eof_received(self) -> bool:
        self.eof = True
        return self.keeps_open

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.append(error)


class Owner:
    """Who began the handshake: it gives the transport a `Recorder` and notes the rest."""

    def __init__(self, judge: Judge = lambda connection: None) -> None:
        self.judge = judge
        self.recorder = Recorder()
        self.transport: TlsTransport | None = None
        self.failures: list[Failure] = []
        self.notes: list[str] = []

    def opened(self, transport: TlsTransport) -> None:
        self.notes.append("opened")
        self.transport = transport
        transport.set_protocol(self.recorder)

    def refused(self, failure: Failure) -> None:
        self.notes.append("refused")
        self.failures.append(failure)

    def broken(self, failure: Failure) -> None:
        self.notes.append("broken")
        self.failures.append(failure)

    def ended(self) -> None:
        self.notes.append("ended")

    def closed(self, connection: ssl.SSLObject) -> None:
        self.notes.append("closed")


class Peer:
    """OpenSSL on the other end."""

    def __init__(self, context: ssl.SSLContext, server: bool, name: str | None = "server.example.com") -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.connection = context.wrap_bio(self._in, self._out, server_side=server, server_hostname=name)
        self.received = b""
        self.done = self.closed = False
        self.error: ssl.SSLError | None = None

    def take(self, data: bytes) -> None:
        """Bytes from the wire."""
        self._in.write(data)
        self.run()

    def run(self) -> None:
        """Goes on with the handshake, or reads."""
        try:
            if not self.done:
                self.connection.do_handshake()
                self.done = True
            while True:
                data = self.connection.read(65536)
                if not data:
                    self.closed = True
                    return
                self.received += data
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.closed = True
        except ssl.SSLError as error:
            self.error = error

    def write(self, data: bytes) -> None:
        """Plaintext for the proxy."""
        self.connection.write(data)

    def close(self) -> None:
        """Says that no more comes."""
        with contextlib.suppress(ssl.SSLError):
            self.connection.unwrap()

    def sent(self) -> bytes:
        """Bytes for the wire."""
        return self._out.read()


class Conversation:
    """Both ends and the wire; the soon-to-be-called are run by `pump`."""

    def __init__(self, ours: Recipe, theirs: Recipe, owner: Owner | None = None, name: str | None = None) -> None:
        self.owner = owner or Owner()
        self.recorder = self.owner.recorder
        self.soon: list[Callable[[], None]] = []
        hostname = None if ours.server else name
        wrap = partial(make_context(ours).wrap_bio, server_side=ours.server, server_hostname=hostname)
        self.tls = TlsTransport(wrap, self.owner, self.soon.append)
        self.lower = FakeTransport(self.tls)
        self.peer = Peer(make_context(theirs), theirs.server, name if ours.server else None)
        self._taken = 0
        self.tls.connection_made(self.lower)
        self.peer.run()

    def pump(self, chunk: int = 1 << 20) -> None:
        """Carries bytes both ways until nobody has any, in pieces of `chunk` bytes."""
        while True:
            sent = self.peer.sent()
            for start in range(0, len(sent), chunk):
                self.tls.data_received(sent[start : start + chunk])
            soon, self.soon[:] = list(self.soon), []
            for callback in soon:
                callback()
            out = self.lower.written[self._taken :]
            self._taken += len(out)
            for start in range(0, len(out), chunk):
                self.peer.take(out[start : start + chunk])
            if not (sent or out or soon):
                return
