"""Short ways to route configurations, requests and their routes, for tests of the router."""

from collections.abc import Mapping, Sequence
from typing import Any

from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import RouteConfiguration
from tulle.protos.reading import parse_message
from tulle.proxy.headers import Headers
from tulle.proxy.router.build_table import build_route_table
from tulle.proxy.router.filter_configs import FilterConfigs, NoFilterConfigs
from tulle.proxy.router.route import Route
from tulle.proxy.router.route_table import RouteTable
from tulle.proxy.telemetry.stream_info import StreamInfo

Json = Mapping[str, Any]
PREFIX: Json = {"prefix": "/"}


def route(match: Json = PREFIX, cluster: str = "a", **more: Any) -> dict[str, Any]:
    """A route to a cluster; what stands in `more` goes into its action."""
    return {"match": dict(match), "route": {"cluster": cluster, **more}}


def table(config: Json, filters: FilterConfigs | None = None) -> RouteTable:
    """The table of a route configuration."""
    return build_route_table(parse_message(RouteConfiguration, {"name": "r", **config}), filters or NoFilterConfigs())


def table_of(*routes: Json, **of_host: Any) -> RouteTable:
    """The table of one virtual host, `v`, for all domains."""
    return table({"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": list(routes), **of_host}]})


def problems_of(config: Json, filters: FilterConfigs | None = None) -> dict[str, str]:
    """What is wrong with a route configuration: field path → message."""
    try:
        table(config, filters)
    except InvalidInput as error:
        return {problem.path: problem.message for problem in error.problems}
    return {}


def route_problems(*routes: Json, **of_host: Any) -> dict[str, str]:
    """What is wrong with routes, by path from the route configuration."""
    return problems_of({"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": list(routes), **of_host}]})


def request(
    path: str | None = "/", host: str = "h", method: str = "GET", fields: Sequence[tuple[str, str]] = ()
) -> Headers:
    """The headers of a request as they come from a codec."""
    pseudo = [(":method", method), (":path", path), (":scheme", "http"), (":authority", host)]
    listed = [(name, value) for name, value in pseudo if value is not None]
    return Headers.of(
        (name.encode(), value.encode()) for name, value in [*listed, ("x-forwarded-proto", "http"), *fields]
    )


def info_of(headers: Headers) -> StreamInfo:
    """What is known of the stream of a request."""
    info = StreamInfo()
    info.protocol = "HTTP/1.1"
    info.downstream_remote = "10.0.0.9:4444"
    info.request_headers = headers
    return info


def match(routes: RouteTable, headers: Headers, random_value: int = 0) -> Route | None:
    """The route for a request."""
    return routes.match(headers, info_of(headers), random_value)


def cluster_of(routes: RouteTable, headers: Headers, random_value: int = 0) -> str | None:
    """The cluster that a request goes to."""
    found = match(routes, headers, random_value)
    choice = None if found is None else found.pick_cluster(headers, random_value)
    return None if choice is None else choice.cluster_name


def edited(routes: RouteTable, headers: Headers, random_value: int = 0) -> Headers:
    """The request's headers as its cluster would see them."""
    found = match(routes, headers, random_value)
    assert found is not None
    choice = found.pick_cluster(headers, random_value)
    assert choice is not None
    if choice.request_edit is not None:
        choice.request_edit.apply(headers, info_of(headers))
    return headers
