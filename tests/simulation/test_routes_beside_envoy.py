"""Random requests to random route configurations: the route table and the real Envoy come to the same."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.conformance.clients import Http1Client, Request, connect
from tests.support.conformance.engines import Engine
from tests.support.conformance.upstreams import Seen, Upstreams
from tests.support.random_routes import Ask, RandomRoutes
from tests.support.route_tables import info_of, request, table
from tulle.proxy.headers import Headers
from tulle.proxy.router.inline_headers import OF_REQUESTS, one_line
from tulle.proxy.router.route import FORWARD, Route
from tulle.proxy.router.route_table import RouteTable
from tulle.proxy.telemetry.stream_info import StreamInfo

pytestmark = [pytest.mark.envoy, pytest.mark.processes]

SEED = 20_261_125
CONFIGS = 20
REQUESTS = 30
FROM_UPSTREAM = (("content-type", "text/plain"), ("x-up", "u"), ("vary", "v"))

# What the connection manager and the router filter put in; routes have no part in it.
OTHERS = frozenset(
    {
        "connection",
        "content-length",
        "content-type",
        "date",
        "server",
        "x-envoy-expected-rq-timeout-ms",
        "x-envoy-external-address",
        "x-envoy-upstream-service-time",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-request-id",
    }
)

Fields = dict[str, list[str]]
Outcome = tuple[int, str, str, Fields, Fields]  # status, path and host upstream, headers upstream, headers back


def _grouped(fields: Iterable[tuple[str, str]]) -> Fields:
    grouped: Fields = {}
    for name, value in fields:
        if name.lower() not in OTHERS and not name.startswith((":", "x-echo")):
            grouped.setdefault(name.lower(), []).append(value)
    return grouped


def _of(headers: Headers) -> Fields:
    return _grouped((name.decode(), value.decode("latin-1")) for name, value in headers.fields())


def _request(ask: Ask) -> Headers:
    """The request as Envoy's codec has it: headers of one line are joined."""
    target, host, fields = ask
    headers = request(target, host)
    for name, value in ((name.encode(), value.encode()) for name, value in fields):
        if name in OF_REQUESTS and name in headers:
            headers[name] = one_line([headers[name], value])
        else:
            headers.add(name, value)
    return headers


def _by_table(routes: RouteTable, ask: Ask) -> Outcome:
    headers = _request(ask)
    info = info_of(headers)
    found = routes.match(headers, info, 0)
    if found is None:
        return 404, "", "", {}, {}
    return _forwarded(found, headers, info) if found.kind == FORWARD else _answered(found, headers, info)


def _answered(route: Route, headers: Headers, info: StreamInfo) -> Outcome:
    redirect = route.redirect(headers, info)
    status = redirect.status if redirect is not None else route.direct_response.status if route.direct_response else 0
    response = Headers.of([(b":status", b"%d" % status)])
    if redirect is not None:
        response[b"location"] = redirect.location
    info.response_headers = response
    if route.response_edit is not None:
        route.response_edit.apply(response, info)
    return status, "", "", {}, _of(response)


def _forwarded(route: Route, headers: Headers, info: StreamInfo) -> Outcome:
    choice = route.pick_cluster(headers, 0)
    assert choice is not None
    if choice.request_edit is not None:
        choice.request_edit.apply(headers, info)
    response = Headers.of([(b":status", b"200"), *((name.encode(), value.encode()) for name, value in FROM_UPSTREAM)])
    info.response_headers = response
    if choice.response_edit is not None:
        choice.response_edit.apply(response, info)
    return (
        200,
        headers[b":path"].decode("latin-1"),
        headers[b":authority"].decode("latin-1"),
        _of(headers),
        _of(response),
    )


def _by_envoy(client: Http1Client, ask: Ask, upstreams: Upstreams) -> Outcome:
    target, host, fields = ask
    echo = [("x-echo-header", f"{name}={value}") for name, value in FROM_UPSTREAM[1:]]
    answer = client.send(Request("GET", target, host, [*fields, *echo]))
    assert answer.message is not None, answer.failure
    seen = upstreams.take_seen()
    back = _grouped(answer.message.fields)
    if not seen:
        return answer.message.status, "", "", {}, back
    return answer.message.status, seen[0].path, _host(seen[0]), _grouped(_without_host(seen[0])), back


def _host(seen: Seen) -> str:
    return next(value for name, value in seen.fields if name.lower() == "host")


def _without_host(seen: Seen) -> Iterator[tuple[str, str]]:
    return (field for field in seen.fields if field[0].lower() != "host")


def _bootstrap(configs: list[dict[str, Any]], upstream_port: int) -> dict[str, Any]:
    manager = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    router = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
    listeners = []
    for at, config in enumerate(configs):
        hcm = {
            "@type": manager,
            "stat_prefix": "in",
            "use_remote_address": True,
            "generate_request_id": False,
            "route_config": config,
            "http_filters": [{"name": "router", "typed_config": {"@type": router}}],
        }
        chain = {"filters": [{"name": "hcm", "typed_config": hcm}]}
        listeners.append({"name": f"l{at}", "address": _address(0), "filter_chains": [chain]})
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": _address(upstream_port)}}]}]
    assignment = {"cluster_name": "a", "endpoints": endpoints}
    cluster = {"name": "a", "type": "STATIC", "load_assignment": assignment}
    return {
        "admin": {"address": _address(0)},
        "static_resources": {"listeners": listeners, "clusters": [cluster]},
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def test_random_requests_meet_the_same_fate_in_envoy(tmp_path: Path) -> None:
    rolled = RandomRoutes(SEED)
    configs = [rolled.config() for _ in range(CONFIGS)]
    upstreams = Upstreams()
    engine = Engine("envoy", tmp_path, _bootstrap(configs, upstreams.ports["a"]))
    different: list[str] = []
    statuses: Counter[int] = Counter()
    try:
        engine.wait()
        ports = engine.listeners()
        for at, config in enumerate(configs):
            routes = table(config)
            client = Http1Client(connect(("127.0.0.1", ports[f"l{at}"])))
            for _ in range(REQUESTS):
                ask = rolled.request()
                ours, theirs = _by_table(routes, ask), _by_envoy(client, ask, upstreams)
                statuses[ours[0]] += 1
                if ours != theirs:
                    different.append(f"configuration {at}, {ask}\n  the table: {ours}\n  Envoy:     {theirs}")
            client.close()
    finally:
        engine.stop()
        upstreams.close()
    assert not different, "\n".join(different)
    assert min(statuses[200], statuses[301], statuses[404]) > REQUESTS, statuses
