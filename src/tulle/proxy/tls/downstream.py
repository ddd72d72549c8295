"""TLS with clients: the transport socket of a filter chain (DownstreamTlsContext)."""

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import Protocol

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import DownstreamTlsContext
from tulle.proxy.deadlines import Clock, Timer
from tulle.proxy.telemetry.connection_info import ConnectionInfo
from tulle.proxy.telemetry.stats import Counter, StatsStore
from tulle.proxy.telemetry.tls_facts import TlsFacts
from tulle.proxy.tls.certificate_choice import CertificateChoice
from tulle.proxy.tls.contexts import Recipe, Verify
from tulle.proxy.tls.failures import Failure
from tulle.proxy.tls.settings import COMMON, make_checked_context, read_settings
from tulle.proxy.tls.ssl_stats import SocketFactoryStats, SslStats
from tulle.proxy.tls.transport import TlsTransport
from tulle.proxy.tls.verification import Verification

Take = Callable[[asyncio.Transport, ConnectionInfo, bytes], None]


class TlsLoop(Clock, Protocol):
    """The part of an event loop that TLS needs."""

    def call_soon(self, callback: Callable[[], None], /) -> object:
        """Calls it when what runs now is done."""


class DownstreamTls:
    """Built once per filter chain; makes the handshake of every connection that enters it."""

    def __init__(
        self, context: ssl.SSLContext, verification: Verification, stats: SslStats, timeouts: Counter, loop: TlsLoop
    ) -> None:
        self.stats = stats
        self.timeouts = timeouts
        self.loop = loop
        self.verification = verification
        self.verifies = context.verify_mode != ssl.CERT_NONE
        self.wrap = partial(context.wrap_bio, server_side=True)

    def accept(
        self, transport: asyncio.Transport, info: ConnectionInfo, received: bytes, take: Take, timeout_s: float = 0.0
    ) -> None:
        """Makes the handshake, then gives the wrapped transport to `take`; 0 s: it may last for ever."""
        accepting = _Accepting(self, info, take)
        wrapped = TlsTransport(self.wrap, accepting, self.loop.call_soon)
        transport.set_protocol(wrapped)
        wrapped.connection_made(transport)
        if timeout_s:
            accepting.begin(wrapped, timeout_s)
        if received:
            wrapped.data_received(received)


class _Accepting:
    """One connection until its handshake is over, and what it tells of its end."""

    __slots__ = ("_info", "_take", "_timer", "_tls")

    def __init__(self, tls: DownstreamTls, info: ConnectionInfo, take: Take) -> None:
        self._tls = tls
        self._info = info
        self._take = take
        self._timer: Timer | None = None

    def begin(self, transport: TlsTransport, timeout_s: float) -> None:
        """Gives the handshake so much time."""
        loop = self._tls.loop
        self._timer = loop.call_at(loop.time() + timeout_s, partial(self._too_long, transport))

    def _too_long(self, transport: TlsTransport) -> None:
        self._timer = None
        self._tls.timeouts.value += 1
        self._info.transport_failure = "connect timeout"
        transport.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def judge(self, connection: ssl.SSLObject) -> Failure | None:
        failure = self._tls.verification.judge(connection)
        if failure is not None:
            self._info.tls = TlsFacts(connection, False)  # so that a log can tell who was not let in
        return failure

    def opened(self, transport: TlsTransport) -> None:
        self._stop_timer()
        info, tls = self._info, self._tls
        facts = info.tls = TlsFacts(transport.connection, tls.verifies)
        # From here on what was agreed counts, not what was offered.
        info.transport_protocol = "tls"
        info.application_protocols = (facts.protocol,) if facts.protocol else ()
        tls.stats.count_handshake(transport.connection, facts.peer is not None)
        self._take(transport, info, b"")

    def refused(self, failure: Failure) -> None:
        self._stop_timer()
        self._note(failure)

    def broken(self, failure: Failure) -> None:
        self._note(failure)

    def _note(self, failure: Failure) -> None:
        self._tls.stats.count_failure(failure.counter)
        self._info.transport_failure = failure.reason

    def closed(self, connection: ssl.SSLObject) -> None:
        """Whoever owns the connection knows what is to be done."""

    def ended(self) -> None:
        self._stop_timer()
        closed, self._info.on_closed = self._info.on_closed, None
        if closed is not None:
            closed()


def build_downstream_tls(config: bytes, stats_prefix: str, stats: StatsStore, loop: TlsLoop) -> DownstreamTls:
    """From a serialized DownstreamTlsContext; InvalidInput with all that is wrong, paths begin inside it.

    `stats_prefix` is the listener's, with a dot at its end.
    """
    proto = DownstreamTlsContext.FromString(config)
    problems: list[FieldProblem] = []
    settings = read_settings(proto.common_tls_context, True, problems)
    recipe = settings.recipe._replace(
        tickets=not proto.disable_stateless_session_resumption, client_chooses_cipher=proto.prefer_client_ciphers
    )
    if not proto.common_tls_context.tls_certificates:
        problems.append(FieldProblem(f"{COMMON}.tls_certificates", "no TLS certificates found for server context"))
    if proto.require_client_certificate.value:
        recipe = _requiring(recipe, problems)
    if problems:
        raise InvalidInput(problems)
    full_scan = proto.full_scan_certs_on_sni_mismatch.value
    choice = CertificateChoice(recipe, full_scan=full_scan, require_name=proto.require_sni.value)
    context = choice.build(partial(make_checked_context, problems=problems))
    if context is None:
        raise InvalidInput(problems)
    SocketFactoryStats(stats, f"{stats_prefix}server_ssl_socket_factory.")
    timeouts = stats.counter(f"{stats_prefix}downstream_cx_transport_socket_connect_timeout")
    return DownstreamTls(context, settings.verification, SslStats(stats, f"{stats_prefix}ssl."), timeouts, loop)


def _requiring(recipe: Recipe, problems: list[FieldProblem]) -> Recipe:
    if recipe.verify == Verify.NOTHING:
        text = "wants common_tls_context.validation_context.trusted_ca: Python's ssl takes no certificate unverified"
        problems.append(FieldProblem("require_client_certificate", text))
    return recipe._replace(verify=Verify.REQUIRED)
