"""Tables out of their protos."""

from tests.support.route_tables import cluster_of, problems_of, request, route, table, table_of
from tulle.protos.messages import RouteConfiguration
from tulle.protos.reading import parse_message
from tulle.protos.supported import find_unsupported
from tulle.protos.validate import validate
from tulle.proxy.router.fields import SUPPORTED


def test_all_problems_are_told_at_once() -> None:
    found = problems_of(
        {
            "virtual_hosts": [
                {"name": "v", "domains": ["a", "A"], "routes": [route({"safe_regex": {"regex": "("}})]},
                {
                    "name": "w",
                    "domains": ["*"],
                    "routes": [route(timeout="-1s")],
                    "virtual_clusters": [{"name": "x"}],
                    "matcher": {},
                },
            ],
            "request_headers_to_remove": ["host"],
        }
    )
    assert found == {
        "request_headers_to_remove[0]": ":-prefixed or host headers may not be removed",
        "virtual_hosts[0].routes[0].match.safe_regex.regex": "missing ): (",
        "virtual_hosts[0].domains[1]": "duplicate entry of domain a",
        "virtual_hosts[1].matcher": "cannot stand beside routes",
        "virtual_hosts[1].routes[0].route.timeout": "must not be negative",
        "virtual_hosts[1].virtual_clusters[0].headers": "virtual clusters must define 'headers'",
    }


def test_what_concerns_the_whole_table_is_read() -> None:
    routes = table({"validate_clusters": False, "internal_only_headers": ["X-Me"], "virtual_hosts": []})
    assert (routes.name, routes.validates_clusters, routes.internal_only_headers) == ("r", False, (b"x-me",))
    assert table({}).validates_clusters is None
    assert cluster_of(table({}), request()) is None


def test_ports_of_hosts_are_ignored_when_the_table_says_so() -> None:
    hosts = [{"name": "v", "domains": ["h"], "routes": [route()]}]
    assert cluster_of(table({"virtual_hosts": hosts}), request(host="h:80")) is None
    assert (
        cluster_of(table({"virtual_hosts": hosts, "ignore_port_in_host_matching": True}), request(host="h:80")) == "a"
    )


def test_path_parameters_are_ignored_when_the_table_says_so() -> None:
    hosts = [{"name": "v", "domains": ["*"], "routes": [route({"path": "/a"})]}]
    assert cluster_of(table({"virtual_hosts": hosts}), request("/a;x=1?q")) is None
    ignoring = table({"virtual_hosts": hosts, "ignore_path_parameters_in_path_matching": True})
    assert cluster_of(ignoring, request("/a;x=1?q")) == "a"


def test_unsupported_fields_are_found_by_their_path() -> None:
    proto = parse_message(
        RouteConfiguration,
        {
            "vhds": {"config_source": {"ads": {}}},
            "virtual_hosts": [
                {
                    "name": "v",
                    "domains": ["*"],
                    "cors": {},
                    "routes": [
                        route(
                            {"prefix": "/", "tls_context": {"presented": True}},
                            request_mirror_policies=[{"cluster": "m"}],
                            retry_policy={"retry_on": "5xx", "per_try_idle_timeout": "1s"},
                        )
                    ],
                }
            ],
        },
    )
    at = "virtual_hosts[0].routes[0]."
    assert {problem.path for problem in find_unsupported(proto, SUPPORTED)} == {
        "vhds",
        "virtual_hosts[0].cors",
        at + "match.tls_context",
        at + "route.request_mirror_policies",
        at + "route.retry_policy.per_try_idle_timeout",
    }


def test_a_table_that_obeys_the_rules_of_the_api_is_built_whole() -> None:
    proto = parse_message(RouteConfiguration, {"virtual_hosts": [{"name": "v", "domains": [], "routes": [route({})]}]})
    assert {problem.path for problem in validate(proto)} == {
        "virtual_hosts[0].domains",
        "virtual_hosts[0].routes[0].match",
    }
    assert table_of(route()).virtual_hosts[0].facts.name == "v"
