"""HTTP rules of a VirtualService to Envoy's routes (Istio: pilot/pkg/networking/core/route/route.go)."""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tulle.api.durations import parse_duration
from tulle.api.header_rules import sets_host
from tulle.api.networking.virtual_service import (
    Destination,
    HeaderOperations,
    Headers,
    HTTPMatchRequest,
    HTTPRoute,
    StringMatch,
    VirtualService,
)
from tulle.api.resource import Resource
from tulle.controlplane.push.context import PushContext
from tulle.controlplane.push.node import Node
from tulle.controlplane.translate.http_filters.cors import CORS_FILTER, translate_cors
from tulle.controlplane.translate.http_filters.fault import FAULT_FILTER, translate_fault
from tulle.controlplane.translate.origin import set_origin
from tulle.controlplane.translate.retries import translate_retries
from tulle.model import names
from tulle.model.hosts import resolve_short_name
from tulle.model.labels import selects
from tulle.protos.messages import HeaderMatcher, HeaderValueOption, RedirectAction, Route, RouteAction, RouteMatch
from tulle.protos.messages import StringMatcher as ProtoStringMatcher

UNKNOWN_CLUSTER_STATUS = RouteAction.INTERNAL_SERVER_ERROR
_REDIRECT_CODES = {
    301: RedirectAction.MOVED_PERMANENTLY,
    302: RedirectAction.FOUND,
    303: RedirectAction.SEE_OTHER,
    307: RedirectAction.TEMPORARY_REDIRECT,
    308: RedirectAction.PERMANENT_REDIRECT,
}
_PSEUDO = {"scheme": ":scheme", "method": ":method", "authority": ":authority"}


@dataclass(frozen=True, slots=True)
class RouteScope:
    """Where the rules are applied: a proxy, one of its ports, and the gateway they are bound to."""

    node: Node
    context: PushContext
    port: int
    gateway: str = names.MESH_GATEWAY


def translate_http_routes(scope: RouteScope, resource: Resource[VirtualService]) -> Iterator[Route]:
    """The routes of a VirtualService in its order; what cannot match in this scope is left out."""
    for rule in resource.spec.http:
        if not rule.match:
            yield _route(scope, resource, rule, None)
            return
        for match in rule.match:
            if applies(scope, resource, match):
                yield _route(scope, resource, rule, match)
                if _matches_all(match):
                    return


def applies(scope: RouteScope, resource: Resource[VirtualService], match: HTTPMatchRequest) -> bool:
    """Whether the conditions that the control plane judges (port, gateways, source) hold."""
    namespace = resource.metadata.namespace
    if match.port and match.port != scope.port:
        return False
    if match.gateways:
        bound = {name if name == "mesh" or "/" in name else f"{namespace}/{name}" for name in match.gateways}
        if scope.gateway not in bound:
            return False
    if match.source_namespace and match.source_namespace != scope.node.namespace:
        return False
    return selects(match.source_labels, scope.node.labels)


def _matches_all(match: HTTPMatchRequest) -> bool:
    conditions = (match.uri, match.scheme, match.method, match.authority)
    return not any(conditions) and not (match.headers or match.without_headers or match.query_params)


def _route(
    scope: RouteScope, resource: Resource[VirtualService], rule: HTTPRoute, match: HTTPMatchRequest | None
) -> Route:
    route = Route(name=rule.name)
    if match is not None and match.name:
        route.name = f"{rule.name}.{match.name}" if rule.name else match.name
    route.match.CopyFrom(translate_match(match))
    set_origin(route.metadata, resource)
    if rule.redirect is not None:
        _redirect(route, rule, scope.port)
    elif rule.direct_response is not None:
        route.direct_response.status = rule.direct_response.status
        body = rule.direct_response.body
        if body is not None and body.string is not None:
            route.direct_response.body.inline_string = body.string
        elif body is not None and body.bytes is not None:
            route.direct_response.body.inline_bytes = base64.b64decode(body.bytes)
    else:
        _forward(scope, resource, route.route, rule, match)
    _tell_filters(route, rule)
    _apply_headers(route, rule.headers)
    if len(rule.route) == 1:
        _apply_headers(route, rule.route[0].headers)
    return route


def _tell_filters(route: Route, rule: HTTPRoute) -> None:
    fault = None if rule.fault is None else translate_fault(rule.fault)
    if fault is not None:
        route.typed_per_filter_config[FAULT_FILTER].Pack(fault, deterministic=True)
    if rule.cors_policy is not None:
        cors = translate_cors(rule.cors_policy, _string_matcher)
        route.typed_per_filter_config[CORS_FILTER].Pack(cors, deterministic=True)


def translate_match(match: HTTPMatchRequest | None) -> RouteMatch:
    """Envoy's conditions; no match means everything."""
    found = RouteMatch(prefix="/")
    if match is None:
        return found
    if match.uri is not None:
        _match_uri(found, match.uri)
        if match.ignore_uri_case:
            found.case_sensitive.value = False
    for field, pseudo in _PSEUDO.items():
        value = getattr(match, field)
        if value is not None:
            found.headers.append(_match_header(pseudo, value))
    for name, value in match.headers.items():
        found.headers.append(_match_header(name, value))
    for name, value in match.without_headers.items():
        matcher = _match_header(name, value)
        matcher.invert_match = True
        found.headers.append(matcher)
    for name, value in match.query_params.items():
        parameter = found.query_parameters.add(name=name)
        if _is_presence(value):
            parameter.present_match = True
        else:
            parameter.string_match.CopyFrom(_string_matcher(value))
    return found


def _match_uri(found: RouteMatch, uri: StringMatch) -> None:
    if uri.exact is not None:
        found.path = uri.exact
    elif uri.regex is not None:
        found.safe_regex.regex = uri.regex
    elif uri.prefix is not None:
        found.prefix = uri.prefix


def _is_presence(value: StringMatch) -> bool:
    return not (value.exact or value.prefix or value.regex)


def _string_matcher(value: StringMatch) -> ProtoStringMatcher:
    if value.exact is not None:
        return ProtoStringMatcher(exact=value.exact)
    if value.prefix is not None:
        return ProtoStringMatcher(prefix=value.prefix)
    found = ProtoStringMatcher()
    found.safe_regex.regex = value.regex or ""
    return found


def _match_header(name: str, value: StringMatch) -> HeaderMatcher:
    if _is_presence(value):
        return HeaderMatcher(name=name, present_match=True)
    return HeaderMatcher(name=name, string_match=_string_matcher(value))


def destination_cluster(scope: RouteScope, namespace: str, destination: Destination) -> str:
    """The cluster of a destination; without a port, the only port of the service, or the port of the listener."""
    host = resolve_short_name(destination.host, namespace, scope.context.domain)
    service = scope.context.service(host)
    port = destination.port.number if destination.port else scope.port
    if destination.port is None and service is not None and len(service.ports) == 1:
        port = service.ports[0].number
    return names.outbound_cluster(host, port, destination.subset)


def _forward(
    scope: RouteScope,
    resource: Resource[VirtualService],
    action: RouteAction,
    rule: HTTPRoute,
    match: HTTPMatchRequest | None,
) -> None:
    namespace = resource.metadata.namespace
    timeout = parse_duration(rule.timeout or "0s")
    if timeout is not None:
        action.timeout.FromTimedelta(timeout)
    action.cluster_not_found_response_code = UNKNOWN_CLUSTER_STATUS
    retries = translate_retries(rule.retries, scope.context.mesh.default_http_retry_policy)
    if retries is not None:
        action.retry_policy.CopyFrom(retries)
    if len(rule.route) == 1:
        action.cluster = destination_cluster(scope, namespace, rule.route[0].destination)
    else:
        for item in rule.route:
            if item.weight:
                entry = action.weighted_clusters.clusters.add()
                entry.name = destination_cluster(scope, namespace, item.destination)
                entry.weight.value = item.weight
                _apply_headers(entry, item.headers)
                host = _host_of(item.headers)
                if host:
                    entry.host_rewrite_literal = host
    host = (rule.rewrite.authority if rule.rewrite else "") or _host_of(rule.headers)
    if not host and len(rule.route) == 1:
        host = _host_of(rule.route[0].headers)
    if host:
        action.host_rewrite_literal = host
    if rule.rewrite is not None:
        _rewrite(action, rule, match)


def _rewrite(action: RouteAction, rule: HTTPRoute, match: HTTPMatchRequest | None) -> None:
    rewrite = rule.rewrite
    if rewrite is None:
        return
    if rewrite.uri_regex_rewrite is not None:
        action.regex_rewrite.pattern.regex = rewrite.uri_regex_rewrite.match
        action.regex_rewrite.substitution = rewrite.uri_regex_rewrite.rewrite
    elif rewrite.uri:
        if match is not None and match.uri is not None and match.uri.regex is not None:
            # Envoy has no prefix to replace here; Istio replaces the whole path.
            action.regex_rewrite.pattern.regex = ".*"
            action.regex_rewrite.substitution = rewrite.uri
        else:
            action.prefix_rewrite = rewrite.uri


def _redirect(route: Route, rule: HTTPRoute, port: int) -> None:
    wanted = rule.redirect
    if wanted is None:
        return
    action = route.redirect
    if wanted.authority:
        action.host_redirect = wanted.authority
    if wanted.scheme:
        action.scheme_redirect = wanted.scheme
    if wanted.uri:
        action.path_redirect = wanted.uri
    if wanted.port is not None:
        action.port_redirect = wanted.port
    elif wanted.derive_port == "FROM_REQUEST_PORT":
        action.port_redirect = port  # the default of the protocol is what proxies take without any port
    action.response_code = _REDIRECT_CODES[wanted.redirect_code or 301]


def _options(operations: Mapping[str, str], overwrite: bool) -> Iterator[HeaderValueOption]:
    for key, value in operations.items():
        if sets_host(key):
            continue
        option = HeaderValueOption()
        if overwrite:
            option.append_action = HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
        option.header.key, option.header.value = key, value
        yield option


def _host_of(headers: Headers | None) -> str:
    """The host that operations on requests set; empty when they do not (Istio: translateHeadersOperations)."""
    operations = headers.request if headers else None
    pairs = [*operations.set.items(), *operations.add.items()] if operations else ()
    return next((value for name, value in pairs if sets_host(name)), "")


def _apply_headers(target: object, headers: Headers | None) -> None:
    if headers is None:
        return
    for direction, operations in (("request", headers.request), ("response", headers.response)):
        if operations is not None:
            _apply_operations(target, direction, operations)


def _apply_operations(target: object, direction: str, operations: HeaderOperations) -> None:
    adding: Callable[..., None] = getattr(target, f"{direction}_headers_to_add").extend
    removing: Callable[..., None] = getattr(target, f"{direction}_headers_to_remove").extend
    adding(_options(operations.set, overwrite=True))
    adding(_options(operations.add, overwrite=False))
    removing(operations.remove)
