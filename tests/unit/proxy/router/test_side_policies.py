"""Mirrors, internal redirects and hedging."""

from typing import Any

from tests.support.route_tables import match, problems_of, request, route, route_problems, table
from tulle.proxy.router.route import Route


def _route(of_table: Any = None, of_host: Any = None, **action: Any) -> Route:
    host = {"name": "v", "domains": ["*"], "routes": [route(**action)], **(of_host or {})}
    found = match(table({"virtual_hosts": [host], **(of_table or {})}), request())
    assert found is not None
    return found


def _mirror(cluster: str, **more: Any) -> dict[str, Any]:
    return {"request_mirror_policies": [{"cluster": cluster, **more}]}


def _mirrors(found: Route) -> list[str | None]:
    return [policy.cluster_for(request()) for policy in found.mirror_policies]


def test_the_most_specific_level_that_has_mirrors_gives_them_all() -> None:
    assert _mirrors(_route()) == []
    assert _mirrors(_route(_mirror("t"))) == ["t"]
    assert _mirrors(_route(_mirror("t"), _mirror("v"))) == ["v"]
    assert _mirrors(_route(_mirror("t"), _mirror("v"), **_mirror("r"))) == ["r"]


def test_a_mirror_takes_its_share_and_may_have_its_name_from_a_header() -> None:
    whole = _route(**_mirror("m")).mirror_policies[0]
    assert (whole.hits(99), whole.appends_shadow, whole.host) == (True, True, b"")
    share = {"default_value": {"numerator": 30}}
    part = _route(
        request_mirror_policies=[
            {
                "cluster_header": "X-M",
                "runtime_fraction": share,
                "disable_shadow_host_suffix_append": True,
                "host_rewrite_literal": "copy",
            }
        ]
    ).mirror_policies[0]
    assert [part.hits(value) for value in (0, 29, 30)] == [True, True, False]
    assert (part.appends_shadow, part.host) == (False, b"copy")
    assert part.cluster_for(request(fields=[("x-m", "m")])) == "m"
    assert part.cluster_for(request()) is None


def test_redirects_are_followed_as_the_policy_says() -> None:
    assert _route().internal_redirects is None
    plain = _route(internal_redirect_policy={}).internal_redirects
    assert plain is not None
    assert (plain.most, plain.statuses, plain.allows_other_scheme, plain.headers_to_copy) == (1, {302}, False, ())
    policy = {
        "max_internal_redirects": 3,
        "redirect_response_codes": [303, 307, 404],
        "allow_cross_scheme_redirect": True,
        "response_headers_to_copy": ["X-Copy"],
    }
    full = _route(internal_redirect_policy=policy).internal_redirects
    assert full is not None
    assert (full.most, full.statuses, full.allows_other_scheme) == (3, {303, 307}, True)
    assert full.headers_to_copy == (b"x-copy",)


def test_a_route_hedges_as_it_says_or_as_its_virtual_host_says() -> None:
    on, off = {"hedge_policy": {"hedge_on_per_try_timeout": True}}, {"hedge_policy": {}}
    assert not _route().hedge_on_per_try_timeout
    assert _route(of_host=on).hedge_on_per_try_timeout
    assert not _route(of_host=on, **off).hedge_on_per_try_timeout
    assert _route(**on).hedge_on_per_try_timeout


def test_policies_that_make_no_sense_are_named() -> None:
    at = "virtual_hosts[0].routes[0].route."
    bad = {
        "request_mirror_policies": [{}, {"cluster": "a", "request_headers_mutations": [{"remove": "x"}]}],
        "internal_redirect_policy": {
            "response_headers_to_copy": [":path", "Host", "ok"],
            "predicates": [{"name": "p"}],
        },
    }
    assert set(route_problems(route(**bad))) == {
        at + "request_mirror_policies[0]",
        at + "request_mirror_policies[1].request_headers_mutations",
        at + "internal_redirect_policy.predicates",
        at + "internal_redirect_policy.response_headers_to_copy[0]",
        at + "internal_redirect_policy.response_headers_to_copy[1]",
    }
    assert set(problems_of(_mirror("a", cluster_header="b"))) == {"request_mirror_policies[0]"}
