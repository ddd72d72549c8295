"""THE LIST of what may stand in a configuration."""

from typing import Any

from tulle.protos.messages import HttpConnectionManager, TcpProxy
from tulle.protos.pool import message_class, type_url_of
from tulle.proxy.extensions import HTTP_FILTERS, LISTENER_FILTERS, SUPPORTED, http_filters, network_filters

ENVOY = "type.googleapis.com/envoy."


def test_every_field_that_is_honoured_exists() -> None:
    for name, fields in SUPPORTED.items():
        known = {field.name for field in message_class(name).DESCRIPTOR.fields}
        assert fields <= known, name


def test_what_one_part_honours_of_a_message_all_do() -> None:
    assert SUPPORTED["envoy.config.core.v3.HeaderValue"] >= {"key", "value"}
    assert SUPPORTED["envoy.config.core.v3.Address"] >= {"socket_address", "pipe"}


def test_filters_go_by_the_url_of_their_message() -> None:
    assert all(url.startswith(ENVOY) for url in (*LISTENER_FILTERS, *HTTP_FILTERS))
    assert f"{ENVOY}extensions.filters.listener.tls_inspector.v3.TlsInspector" in LISTENER_FILTERS


def test_a_chain_may_end_in_http_or_tcp() -> None:
    services: Any = None
    filters = network_filters(services, services)
    assert {type_url_of(HttpConnectionManager), type_url_of(TcpProxy)} <= set(filters)


def test_every_http_filter_has_a_builder_for_a_worker() -> None:
    services: Any = None
    assert set(http_filters(services)) == set(HTTP_FILTERS)
