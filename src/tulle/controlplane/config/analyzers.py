"""THE LIST of analyzers: what is wrong between resources that are each in order (Istio: pkg/config/analysis)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tulle.api.networking.destination_rule import DestinationRule
from tulle.api.networking.virtual_service import Destination, HTTPRoute, VirtualService
from tulle.api.problems import CODES, Problem
from tulle.api.resource import Resource
from tulle.controlplane.config.store import ConfigState
from tulle.foundation.yaml import Path, did_you_mean, path_text
from tulle.model.hosts import matches, resolve_short_name
from tulle.model.labels import Labels, selects
from tulle.model.names import CLUSTER_DOMAIN, MESH_GATEWAY


@dataclass(frozen=True)
class Mesh:
    """What several analyzers ask of a configuration."""

    config: ConfigState

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that a route can lead to; none when no services are at hand, as in a folder with rules only."""
        own = [f"{_name(item)}.svc.{CLUSTER_DOMAIN}" for item in self.config.of_kind("Service")]
        return (*own, *(host for item in self.config.of_kind("ServiceEntry") for host in item.spec.hosts))

    @cached_property
    def subsets(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """(host, names of subsets) of each DestinationRule."""
        return tuple(
            (_full(item.spec.host, item), frozenset(subset.name for subset in item.spec.subsets))
            for item in self.config.of_kind("DestinationRule")
        )

    @cached_property
    def workloads(self) -> tuple[tuple[str, Labels], ...]:
        """(namespace, labels) of each workload."""
        pods = [(item.metadata.namespace, item.metadata.labels) for item in self.config.of_kind("Pod")]
        entries = [
            (item.metadata.namespace, {**item.metadata.labels, **item.spec.labels})
            for item in self.config.of_kind("WorkloadEntry")
        ]
        return (*pods, *entries)

    def knows(self, host: str) -> bool:
        """Whether some service has the host, or a wildcard that covers it."""
        return any(matches(known, host) or matches(host, known) for known in self.hosts)

    def host_like(self, host: str) -> str | None:
        """The known host that may be meant; what all hosts of the cluster end in makes none of them alike."""
        ending = f".svc.{CLUSTER_DOMAIN}"
        known = {name.removesuffix(ending): name for name in self.hosts}
        close = did_you_mean(host.removesuffix(ending), known)
        return known[close] if close else None


def _name(resource: Resource[Any]) -> str:
    return f"{resource.metadata.name}.{resource.metadata.namespace}"


def _full(host: str, resource: Resource[Any]) -> str:
    return resolve_short_name(host, resource.metadata.namespace, CLUSTER_DOMAIN)


def _problem(code: str, resource: Resource[Any], path: Path, message: str, hint: str = "") -> Problem:
    return Problem(code, CODES[code][0], resource.key, path_text(path), message, resource.place_of(path), hint)


def _destinations(spec: VirtualService) -> Iterator[tuple[Path, Destination]]:
    for kind in ("http", "tls", "tcp"):
        for index, rule in enumerate(getattr(spec, kind)):
            for number, item in enumerate(rule.route):
                yield ("spec", kind, index, "route", number, "destination"), item.destination


def find_unknown_destinations(mesh: Mesh) -> Iterator[Problem]:
    """Routes to hosts that no service has, and to subsets that no DestinationRule has."""
    for resource in mesh.config.of_kind("VirtualService"):
        for path, destination in _destinations(resource.spec):
            host = _full(destination.host, resource)
            if mesh.hosts and not mesh.knows(host):
                close = mesh.host_like(host)
                hint = f"did you mean {close}?" if close else ""
                yield _problem("TUL0201", resource, (*path, "host"), f"no service has the host {host}", hint)
            elif destination.subset:
                yield from _unknown_subset(mesh, resource, path, host, destination.subset)


def _unknown_subset(mesh: Mesh, resource: Resource[Any], path: Path, host: str, subset: str) -> Iterator[Problem]:
    rules = [names for pattern, names in mesh.subsets if matches(pattern, host)]
    known = frozenset().union(*rules)
    # Without any rule at hand the subsets may stand in files that are not looked at.
    if subset not in known and mesh.subsets:
        close = did_you_mean(subset, known)
        message = f"no DestinationRule of {host} has the subset {subset}"
        yield _problem("TUL0202", resource, (*path, "subset"), message, f"did you mean {close}?" if close else "")


def find_rules_without_service(mesh: Mesh) -> Iterator[Problem]:
    """Rules of the mesh for hosts that no service has: sidecars follow them at few ports or at none."""
    for resource in mesh.config.of_kind("VirtualService"):
        gateways = resource.spec.gateways
        if not mesh.hosts or not resource.spec.http or (gateways and MESH_GATEWAY not in gateways):
            continue
        for index, name in enumerate(resource.spec.hosts):
            host = _full(name, resource)
            if not mesh.knows(host):
                close = mesh.host_like(host)
                hint = f"did you mean {close}?" if close else f"a ServiceEntry makes {host} known to the mesh"
                message = f"no service has the host {host}"
                yield _problem("TUL0209", resource, ("spec", "hosts", index), message, hint)


def find_unknown_gateways(mesh: Mesh) -> Iterator[Problem]:
    """Rules that are bound to a gateway that does not exist."""
    known = {f"{item.metadata.namespace}/{item.metadata.name}" for item in mesh.config.of_kind("Gateway")}
    for resource in mesh.config.of_kind("VirtualService"):
        for index, name in enumerate(resource.spec.gateways):
            full = name if "/" in name else f"{resource.metadata.namespace}/{name}"
            if name != MESH_GATEWAY and full not in known:
                close = did_you_mean(full, known)
                hint = f"did you mean {close}?" if close else ""
                yield _problem("TUL0203", resource, ("spec", "gateways", index), f"there is no gateway {full}", hint)


def find_rivals(mesh: Mesh) -> Iterator[Problem]:
    """Hosts that two rules claim: at sidecars the first by name is in force, at a gateway its routes come first."""
    first: dict[tuple[str, str], tuple[Resource[Any], int]] = {}
    for resource in mesh.config.of_kind("VirtualService"):
        spec, namespace = resource.spec, resource.metadata.namespace
        if not spec.http or spec.export_to:
            continue
        for gateway in spec.gateways or (MESH_GATEWAY,):
            where = gateway if gateway == MESH_GATEWAY or "/" in gateway else f"{namespace}/{gateway}"
            for index, host in enumerate(spec.hosts):
                full = _full(host, resource)
                winner, at = first.setdefault((where, full), (resource, index))
                if winner is resource:
                    continue
                both = f"{winner.key} and {resource.key} have rules for {full} at {where}"
                message = f"{both}; the first one is in force" if where == MESH_GATEWAY else f"{both}, in this order"
                yield _problem("TUL0204", winner, ("spec", "hosts", at), message)
                yield _problem("TUL0204", resource, ("spec", "hosts", index), message)


def find_idle_policies(mesh: Mesh) -> Iterator[Problem]:
    """DestinationRules for unknown hosts, and subsets that no workload is in."""
    for resource in mesh.config.of_kind("DestinationRule"):
        host = _full(resource.spec.host, resource)
        if mesh.hosts and not mesh.knows(host):
            close = mesh.host_like(host)
            hint = f"did you mean {close}?" if close else ""
            yield _problem("TUL0206", resource, ("spec", "host"), f"no service has the host {host}", hint)
        else:
            yield from _empty_subsets(mesh, resource, host)


def _empty_subsets(mesh: Mesh, resource: Resource[DestinationRule], host: str) -> Iterator[Problem]:
    for service in mesh.config.of_kind("Service"):
        selector, namespace = service.spec.selector, service.metadata.namespace
        if not selector or f"{_name(service)}.svc.{CLUSTER_DOMAIN}" != host:
            continue
        behind = [labels for space, labels in mesh.workloads if space == namespace and selects(selector, labels)]
        for index, subset in enumerate(resource.spec.subsets):
            # Without any workload at hand nothing can be said.
            if behind and not any(selects(subset.labels, labels) for labels in behind):
                path: Path = ("spec", "subsets", index)
                yield _problem("TUL0205", resource, path, f"no workload of {host} is in the subset {subset.name}")


def find_clashing_servers(mesh: Mesh) -> Iterator[Problem]:
    """Ports that the same proxies would have to serve with two protocols."""
    first: dict[tuple[frozenset[tuple[str, str]], int], tuple[str, str]] = {}
    for resource in mesh.config.of_kind("Gateway"):
        selector = frozenset(resource.spec.selector.items())
        for index, server in enumerate(resource.spec.servers):
            protocol = server.port.protocol.upper()
            other, key = first.setdefault((selector, server.port.number), (protocol, resource.key))
            if other != protocol:
                path: Path = ("spec", "servers", index, "port", "protocol")
                message = f"port {server.port.number} is {other} in {key}, and the first one wins"
                yield _problem("TUL0207", resource, path, message)


def find_unreachable_routes(mesh: Mesh) -> Iterator[Problem]:
    """Routes behind one that takes every request."""
    for resource in mesh.config.of_kind("VirtualService"):
        for index, rule in enumerate(resource.spec.http[:-1]):
            if _takes_all(rule):
                path: Path = ("spec", "http", index + 1)
                message = f"spec.http[{index}] takes every request, so that this one and all after it get none"
                yield _problem("TUL0208", resource, path, message)
                break


def _takes_all(rule: HTTPRoute) -> bool:
    if not rule.match:
        return True
    for match in rule.match:
        path = match.uri is None or match.uri.prefix == "/"
        conditions = (match.scheme, match.method, match.authority, match.headers, match.without_headers,
                      match.query_params, match.port, match.gateways, match.source_labels,
                      match.source_namespace)  # fmt: skip
        if path and not any(conditions):
            return True
    return False


ANALYZERS: tuple[Callable[[Mesh], Iterable[Problem]], ...] = (
    find_unknown_destinations,
    find_rules_without_service,
    find_unknown_gateways,
    find_rivals,
    find_idle_policies,
    find_clashing_servers,
    find_unreachable_routes,
)


def analyze(config: ConfigState) -> tuple[Problem, ...]:
    """All findings between the resources of a configuration."""
    mesh = Mesh(config)
    return tuple(problem for analyzer in ANALYZERS for problem in analyzer(mesh))
