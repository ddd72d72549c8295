"""THE LIST of access-log operators, and what each reads from a stream."""

import os
import socket
from collections.abc import Callable
from time import gmtime, localtime, strftime, time

from tulle.proxy.telemetry.response_flags import long_names, short_names
from tulle.proxy.telemetry.stream_info import StreamInfo
from tulle.proxy.telemetry.tls_facts import PeerCertificate, TlsFacts

Value = str | int | None
Extractor = Callable[[StreamInfo], Value]
DEFAULT_TIME_FORMAT = "%Y-%m-%dT%H:%M:%E3SZ"


class BadFormat(ValueError):
    """A format that cannot be compiled; the message names the operator."""


def _attribute(name: str) -> Callable[[str], Extractor]:
    """An operator without argument that shows one attribute; empty text counts as missing."""

    def factory(argument: str) -> Extractor:
        if argument:
            raise BadFormat("takes no argument")

        def extract(info: StreamInfo) -> Value:
            value: Value = getattr(info, name)
            return None if value == "" else value

        return extract

    return factory


def _computed(extract: Extractor) -> Callable[[str], Extractor]:
    """An operator without argument that computes its value."""

    def factory(argument: str) -> Extractor:
        if argument:
            raise BadFormat("takes no argument")
        return extract

    return factory


def _header_names(argument: str) -> tuple[bytes, bytes]:
    first, _, second = argument.partition("?")
    if not first:
        raise BadFormat("wants the name of a header")
    return first.strip().lower().encode(), second.strip().lower().encode()


def _request_header(argument: str) -> Extractor:
    # Codecs keep a request's host under `:authority`.
    first, second = (b":authority" if name == b"host" else name for name in _header_names(argument))

    def extract(info: StreamInfo) -> Value:
        headers = info.request_headers
        if headers is None:
            return None
        value = headers.get(first)
        if value is None and second:
            value = headers.get(second)
        return None if value is None else value.decode("utf-8", "surrogateescape")

    return extract


def _response_header(argument: str) -> Extractor:
    first, second = _header_names(argument)

    def extract(info: StreamInfo) -> Value:
        headers = info.response_headers
        if headers is None:
            return None
        value = headers.get(first)
        if value is None and second:
            value = headers.get(second)
        return None if value is None else value.decode("utf-8", "surrogateescape")

    return extract


# What Envoy's time formats have beyond strftime: digits of a fraction of the second.
_FRACTIONS = {"%E3S": ("%S.", 3), "%E6S": ("%S.", 6), "%3f": ("", 3), "%6f": ("", 6), "%9f": ("", 9), "%f": ("", 9)}


# A float holds the time of today to a quarter of a microsecond; without this 0.001 would print as 0.000.
_CLOCK_ERROR_S = 3e-7


class _Clock:
    """Prints times in one format; the text before and after the fraction is made once a second."""

    def __init__(self, pattern: str, local: bool) -> None:
        self._convert = localtime if local else gmtime
        mark = next((mark for mark in _FRACTIONS if mark in pattern), "")
        self._digits = 0
        self._before, self._after = pattern, ""
        if mark:
            prefix, self._digits = _FRACTIONS[mark]
            before, _, self._after = pattern.partition(mark)
            self._before = before + prefix
        if any(other in self._after for other in _FRACTIONS):
            raise BadFormat("has two fractions of a second")
        self._second = -1
        self._texts = ("", "")

    def text(self, when: float) -> str:
        second = int(when)
        if second != self._second:
            self._second = second
            parts = self._convert(second)
            self._texts = tuple(  # type: ignore[assignment]
                strftime(pattern.replace("%s", str(second)), parts) if pattern else ""
                for pattern in (self._before, self._after)
            )
        before, after = self._texts
        if not self._digits:
            return before + after
        scale = 10**self._digits
        fraction = min(scale - 1, int((when - second + _CLOCK_ERROR_S) * scale))
        return f"{before}{fraction:0{self._digits}d}{after}"


def _start_time(local: bool) -> Callable[[str], Extractor]:
    def factory(argument: str) -> Extractor:
        clock = _Clock(argument or DEFAULT_TIME_FORMAT, local)
        return lambda info: clock.text(info.start_time)

    return factory


def _emit_time(argument: str) -> Extractor:
    clock = _Clock(argument or DEFAULT_TIME_FORMAT, local=False)
    return lambda info: clock.text(time())


def _environment(argument: str) -> Extractor:
    value = os.environ.get(argument)
    return lambda info: value


def _hostname(argument: str) -> Extractor:
    name = socket.gethostname()
    return lambda info: name


def _without_port(address: str | None) -> str | None:
    if address is None:
        return None
    host, colon, _ = address.rpartition(":")
    return host.strip("[]") if colon else address


def _port(address: str | None) -> int | None:
    port = address.rpartition(":")[2] if address else ""
    return int(port) if port.isdigit() else None


def _failure_reason(info: StreamInfo) -> str | None:
    reason = info.upstream_transport_failure
    return reason.replace(" ", "_") if reason else None


def _downstream_failure(info: StreamInfo) -> str | None:
    return info.downstream.transport_failure.replace(" ", "_") or None


def _of_tls(extract: Callable[[TlsFacts], Value]) -> Callable[[str], Extractor]:
    """An operator that is missing on connections without TLS."""

    def of(info: StreamInfo) -> Value:
        facts = info.downstream.tls
        return (extract(facts) or None) if facts is not None else None

    return _computed(of)


def _of_peer(extract: Callable[[PeerCertificate], Value]) -> Callable[[str], Extractor]:
    """An operator that is missing when the client showed no certificate."""
    return _of_tls(lambda facts: extract(facts.peer) if facts.peer is not None else None)


def _peer_names(kind: str) -> Callable[[str], Extractor]:
    return _of_peer(lambda peer: ",".join(peer.names_of(kind)))


# name → a function that makes the extractor from what stands in the brackets
OPERATORS: dict[str, Callable[[str], Extractor]] = {
    "START_TIME": _start_time(local=False),
    "START_TIME_LOCAL": _start_time(local=True),
    "EMIT_TIME": _emit_time,
    "REQ": _request_header,
    "RESP": _response_header,
    "PROTOCOL": _attribute("protocol"),
    "RESPONSE_CODE": _attribute("response_code"),
    "RESPONSE_CODE_DETAILS": _attribute("response_code_details"),
    "RESPONSE_FLAGS": _computed(lambda info: short_names(info.response_flags)),
    "RESPONSE_FLAGS_LONG": _computed(lambda info: long_names(info.response_flags)),
    "BYTES_RECEIVED": _attribute("bytes_received"),
    "BYTES_SENT": _attribute("bytes_sent"),
    "DURATION": _attribute("duration_ms"),
    "ROUTE_NAME": _attribute("route_name"),
    "VIRTUAL_CLUSTER_NAME": _attribute("virtual_cluster"),
    "UPSTREAM_HOST": _attribute("upstream_host"),
    "UPSTREAM_REMOTE_ADDRESS": _attribute("upstream_remote"),
    "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": _computed(lambda info: _without_port(info.upstream_remote)),
    "UPSTREAM_REMOTE_PORT": _computed(lambda info: _port(info.upstream_remote)),
    "UPSTREAM_LOCAL_ADDRESS": _attribute("upstream_local"),
    "UPSTREAM_REQUEST_ATTEMPT_COUNT": _attribute("upstream_attempts"),
    "UPSTREAM_PROTOCOL": _attribute("upstream_protocol"),
    "UPSTREAM_CLUSTER": _attribute("upstream_cluster"),
    "UPSTREAM_TRANSPORT_FAILURE_REASON": _computed(_failure_reason),
    "DOWNSTREAM_REMOTE_ADDRESS": _attribute("downstream_remote"),
    "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": _computed(lambda info: _without_port(info.downstream_remote)),
    "DOWNSTREAM_REMOTE_PORT": _computed(lambda info: _port(info.downstream_remote)),
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS": _attribute("downstream_direct_remote"),
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT": _computed(
        lambda info: _without_port(info.downstream_direct_remote)
    ),
    "DOWNSTREAM_DIRECT_REMOTE_PORT": _computed(lambda info: _port(info.downstream_direct_remote)),
    "DOWNSTREAM_TRANSPORT_FAILURE_REASON": _computed(_downstream_failure),
    "DOWNSTREAM_TLS_VERSION": _of_tls(lambda facts: facts.version),
    "DOWNSTREAM_TLS_CIPHER": _of_tls(lambda facts: facts.cipher),
    "DOWNSTREAM_PEER_SUBJECT": _of_peer(lambda peer: peer.subject),
    "DOWNSTREAM_PEER_ISSUER": _of_peer(lambda peer: peer.issuer),
    "DOWNSTREAM_PEER_SERIAL": _of_peer(lambda peer: peer.serial),
    "DOWNSTREAM_PEER_FINGERPRINT_256": _of_peer(lambda peer: peer.fingerprint_256),
    "DOWNSTREAM_PEER_URI_SAN": _peer_names("URI"),
    "DOWNSTREAM_PEER_DNS_SAN": _peer_names("DNS"),
    "DOWNSTREAM_PEER_EMAIL_SAN": _peer_names("EMAIL"),
    "DOWNSTREAM_PEER_IP_SAN": _peer_names("IP"),
    "DOWNSTREAM_LOCAL_ADDRESS": _attribute("downstream_local"),
    "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT": _computed(lambda info: _without_port(info.downstream_local)),
    "DOWNSTREAM_LOCAL_PORT": _computed(lambda info: _port(info.downstream_local)),
    "REQUESTED_SERVER_NAME": _attribute("requested_server_name"),
    "CONNECTION_ID": _attribute("connection_id"),
    "LOCAL_REPLY_BODY": _attribute("local_reply_body"),
    "HOSTNAME": _hostname,
    "ENVIRONMENT": _environment,
}
