"""Services."""

from tulle.model.port import Port
from tulle.model.service import Service


def test_a_port_is_found_by_its_number() -> None:
    service = Service("a", "ns", (Port(80, "http"), Port(9090, "metrics")))
    found = service.port(9090)
    assert found is not None
    assert found.name == "metrics"
    assert service.port(1) is None
