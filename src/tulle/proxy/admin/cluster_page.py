"""/clusters, as text and as JSON."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from tulle.proxy.admin.page import Answer, Query, json_answer, name_filter
from tulle.proxy.admin.view import ClusterView, HostView, ProxyView

_LIMITS = ("max_connections", "max_pending_requests", "max_requests", "max_retries")


async def render_clusters(proxy: ProxyView, query: Query) -> Answer:
    """/clusters."""
    wanted = name_filter(query.get("filter"))
    clusters = [cluster for cluster in await proxy.clusters() if wanted(cluster.name)]
    if query.get("format") == "json":
        return json_answer({"cluster_statuses": [_cluster_json(cluster) for cluster in clusters]})
    return Answer("".join(f"{line}\n" for cluster in clusters for line in _cluster_lines(cluster)))


def _cluster_lines(cluster: ClusterView) -> Iterator[str]:
    name = cluster.name
    yield f"{name}::observability_name::{cluster.observability_name}"
    for priority in ("default", "high"):
        for limit in _LIMITS:
            yield f"{name}::{priority}_priority::{limit}::{cluster.thresholds[priority][limit]}"
    yield f"{name}::added_via_api::{str(cluster.added_via_api).lower()}"
    if cluster.eds_service_name:
        yield f"{name}::eds_service_name::{cluster.eds_service_name}"
    for host in cluster.hosts:
        for key, value in _host_facts(host):
            yield f"{name}::{host.address}::{key}::{value}"


def _host_facts(host: HostView) -> Sequence[tuple[str, object]]:
    region, zone, sub_zone = host.locality
    return (
        *sorted({**host.counters, **host.gauges}.items()),
        ("hostname", host.hostname),
        ("health_flags", host.health_flags),
        ("weight", host.weight),
        ("region", region),
        ("zone", zone),
        ("sub_zone", sub_zone),
        ("canary", str(host.canary).lower()),
        ("priority", host.priority),
        ("success_rate", -1),
        ("local_origin_success_rate", -1),
    )


def _cluster_json(cluster: ClusterView) -> dict[str, object]:
    described: dict[str, object] = {"name": cluster.name}
    if cluster.added_via_api:
        described["added_via_api"] = True
    if cluster.hosts:
        described["host_statuses"] = [_host_json(host) for host in cluster.hosts]
    described["circuit_breakers"] = {
        "thresholds": [
            {**({} if priority == "default" else {"priority": "HIGH"}), **cluster.thresholds[priority]}
            for priority in ("default", "high")
        ]
    }
    described["observability_name"] = cluster.observability_name
    if cluster.eds_service_name:
        described["eds_service_name"] = cluster.eds_service_name
    return described


def _host_json(host: HostView) -> dict[str, object]:
    stats: list[dict[str, str]] = []
    for name in sorted(host.counters):
        stats.append(_stat_json(name, host.counters[name], {}))
    for name in sorted(host.gauges):
        stats.append(_stat_json(name, host.gauges[name], {"type": "GAUGE"}))
    described: dict[str, object] = {"address": _address_json(host.address), "stats": stats}
    described["health_status"] = {"eds_health_status": host.eds_health_status}
    described["weight"] = host.weight
    if host.hostname:
        described["hostname"] = host.hostname
    if host.priority:
        described["priority"] = host.priority
    described["locality"] = {
        key: value for key, value in zip(("region", "zone", "sub_zone"), host.locality, strict=True) if value
    }
    return described


def _stat_json(name: str, value: int, extra: dict[str, str]) -> dict[str, str]:
    """As protobuf prints a 64-bit number: a string, and nothing at all for zero."""
    return {**extra, **({"value": str(value)} if value else {}), "name": name}


def _address_json(address: str) -> dict[str, object]:
    host, _, port = address.rpartition(":")
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return {"pipe": {"path": address}}
    return {"socket_address": {"address": host.strip("[]"), "port_value": int(port)}}


async def render_listeners(proxy: ProxyView, query: Query) -> Answer:
    """/listeners."""
    listeners = proxy.listeners()
    if query.get("format") != "json":
        lines = [f"{listener.name}::{','.join(listener.addresses)}\n" for listener in listeners]
        return Answer("".join(lines))
    statuses: list[dict[str, object]] = []
    for listener in listeners:
        first, *others = listener.addresses
        status: dict[str, object] = {"name": listener.name, "local_address": _address_json(first)}
        if others:
            status["additional_local_addresses"] = [_address_json(address) for address in others]
        statuses.append(status)
    return json_answer({"listener_statuses": statuses})
