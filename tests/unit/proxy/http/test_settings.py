"""What a connection manager is told, with Envoy's defaults."""

from typing import Any

import pytest

from tulle.protos.messages import HttpConnectionManager
from tulle.protos.reading import parse_message
from tulle.proxy.http.settings import SUPPORTED, ManagerSettings, check_settings

_HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def proto(**fields: Any) -> HttpConnectionManager:
    return parse_message(HttpConnectionManager, {"stat_prefix": "t", **fields})


def test_the_defaults_are_envoys() -> None:
    settings = ManagerSettings(proto())
    assert settings.generate_request_id
    assert not settings.use_remote_address
    assert not settings.normalize_path
    assert settings.server_name == b"envoy"
    assert (settings.stream_idle_timeout_s, settings.idle_timeout_s) == (300.0, 3600.0)
    assert (settings.drain_timeout_s, settings.delayed_close_timeout_s) == (5.0, 1.0)
    assert (settings.request_timeout_s, settings.request_headers_timeout_s) == (0.0, 0.0)
    assert (settings.max_headers, settings.max_request_headers_bytes) == (100, 60 * 1024)
    assert (settings.max_concurrent_streams, settings.hpack_table_size) == (1024, 4096)
    assert (settings.stream_window, settings.connection_window) == (16 << 20, 24 << 20)
    assert settings.allow_absolute_url
    assert not settings.changes_path
    assert not settings.changes_host


def test_what_is_said_counts() -> None:
    settings = ManagerSettings(
        proto(
            stream_idle_timeout="0s",
            request_timeout="1.5s",
            max_request_headers_kb=8,
            common_http_protocol_options={
                "max_headers_count": 5,
                "idle_timeout": "2s",
                "max_connection_duration": "3s",
            },
            http2_protocol_options={"hpack_table_size": 0, "max_concurrent_streams": 7},
            http_protocol_options={"allow_absolute_url": False},
            merge_slashes=True,
            strip_trailing_host_dot=True,
        )
    )
    assert (settings.stream_idle_timeout_s, settings.request_timeout_s) == (0.0, 1.5)
    assert (settings.max_headers, settings.max_request_headers_bytes) == (5, 8 * 1024)
    assert (settings.idle_timeout_s, settings.max_connection_duration_s) == (2.0, 3.0)
    assert (settings.hpack_table_size, settings.max_concurrent_streams) == (0, 7)
    assert not settings.allow_absolute_url
    assert settings.changes_path
    assert settings.changes_host


def test_ranges_say_which_addresses_are_ours() -> None:
    ranges = [{"address_prefix": "10.0.0.0", "prefix_len": 8}, {"address_prefix": "fd00::", "prefix_len": 8}]
    settings = ManagerSettings(proto(internal_address_config={"cidr_ranges": ranges}))
    for _ in range(2):
        assert settings.is_internal("10.9.8.7")
        assert settings.is_internal("fd12::1")
        assert not settings.is_internal("11.0.0.1")
        assert not settings.is_internal("")
    assert not ManagerSettings(proto()).is_internal("10.0.0.1")
    assert ManagerSettings(proto(internal_address_config={"unix_sockets": True})).is_internal("")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"codec_type": "HTTP3", "route_config": {}}, "codec_type"),
        ({}, "route_specifier"),
        (
            {"route_config": {}, "strip_any_host_port": True, "strip_matching_host_port": True},
            "strip_matching_host_port",
        ),
    ],
)
def test_what_cannot_be_is_named(fields: dict[str, Any], path: str) -> None:
    assert [problem.path for problem in check_settings(proto(**fields))] == [path]


def test_all_problems_are_named_at_once() -> None:
    fields = {"codec_type": "HTTP3", "strip_any_host_port": True, "strip_matching_host_port": True}
    assert len(check_settings(proto(**fields))) == 3
    assert check_settings(proto(route_config={})) == []


def test_every_field_that_is_called_supported_exists() -> None:
    known = {field.name for field in HttpConnectionManager.DESCRIPTOR.fields}
    assert SUPPORTED[_HCM] <= known
