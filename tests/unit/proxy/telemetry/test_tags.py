"""Tags of stats; the expected names are those that Envoy 1.40 prints."""

import pytest

from tulle.protos.messages import StatsConfig
from tulle.protos.reading import parse_message
from tulle.proxy.telemetry.tags import TagExtractor, rules_of


@pytest.mark.parametrize(
    ("name", "rest", "tags"),
    [
        ("cluster.c1.upstream_rq_total", "cluster.upstream_rq_total", {"envoy.cluster_name": "c1"}),
        (
            "cluster.c1.upstream_rq_200",
            "cluster.upstream_rq",
            {"envoy.response_code": "200", "envoy.cluster_name": "c1"},
        ),
        (
            "cluster.c1.upstream_rq_2xx",
            "cluster.upstream_rq_xx",
            {"envoy.response_code_class": "2", "envoy.cluster_name": "c1"},
        ),
        (
            "cluster.outbound|80||rev.default.svc.upstream_cx_total",
            "cluster.default.svc.upstream_cx_total",
            {"envoy.cluster_name": "outbound|80||rev"},
        ),
        (
            "listener.127.0.0.1_19980.http.ingress.downstream_rq_5xx",
            "listener.http.downstream_rq_xx",
            {
                "envoy.response_code_class": "5",
                "envoy.http_conn_manager_prefix": "ingress",
                "envoy.listener_address": "127.0.0.1_19980",
            },
        ),
        (
            "listener.0.0.0.0_80.worker_0.downstream_cx_total",
            "listener.worker.downstream_cx_total",
            {"envoy.worker_id": "0", "envoy.listener_address": "0.0.0.0_80"},
        ),
        ("listener.admin.downstream_cx_total", "listener.admin.downstream_cx_total", {}),
        ("tcp.ingress.downstream_cx_total", "tcp.downstream_cx_total", {"envoy.tcp_prefix": "ingress"}),
        ("cluster_manager.cluster_added", "cluster_manager.cluster_added", {}),
        (
            "http.ingress.rds.routes.update_success",
            "http.rds.update_success",
            {"envoy.rds_route_config": "routes", "envoy.http_conn_manager_prefix": "ingress"},
        ),
    ],
)
def test_a_name_loses_its_variable_parts_to_tags(name: str, rest: str, tags: dict[str, str]) -> None:
    assert TagExtractor().extract(name) == (rest, tuple(tags.items()))


def test_a_users_rule_goes_before_the_default_of_its_tag() -> None:
    config = {"stats_tags": [{"tag_name": "envoy.cluster_name", "regex": r"^cluster\.((.+?\.svc)\.)"}]}
    own, use_defaults = rules_of(parse_message(StatsConfig, config))
    extracted = TagExtractor(own, use_defaults).extract("cluster.a.default.svc.upstream_rq_2xx")
    assert extracted == (
        "cluster.upstream_rq_xx",
        (("envoy.cluster_name", "a.default.svc"), ("envoy.response_code_class", "2")),
    )


def test_defaults_can_be_turned_off() -> None:
    own, use_defaults = rules_of(parse_message(StatsConfig, {"use_all_default_tags": False}))
    assert TagExtractor(own, use_defaults).extract("tcp.a.b") == ("tcp.a.b", ())
