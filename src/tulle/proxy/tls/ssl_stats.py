"""`ssl.*` of a listener or a cluster: what is counted of its TLS connections."""

import ssl

from tulle.proxy.telemetry.stats import Counter, StatsGroup, StatsStore


class SslStats(StatsGroup):
    """Under `listener.<address>.ssl.` or `cluster.<name>.ssl.`.

    Curves and signature algorithms are not counted: Python's `ssl` does not tell them.
    """

    connection_error: Counter
    fail_verify_cert_hash: Counter
    fail_verify_error: Counter
    fail_verify_no_cert: Counter
    fail_verify_san: Counter
    handshake: Counter
    no_certificate: Counter
    ocsp_staple_failed: Counter
    ocsp_staple_omitted: Counter
    ocsp_staple_requests: Counter
    ocsp_staple_responses: Counter
    session_reused: Counter
    was_key_usage_invalid: Counter

    def __init__(self, store: StatsStore, prefix: str) -> None:
        super().__init__(store, prefix)
        self._used: dict[tuple[str, str], tuple[Counter, Counter]] = {}

    def count_handshake(self, connection: ssl.SSLObject, has_certificate: bool) -> None:
        """A handshake that ended well."""
        self.handshake.value += 1
        if not has_certificate:
            self.no_certificate.value += 1
        if connection.session_reused:
            self.session_reused.value += 1
        version, cipher = connection.version() or "", (connection.cipher() or ("",))[0]
        counters = self._used.get((version, cipher))
        if counters is None:
            counters = self._used[version, cipher] = (
                self.store.counter(f"{self.prefix}versions.{version}"),
                self.store.counter(f"{self.prefix}ciphers.{cipher}"),
            )
        for counter in counters:
            counter.value += 1

    def count_failure(self, kind: str) -> None:
        """A connection that TLS ended; `kind` names the counter, empty for those that are not counted."""
        if kind:
            counter: Counter = getattr(self, kind)
            counter.value += 1


class SocketFactoryStats(StatsGroup):
    """Under `<prefix>server_ssl_socket_factory.` or `<prefix>client_ssl_socket_factory.`: always zero without SDS."""

    downstream_context_secrets_not_ready: Counter
    ssl_context_update_by_sds: Counter
    upstream_context_secrets_not_ready: Counter
