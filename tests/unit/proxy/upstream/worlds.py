"""Clusters and load assignments for tests, in few words."""

from typing import Any

from tulle.protos.messages import Cluster, ClusterLoadAssignment
from tulle.protos.reading import parse_message
from tulle.proxy.telemetry.stats import StatsStore
from tulle.proxy.upstream.cluster_stats import ClusterStats
from tulle.proxy.upstream.hosts import Group, Host, HostSet, Level
from tulle.proxy.upstream.lb.picking import Choice


def endpoint(port: int, ip: str = "127.0.0.1", **more: Any) -> dict[str, Any]:
    """An LbEndpoint; `more` are its other fields."""
    return {"endpoint": {"address": {"socket_address": {"address": ip, "port_value": port}}}, **more}


def group(*endpoints: dict[str, Any] | int, **more: Any) -> dict[str, Any]:
    """A LocalityLbEndpoints; a number is a port of 127.0.0.1."""
    return {"lb_endpoints": [endpoint(item) if isinstance(item, int) else item for item in endpoints], **more}


def assignment(*groups: dict[str, Any], **more: Any) -> ClusterLoadAssignment:
    """A ClusterLoadAssignment."""
    return parse_message(ClusterLoadAssignment, {"cluster_name": "c", "endpoints": list(groups), **more})


def assignment_bytes(*groups: dict[str, Any], **more: Any) -> bytes:
    """The same as it comes over the wire."""
    return assignment(*groups, **more).SerializeToString()


def cluster(*groups: dict[str, Any], **more: Any) -> Cluster:
    """A Cluster, STATIC unless `more` says otherwise."""
    fields: dict[str, Any] = {"name": "c", **more}
    if groups:
        fields["load_assignment"] = {"cluster_name": "c", "endpoints": list(groups)}
    return parse_message(Cluster, fields)


def hosts_of(*weights: int) -> list[Host]:
    """Hosts with these weights, at the ports 1, 2 …"""
    return [Host(f"10.0.0.1:{at + 1}", weight=weight) for at, weight in enumerate(weights)]


def host_set(*levels: list[Host]) -> HostSet:
    """A set with these hosts by priority, in one locality each."""
    made = HostSet()
    for priority, hosts in enumerate(levels):
        for host in hosts:
            host.priority = priority
    made.replace([Level([Group(("", "", ""), 0, hosts)]) for hosts in levels])
    return made


def choice_of(hosts: list[Host]) -> Choice:
    """What a policy builds a picker for."""
    return Choice(hosts, Level([Group(("", "", ""), 0, hosts)]), ClusterStats(StatsStore(), "cluster.c."))
