"""The rules of each kind beyond its types (Istio: pkg/config/validation)."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import re2  # type: ignore[import-untyped]

from tulle.api.durations import parse_duration
from tulle.api.header_rules import Finding, check_authority, check_header_match, check_headers, check_plain_text
from tulle.api.networking.destination_rule import DestinationRule, TrafficPolicy
from tulle.api.networking.gateway import Gateway, Port
from tulle.api.networking.service_entry import ServiceEntry
from tulle.api.networking.sidecar import Sidecar
from tulle.api.networking.virtual_service import (
    HTTPBody,
    HTTPMatchRequest,
    HTTPRedirect,
    HTTPRetry,
    HTTPRewrite,
    HTTPRoute,
    StringMatch,
    VirtualService,
)
from tulle.api.networking.workload_entry import WorkloadEntry
from tulle.foundation.yaml import Path, did_you_mean

LARGEST_BODY = 1_048_576  # what route configurations are sent with: max_direct_response_body_size_bytes
PROTOCOLS = frozenset(
    {"HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "MONGO", "TCP", "TLS", "REDIS", "MYSQL", "UDP", "AUTO", "HTTP_PROXY"}
)
# Envoy: router_filter.rst, x-envoy-retry-on and x-envoy-retry-grpc-on
RETRY_ON = (
    "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx", "refused-stream",
    "retriable-status-codes", "retriable-headers", "envoy-ratelimited", "http3-post-connect-failure",
    "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
)  # fmt: skip
_REFERENCE = re.compile(r"\\(.?)", re.DOTALL)
_HOST = re.compile(r"^(\*|(\*\.)?[A-Za-z0-9_]([-A-Za-z0-9_.]*[A-Za-z0-9_])?)$")


def _host(host: str, path: Path) -> Iterator[Finding]:
    if not _HOST.match(host) and not _is_ip(host):
        yield path, f"{host!r} is not a host name, a wildcard like *.example.com, or an IP"


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _port(number: int, path: Path) -> Iterator[Finding]:
    if not 1 <= number <= 65535:
        yield path, f"{number} is not a port: 1 to 65535"


def _duration(text: str | None, path: Path, least_ms: float = 0.0) -> Iterator[Finding]:
    if text is None or text == "":
        return
    found = parse_duration(text)
    if found is None:
        yield path, f"{text!r} is not a duration like 1.5s or 100ms"
    elif found.total_seconds() * 1000 < least_ms:
        yield path, f"must be at least {least_ms:g}ms"


def _string_match(match: StringMatch | None, path: Path) -> Iterator[Finding]:
    if match is None:
        return
    given = [name for name in ("exact", "prefix", "regex") if getattr(match, name) is not None]
    if len(given) > 1:
        yield path, f"only one of {' and '.join(given)} may be set"
    if match.regex is not None:
        yield from _regex(match.regex, (*path, "regex"))


def _regex(text: str, path: Path) -> Iterator[Finding]:
    try:
        re2.compile(text, _re2_options())
    except re2.error as error:
        yield path, f"is not a regular expression: {_re2_text(error)}", "proxies take the syntax of RE2, no more"


def _re2_options() -> Any:
    options: Any = re2.Options()
    options.log_errors = False
    return options


def _re2_text(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _substitution(pattern: str, text: str, path: Path) -> Iterator[Finding]:
    try:
        groups = re2.compile(pattern, _re2_options()).groups
    except re2.error:
        return  # told at the pattern
    for match in _REFERENCE.finditer(text):
        what = match[1]
        if what.isascii() and what.isdigit():
            if int(what) > groups:
                yield path, f"\\{what} is none of the {groups} groups of the pattern"
        elif what != "\\":
            yield path, f"\\{what} is no reference to a group", "write \\\\ for a backslash"


def _virtual_service(spec: VirtualService) -> Iterator[Finding]:
    if not spec.hosts:
        yield ("spec", "hosts"), "must name at least one host"
    for index, host in enumerate(spec.hosts):
        yield from _host(host, ("spec", "hosts", index))
    if not (spec.http or spec.tcp or spec.tls):
        yield ("spec",), "one of http, tls and tcp must be set"
    for index, route in enumerate(spec.http):
        yield from _http_route(route, ("spec", "http", index))
    for kind in ("tcp", "tls"):
        for index, l4 in enumerate(getattr(spec, kind)):
            path: Path = ("spec", kind, index)
            if not l4.route:
                yield path, "route must be set"
            yield from _weights([item.weight for item in l4.route], path)
            for number, item in enumerate(l4.route):
                yield from _host(item.destination.host, (*path, "route", number, "destination", "host"))


def _http_route(route: HTTPRoute, path: Path) -> Iterator[Finding]:
    actions = [
        name
        for name, given in (
            ("route", route.route),
            ("redirect", route.redirect),
            ("directResponse", route.direct_response),
            ("delegate", route.delegate),
        )
        if given
    ]
    if len(actions) != 1:
        yield (
            path,
            "wants one of route, redirect, directResponse and delegate"
            + (f", and has {' and '.join(actions)}" if actions else ""),
        )
    for index, match in enumerate(route.match):
        yield from _http_match(match, (*path, "match", index))
    for index, item in enumerate(route.route):
        where = (*path, "route", index)
        yield from _host(item.destination.host, (*where, "destination", "host"))
        if item.destination.port is not None:
            yield from _port(item.destination.port.number, (*where, "destination", "port", "number"))
        yield from check_headers(item.headers, (*where, "headers"))
    yield from check_headers(route.headers, (*path, "headers"))
    yield from _weights([item.weight for item in route.route], path)
    yield from _duration(route.timeout, (*path, "timeout"))
    yield from _retries(route.retries, (*path, "retries"))
    yield from _http_answers(route, path)


def _retries(retries: HTTPRetry | None, path: Path) -> Iterator[Finding]:
    if retries is None:
        return
    if retries.attempts < 0:
        yield (*path, "attempts"), "must not be negative"
    if retries.attempts == 0 and (retries.retry_on or retries.per_try_timeout):
        yield path, "attempts must be set beside perTryTimeout and retryOn; 0 turns retries off"
    yield from _duration(retries.per_try_timeout, (*path, "perTryTimeout"), least_ms=1)
    yield from _duration(retries.backoff, (*path, "backoff"), least_ms=1)
    for word in filter(None, (part.strip() for part in retries.retry_on.split(","))):
        if word.isdigit() and 100 <= int(word) <= 599:
            continue
        if word not in RETRY_ON:
            close = did_you_mean(word, RETRY_ON)
            yield (*path, "retryOn"), f"{word!r} is no condition" + (f"; did you mean {close}?" if close else "")


def _http_answers(route: HTTPRoute, path: Path) -> Iterator[Finding]:
    if route.direct_response is not None:
        if not 200 <= route.direct_response.status <= 599:
            yield (*path, "directResponse", "status"), "must be between 200 and 599"
        if route.direct_response.body is not None:
            yield from _body(route.direct_response.body, (*path, "directResponse", "body"))
    if route.redirect is not None:
        yield from _redirect(route.redirect, (*path, "redirect"))
    if route.rewrite is not None:
        yield from _rewrite(route.rewrite, (*path, "rewrite"))


def _redirect(redirect: HTTPRedirect, path: Path) -> Iterator[Finding]:
    if redirect.redirect_code not in (0, 301, 302, 303, 307, 308):
        yield (*path, "redirectCode"), "must be 301, 302, 303, 307 or 308"
    if redirect.port is not None and redirect.derive_port is not None:
        yield path, "only one of port and derivePort may be set"
    if redirect.port is not None:
        yield from _port(redirect.port, (*path, "port"))
    yield from check_plain_text(redirect.uri, (*path, "uri"))
    yield from check_plain_text(redirect.scheme, (*path, "scheme"))
    yield from check_authority(redirect.authority, (*path, "authority"))


def _rewrite(rewrite: HTTPRewrite, path: Path) -> Iterator[Finding]:
    if not (rewrite.uri or rewrite.authority or rewrite.uri_regex_rewrite):
        yield path, "one of uri, authority and uriRegexRewrite must be set"
    if rewrite.uri and rewrite.uri_regex_rewrite:
        yield path, "only one of uri and uriRegexRewrite may be set"
    yield from check_plain_text(rewrite.uri, (*path, "uri"))
    yield from check_authority(rewrite.authority, (*path, "authority"))
    regex = rewrite.uri_regex_rewrite
    if regex is not None:
        if not regex.match:
            yield (*path, "uriRegexRewrite", "match"), "must not be empty"
        yield from _regex(regex.match, (*path, "uriRegexRewrite", "match"))
        yield from check_plain_text(regex.rewrite, (*path, "uriRegexRewrite", "rewrite"))
        yield from _substitution(regex.match, regex.rewrite, (*path, "uriRegexRewrite", "rewrite"))


def _body(body: HTTPBody, path: Path) -> Iterator[Finding]:
    if body.string is not None and body.bytes is not None:
        yield path, "only one of string and bytes may be set"
    size = len((body.string or "").encode())
    if body.bytes is not None:
        try:
            size = len(base64.b64decode(body.bytes, validate=True))
        except (binascii.Error, ValueError) as error:
            yield (*path, "bytes"), f"is not base64: {error}"
    if size > LARGEST_BODY:
        yield path, f"is larger than {LARGEST_BODY} bytes, the most that proxies take"


def _http_match(match: HTTPMatchRequest, path: Path) -> Iterator[Finding]:
    for name in ("uri", "scheme", "method", "authority"):
        yield from _string_match(getattr(match, name), (*path, name))
    if match.uri is not None and match.uri.regex == "":
        yield (*path, "uri", "regex"), "must not be empty"
    for field, name in (("headers", "headers"), ("without_headers", "withoutHeaders"), ("query_params", "queryParams")):
        for key, value in getattr(match, field).items():
            if field != "query_params":
                yield from check_header_match(key, (*path, name, key))
            elif not key:
                yield (*path, name, key), "the name of a parameter must not be empty"
            yield from _string_match(value, (*path, name, key))
    if match.port:
        yield from _port(match.port, (*path, "port"))


def _weights(weights: list[int], path: Path) -> Iterator[Finding]:
    for index, weight in enumerate(weights):
        if weight < 0:
            yield (*path, "route", index, "weight"), "must not be negative"
    if len(weights) > 1 and sum(weights) == 0:
        yield (*path, "route"), "the weights must not all be 0"


def _destination_rule(spec: DestinationRule) -> Iterator[Finding]:
    yield from _host(spec.host, ("spec", "host"))
    yield from _policy(spec.traffic_policy, ("spec", "trafficPolicy"))
    seen: set[str] = set()
    for index, subset in enumerate(spec.subsets):
        path: Path = ("spec", "subsets", index)
        if subset.name in seen:
            yield (*path, "name"), f"there are two subsets {subset.name}"
        seen.add(subset.name)
        yield from _policy(subset.traffic_policy, (*path, "trafficPolicy"))


def _policy(policy: TrafficPolicy | None, path: Path) -> Iterator[Finding]:
    if policy is None:
        return
    for index, item in enumerate(policy.port_level_settings):
        if item.port is None:
            yield (*path, "portLevelSettings", index), "port must be set"
    pool = policy.connection_pool
    if pool is not None and pool.tcp is not None:
        where = (*path, "connectionPool", "tcp")
        yield from _duration(pool.tcp.connect_timeout, (*where, "connectTimeout"), least_ms=1)
        if pool.tcp.max_connections < 0:
            yield (*where, "maxConnections"), "must not be negative"


def _protocol(port: Port, path: Path) -> Iterator[Finding]:
    yield from _port(port.number, (*path, "number"))
    if port.protocol and port.protocol.upper() not in PROTOCOLS:
        yield (*path, "protocol"), f"{port.protocol!r} is none of {', '.join(sorted(PROTOCOLS))}"


def _gateway(spec: Gateway) -> Iterator[Finding]:
    if not spec.servers:
        yield ("spec", "servers"), "must have at least one server"
    for index, server in enumerate(spec.servers):
        path: Path = ("spec", "servers", index)
        yield from _protocol(server.port, (*path, "port"))
        if not server.hosts:
            yield (*path, "hosts"), "must name at least one host"
        for number, host in enumerate(server.hosts):
            yield from _host(host.rpartition("/")[2], (*path, "hosts", number))
        if server.port.protocol.upper() in ("HTTPS", "TLS") and server.tls is None:
            yield (*path, "tls"), f"must be set for {server.port.protocol}"


def _service_entry(spec: ServiceEntry) -> Iterator[Finding]:
    if not spec.hosts:
        yield ("spec", "hosts"), "must name at least one host"
    for index, host in enumerate(spec.hosts):
        yield from _host(host, ("spec", "hosts", index))
    for index, address in enumerate(spec.addresses):
        try:
            ip_network(address, strict=False)
        except ValueError:
            yield ("spec", "addresses", index), f"{address!r} is not an IP or a CIDR range"
    seen: set[int] = set()
    for index, port in enumerate(spec.ports):
        yield from _protocol(port, ("spec", "ports", index))
        if port.number in seen:
            yield ("spec", "ports", index, "number"), f"port {port.number} stands here twice"
        seen.add(port.number)
    yield from _service_entry_endpoints(spec)


def _service_entry_endpoints(spec: ServiceEntry) -> Iterator[Finding]:
    if spec.endpoints and spec.workload_selector is not None:
        yield ("spec",), "only one of endpoints and workloadSelector may be set"
    if spec.resolution == "NONE" and spec.endpoints:
        yield ("spec", "endpoints"), "has no meaning for resolution NONE"
    for index, endpoint in enumerate(spec.endpoints):
        path: Path = ("spec", "endpoints", index)
        if spec.resolution == "STATIC" and not _is_ip(endpoint.address) and not endpoint.address.startswith("unix:"):
            yield (*path, "address"), "must be an IP or unix: for resolution STATIC"


def _workload_entry(spec: WorkloadEntry) -> Iterator[Finding]:
    if not spec.address and not spec.network:
        yield ("spec", "address"), "must be set"
    for name, number in spec.ports.items():
        yield from _port(number, ("spec", "ports", name))


def _sidecar(spec: Sidecar) -> Iterator[Finding]:
    for index, ingress in enumerate(spec.ingress):
        path: Path = ("spec", "ingress", index)
        yield from _protocol(ingress.port, (*path, "port"))
        yield from _default_endpoint(ingress.default_endpoint, (*path, "defaultEndpoint"))
    for index, egress in enumerate(spec.egress):
        path = ("spec", "egress", index)
        if not egress.hosts:
            yield (*path, "hosts"), "must name at least one host"
        for number, host in enumerate(egress.hosts):
            if "/" not in host:
                yield (*path, "hosts", number), f"{host!r} wants namespace/host, for example */{host}"
        if egress.port is not None:
            yield from _protocol(egress.port, (*path, "port"))


def _default_endpoint(text: str, path: Path) -> Iterator[Finding]:
    if not text or text.startswith("unix://"):
        return
    host, _, port = text.rpartition(":")
    if not port.isdigit() or not _is_ip(host.strip("[]")):
        yield path, f"{text!r} is not IP:port or unix:///path"


def _as_list(rule: Callable[[Any], Iterable[Finding]]) -> Callable[[Any], list[Finding]]:
    return lambda spec: list(rule(spec))


RULES: dict[str, Callable[[Any], list[Finding]]] = {
    "VirtualService": _as_list(_virtual_service),
    "DestinationRule": _as_list(_destination_rule),
    "Gateway": _as_list(_gateway),
    "ServiceEntry": _as_list(_service_entry),
    "WorkloadEntry": _as_list(_workload_entry),
    "Sidecar": _as_list(_sidecar),
}
