"""From a message to a connection manager."""

from typing import Any

import pytest

from tests.support.http_bench import ROUTER, HttpBench, head_of
from tulle.foundation.errors import FieldProblem, InvalidInput
from tulle.protos.messages import HttpConnectionManager
from tulle.protos.reading import parse_message
from tulle.proxy.http.build import build_connection_manager

EMPTY = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
UNKNOWN = {"name": "x", "typed_config": {"@type": EMPTY}}


def problems(bench: HttpBench, **fields: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        bench.manager(**fields)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_a_chain_must_end_with_the_router(bench: HttpBench) -> None:
    assert list(problems(bench, http_filters=[])) == ["http_filters"]
    found = problems(bench, http_filters=[ROUTER, ROUTER])
    assert found == {"http_filters[0]": "the terminal filter router must be the last filter of the chain"}


def test_a_filter_that_is_not_known_is_named(bench: HttpBench) -> None:
    found = problems(bench, http_filters=[UNKNOWN, ROUTER])
    assert found == {"http_filters[0].typed_config": f"{EMPTY} is not a supported HTTP filter"}


def test_every_part_tells_what_is_wrong_with_it(bench: HttpBench) -> None:
    log = {"name": "nothing", "typed_config": {"@type": EMPTY}}
    broken = {"name": "r", "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [{"match": {"prefix": "/"}}]}]}
    found = problems(bench, access_log=[log], http_filters=[UNKNOWN, ROUTER], codec_type="HTTP3", route_config=broken)
    assert {path.partition("[")[0].partition(".")[0] for path in found} >= {"access_log", "http_filters", "codec_type"}


def test_routes_may_come_apart(bench: HttpBench) -> None:
    rds = {"route_config_name": "late", "config_source": {"ads": {}}}
    one, two = bench.manager(rds=rds), bench.manager(rds=rds)
    assert one.routes is two.routes is bench.slots["late"]


def test_colons_in_the_prefix_become_underscores(bench: HttpBench) -> None:
    bench.connect(bench.manager(stat_prefix="a:b"), b"nonsense\r\n\r\n")
    assert bench.counter("http.a_b.downstream_cx_total") == 1
    assert bench.counter("listener.127.0.0.1_80.http.a_b.downstream_rq_completed") == 1


def test_a_filter_is_built_with_its_configuration(bench: HttpBench) -> None:
    built: list[tuple[bytes, str]] = []

    def build(config: bytes, prefix: str) -> Any:
        built.append((config, prefix))
        raise InvalidInput([FieldProblem("field", "is wrong")])

    services = bench.services._replace(filters={EMPTY: build})
    fields = {"stat_prefix": "t", "route_config": {"name": "r"}, "http_filters": [UNKNOWN, ROUTER]}
    with pytest.raises(InvalidInput, match=r"http_filters\[0\].typed_config.field: is wrong"):
        build_connection_manager(
            services, parse_message(HttpConnectionManager, fields).SerializeToString(), "listener.l."
        )
    assert built == [(b"", "http.t.")]


def test_the_router_may_keep_envoys_headers_to_itself(bench: HttpBench) -> None:
    typed = {**ROUTER["typed_config"], "suppress_envoy_headers": True}  # type: ignore[dict-item]
    bench.connect(
        bench.manager(http_filters=[{"name": "r", "typed_config": typed}]), b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
    )
    assert b"x-envoy-expected-rq-timeout-ms" not in head_of(bench.upstream().written)[1]


def test_a_filter_that_is_not_known_may_be_optional(bench: HttpBench) -> None:
    manager = bench.manager(http_filters=[{**UNKNOWN, "is_optional": True}, ROUTER])
    assert manager.chain.filters == ()


def test_the_router_cannot_be_switched_off(bench: HttpBench) -> None:
    found = problems(bench, http_filters=[{**ROUTER, "disabled": True}])
    assert list(found) == ["http_filters[0].disabled"]
