"""What an application is told."""

from tulle.agent.capture import application_environment, variable_name
from tulle.agent.workload import Upstream, Workload


def test_a_name_becomes_a_variable() -> None:
    assert variable_name("reviews-api") == "REVIEWS_API"


def test_an_application_gets_its_port_its_proxy_and_an_address_for_each_upstream() -> None:
    upstreams = (Upstream("reviews", 9080, 20001), Upstream("db", 5432, 20002, "TCP"))
    found = application_environment(Workload("web", "127.9.0.4", 80, 40002, upstreams=upstreams))
    assert found["PORT"] == "40002"
    assert found["HTTP_PROXY"] == found["http_proxy"] == "http://127.9.0.4:15007"
    assert "127.9.0.4" in found["NO_PROXY"]
    assert found["REVIEWS_URL"] == "http://127.9.0.4:20001"
    assert found["DB_ADDRESS"] == "127.9.0.4:20002"
    assert "DB_URL" not in found
