"""THE LIST of load-balancing policies, and how a cluster names one."""

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import Cluster
from tulle.protos.pool import class_of_type_url
from tulle.proxy.upstream.lb.balancer import BalancerSettings
from tulle.proxy.upstream.lb.least_request import LeastRequest
from tulle.proxy.upstream.lb.picking import Policy
from tulle.proxy.upstream.lb.random_host import RandomHost
from tulle.proxy.upstream.lb.round_robin import RoundRobin

_PREFIX = "envoy.extensions.load_balancing_policies."

ROUND_ROBIN = RoundRobin()
RANDOM = RandomHost()
LEAST_REQUEST = LeastRequest()


def _build_round_robin(proto: Any) -> Policy:
    return ROUND_ROBIN


def _build_random(proto: Any) -> Policy:
    return RANDOM


def _build_least_request(proto: Any) -> Policy:
    """From the typed configuration or from `Cluster.least_request_lb_config`, which has the same fields."""
    full_scan = "selection_method" in proto.DESCRIPTOR.fields_by_name and (
        proto.selection_method == 1 or proto.enable_full_scan.value  # FULL_SCAN
    )
    choices = proto.choice_count.value if proto.HasField("choice_count") else 2
    bias = proto.active_request_bias.default_value if proto.HasField("active_request_bias") else 1.0
    if (choices, bias, full_scan) == (2, 1.0, False):
        return LEAST_REQUEST
    return LeastRequest(choices, bias, full_scan)


# By the full name of the typed configuration.
POLICIES: Mapping[str, Callable[[Any], Policy]] = {
    _PREFIX + "round_robin.v3.RoundRobin": _build_round_robin,
    _PREFIX + "least_request.v3.LeastRequest": _build_least_request,
    _PREFIX + "random.v3.Random": _build_random,
}


def build_balancer_settings(proto: Cluster) -> BalancerSettings:
    """How the cluster balances. `load_balancing_policy` wins over `lb_policy` (Envoy: cluster.proto)."""
    common = proto.common_lb_config
    threshold = 50  # Envoy rounds the percentage
    if common.HasField("healthy_panic_threshold"):
        threshold = int(common.healthy_panic_threshold.value + 0.5)
    fail_on_panic = common.zone_aware_lb_config.fail_traffic_on_panic
    by_locality = common.HasField("locality_weighted_lb_config")
    if proto.HasField("load_balancing_policy"):
        config = _typed_policy(proto)
        assert config is not None, "checked before"
        policy = POLICIES[config.DESCRIPTOR.full_name](config)
        if "locality_lb_config" in config.DESCRIPTOR.fields_by_name:
            localities: Any = config.locality_lb_config  # type: ignore[attr-defined]
            by_locality = localities.HasField("locality_weighted_lb_config")
            fail_on_panic = localities.zone_aware_lb_config.fail_traffic_on_panic
    else:
        policy = _legacy_policy(proto)
    return _shared(BalancerSettings(policy, threshold, fail_on_panic, by_locality))


def check_policy(proto: Cluster) -> list[FieldProblem]:
    """What is wrong with how the cluster names its policy."""
    if proto.HasField("load_balancing_policy"):
        if _typed_policy(proto) is None:
            names = [
                entry.typed_extension_config.typed_config.type_url for entry in proto.load_balancing_policy.policies
            ]
            text = f"none of the policies is supported: {', '.join(names)}"
            return [FieldProblem("load_balancing_policy.policies", text)]
        return []
    if proto.lb_policy == Cluster.CLUSTER_PROVIDED or proto.lb_policy in _LEGACY:
        return []
    return [FieldProblem("lb_policy", f"{Cluster.LbPolicy.Name(proto.lb_policy)} is not supported")]


def _legacy_policy(proto: Cluster) -> Policy:
    build, field = _LEGACY[proto.lb_policy]
    return build(getattr(proto, field) if field else None)


_LEGACY: Mapping[int, tuple[Callable[[Any], Policy], str]] = {
    Cluster.ROUND_ROBIN: (_build_round_robin, ""),
    Cluster.LEAST_REQUEST: (_build_least_request, "least_request_lb_config"),
    Cluster.RANDOM: (_build_random, ""),
}


def _typed_policy(proto: Cluster) -> Message | None:
    """The first policy of the list that is known."""
    for entry in proto.load_balancing_policy.policies:
        holder = entry.typed_extension_config.typed_config
        if holder.type_url.rpartition("/")[2] in POLICIES:
            return class_of_type_url(holder.type_url).FromString(holder.value)
    return None


_SHARED: dict[BalancerSettings, BalancerSettings] = {}


def _shared(settings: BalancerSettings) -> BalancerSettings:
    """One object for all clusters that are configured alike."""
    if len(_SHARED) > 256:
        _SHARED.clear()
    return _SHARED.setdefault(settings, settings)
