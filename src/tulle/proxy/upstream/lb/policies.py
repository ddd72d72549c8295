"""THE LIST of load-balancing policies, and how a cluster names one."""

from collections.abc import Callable, Mapping
from math import isqrt
from typing import Any

from google.protobuf.message import Message

from tulle.foundation.errors import FieldProblem
from tulle.protos.messages import Cluster
from tulle.protos.pool import class_of_type_url
from tulle.proxy.upstream.lb.balancer import BalancerSettings
from tulle.proxy.upstream.lb.hashing import HashSettings
from tulle.proxy.upstream.lb.least_request import LeastRequest
from tulle.proxy.upstream.lb.maglev import DEFAULT_SIZE, Maglev
from tulle.proxy.upstream.lb.picking import Policy
from tulle.proxy.upstream.lb.random_host import RandomHost
from tulle.proxy.upstream.lb.ring_hash import DEFAULT_MAX_SIZE, DEFAULT_MIN_SIZE, RingHash
from tulle.proxy.upstream.lb.round_robin import RoundRobin

_PREFIX = "envoy.extensions.load_balancing_policies."

ROUND_ROBIN = RoundRobin()
RANDOM = RandomHost()
LEAST_REQUEST = LeastRequest()


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


def _build_ring_hash(proto: Any) -> Policy:
    common = proto.consistent_hashing_lb_config if proto.HasField("consistent_hashing_lb_config") else proto
    return RingHash(*_ring_sizes(proto), proto.hash_function == 2, _hash_settings(common, proto))  # MURMUR_HASH_2


def _build_maglev(proto: Any) -> Policy:
    size = proto.table_size.value if proto.HasField("table_size") else DEFAULT_SIZE
    return Maglev(size, _hash_settings(proto.consistent_hashing_lb_config, proto))


def _hash_settings(hashing: Any, holder: Any) -> HashSettings:
    by_locality = holder.HasField("locality_weighted_lb_config")
    return HashSettings(hashing.use_hostname_for_hashing, hashing.hash_balance_factor.value, by_locality)


def _ring_sizes(proto: Any) -> tuple[int, int]:
    return (
        proto.minimum_ring_size.value if proto.HasField("minimum_ring_size") else DEFAULT_MIN_SIZE,
        proto.maximum_ring_size.value if proto.HasField("maximum_ring_size") else DEFAULT_MAX_SIZE,
    )


def _legacy_ring_hash(proto: Cluster) -> Policy:
    common, config = proto.common_lb_config, proto.ring_hash_lb_config
    murmur = config.hash_function == Cluster.RingHashLbConfig.MURMUR_HASH_2
    return RingHash(*_ring_sizes(config), murmur, _hash_settings(common.consistent_hashing_lb_config, common))


def _legacy_maglev(proto: Cluster) -> Policy:
    common, config = proto.common_lb_config, proto.maglev_lb_config
    size = config.table_size.value if config.HasField("table_size") else DEFAULT_SIZE
    return Maglev(size, _hash_settings(common.consistent_hashing_lb_config, common))


# By the full name of the typed configuration.
POLICIES: Mapping[str, Callable[[Any], Policy]] = {
    _PREFIX + "round_robin.v3.RoundRobin": lambda proto: ROUND_ROBIN,
    _PREFIX + "least_request.v3.LeastRequest": _build_least_request,
    _PREFIX + "random.v3.Random": lambda proto: RANDOM,
    _PREFIX + "ring_hash.v3.RingHash": _build_ring_hash,
    _PREFIX + "maglev.v3.Maglev": _build_maglev,
}

# By `Cluster.lb_policy`.
_LEGACY: Mapping[int, Callable[[Cluster], Policy]] = {
    Cluster.ROUND_ROBIN: lambda proto: ROUND_ROBIN,
    Cluster.LEAST_REQUEST: lambda proto: _build_least_request(proto.least_request_lb_config),
    Cluster.RANDOM: lambda proto: RANDOM,
    Cluster.RING_HASH: _legacy_ring_hash,
    Cluster.MAGLEV: _legacy_maglev,
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
        policy = _LEGACY[proto.lb_policy](proto)
    return _shared(BalancerSettings(policy, threshold, fail_on_panic, by_locality))


def check_policy(proto: Cluster) -> list[FieldProblem]:
    """What is wrong with how the cluster names its policy, and with what it says of it."""
    if proto.HasField("load_balancing_policy"):
        return _check_typed(proto)
    if proto.lb_policy == Cluster.RING_HASH:
        return _check_ring("ring_hash_lb_config", _ring_sizes(proto.ring_hash_lb_config))
    if proto.lb_policy == Cluster.MAGLEV:
        return _check_table("maglev_lb_config", proto.maglev_lb_config)
    if proto.lb_policy == Cluster.CLUSTER_PROVIDED or proto.lb_policy in _LEGACY:
        return []
    return [FieldProblem("lb_policy", f"{Cluster.LbPolicy.Name(proto.lb_policy)} is not supported")]


def _check_typed(proto: Cluster) -> list[FieldProblem]:
    path = "load_balancing_policy.policies"
    config = _typed_policy(proto)
    if config is None:
        names = [entry.typed_extension_config.typed_config.type_url for entry in proto.load_balancing_policy.policies]
        return [FieldProblem(path, f"none of the policies is supported: {', '.join(names)}")]
    name = config.DESCRIPTOR.full_name
    if name.endswith(".RingHash"):
        return _check_ring(path, _ring_sizes(config))
    return _check_table(path, config) if name.endswith(".Maglev") else []


def _check_ring(path: str, sizes: tuple[int, int]) -> list[FieldProblem]:
    least, most = sizes
    if least <= most:
        return []
    return [FieldProblem(path, f"ring hash: minimum_ring_size ({least}) > maximum_ring_size ({most})")]


def _check_table(path: str, config: Any) -> list[FieldProblem]:
    size = config.table_size.value if config.HasField("table_size") else DEFAULT_SIZE
    if size > 1 and all(size % factor for factor in range(2, isqrt(size) + 1)):
        return []
    return [FieldProblem(path, "The table size of maglev must be prime number")]


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
