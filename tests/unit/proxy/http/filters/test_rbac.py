"""Who may pass."""

from typing import Any

import pytest

from tests.support.http_bench import HttpBench, body_of, head_of
from tulle.foundation.errors import InvalidInput
from tulle.protos.messages import HttpRbac
from tulle.protos.reading import parse_message
from tulle.proxy.http.filter_services import FilterServices
from tulle.proxy.http.filters.rbac import build_rbac

KIND, ROUTE = "rbac.v3.RBAC", "rbac.v3.RBACPerRoute"
GET = b"GET /bad HTTP/1.1\r\nhost: a\r\n\r\n"
ANY = [{"any": True}]


def rules(action: str, path: str, name: str = "the rule") -> dict[str, Any]:
    return {
        "action": action,
        "policies": {name: {"permissions": [{"url_path": {"path": {"exact": path}}}], "principals": ANY}},
    }


def test_what_is_denied_gets_403_and_the_log_tells_why(bench: HttpBench) -> None:
    client = bench.connect(bench.filtered(KIND, {"rules": rules("DENY", "/bad")}), GET)
    assert head_of(client.written)[0] == b"HTTP/1.1 403 Forbidden"
    assert body_of(client.written) == b"RBAC: access denied"
    assert bench.log[0].split()[4] == "rbac_access_denied_matched_policy[the_rule]"
    assert bench.http("rbac.denied") == 1


def test_what_is_not_allowed_is_denied_by_no_policy(bench: HttpBench) -> None:
    bench.connect(bench.filtered(KIND, {"rules": rules("ALLOW", "/good")}), GET)
    assert bench.log[0].split()[4] == "rbac_access_denied_matched_policy[none]"


@pytest.mark.parametrize(
    "config",
    [{}, {"rules": rules("ALLOW", "/bad")}, {"rules": rules("DENY", "/good")}, {"rules": rules("LOG", "/good")}],
)
def test_all_else_passes(bench: HttpBench, config: dict[str, Any]) -> None:
    bench.connect(bench.filtered(KIND, config), GET)
    assert len(bench.connector.attempts) == 1
    assert bench.http("rbac.allowed") == bool(config)


def test_rules_that_are_only_tried_deny_nobody(bench: HttpBench) -> None:
    config = {"shadow_rules": rules("DENY", "/bad"), "shadow_rules_stat_prefix": "tried."}
    bench.connect(bench.filtered(KIND, config), GET)
    bench.connect(bench.filtered(KIND, config), GET.replace(b"bad", b"good"))
    assert len(bench.connector.attempts) == 2
    assert bench.http("rbac.tried.shadow_denied") == bench.http("rbac.tried.shadow_allowed") == 1


@pytest.mark.parametrize("settings", [{}, {"rbac": {"rules": rules("ALLOW", "/bad")}}])
def test_a_route_has_rules_of_its_own_or_none(bench: HttpBench, settings: dict[str, Any]) -> None:
    bench.connect(bench.filtered(KIND, {"rules": rules("DENY", "/bad")}, (ROUTE, settings)), GET)
    assert len(bench.connector.attempts) == 1


def test_settings_of_another_filter_leave_the_rules_in_force(bench: HttpBench) -> None:
    manager = bench.filtered(KIND, {"rules": rules("DENY", "/bad")}, ("fault.v3.HTTPFault", {}))
    assert head_of(bench.connect(manager, GET).written)[0].startswith(b"HTTP/1.1 403")


def test_what_is_wrong_is_named_with_its_policy(bench: HttpBench) -> None:
    broken = {
        "policies": {"p": {"permissions": [{"destination_port_range": {"start": 2, "end": 2}}], "principals": ANY}}
    }
    config = parse_message(HttpRbac, {"rules": broken}).SerializeToString()
    with pytest.raises(InvalidInput, match=r'rules.policies\["p"\].permissions\[0\].destination_port_range'):
        build_rbac(config, "http.t.", FilterServices(bench.runtime, bench.stats))
