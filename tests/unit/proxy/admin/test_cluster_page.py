"""/clusters and /listeners."""

import asyncio
import json

from tests.support.fake_proxy import FakeProxy
from tulle.proxy.admin.cluster_page import render_clusters, render_listeners


def test_text_has_a_line_for_each_fact_in_envoys_order() -> None:
    lines = asyncio.run(render_clusters(FakeProxy(), {})).body.splitlines()
    assert lines[:2] == ["a::observability_name::a", "a::default_priority::max_connections::1024"]
    assert "a::high_priority::max_retries::3" in lines
    assert "a::added_via_api::true" in lines
    host = [line for line in lines if "10.0.0.1:80" in line]
    assert [line.split("::")[2] for line in host] == [
        "cx_active",
        "cx_total",
        "rq_error",
        "hostname",
        "health_flags",
        "weight",
        "region",
        "zone",
        "sub_zone",
        "canary",
        "priority",
        "success_rate",
        "local_origin_success_rate",
    ]
    assert "b::observability_name::b-alt" in lines


def test_json_leaves_zeroes_out_as_protobuf_does() -> None:
    page = asyncio.run(render_clusters(FakeProxy(), {"format": "json", "filter": "^a$"})).body
    (cluster,) = json.loads(page)["cluster_statuses"]
    (host,) = cluster["host_statuses"]
    assert host["address"] == {"socket_address": {"address": "10.0.0.1", "port_value": 80}}
    assert host["stats"] == [
        {"value": "2", "name": "cx_total"},
        {"name": "rq_error"},
        {"type": "GAUGE", "value": "1", "name": "cx_active"},
    ]
    assert host["locality"] == {"region": "r", "zone": "z"}
    assert cluster["circuit_breakers"]["thresholds"][1]["priority"] == "HIGH"


def test_listeners_show_all_their_addresses() -> None:
    assert asyncio.run(render_listeners(FakeProxy(), {})).body == "l1::127.0.0.1:80,[::1]:81\nl2::/run/l2.sock\n"
    statuses = json.loads(asyncio.run(render_listeners(FakeProxy(), {"format": "json"})).body)["listener_statuses"]
    assert statuses[0]["additional_local_addresses"] == [{"socket_address": {"address": "::1", "port_value": 81}}]
    assert statuses[1]["local_address"] == {"pipe": {"path": "/run/l2.sock"}}
