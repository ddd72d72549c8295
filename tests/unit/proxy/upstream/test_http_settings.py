"""How a cluster speaks HTTP to its hosts."""

from typing import Any

from tests.unit.proxy.upstream.worlds import cluster
from tulle.proxy.upstream.http_settings import (
    AS_DOWNSTREAM,
    H1,
    H2,
    OPTIONS_KEY,
    build_http_settings,
    check_http_settings,
)


def _options(**fields: Any) -> dict[str, Any]:
    return {
        "typed_extension_protocol_options": {OPTIONS_KEY: {"@type": f"type.googleapis.com/{OPTIONS_KEY}", **fields}}
    }


def test_a_cluster_that_says_nothing_speaks_http1_with_envoys_limits() -> None:
    settings = build_http_settings(cluster())
    assert (settings.protocol, settings.idle_timeout_s, settings.max_requests_per_connection) == (H1, 3600.0, 0)
    assert (settings.max_concurrent_streams, settings.stream_window) == (1024, 16 * 1024 * 1024)


def test_explicit_options_choose_the_protocol_and_its_limits() -> None:
    http2 = {"max_concurrent_streams": 5, "initial_stream_window_size": 70000, "initial_connection_window_size": 80000}
    common = {"idle_timeout": "10s", "max_requests_per_connection": 3, "max_connection_duration": "1.5s"}
    settings = build_http_settings(
        cluster(**_options(explicit_http_config={"http2_protocol_options": http2}, common_http_protocol_options=common))
    )
    assert settings == (H2, 10.0, 3, 1.5, 5, 70000, 80000, 4096)
    assert build_http_settings(cluster(**_options(explicit_http_config={"http_protocol_options": {}}))).protocol == H1


def test_the_protocol_can_be_that_of_the_client() -> None:
    proto = cluster(**_options(use_downstream_protocol_config={"http2_protocol_options": {}}))
    assert build_http_settings(proto).protocol == AS_DOWNSTREAM
    assert build_http_settings(cluster(protocol_selection="USE_DOWNSTREAM_PROTOCOL")).protocol == AS_DOWNSTREAM


def test_an_idle_timeout_of_zero_means_none() -> None:
    proto = cluster(**_options(explicit_http_config={}, common_http_protocol_options={"idle_timeout": "0s"}))
    assert build_http_settings(proto).idle_timeout_s == 0.0


def test_the_older_fields_of_the_cluster_still_count() -> None:
    settings = build_http_settings(cluster(http2_protocol_options={"max_concurrent_streams": 9}))
    assert (settings.protocol, settings.max_concurrent_streams) == (H2, 9)
    assert build_http_settings(cluster(max_requests_per_connection=4)).max_requests_per_connection == 4
    assert build_http_settings(cluster(common_http_protocol_options={"idle_timeout": "2s"})).idle_timeout_s == 2.0


def test_clusters_with_the_same_options_share_their_settings() -> None:
    proto = cluster(**_options(explicit_http_config={"http2_protocol_options": {}}))
    assert build_http_settings(proto) is build_http_settings(proto)


def test_options_of_another_kind_are_named() -> None:
    proto = cluster(
        typed_extension_protocol_options={
            "envoy.filters.network.thrift_proxy": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.thrift_proxy.v3.ThriftProtocolOptions"
            },
            OPTIONS_KEY: {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {}},
        }
    )
    assert sorted(problem.path for problem in check_http_settings(proto)) == [
        f'typed_extension_protocol_options["{OPTIONS_KEY}"]',
        'typed_extension_protocol_options["envoy.filters.network.thrift_proxy"]',
    ]
    proto = cluster(**_options(explicit_http_config={}))
    assert check_http_settings(proto) == []
    proto.typed_extension_protocol_options[OPTIONS_KEY].value = b"\xff"
    assert len(check_http_settings(proto)) == 1
