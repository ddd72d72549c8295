"""VirtualService: how requests to hosts are routed (Istio networking/v1)."""

from typing import Literal

from tulle.api.struct import Fields


class StringMatch(Fields, frozen=True, kw_only=True):
    """One of exact, prefix and regex (RE2, full match); none of them means presence."""

    exact: str | None = None
    prefix: str | None = None
    regex: str | None = None


class PortSelector(Fields, frozen=True, kw_only=True):
    """A port by its number."""

    number: int = 0


class Destination(Fields, frozen=True, kw_only=True):
    """A service, a subset of it, and a port."""

    host: str
    subset: str = ""
    port: PortSelector | None = None


class HeaderOperations(Fields, frozen=True, kw_only=True):
    """What is done to headers, in the order set, add, remove."""

    set: dict[str, str] = {}
    add: dict[str, str] = {}
    remove: tuple[str, ...] = ()


class Headers(Fields, frozen=True, kw_only=True):
    """Header operations on the way in and on the way back."""

    request: HeaderOperations | None = None
    response: HeaderOperations | None = None


class HTTPMatchRequest(Fields, frozen=True, kw_only=True):
    """Conditions that must all hold."""

    name: str = ""
    uri: StringMatch | None = None
    scheme: StringMatch | None = None
    method: StringMatch | None = None
    authority: StringMatch | None = None
    headers: dict[str, StringMatch] = {}
    port: int = 0
    source_labels: dict[str, str] = {}
    gateways: tuple[str, ...] = ()
    query_params: dict[str, StringMatch] = {}
    ignore_uri_case: bool = False
    without_headers: dict[str, StringMatch] = {}
    source_namespace: str = ""
    stat_prefix: str = ""


class HTTPRouteDestination(Fields, frozen=True, kw_only=True):
    """A destination and its share of the requests."""

    destination: Destination
    weight: int = 0
    headers: Headers | None = None


class HTTPRedirect(Fields, frozen=True, kw_only=True):
    """An answer that sends the client elsewhere."""

    uri: str = ""
    authority: str = ""
    port: int | None = None
    derive_port: Literal["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"] | None = None
    scheme: str = ""
    redirect_code: int = 0


class HTTPBody(Fields, frozen=True, kw_only=True):
    """The body of a direct response."""

    string: str | None = None
    bytes: str | None = None  # base64


class HTTPDirectResponse(Fields, frozen=True, kw_only=True):
    """An answer without an upstream."""

    status: int
    body: HTTPBody | None = None


class RegexRewrite(Fields, frozen=True, kw_only=True):
    """A regex on the path and what replaces it."""

    match: str = ""
    rewrite: str = ""


class HTTPRewrite(Fields, frozen=True, kw_only=True):
    """What the upstream sees instead of the path and host of the client."""

    uri: str = ""
    authority: str = ""
    uri_regex_rewrite: RegexRewrite | None = None


class Delegate(Fields, frozen=True, kw_only=True):
    """Another VirtualService that has the routes."""

    name: str = ""
    namespace: str = ""


class HTTPRetry(Fields, frozen=True, kw_only=True):
    """How often and when a request is tried again."""

    attempts: int = 0
    per_try_timeout: str | None = None
    retry_on: str = ""
    retry_remote_localities: bool | None = None
    retry_ignore_previous_hosts: bool | None = None
    backoff: str | None = None


class Percent(Fields, frozen=True, kw_only=True):
    """A share, 0 to 100."""

    value: float = 0.0


class FaultDelay(Fields, frozen=True, kw_only=True):
    """A delay for a share of the requests."""

    fixed_delay: str | None = None
    exponential_delay: str | None = None
    percent: int = 0
    percentage: Percent | None = None


class FaultAbort(Fields, frozen=True, kw_only=True):
    """An answer instead of the upstream's for a share of the requests."""

    http_status: int | None = None
    grpc_status: str | None = None
    http2_error: str | None = None
    percentage: Percent | None = None


class HTTPFaultInjection(Fields, frozen=True, kw_only=True):
    """Failures on purpose."""

    delay: FaultDelay | None = None
    abort: FaultAbort | None = None


class HTTPMirrorPolicy(Fields, frozen=True, kw_only=True):
    """A destination that gets a copy of a share of the requests."""

    destination: Destination
    percentage: Percent | None = None


class CorsPolicy(Fields, frozen=True, kw_only=True):
    """Cross-origin rules."""

    allow_origin: tuple[str, ...] = ()
    allow_origins: tuple[StringMatch, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: str | None = None
    allow_credentials: bool | None = None
    unmatched_preflights: Literal["UNSPECIFIED", "FORWARD", "IGNORE"] = "UNSPECIFIED"


class HTTPRoute(Fields, frozen=True, kw_only=True):
    """One rule: the first whose match holds decides."""

    name: str = ""
    match: tuple[HTTPMatchRequest, ...] = ()
    route: tuple[HTTPRouteDestination, ...] = ()
    redirect: HTTPRedirect | None = None
    direct_response: HTTPDirectResponse | None = None
    delegate: Delegate | None = None
    rewrite: HTTPRewrite | None = None
    timeout: str | None = None
    retries: HTTPRetry | None = None
    fault: HTTPFaultInjection | None = None
    mirror: Destination | None = None
    mirrors: tuple[HTTPMirrorPolicy, ...] = ()
    mirror_percent: int | None = None
    mirror_percentage: Percent | None = None
    cors_policy: CorsPolicy | None = None
    headers: Headers | None = None


class RouteDestination(Fields, frozen=True, kw_only=True):
    """A destination of connections and its share of them."""

    destination: Destination
    weight: int = 0


class TLSMatchAttributes(Fields, frozen=True, kw_only=True):
    """Conditions on a TLS connection that passes through."""

    sni_hosts: tuple[str, ...] = ()
    destination_subnets: tuple[str, ...] = ()
    port: int = 0
    source_labels: dict[str, str] = {}
    gateways: tuple[str, ...] = ()
    source_namespace: str = ""


class TLSRoute(Fields, frozen=True, kw_only=True):
    """A rule for TLS connections that pass through."""

    match: tuple[TLSMatchAttributes, ...] = ()
    route: tuple[RouteDestination, ...] = ()


class L4MatchAttributes(Fields, frozen=True, kw_only=True):
    """Conditions on a connection."""

    destination_subnets: tuple[str, ...] = ()
    port: int = 0
    source_subnet: str = ""
    source_labels: dict[str, str] = {}
    gateways: tuple[str, ...] = ()
    source_namespace: str = ""


class TCPRoute(Fields, frozen=True, kw_only=True):
    """A rule for connections."""

    match: tuple[L4MatchAttributes, ...] = ()
    route: tuple[RouteDestination, ...] = ()


class VirtualService(Fields, frozen=True, kw_only=True):
    """Rules for the requests to some hosts, at sidecars (`mesh`) or at gateways."""

    hosts: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    http: tuple[HTTPRoute, ...] = ()
    tls: tuple[TLSRoute, ...] = ()
    tcp: tuple[TCPRoute, ...] = ()
    export_to: tuple[str, ...] = ()
