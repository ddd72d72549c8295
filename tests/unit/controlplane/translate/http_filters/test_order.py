"""THE ORDER of the HTTP filters."""

from tulle.controlplane.translate.http_filters.order import http_filters
from tulle.protos.messages import Cors, HTTPFault


def test_every_connection_manager_gets_istios_filters_in_its_order() -> None:
    found = http_filters()
    assert [item.name for item in found] == ["envoy.filters.http.fault", "envoy.filters.http.cors"]
    assert found[0].typed_config.Is(HTTPFault.DESCRIPTOR)
    assert found[1].typed_config.Is(Cors.DESCRIPTOR)
