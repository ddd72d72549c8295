"""One Route out of its proto (envoy.config.route.v3.Route)."""

from collections.abc import Mapping

from google.protobuf import json_format

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import Duration, Metadata, RouteAction
from tulle.protos.messages import Route as RouteProto
from tulle.proxy.router.build_clusters import ClusterBuilder
from tulle.proxy.router.build_rewrites import build_rewrites
from tulle.proxy.router.direct_response import DEFAULT_BODY_LIMIT, build_direct_response
from tulle.proxy.router.filter_configs import FilterConfigs
from tulle.proxy.router.hash_policy import build_hash_policies
from tulle.proxy.router.levels import Level
from tulle.proxy.router.path_rules import PathRule
from tulle.proxy.router.redirects import RedirectRule, build_redirect, same_location
from tulle.proxy.router.retry_policy import RetryPolicy, build_retry_policy, seconds_of
from tulle.proxy.router.route import DIRECT_RESPONSE, NON_FORWARDING, REDIRECT, Route, VirtualHostFacts
from tulle.proxy.router.side_policies import (
    MirrorPolicy,
    build_internal_redirects,
    build_mirror_policies,
    hedges_on_timeout,
)
from tulle.proxy.router.string_match import Problems

_NOT_FOUND_STATUS = {
    RouteAction.SERVICE_UNAVAILABLE: 503,
    RouteAction.NOT_FOUND: 404,
    RouteAction.INTERNAL_SERVER_ERROR: 500,
}
_LOAD_BALANCER = "envoy.lb"
_TUNNELS = frozenset({"connect", "connect-udp"})


class RouteBuilder:
    """Builds the routes of one virtual host."""

    def __init__(self, facts: VirtualHostFacts, level: Level, filters: FilterConfigs, problems: Problems) -> None:
        self._facts = facts
        self._level = level
        self._filters = filters
        self._problems = problems
        self.body_limit = DEFAULT_BODY_LIMIT
        self.retry_policy: RetryPolicy | None = None  # the virtual host's, for routes without their own
        self.mirror_policies: tuple[MirrorPolicy, ...] = ()  # the virtual host's, for routes without their own
        self.hedge_on_per_try_timeout = False
        self.cluster_places: dict[str, str] = {}

    def build(self, proto: RouteProto, rule: PathRule, path: str) -> Route:
        """The route; `rule` is that of its match."""
        route = Route(proto.name, self._facts)
        level = self._level.over(proto, self._filters, f"{path}.", self._problems)
        route.settings = level.settings
        route.response_edit = level.response.response_edit()
        route.stat_prefix = proto.stat_prefix
        route.metadata = metadata_of(proto.metadata)
        route.decorator_operation = proto.decorator.operation
        action = proto.WhichOneof("action")
        if action == "route":
            self._fill_forward(route, proto.route, level, rule, f"{path}.route")
        elif action == "redirect":
            route.kind = REDIRECT
            route.redirect_rule = build_redirect(proto.redirect, rule, f"{path}.redirect", self._problems)
        elif action == "direct_response":
            self._fill_direct_response(route, proto, f"{path}.direct_response")
        elif action == "non_forwarding_action":
            route.kind = NON_FORWARDING
        else:
            message = "one of the fields of action must be set" if action is None else "this field is not supported"
            self._problems.append(FieldProblem(f"{path}.{action}" if action else path, message))
        return route

    def _fill_direct_response(self, route: Route, proto: RouteProto, path: str) -> None:
        route.kind = DIRECT_RESPONSE
        answer = build_direct_response(proto.direct_response, self.body_limit, path, self._problems)
        route.direct_response = answer
        if answer.has_location:
            route.redirect_rule = RedirectRule(answer.status, same_location)

    def _fill_forward(self, route: Route, action: RouteAction, level: Level, rule: PathRule, path: str) -> None:
        problems = self._problems
        self._fill_timeouts(route, action, path)
        route.priority = int(action.priority)
        route.cluster_not_found_status = _NOT_FOUND_STATUS.get(action.cluster_not_found_response_code, 503)
        route.metadata_match = load_balancer_metadata(action.metadata_match)
        route.upgrades = self._build_upgrades(action, path)
        route.auto_host_rewrite = action.auto_host_rewrite.value
        route.append_x_forwarded_host = action.append_x_forwarded_host
        route.hash_policies = build_hash_policies(action.hash_policy, f"{path}.hash_policy", problems)
        route.retry_policy = self.retry_policy
        if action.HasField("retry_policy"):
            route.retry_policy = build_retry_policy(action.retry_policy, f"{path}.retry_policy", problems)
        self._fill_side_policies(route, action, path)
        rewrites = build_rewrites(action, rule, path, problems)
        route.request_edit = level.request.request_edit(rewrites)
        clusters = ClusterBuilder(level, rewrites, self._filters, problems)
        clusters.places = self.cluster_places
        clusters.metadata_match = route.metadata_match
        route.cluster, route.cluster_picker = clusters.build(action, path)

    def _fill_side_policies(self, route: Route, action: RouteAction, path: str) -> None:
        problems = self._problems
        route.mirror_policies = self.mirror_policies
        if action.request_mirror_policies:
            where = f"{path}.request_mirror_policies"
            route.mirror_policies = build_mirror_policies(action.request_mirror_policies, where, problems)
        route.hedge_on_per_try_timeout = self.hedge_on_per_try_timeout
        if action.HasField("hedge_policy"):
            route.hedge_on_per_try_timeout = hedges_on_timeout(action.hedge_policy)
        if action.HasField("internal_redirect_policy"):
            where = f"{path}.internal_redirect_policy"
            route.internal_redirects = build_internal_redirects(action.internal_redirect_policy, where, problems)

    def _fill_timeouts(self, route: Route, action: RouteAction, path: str) -> None:
        if action.HasField("timeout"):
            route.timeout_s = self._seconds(action.timeout, f"{path}.timeout")
        if action.HasField("idle_timeout"):
            route.idle_timeout_s = self._seconds(action.idle_timeout, f"{path}.idle_timeout")
        if action.max_stream_duration.HasField("max_stream_duration"):
            where = f"{path}.max_stream_duration.max_stream_duration"
            route.max_stream_duration_s = self._seconds(action.max_stream_duration.max_stream_duration, where)

    def _seconds(self, duration: Duration, path: str) -> float:
        if duration.seconds < 0 or duration.nanos < 0:
            self._problems.append(FieldProblem(path, "must not be negative"))
        return seconds_of(duration)

    def _build_upgrades(self, action: RouteAction, path: str) -> Mapping[str, bool]:
        upgrades: dict[str, bool] = {}
        for index, config in enumerate(action.upgrade_configs):
            where = f"{path}.upgrade_configs[{index}]"
            kind = config.upgrade_type.lower()
            if kind in upgrades:
                self._problems.append(FieldProblem(f"{where}.upgrade_type", f"duplicate upgrade {kind}"))
            if config.HasField("connect_config") and kind not in _TUNNELS:
                message = f"non-CONNECT upgrade type {kind} has a connect_config"
                self._problems.append(FieldProblem(f"{where}.connect_config", message))
            upgrades[kind] = config.enabled.value if config.HasField("enabled") else True
        return upgrades


def metadata_of(proto: Metadata) -> Mapping[str, object]:
    """Metadata by filter name, as Python values."""
    return {name: json_format.MessageToDict(struct) for name, struct in proto.filter_metadata.items()}


def load_balancer_metadata(proto: Metadata) -> Mapping[str, object] | None:
    """What endpoints must have in their metadata to be chosen; None when nothing is asked."""
    if _LOAD_BALANCER not in proto.filter_metadata:
        return None
    wanted: Mapping[str, object] = json_format.MessageToDict(proto.filter_metadata[_LOAD_BALANCER])
    return wanted
