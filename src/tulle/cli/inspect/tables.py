"""Tables of what a proxy has, with istioctl's columns and the resource that each line comes from."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from tulle.cli.inspect.config_dump import Json, objects, pick, text
from tulle.model.names import parse_cluster_name

Row = Sequence[object]
SHOWN_DOMAINS = 2


class Table(NamedTuple):
    """Column heads, how a resource becomes lines, and the columns by which these are sorted.

    Lines that are equal in these columns keep their order, as that of routes and filter chains means something.
    """

    headings: tuple[str, ...]
    rows: Callable[[Json], Iterator[Row]]
    order: tuple[int, ...]

    def lines(self, resources: Iterable[Json]) -> list[Row]:
        """The lines of all resources."""
        rows = [row for resource in resources for row in self.rows(resource)]
        return sorted(rows, key=lambda row: [str(row[column]) for column in self.order])


def origin(resource: object, kind: str) -> str:
    """`reviews.default` of the resource of this kind (`virtual-service`) that something was made from."""
    path = text(resource, "metadata", "filter_metadata", "istio", "config")
    parts = path.strip("/").split("/")
    return f"{parts[-1]}.{parts[-3]}" if len(parts) >= 4 and parts[-2] == kind else ""


def cluster_rows(cluster: Json) -> Iterator[Row]:
    """One line a cluster."""
    name = text(cluster, "name")
    kind = text(cluster, "type") or text(cluster, "cluster_type", "name") or "STATIC"
    parts = parse_cluster_name(name)
    if parts is None:
        yield name, "-", "-", "-", kind, origin(cluster, "destination-rule")
        return
    host = parts.hostname or "-"
    yield host, parts.port, parts.subset or "-", parts.direction, kind, origin(cluster, "destination-rule")


def listener_rows(listener: Json) -> Iterator[Row]:
    """One line a filter chain."""
    where = pick(listener, "address", "socket_address")
    address, port = text(where, "address"), text(where, "port_value")
    if where is None:
        address = text(listener, "address", "pipe", "path")
    chains = objects(listener, "filter_chains")
    default = pick(listener, "default_filter_chain")
    for chain in [*chains, *([default] if isinstance(default, dict) else [])]:
        yield address, port, _chain_match(chain), ", ".join(_destinations(chain)) or "-"


def _chain_match(chain: Json) -> str:
    match = pick(chain, "filter_chain_match")
    found: list[str] = []
    for key, title in (
        ("server_names", "SNI"),
        ("transport_protocol", "Trans"),
        ("application_protocols", "App"),
        ("destination_port", "Port"),
    ):
        value = pick(match, key)
        if value:
            found.append(f"{title}: {','.join(map(str, value)) if isinstance(value, list) else value}")
    ranges = [f"{text(item, 'address_prefix')}/{text(item, 'prefix_len')}" for item in objects(match, "prefix_ranges")]
    if ranges:
        found.append(f"Addr: {','.join(ranges)}")
    return "; ".join(found) or "ALL"


def _destinations(chain: Json) -> Iterator[str]:
    for found in objects(chain, "filters"):
        config = pick(found, "typed_config")
        if route := text(config, "rds", "route_config_name"):
            yield f"Route: {route}"
        elif pick(config, "route_config") is not None:
            hosts = objects(pick(config, "route_config"), "virtual_hosts")
            paths = [_path(route) for host in hosts for route in objects(host, "routes")]
            yield f"Inline Route: {','.join(paths)}"
        elif cluster := text(config, "cluster"):
            yield f"Cluster: {cluster}"
        elif weighted := objects(pick(config, "weighted_clusters"), "clusters"):
            yield f"Clusters: {_shares(weighted)}"


def _shares(clusters: Sequence[Json]) -> str:
    return " ".join(f"{text(item, 'name')}={text(item, 'weight') or 0}" for item in clusters)


def route_rows(config: Json) -> Iterator[Row]:
    """One line a route; a virtual host without routes has one too."""
    name = text(config, "name") or "-"
    for host in objects(config, "virtual_hosts"):
        domains = _domains(host)
        routes = objects(host, "routes")
        if not routes:
            yield name, text(host, "name"), domains, "-", "-", "404"
        for route in routes:
            yield name, text(host, "name"), domains, _path(route), origin(route, "virtual-service"), _action(route)


def _domains(host: Json) -> str:
    found = pick(host, "domains")
    names = [str(item) for item in found] if isinstance(found, list) else []
    more = len(names) - SHOWN_DOMAINS
    return ", ".join(names[:SHOWN_DOMAINS]) + (f" + {more} more" if more > 0 else "")


def _path(route: Json) -> str:
    match = pick(route, "match")
    found = "*"
    if (prefix := text(match, "prefix") or text(match, "path_separated_prefix")) != "":
        found = f"{prefix}*"
    elif path := text(match, "path"):
        found = path
    elif regex := text(match, "safe_regex", "regex"):
        found = f"regex {regex}"
    names = [text(item, "name") for key in ("headers", "query_parameters") for item in objects(match, key)]
    return found + (f" if {','.join(names)}" if names else "")


def _action(route: Json) -> str:
    action = pick(route, "route")
    if cluster := text(action, "cluster") or text(action, "cluster_header"):
        return cluster
    if weighted := objects(pick(action, "weighted_clusters"), "clusters"):
        return _shares(weighted)
    if status := text(route, "direct_response", "status"):
        return f"direct {status}"
    return "redirect" if pick(route, "redirect") is not None else "-"


def endpoint_rows(status: Json) -> Iterator[Row]:
    """One line an endpoint, from a cluster of /clusters?format=json."""
    for host in objects(status, "host_statuses"):
        health = pick(host, "health_status")
        failed = pick(health, "failed_active_health_check") is True
        word = "UNHEALTHY" if failed else text(health, "eds_health_status") or "UNKNOWN"
        check = "FAILED" if pick(health, "failed_outlier_check") is True else "OK"
        yield _address(pick(host, "address")), word, check, text(status, "name")


def assignment_rows(assignment: Json) -> Iterator[Row]:
    """One line an endpoint, from an assignment of a dump, which knows nothing of outlier checks."""
    for group in objects(assignment, "endpoints"):
        for item in objects(group, "lb_endpoints"):
            health = text(item, "health_status") or "HEALTHY"
            yield _address(pick(item, "endpoint", "address")), health, "-", text(assignment, "cluster_name")


def _address(address: object) -> str:
    where = pick(address, "socket_address")
    return f"{text(where, 'address')}:{text(where, 'port_value')}" if where else text(address, "pipe", "path")


CLUSTERS = Table(
    ("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE"), cluster_rows, (0, 1, 2, 3)
)
LISTENERS = Table(("ADDRESS", "PORT", "MATCH", "DESTINATION"), listener_rows, (0, 1))
ROUTES = Table(("NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE", "DESTINATION"), route_rows, (0, 1))
ENDPOINTS = Table(("ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER"), endpoint_rows, (3, 0))
ASSIGNMENTS = Table(ENDPOINTS.headings, assignment_rows, ENDPOINTS.order)
