"""Routes out of their protos."""

from typing import Any

import pytest

from tests.support.route_tables import match, request, route, route_problems, table_of
from tulle.protos.messages import Metadata
from tulle.protos.reading import parse_message
from tulle.proxy.router.build_route import load_balancer_metadata, metadata_of
from tulle.proxy.router.route import FORWARD, NON_FORWARDING, Route


def _built(config: dict[str, Any], **of_host: Any) -> Route:
    found = match(table_of(config, **of_host), request())
    assert found is not None
    return found


def test_defaults_are_envoys() -> None:
    found = _built(route())
    assert found.kind == FORWARD
    assert (found.timeout_s, found.idle_timeout_s, found.max_stream_duration_s) == (15, None, None)
    assert (found.priority, found.cluster_not_found_status) == (0, 503)
    assert (found.name, found.virtual_host_name, found.stat_prefix) == ("", "v", "")
    assert (found.retry_policy, found.metadata_match, dict(found.upgrades)) == (None, None, {})
    assert not found.auto_host_rewrite
    assert (found.request_edit, found.response_edit, found.hash_policies) == (None, None, None)


def test_every_field_is_read() -> None:
    action = {
        "timeout": "0s",
        "idle_timeout": "0.5s",
        "max_stream_duration": {"max_stream_duration": "9s"},
        "priority": "HIGH",
        "auto_host_rewrite": True,
        "append_x_forwarded_host": True,
        "upgrade_configs": [{"upgrade_type": "WebSocket"}, {"upgrade_type": "CONNECT", "enabled": False}],
    }
    found = _built(
        {
            **route(**action),
            "name": "n",
            "stat_prefix": "s",
            "metadata": {"filter_metadata": {"f": {"x": 1}}},
            "decorator": {"operation": "op"},
        },
        include_request_attempt_count=True,
        metadata={"filter_metadata": {"g": {"y": [True]}}},
    )
    assert (found.timeout_s, found.idle_timeout_s, found.max_stream_duration_s) == (0, 0.5, 9)
    assert (found.priority, found.auto_host_rewrite, found.append_x_forwarded_host) == (1, True, True)
    assert found.upgrades == {"websocket": True, "connect": False}
    assert (found.name, found.stat_prefix, found.decorator_operation) == ("n", "s", "op")
    assert (found.metadata, found.virtual_host.metadata) == ({"f": {"x": 1}}, {"g": {"y": [True]}})
    assert found.include_attempt_count
    assert not found.virtual_host.include_attempt_count_in_response


@pytest.mark.parametrize(
    ("code", "status"), [("SERVICE_UNAVAILABLE", 503), ("NOT_FOUND", 404), ("INTERNAL_SERVER_ERROR", 500)]
)
def test_the_status_for_a_missing_cluster(code: str, status: int) -> None:
    assert _built(route(cluster_not_found_response_code=code)).cluster_not_found_status == status


def test_a_route_that_forwards_nothing_has_no_cluster() -> None:
    found = _built({"match": {"prefix": "/"}, "non_forwarding_action": {}})
    assert found.kind == NON_FORWARDING
    assert found.pick_cluster(request(), 0) is None


def test_actions_that_are_missing_or_not_supported_are_named() -> None:
    at = "virtual_hosts[0].routes[0]"
    assert set(route_problems({"match": {"prefix": "/"}})) == {at}
    assert set(route_problems({"match": {"prefix": "/"}, "filter_action": {}})) == {at + ".filter_action"}


def test_fields_that_make_no_sense_are_named_all_at_once() -> None:
    at = "virtual_hosts[0].routes[0].route."
    action = {
        "timeout": "-1s",
        "idle_timeout": "-0.5s",
        "upgrade_configs": [
            {"upgrade_type": "websocket", "connect_config": {}},
            {"upgrade_type": "WebSocket"},
            {"upgrade_type": "CONNECT", "connect_config": {}},
        ],
    }
    assert set(route_problems(route(**action))) == {
        at + "timeout",
        at + "idle_timeout",
        at + "upgrade_configs[0].connect_config",
        at + "upgrade_configs[1].upgrade_type",
    }


def test_metadata_is_plain_values() -> None:
    proto = parse_message(Metadata, {"filter_metadata": {"envoy.lb": {"a": "b"}, "f": {"n": 1.5}}})
    assert metadata_of(proto) == {"envoy.lb": {"a": "b"}, "f": {"n": 1.5}}
    assert load_balancer_metadata(proto) == {"a": "b"}
    assert load_balancer_metadata(Metadata()) is None
