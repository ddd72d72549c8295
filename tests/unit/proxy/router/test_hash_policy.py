"""Hashes of requests. The sums are those of xxHash64 with seed 0."""

from typing import Any

from xxhash import xxh64_intdigest as xxh64

from tests.support.route_tables import info_of, match, request, route, route_problems, table_of
from tulle.proxy.headers import Headers
from tulle.proxy.router.hash_policy import CookieWanted, MakeCookie


def _hash(policies: list[dict[str, Any]], headers: Headers, make_cookie: MakeCookie | None = None) -> int | None:
    found = match(table_of(route(hash_policy=policies)), headers)
    assert found is not None
    return found.hash_of(headers, info_of(headers), make_cookie)


def _header(name: str, **more: Any) -> dict[str, Any]:
    return {"header": {"header_name": name, **more}}


def _mixed(old: int, new: int) -> int:
    return (((old << 1) | (old >> 63)) & ((1 << 64) - 1)) ^ new


def test_the_sum_is_xxhash64s() -> None:
    assert xxh64(b"") == 0xEF46DB3751D8E999
    assert xxh64(b"foo") == 0x33BF00A859C4BA3F


def test_a_header_is_hashed_line_by_line_in_sorted_order() -> None:
    one = _hash([_header("X")], request(fields=[("x", "foo")]))
    assert one == xxh64(b"foo")
    both = [_hash([_header("x")], request(fields=[("x", a), ("x", b)])) for a, b in (("p", "q"), ("q", "p"))]
    assert both == [xxh64(b"q", seed=xxh64(b"p"))] * 2
    assert _hash([_header("x")], request()) is None
    assert _hash([_header("host")], request(host="me")) == xxh64(b"me")


def test_a_header_can_be_rewritten_before_it_is_hashed() -> None:
    rewrite = {"pattern": {"regex": "^(.).*"}, "substitution": "\\1"}
    assert _hash([_header("x", regex_rewrite=rewrite)], request(fields=[("x", "foo")])) == xxh64(b"f")


def test_source_query_and_cookie() -> None:
    assert _hash([{"connection_properties": {"source_ip": True}}], request()) == xxh64(b"10.0.0.9")
    assert _hash([{"connection_properties": {"source_ip": False}}], request()) is None
    assert _hash([{"query_parameter": {"name": "q"}}], request("/?a=1&q=v")) == xxh64(b"v")
    assert _hash([{"query_parameter": {"name": "q"}}], request("/?a=1")) is None
    assert _hash([{"cookie": {"name": "k"}}], request(fields=[("cookie", "k=v")])) == xxh64(b"v")
    assert _hash([{"cookie": {"name": "k"}}], request()) is None


def test_an_address_of_ipv6_is_hashed_without_brackets() -> None:
    headers = request()
    found = match(table_of(route(hash_policy=[{"connection_properties": {"source_ip": True}}])), headers)
    assert found is not None
    info = info_of(headers)
    info.downstream_remote = "[::1]:80"
    assert found.hash_of(headers, info) == xxh64(b"::1")
    info.downstream_remote = "/run/client.sock"
    assert found.hash_of(headers, info) is None


def test_a_cookie_with_a_ttl_is_made_when_it_is_missing() -> None:
    wanted: list[CookieWanted] = []

    def make(cookie: CookieWanted) -> bytes:
        wanted.append(cookie)
        return b"made"

    policy = {"cookie": {"name": "k", "ttl": "60s", "path": "/p", "attributes": [{"name": "SameSite", "value": "Lax"}]}}
    assert _hash([policy], request(), make) == xxh64(b"made")
    assert _hash([policy], request(fields=[("cookie", "k=v")]), make) == xxh64(b"v")
    assert _hash([policy], request()) is None
    assert [(cookie.name, cookie.path, cookie.ttl_s, cookie.attributes) for cookie in wanted] == [
        (b"k", b"/p", 60, ((b"SameSite", b"Lax"),))
    ]


def test_hashes_are_combined_by_rotation_and_a_terminal_one_ends_the_search() -> None:
    headers = request(fields=[("a", "1"), ("b", "2")])
    mixed = _mixed(xxh64(b"1"), xxh64(b"2"))
    assert _hash([_header("a"), _header("none"), _header("b")], headers) == mixed
    assert _hash([{**_header("a"), "terminal": True}, _header("b")], headers) == xxh64(b"1")
    assert _hash([{**_header("none"), "terminal": True}, _header("b")], headers) == xxh64(b"2")


def test_a_route_without_policies_has_no_hash() -> None:
    assert _hash([], request()) is None


def test_policies_that_cannot_be_built_are_named() -> None:
    at = "virtual_hosts[0].routes[0].route.hash_policy"
    bad = [{}, {"filter_state": {"key": "k"}}, _header("x", regex_rewrite={"pattern": {"regex": "("}})]
    assert set(route_problems(route(hash_policy=bad))) == {
        at + "[0]",
        at + "[1].filter_state",
        at + "[2].header.regex_rewrite.pattern.regex",
    }
