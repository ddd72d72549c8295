"""What is done with every request's headers before routing (Envoy: conn_manager_utility.cc, mutateRequestHeaders)."""

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from tulle.proxy.headers import Headers, whole_number
from tulle.proxy.http.paths import canonical_path
from tulle.proxy.http.request_id import new_request_id
from tulle.proxy.http.settings import UNDERSCORES_REJECT, ManagerSettings

if TYPE_CHECKING:
    from tulle.proxy.http.connection_manager import ConnectionManager
    from tulle.proxy.http.stream import Stream

# Only a client inside may say these; a request from outside loses them.
_INTERNAL_HEADERS = frozenset(
    {
        b"x-envoy-retry-on",
        b"x-envoy-retry-grpc-on",
        b"x-envoy-max-retries",
        b"x-envoy-retriable-status-codes",
        b"x-envoy-retriable-header-names",
        b"x-envoy-upstream-alt-stat-name",
        b"x-envoy-upstream-rq-timeout-ms",
        b"x-envoy-upstream-rq-per-try-timeout-ms",
        b"x-envoy-upstream-rq-timeout-alt-response",
        b"x-envoy-expected-rq-timeout-ms",
        b"x-envoy-force-trace",
        b"x-envoy-ip-tags",
        b"x-envoy-original-url",
        b"x-envoy-hedge-on-per-try-timeout",
    }
)
_SCHEMES = (b"http", b"https")
# At the edge of the mesh these go too.
_EDGE_HEADERS = (
    b"x-envoy-decorator-operation",
    b"x-envoy-downstream-service-cluster",
    b"x-envoy-downstream-service-node",
    b"x-envoy-original-path",
    b"x-envoy-original-host",
)


# Stands for a host that was not said, which is not the same as an empty one; compared by identity.
NO_AUTHORITY = bytes(bytearray(b"\0no authority"))
# Envoy: HeaderUtility::authorityIsValid
_AUTHORITY = re.compile(rb"[A-Za-z0-9\-._~%!$&'()*+,;=:@\[\]]*")
_AUTHORITIES_KEPT = 10_000
_LONGEST_KEPT = 255  # a longer host is looked at each time, so that those that are kept stay small


def prepare_request(stream: "Stream", manager: "ConnectionManager") -> bool:
    """Checks and completes the headers of a request; True when it was answered already."""
    headers, settings = stream.request, manager.settings
    authority = headers[b":authority"]
    if authority not in manager.runtime.good_authorities and not _check_authority(stream, authority, manager):
        return True
    path = headers[b":path"]
    if headers[b":method"] != b"CONNECT" and path[:1] != b"/":
        manager.stats.downstream_rq_non_relative_path.value += 1
        stream.reply(404, details="missing_path_rejected" if not path else "absolute_path_rejected")
        return True
    if (settings.changes_path or b"#" in path) and _refuse_path(stream, manager):
        return True
    if settings.changes_host:
        strip_host(headers, settings, stream.connection.info.local_port)
    mutate_request(stream, settings, manager)
    return False


def _check_authority(stream: "Stream", authority: bytes, manager: "ConnectionManager") -> bool:
    """Whether a host that was not met yet is one; a request without any is answered here."""
    if authority is NO_AUTHORITY:
        stream.request[b":authority"] = b""
        stream.connection.close_after(stream)
        stream.reply(400, details="missing_host_header")
        return False
    if not _AUTHORITY.fullmatch(authority):
        stream.connection.close_after(stream)
        stream.reply(400, b"Bad Request", "http.invalid_authority")
        return False
    if len(authority) > _LONGEST_KEPT:
        return True
    good = manager.runtime.good_authorities
    if len(good) >= _AUTHORITIES_KEPT:
        good.clear()
    good.add(authority)
    return True


def _refuse_path(stream: "Stream", manager: "ConnectionManager") -> bool:
    """Puts the path into its canonical form; True when the request was answered instead."""
    headers = stream.request
    found = canonical_path(headers[b":path"], manager.settings)
    if found.path is None:
        manager.stats.downstream_rq_failed_path_normalization.value += 1
        stream.connection.close_after(stream)
        stream.reply(400, details="path_normalization_failed")
        return True
    if found.redirect:
        manager.stats.downstream_rq_redirected_with_normalized_path.value += 1
        location = Headers({b"location": found.path})
        stream.reply(307, details="path_normalization_failed", headers=location)
        return True
    headers[b":path"] = found.path
    return False


def strip_host(headers: Headers, settings: ManagerSettings, local_port: int) -> None:
    """Takes the port, or a dot at the end, from the host, as configured."""
    host = headers[b":authority"]
    name, colon, port = host.rpartition(b":")
    if not colon or not port.isdigit() or (b":" in name and not name.endswith(b"]")):
        name, port = host, b""
    if port and (settings.strip_any_port or (settings.strip_matching_port and whole_number(port) == local_port)):
        host, port = name, b""
    if settings.strip_trailing_dot:
        bare = name if port else host
        if bare.endswith(b"."):
            host = bare[:-1] + (b":" + port if port else b"")
    headers[b":authority"] = host


def drop_underscores(headers: Headers, action: int) -> bool:
    """Takes fields with an underscore in their name out; True when the request is to be refused for them instead."""
    names = [name for name in headers if b"_" in name and name[:1] != b":"]
    if names and action == UNDERSCORES_REJECT:
        return True
    for name in names:
        headers.remove(name)
    return False


def mutate_request(stream: "Stream", settings: ManagerSettings, manager: "ConnectionManager") -> None:
    """Addresses, scheme, internal headers, request id."""
    headers = stream.request
    headers.pop(b"x-envoy-internal", None)
    headers.pop(b"x-forwarded-client-cert", None)  # Envoy: forward_client_cert_details, SANITIZE
    by_peer = settings.use_remote_address
    internal = _use_peer(stream, settings, manager) if by_peer else _use_forwarded(stream, settings)
    proto = headers.get(b"x-forwarded-proto")
    if proto is None:
        proto = b"https" if stream.connection.info.transport_protocol == "tls" else b"http"
        headers[b"x-forwarded-proto"] = proto
    if settings.scheme:
        headers[b":scheme"] = headers[b"x-forwarded-proto"] = settings.scheme
    elif proto in _SCHEMES:
        headers[b":scheme"] = proto
    edge = settings.use_remote_address and not internal
    if internal:
        headers[b"x-envoy-internal"] = b"true"
    elif manager.routes.value is not None and manager.routes.value.internal_only_headers:
        _remove_internal(headers, edge, manager.routes.value.internal_only_headers)
    elif not _INTERNAL_HEADERS.isdisjoint(headers) or edge:
        _remove_internal(headers, edge)
    if settings.adds_user_agent:
        manager.introduce(headers)
    if settings.generate_request_id and (b"x-request-id" not in headers or settings.replaces_request_id(edge)):
        headers[b"x-request-id"] = new_request_id(manager.runtime.random_bits(128))
    if settings.via:
        append_via(headers, settings.via)


def append_via(headers: Headers, via: bytes) -> None:
    """Adds ourselves at the end of the way that a message took."""
    known = headers.get(b"via")
    headers[b"via"] = via if known is None else known + b", " + via


def _remove_internal(headers: Headers, edge: bool, more: tuple[bytes, ...] = ()) -> None:
    """What only a client inside may say; `more`: what the routes name besides."""
    for name in (*more, *_INTERNAL_HEADERS, *(_EDGE_HEADERS if edge else ())):
        if name in headers:
            headers.remove(name)


def _use_peer(stream: "Stream", settings: ManagerSettings, manager: "ConnectionManager") -> bool:
    """The peer is the client, or a trusted proxy before us; whether the request is from inside."""
    headers, info = stream.request, stream.connection.info
    alone = b"x-forwarded-for" not in headers
    client = info.remote_ip
    if settings.xff_num_trusted_hops:
        claimed, _ = last_forwarded(headers, settings.xff_num_trusted_hops - 1)
        if claimed:
            client = claimed
            stream.downstream_remote = _with_port(claimed)
    if not settings.skip_xff_append:
        append_forwarded(headers, manager.runtime.local_address if is_loopback(info.remote_ip) else info.remote_ip)
    if not settings.xff_num_trusted_hops or b"x-forwarded-proto" not in headers:
        headers.set(b"x-forwarded-proto", b"https" if info.transport_protocol == "tls" else b"http")
    if settings.append_x_forwarded_port and b"x-forwarded-port" not in headers:
        headers[b"x-forwarded-port"] = b"%d" % info.local_port
    internal = alone and settings.is_internal(client)
    if not internal:
        headers.set(b"x-envoy-external-address", client.encode())
    return internal


def _use_forwarded(stream: "Stream", settings: ManagerSettings) -> bool:
    """The client is who x-forwarded-for says; whether the request is from inside."""
    headers = stream.request
    if b"x-forwarded-for" not in headers:
        return False
    claimed, alone = last_forwarded(headers, settings.xff_num_trusted_hops)
    if not claimed:
        return False
    stream.downstream_remote = _with_port(claimed)
    return alone and settings.is_internal(claimed)


def _with_port(address: str) -> str:
    return f"[{address}]:0" if ":" in address else f"{address}:0"


def last_forwarded(headers: Headers, skip: int) -> tuple[str, bool]:
    """The address `skip` places from the right of x-forwarded-for, and whether it is the only one; "" when unusable."""
    value = headers.joined(b"x-forwarded-for")
    if value is None:
        return "", False
    entries = value.split(b",")
    if skip >= len(entries):
        return "", False
    text = entries[-1 - skip].strip().decode("latin-1")
    try:
        ip_address(text)
    except ValueError:
        return "", False
    return text, len(entries) == 1


def append_forwarded(headers: Headers, address: str) -> None:
    """Adds an address at the right of x-forwarded-for."""
    if not address:
        return
    known = headers.joined(b"x-forwarded-for")
    value = address.encode()
    headers.set(b"x-forwarded-for", value if known is None else known + b"," + value)


def is_loopback(address: str) -> bool:
    """127.0.0.1 or ::1 (Envoy: Network::Utility::isLoopbackAddress)."""
    return address in ("127.0.0.1", "::1")
