"""What `tulle run` makes of its options."""

import pytest

from tulle.cli.mesh.run_application import Wish, parse_upstreams
from tulle.foundation.errors import UsageError


def wish(**given: object) -> Wish:
    known: dict[str, object] = {
        "command": ("true",),
        "service": "web",
        "port": 8000,
        "service_port": None,
        "version": "v1",
        "namespace": "default",
        "protocol": "http",
        "upstreams": (),
        "engine": "envoy",
    }
    return Wish(**{**known, **given})  # type: ignore[arg-type]


def test_the_port_that_others_call_is_that_of_the_application_unless_it_is_said() -> None:
    assert wish().workload("127.9.0.1").port == 8000
    workload = wish(service_port=80).workload("127.9.0.1")
    assert (workload.port, workload.app_port) == (80, 8000)


def test_each_upstream_has_a_local_port_of_its_own() -> None:
    first, second = parse_upstreams(("reviews:9080", "db:5432/tcp"))
    assert (first.service, first.port, first.protocol) == ("reviews", 9080, "HTTP")
    assert (second.protocol, second.local_port) == ("TCP", first.local_port + 1)


@pytest.mark.parametrize("text", ["reviews", "reviews:http", ":80", "db:1/udp"])
def test_an_upstream_in_another_form_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="NAME:PORT"):
        parse_upstreams((text,))
