"""Rewrites of paths and hosts."""

import pytest

from tests.support.route_tables import info_of, request
from tulle.proxy.router.path_rules import PathRule
from tulle.proxy.router.patterns import Substitution, compile_pattern
from tulle.proxy.router.rewrites import (
    formatted_host,
    formatted_path_rewrite,
    host_from_header,
    host_from_path,
    literal_host,
    prefix_rewrite,
    rewrite_path,
    update_authority,
    whole_path_rewrite,
)

INFO = info_of(request())


def test_a_prefix_rewrite_replaces_what_was_matched() -> None:
    rule = PathRule(prefix=b"/a")
    rule.matched = b"/a"
    assert prefix_rewrite(rule, b"/new")(b"/a/b?c=d", INFO) == b"/new/b?c=d"
    assert prefix_rewrite(PathRule(), b"/new")(b"/a/b?c=d", INFO) == b"/new?c=d"


def test_a_rewrite_of_the_whole_path_leaves_the_query_alone() -> None:
    rewrite = whole_path_rewrite(Substitution(compile_pattern("a", capture=True), b"b"))
    assert rewrite(b"/a/a?a", INFO) == b"/b/b?a"
    assert whole_path_rewrite(Substitution(compile_pattern(".*", capture=True), b""))(b"/a?q", INFO) is None


def test_a_formatted_path_changes_nothing_when_it_is_empty() -> None:
    assert formatted_path_rewrite(b"/x")(b"/a?q", INFO) == b"/x?q"
    assert formatted_path_rewrite(lambda info: b"")(b"/a?q", INFO) is None


def test_the_old_path_is_kept_when_there_is_a_new_one() -> None:
    headers = request("/a")
    rewrite_path(headers, INFO, lambda target, info: None, keep_original=True)
    assert b"x-envoy-original-path" not in headers
    rewrite_path(headers, INFO, lambda target, info: b"/b", keep_original=True)
    assert (headers[b":path"], headers[b"x-envoy-original-path"]) == (b"/b", b"/a")


def test_hosts_come_from_where_they_are_wanted() -> None:
    headers = request("/h/name?q", fields=[("x", "1"), ("x", "2")])
    assert literal_host(b"l")(headers, INFO) == b"l"
    assert host_from_header(b"x")(headers, INFO) == b"1"
    assert host_from_header(b"y")(headers, INFO) is None
    substitution = Substitution(compile_pattern("^/h/(.*)$", capture=True), rb"\1")
    assert host_from_path(substitution)(headers, INFO) == b"name"
    assert formatted_host(b"f")(headers, INFO) == b"f"
    assert formatted_host(lambda info: b"g")(headers, INFO) == b"g"


@pytest.mark.parametrize(
    ("before", "after"), [([], b"h"), (["z"], b"z,h"), (["z,h"], b"z,h"), (["z", "h"], b"z,h"), (["h", "z"], b"h,z,h")]
)
def test_the_old_host_is_appended_unless_it_stands_last(before: list[str], after: bytes) -> None:
    headers = request(fields=[("x-forwarded-host", value) for value in before])
    update_authority(headers, b"new", append_forwarded_host=True)
    assert headers[b":authority"] == b"new"
    assert headers[b"x-envoy-original-host"] == b"h"
    assert headers.values_of(b"x-forwarded-host") in ([after], [part.encode() for part in before])


def test_the_old_host_is_not_told_when_it_is_not_wanted() -> None:
    headers = request()
    update_authority(headers, b"new", append_forwarded_host=False, keep_original=False)
    assert b"x-forwarded-host" not in headers
    assert b"x-envoy-original-host" not in headers
