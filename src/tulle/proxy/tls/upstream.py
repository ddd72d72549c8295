"""TLS with hosts: the transport socket of a cluster (UpstreamTlsContext)."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from functools import partial

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import UpstreamTlsContext
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.tls.contexts import Recipe, make_context
from tulle.proxy.tls.failures import Failure
from tulle.proxy.tls.settings import Settings, make_checked_context, read_settings
from tulle.proxy.tls.ssl_stats import SocketFactoryStats, SslStats
from tulle.proxy.tls.subject_names import NameTest, dns_name_test
from tulle.proxy.tls.transport import TlsTransport

_TLS_1_3 = "TLSv1.3"


class UpstreamTls:
    """Built once per cluster; `dialect` gives what connections of one protocol are made with."""

    def __init__(self, proto: UpstreamTlsContext, settings: Settings, stats: SslStats) -> None:
        self.stats = stats
        self.verification = settings.verification
        self.keeps_session = not proto.HasField("max_session_keys") or proto.max_session_keys.value > 0
        self._recipe = settings.recipe
        self._name = proto.sni
        self._uses_hostname = proto.auto_host_sni
        self._checks_name = proto.auto_sni_san_validation
        self._dialects: dict[str, Dialect] = {}

    def dialect(self, fallback: str) -> "Dialect":
        """For connections that offer `fallback` in ALPN where the configuration names nothing."""
        found = self._dialects.get(fallback)
        if found is None:
            alpn = self._recipe.alpn or ((fallback,) if fallback else ())
            found = self._dialects[fallback] = Dialect(self, self._recipe._replace(alpn=alpn))
        return found

    def name_for(self, hostname: str) -> str:
        """The server name that a host is asked for; empty for none."""
        return (self._uses_hostname and hostname) or self._name

    def names_of(self, server_name: str) -> Sequence[NameTest]:
        """What the host's certificate must be for, when that is the name that it was asked for."""
        return (dns_name_test(server_name),) if self._checks_name and server_name else ()


class Dialect:
    """TLS to the hosts of a cluster with one list of protocols; remembers the last session for the next handshake."""

    __slots__ = ("_context", "_session", "_session_name", "tls")

    def __init__(self, tls: UpstreamTls, recipe: Recipe) -> None:
        self.tls = tls
        self._context = make_context(recipe)
        self._session: ssl.SSLSession | None = None
        self._session_name = ""

    def connect(
        self, hostname: str, make: Callable[[], asyncio.Protocol], told: Callable[[Failure | None], None]
    ) -> TlsTransport:
        """The protocol for a new connection to a host; `told` hears once how the handshake ended, None: well.

        The protocol that `make` makes gets `connection_made` just before that.
        """
        name = self.tls.name_for(hostname)
        session = self._session if name == self._session_name else None
        wrap = partial(self._context.wrap_bio, server_hostname=name or None, session=session)
        return TlsTransport(wrap, _Connecting(self, name, make, told), asyncio.get_running_loop().call_soon)

    def remember(self, connection: ssl.SSLObject, name: str) -> None:
        """Keeps the session of a connection, if the host gave one."""
        if self.tls.keeps_session:
            session = connection.session
            if session is not None and (session.has_ticket or session.id):
                self._session, self._session_name = session, name


class _Connecting:
    """One connection, from its first byte on."""

    __slots__ = ("_connection", "_dialect", "_make", "_name", "_told")

    def __init__(
        self,
        dialect: Dialect,
        name: str,
        make: Callable[[], asyncio.Protocol],
        told: Callable[[Failure | None], None],
    ) -> None:
        self._dialect = dialect
        self._name = name
        self._make = make
        self._told: Callable[[Failure | None], None] | None = told

    def judge(self, connection: ssl.SSLObject) -> Failure | None:
        tls = self._dialect.tls
        return tls.verification.judge(connection, tls.names_of(self._name))

    def opened(self, transport: TlsTransport) -> None:
        connection = transport.connection
        dialect = self._dialect
        dialect.tls.stats.count_handshake(connection, True)
        if connection.version() != _TLS_1_3:
            dialect.remember(connection, self._name)
        protocol = self._make()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        self._tell(None)

    def refused(self, failure: Failure) -> None:
        self._dialect.tls.stats.count_failure(failure.counter)
        self._tell(failure)

    def broken(self, failure: Failure) -> None:
        self._dialect.tls.stats.count_failure(failure.counter)

    def ended(self) -> None:
        """Whoever waits knows already."""

    def closed(self, connection: ssl.SSLObject) -> None:
        # In TLS 1.3 sessions come with what is read after the handshake.
        if connection.version() == _TLS_1_3:
            self._dialect.remember(connection, self._name)

    def _tell(self, failure: Failure | None) -> None:
        told, self._told = self._told, None
        if told is not None:
            told(failure)


def build_upstream_tls(config: bytes, stats_prefix: str, stats: StatsStore) -> UpstreamTls:
    """From a serialized UpstreamTlsContext; InvalidInput with all that is wrong, paths begin inside it.

    `stats_prefix` is the cluster's, with a dot at its end.
    """
    proto = UpstreamTlsContext.FromString(config)
    settings, problems = _read(proto)
    if problems:
        raise InvalidInput(problems)
    SocketFactoryStats(stats, f"{stats_prefix}client_ssl_socket_factory.")
    return UpstreamTls(proto, settings, SslStats(stats, f"{stats_prefix}ssl."))


def check_upstream_tls(config: bytes) -> list[FieldProblem]:
    """What is wrong with a serialized UpstreamTlsContext."""
    return _read(UpstreamTlsContext.FromString(config))[1]


def _read(proto: UpstreamTlsContext) -> tuple[Settings, list[FieldProblem]]:
    problems: list[FieldProblem] = []
    settings = read_settings(proto.common_tls_context, False, problems)
    if len(settings.recipe.certificates) > 1:
        text = "multiple TLS certificates are not supported for client contexts"
        problems.append(FieldProblem("common_tls_context.tls_certificates", text))
    if proto.sni.startswith(".") or "\0" in proto.sni or len(proto.sni) > 255:
        problems.append(FieldProblem("sni", "is no name that can be asked for"))
    if proto.HasField("max_session_keys") and proto.max_session_keys.value > 1:
        problems.append(FieldProblem("max_session_keys", "can be 0 or 1"))
    if not problems:
        make_checked_context(settings.recipe, problems)
    return settings, problems
