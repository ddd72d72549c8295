"""RouteConfiguration → RouteTable, with every problem at once."""

from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import RouteConfiguration
from tulle.protos.messages import VirtualHost as VirtualHostProto
from tulle.proxy.router.build_route import RouteBuilder, metadata_of
from tulle.proxy.router.conditions import build_conditions, build_header_conditions
from tulle.proxy.router.direct_response import DEFAULT_BODY_LIMIT
from tulle.proxy.router.filter_configs import FilterConfigs
from tulle.proxy.router.levels import Level
from tulle.proxy.router.path_rules import build_path_rule
from tulle.proxy.router.redirects import RedirectRule, https_location
from tulle.proxy.router.retry_policy import build_retry_policy
from tulle.proxy.router.route import REDIRECT, Route, VirtualClusters, VirtualHostFacts
from tulle.proxy.router.route_index import Entry, RouteIndex
from tulle.proxy.router.route_table import RouteTable, VirtualHost
from tulle.proxy.router.side_policies import build_mirror_policies, hedges_on_timeout
from tulle.proxy.router.string_match import Problems
from tulle.proxy.router.virtual_hosts import DomainIndex

_TLS_REDIRECT = RedirectRule(301, https_location)


def build_route_table(proto: RouteConfiguration, extensions: FilterConfigs) -> RouteTable:
    """The table of a RouteConfiguration that obeys the API's rules (`protos.validate`) and SUPPORTED.

    InvalidInput holds all that these two could not see: patterns, templates, formats, duplicates, sizes.
    """
    problems: Problems = []
    table = _TableBuilder(proto, extensions, problems).build()
    if problems:
        raise InvalidInput(problems)
    return table


class _TableBuilder:
    def __init__(self, proto: RouteConfiguration, extensions: FilterConfigs, problems: Problems) -> None:
        self._proto = proto
        self._problems = problems
        self._extensions = extensions
        self._cluster_places: dict[str, str] = {}
        self._level = Level.bottom(proto.most_specific_header_mutations_wins).over(proto, extensions, "", problems)
        self._mirror_policies = build_mirror_policies(
            proto.request_mirror_policies, "request_mirror_policies", problems
        )
        self._body_limit = DEFAULT_BODY_LIMIT
        if proto.HasField("max_direct_response_body_size_bytes"):
            self._body_limit = proto.max_direct_response_body_size_bytes.value

    def build(self) -> RouteTable:
        """The table, whatever problems were found."""
        domains: DomainIndex[VirtualHost] = DomainIndex(self._proto.ignore_port_in_host_matching)
        hosts: list[VirtualHost] = []
        for index, proto in enumerate(self._proto.virtual_hosts):
            path = f"virtual_hosts[{index}]"
            host = self._build_host(proto, path)
            hosts.append(host)
            for at, domain in enumerate(proto.domains):
                domains.add(domain, host, f"{path}.domains[{at}]", self._problems)
        domains.seal()
        table = RouteTable(self._proto.name, domains)
        table.virtual_hosts = tuple(hosts)
        table.cluster_places = self._cluster_places
        if self._proto.HasField("validate_clusters"):
            table.validates_clusters = self._proto.validate_clusters.value
        table.internal_only_headers = tuple(name.lower().encode() for name in self._proto.internal_only_headers)
        return table

    def _build_host(self, proto: VirtualHostProto, path: str) -> VirtualHost:
        if proto.HasField("matcher"):
            message = "cannot stand beside routes" if proto.routes else "this field is not supported"
            self._problems.append(FieldProblem(f"{path}.matcher", message))
        facts = self._build_facts(proto, path)
        routes = self._route_builder(proto, facts, path)
        entries: list[Entry[Route]] = []
        for at, route_proto in enumerate(proto.routes):
            where = f"{path}.routes[{at}]"
            rule = build_path_rule(route_proto.match, f"{where}.match", self._problems)
            conditions = build_conditions(route_proto.match, f"{where}.match", self._problems)
            entries.append(Entry(rule, conditions, routes.build(route_proto, rule, where)))
        index = RouteIndex(entries)
        sole = entries[0].route if index.first_certain_prefix in (b"", b"/") else None
        host = VirtualHost(facts, index, sole)
        if self._proto.ignore_path_parameters_in_path_matching:
            host.ignore_path_parameters()
        host.require_tls(proto.require_tls, _tls_route(facts))
        return host

    def _build_facts(self, proto: VirtualHostProto, path: str) -> VirtualHostFacts:
        facts = VirtualHostFacts(proto.name)
        facts.include_attempt_count = proto.include_request_attempt_count
        facts.include_attempt_count_in_response = proto.include_attempt_count_in_response
        facts.metadata = metadata_of(proto.metadata)
        clusters = []
        for index, cluster in enumerate(proto.virtual_clusters):
            where = f"{path}.virtual_clusters[{index}].headers"
            if not cluster.headers:
                self._problems.append(FieldProblem(where, "virtual clusters must define 'headers'"))
            clusters.append((cluster.name, build_header_conditions(cluster.headers, where, self._problems)))
        if clusters:
            facts.virtual_clusters = VirtualClusters(tuple(clusters))
        return facts

    def _route_builder(self, proto: VirtualHostProto, facts: VirtualHostFacts, path: str) -> RouteBuilder:
        level = self._level.over(proto, self._extensions, f"{path}.", self._problems)
        builder = RouteBuilder(facts, level, self._extensions, self._problems)
        builder.body_limit = self._body_limit
        builder.cluster_places = self._cluster_places
        builder.hedge_on_per_try_timeout = hedges_on_timeout(proto.hedge_policy)
        builder.mirror_policies = self._mirror_policies
        if proto.request_mirror_policies:
            where = f"{path}.request_mirror_policies"
            builder.mirror_policies = build_mirror_policies(proto.request_mirror_policies, where, self._problems)
        if proto.HasField("retry_policy"):
            builder.retry_policy = build_retry_policy(proto.retry_policy, f"{path}.retry_policy", self._problems)
        return builder


def _tls_route(facts: VirtualHostFacts) -> Route:
    """The redirect of a virtual host that requires TLS; it has no name and edits no headers."""
    route = Route("", facts)
    route.kind = REDIRECT
    route.redirect_rule = _TLS_REDIRECT
    return route
