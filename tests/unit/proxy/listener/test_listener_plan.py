"""From a listener's message to its plan."""

from typing import Any

import pytest

from tests.unit.proxy.listener.conftest import (
    HTTP_INSPECTOR,
    ORIGINAL_DST,
    TLS_INSPECTOR,
    ListenerBench,
    chain,
    listener_filter,
    listener_proto,
)
from tulle.protos.messages import Listener as ListenerProto
from tulle.protos.messages import SocketAddress
from tulle.protos.reading import parse_message
from tulle.proxy.listener.filters.original_dst import OriginalDst
from tulle.proxy.listener.listener_plan import ListenerPlan, check_listener, plan_listener


def _plan(bench: ListenerBench, proto: ListenerProto) -> ListenerPlan:
    return plan_listener(proto, bench.extensions, bench.stats, {})


def test_filters_are_told_of_their_listener(bench: ListenerBench) -> None:
    _plan(bench, listener_proto(chain("a"), traffic_direction="INBOUND", per_connection_buffer_limit_bytes=5))
    facts = bench.handlers["a"].facts
    assert facts == ("l", "127.0.0.1:80", "listener.127.0.0.1_80.", 1, 5)


@pytest.mark.parametrize(
    ("fields", "prefix"),
    [
        ({"ip": "::1"}, "listener.[__1]_80."),
        ({"stat_prefix": "edge"}, "listener.edge."),
        ({"port": 0}, "listener.127.0.0.1_0."),
    ],
)
def test_stats_are_named_after_the_address_or_as_asked(
    bench: ListenerBench, fields: dict[str, Any], prefix: str
) -> None:
    assert _plan(bench, listener_proto(chain("a"), **fields)).stats_prefix == prefix


def test_all_addresses_are_known(bench: ListenerBench) -> None:
    more = [{"address": {"socket_address": {"address": "::1", "port_value": 81}}}]
    plan = _plan(bench, listener_proto(chain("a"), additional_addresses=more))
    assert [address.text for address in plan.addresses] == ["127.0.0.1:80", "[::1]:81"]


def test_a_unix_socket_is_an_address(bench: ListenerBench) -> None:
    fields = {"name": "l", "address": {"pipe": {"path": "/run/l"}}, "filter_chains": [chain("a")]}
    assert _plan(bench, parse_message(ListenerProto, fields)).stats_prefix == "listener./run/l."


@pytest.mark.parametrize("given", [[], [listener_filter(ORIGINAL_DST)]])
def test_use_original_dst_brings_its_filter(bench: ListenerBench, given: list[dict[str, Any]]) -> None:
    plan = _plan(bench, listener_proto(chain("a"), use_original_dst=True, listener_filters=given))
    assert [type(each.filter) for each in plan.filters] == [OriginalDst]


def test_listener_filters_keep_their_order(bench: ListenerBench) -> None:
    filters = [listener_filter(HTTP_INSPECTOR), listener_filter(TLS_INSPECTOR)]
    plan = _plan(bench, listener_proto(chain("a"), listener_filters=filters))
    assert [type(each.filter).__name__ for each in plan.filters] == ["HttpInspector", "TlsInspector"]


def test_a_check_names_everything_that_is_wrong(bench: ListenerBench) -> None:
    filters = [
        listener_filter("type.googleapis.com/google.protobuf.BoolValue", value=True),
        listener_filter(TLS_INSPECTOR, enable_ja3_fingerprinting=True),
    ]
    proto = listener_proto(chain("bad"), listener_filters=filters)
    assert [str(problem) for problem in check_listener(proto, bench.extensions)] == [
        "listener_filters[0].typed_config: type.googleapis.com/google.protobuf.BoolValue "
        "is not a supported listener filter",
        "listener_filters[1].typed_config.enable_ja3_fingerprinting: fingerprints are not supported",
        "filter_chains[0].filters[0].typed_config.value: is bad",
    ]


def test_a_check_of_a_good_listener_finds_nothing(bench: ListenerBench) -> None:
    assert check_listener(listener_proto(chain("a")), bench.extensions) == []
    assert bench.stats.groups == {}


def test_a_listener_wants_a_filter_chain(bench: ListenerBench) -> None:
    problems = check_listener(listener_proto(), bench.extensions)
    assert [str(problem) for problem in problems] == ["filter_chains: no filter chains specified"]


def test_addresses_are_ips_and_speak_tcp(bench: ListenerBench) -> None:
    proto = listener_proto(chain("a"), ip="localhost", drain_type="MODIFY_ONLY")
    more = proto.additional_addresses.add().address.socket_address
    more.protocol, more.address = SocketAddress.UDP, "::1"
    assert [str(problem) for problem in check_listener(proto, bench.extensions)] == [
        "address.socket_address.address: localhost is not an IP address",
        "additional_addresses[0].address.socket_address.protocol: only TCP is supported",
        "drain_type: MODIFY_ONLY is not supported",
    ]


def test_the_backlog_is_the_kernels_limit_or_as_asked(bench: ListenerBench) -> None:
    assert _plan(bench, listener_proto(chain("a"))).backlog == 65_535
    assert _plan(bench, listener_proto(chain("a"), tcp_backlog_size=7)).backlog == 7
